"""What is in a price and what is not: each promotion with what it takes off, and below those left out, with why.

Who bears a promotion's cost is nowhere said to buyers.
"""

from app.domain.pricing.quotes import Quote
from app.domain.pricing.rules import Step
from app.domain.promotions import queries
from app.domain.promotions.models import StoredPromotion
from app.web.storefront import asking
from app.web.storefront.offer_data import LeftOut
from app.web.storefront.page_data import Adjustment
from app.web.storefront.pages import in_language
from app.web.storefront.price_words import BESIDE_THE_POINT, Rows, gives, held, reason, title

CLASH = "combination"


def steps(quoted: Quote, rows: Rows) -> tuple[Adjustment, ...]:
    """Each promotion once, with what it takes off all lines and what held it."""
    found: dict[int, list[Step]] = {}
    for line in quoted.lines:
        for step in line.steps:
            if step.minor:
                found.setdefault(step.promotion_id, []).append(step)
    return tuple(
        Adjustment(name(some[0], rows), -sum(step.minor for step in some), _held(some))
        for some in found.values()
    )


def left_out(quoted: Quote, rows: Rows) -> tuple[LeftOut, ...]:
    """What the buyer might have expected in the price, with the reason; last what they put aside themselves."""
    aside = asking.aside()
    out = [_left(step, quoted, rows) for step in quoted.left_out if _worth_a_word(step, rows)]
    back = [
        LeftOut(title(rows[promotion_id]), gives(rows[promotion_id]), back=promotion_id)
        for promotion_id in sorted(aside)
        if promotion_id in rows
    ]
    return (*out, *back)


def saved(order_id: int) -> tuple[Adjustment, ...]:
    """What each promotion saved in an order, as it was named then."""
    found: dict[int, Adjustment] = {}
    for row in queries.of_order(order_id):
        before = found.get(row.promotion_id)
        sum_minor = (before.amount_minor if before else 0) - row.minor
        found[row.promotion_id] = Adjustment(in_language(row.title, row.title_en), sum_minor)
    return tuple(found.values())


def name(step: Step, rows: Rows) -> str:
    row = rows.get(step.promotion_id)
    return title(row) if row is not None else step.name


def _left(step: Step, quoted: Quote, rows: Rows) -> LeftOut:
    other = _by_key(step.other, rows) if step.because == CLASH else None
    return LeftOut(
        name(step, rows), reason(step, rows, quoted.lines), aside=other.id if other else 0,
        instead_of=title(other) if other else "",
    )  # fmt: skip


def _held(some: list[Step]) -> str:
    """What held a promotion back, over all its lines."""
    short = [step for step in some if step.because]
    if not short:
        return ""
    return held(short[0]._replace(minor=sum(step.minor for step in some)))


def _worth_a_word(step: Step, rows: Rows) -> bool:
    row = rows.get(step.promotion_id)
    return row is None or not row.automatic or step.because not in BESIDE_THE_POINT


def _by_key(key: str, rows: Rows) -> StoredPromotion | None:
    return next((row for row in rows.values() if row.key == key), None)
