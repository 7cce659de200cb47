"""Every SELECT of what a brand or a distributor earned: sums by day, product, level, shop and role, and one by one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Date,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
    tuple_,
    union_all,
)

from app.domain.commissions.calendar import ZONE
from app.domain.commissions.models import Earning, EarningReturn, RateRule
from app.domain.ledger.firms import Firm
from app.domain.ledger.statements import Days
from app.foundation import clock
from app.foundation.database import session
from app.foundation.paging import Asked, Page, cut

LONGEST_HOLD = timedelta(days=200)
"""A level holds 180 days at most; whatever is held was earned since."""
DIMENSIONS = ("day", "product", "level", "shop", "role")


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of what was earned. `returned_minor` is negative: what refunds took in the same days."""

    key: Any
    name: str
    earned_minor: int
    returned_minor: int
    net_minor: int
    """What buyers paid for it."""
    pieces: int
    sales: int

    @property
    def left_minor(self) -> int:
        return self.earned_minor + self.returned_minor


@dataclass(slots=True)
class Earned:
    """A period in one currency: the whole, and the same by each dimension, the most first (days in their order)."""

    whole: Slice = field(default_factory=lambda: Slice(None, "", 0, 0, 0, 0, 0))
    by: dict[str, list[Slice]] = field(default_factory=lambda: {name: [] for name in DIMENSIONS})


def earned(firm: Firm, currency: str, days: Days) -> Earned:
    """What was earned and what was returned in these days, cut five ways by one query."""
    rows = _moves(firm, currency, days).subquery()
    row = rows.c
    marks = [func.grouping(column) for column in (row.day, row.product_id, row.level, row.shop_id, row.role)]
    sums = [func.sum(column) for column in (row.earned, row.returned, row.net_minor, row.quantity, row.sales)]
    found = select(
        row.day, row.product_id, row.of_brand_id, row.level, row.shop_id, row.role, func.max(row.product_name), *marks,
        *sums,
    ).group_by(
        func.grouping_sets(
            tuple_(row.day), tuple_(row.product_id), tuple_(row.of_brand_id, row.level), tuple_(row.shop_id),
            tuple_(row.role), tuple_(),
        )
    )  # fmt: skip
    told = Earned()
    for day, product, brand, level, shop, role, name, *rest in session().execute(found):
        marked, figures = rest[:5], [int(value or 0) for value in rest[5:]]
        keys = {"day": day, "product": product, "level": (brand, level), "shop": shop, "role": role}
        at = next((place for place, mark in enumerate(marked) if mark == 0), None)
        if at is None:
            told.whole = Slice(None, "", *figures)
            continue
        dimension = DIMENSIONS[at]
        told.by[dimension].append(Slice(keys[dimension], name if dimension == "product" else "", *figures))
    for dimension, parts in told.by.items():
        parts.sort(key=(lambda part: part.key) if dimension == "day" else (lambda part: -part.left_minor))
    return told


def _moves(firm: Firm, currency: str, days: Days) -> Any:
    """Earnings by the day they were earned, and returns by the day they were taken, as rows of one shape."""
    zero = literal(0)
    shared = (
        Earning.product_id, Earning.product_name, Earning.of_brand_id, Earning.level, Earning.shop_id, Earning.role,
    )  # fmt: skip
    gains = select(
        _day(Earning.earned_at).label("day"), *shared, Earning.amount_minor.label("earned"), zero.label("returned"),
        Earning.net_minor, Earning.quantity, literal(1).label("sales"),
    ).where(
        firm.owns(Earning), Earning.currency == currency,
        Earning.earned_at >= days.begins_at, Earning.earned_at < days.ends_at,
    )  # fmt: skip
    losses = (
        select(
            _day(EarningReturn.created_at), *shared, zero, EarningReturn.amount_minor, zero, zero, zero,
        )
        .join(Earning, Earning.id == EarningReturn.earning_id)
        .where(
            firm.owns(EarningReturn), Earning.currency == currency,
            EarningReturn.created_at >= days.begins_at, EarningReturn.created_at < days.ends_at,
        )
    )  # fmt: skip
    return union_all(gains, losses)


def _day(at: Any) -> Any:
    return cast(func.timezone(literal_column(f"'{ZONE}'"), at), Date)


def held_by_day(firm: Firm, currency: str) -> list[tuple[date, int]]:
    """(business day, minor units) that become available, the next first; what is overdue stands on its own day."""
    day, left = _day(Earning.matures_at), func.sum(Earning.amount_minor - Earning.taken_back_minor)
    found = (
        select(day, left)
        .where(firm.owns(Earning), Earning.currency == currency, Earning.matured_by.is_(None))
        .where(Earning.earned_at >= clock.now() - LONGEST_HOLD)
        .group_by(day)
        .having(left != 0)
        .order_by(day)
    )
    return [(at, int(minor)) for at, minor in session().execute(found)]


def earnings_page(asked: Asked, *, firm: Firm, days: Days | None = None) -> Page[Any]:
    """A firm's earnings: by words, product, level, shop, role and where the money stands.

    `days` are those in which they were earned; with the filter `by` = "returned", those in which
    something was taken back from them.
    """
    found = select(Earning).where(firm.owns(Earning), *_conditions(asked))
    if days and asked.get("by") == "returned":
        found = found.where(Earning.id.in_(_returned_in(firm, days)))
    elif days:
        found = found.where(Earning.earned_at >= days.begins_at, Earning.earned_at < days.ends_at)
    left = Earning.amount_minor - Earning.taken_back_minor
    sorts = {
        "earned": Earning.earned_at, "amount": Earning.amount_minor, "net": Earning.net_minor, "left": left,
        "matures": Earning.matures_at, "product": Earning.product_name,
    }  # fmt: skip
    return cut(found, asked, sorts=sorts, usual="-earned", tie=Earning.id)


def _returned_in(firm: Firm, days: Days) -> Any:
    return select(EarningReturn.earning_id).where(
        firm.owns(EarningReturn),
        EarningReturn.created_at >= days.begins_at, EarningReturn.created_at < days.ends_at,
    )  # fmt: skip


def _conditions(asked: Asked) -> list[Any]:
    chosen: list[Any] = []
    if asked.words:
        like = f"%{asked.words}%"
        chosen.append(
            or_(
                Earning.product_name.ilike(like),
                Earning.sku_name.ilike(like),
                Earning.order_number == asked.words,
            )
        )
    if asked.get("currency"):
        chosen.append(Earning.currency == asked.get("currency"))
    if asked.get("role"):
        uplines = ("upline1", "upline2")
        chosen.append(Earning.role.in_(uplines if asked.get("role") == "upline" else (asked.get("role"),)))
    for name, column in (
        ("product", Earning.product_id), ("shop", Earning.shop_id), ("brand", Earning.of_brand_id),
        ("matured", Earning.matured_by),
    ):  # fmt: skip
        if asked.get(name).isdecimal() and len(asked.get(name)) < 19:
            chosen.append(column == int(asked.get(name)))
    if asked.filters.get("level") is not None and asked.get("brand"):
        chosen.append(Earning.level == asked.get("level"))
    if asked.get("state") in STATES:
        chosen.append(STATES[asked.get("state")])
    return chosen


STATES = {
    "held": Earning.matured_by.is_(None),
    "available": Earning.matured_by.is_not(None),
    "returned": Earning.taken_back_minor != 0,
}


def earning(earning_id: int, *, firm: Firm) -> Earning | None:
    """A firm's own earning."""
    return (
        session()
        .execute(select(Earning).where(Earning.id == earning_id, firm.owns(Earning)))
        .scalar_one_or_none()
    )


def returns_of(earning_id: int) -> Sequence[EarningReturn]:
    found = select(EarningReturn).where(EarningReturn.earning_id == earning_id).order_by(EarningReturn.id)
    return session().execute(found).scalars().all()


def earned_in(transaction_id: int, *, firm: Firm) -> Sequence[Earning]:
    """What a firm earned by one ledger transaction."""
    found = (
        select(Earning)
        .where(Earning.transaction_id == transaction_id, firm.owns(Earning))
        .order_by(Earning.id)
    )
    return session().execute(found).scalars().all()


def returned_in(transaction_id: int, *, firm: Firm) -> Sequence[tuple[EarningReturn, Earning]]:
    """What one ledger transaction took from a firm, or gave it back."""
    found = (
        select(EarningReturn, Earning)
        .join(Earning, Earning.id == EarningReturn.earning_id)
        .where(EarningReturn.transaction_id == transaction_id, firm.owns(EarningReturn))
        .order_by(EarningReturn.id)
    )
    return [(row[0], row[1]) for row in session().execute(found)]


def goods_of(order_line_ids: Collection[int], *, firm: Firm) -> Mapping[int, tuple[str, str, int]]:
    """(goods in words, order number, shop) of order lines in which a firm has an earning."""
    found = select(
        Earning.order_line_id, Earning.product_name, Earning.sku_name, Earning.order_number, Earning.shop_id
    ).where(
        firm.owns(Earning), Earning.order_line_id == func.any(cast(list(order_line_ids), ARRAY(BigInteger)))
    )
    return {
        line: (f"{product} {sku}", number, shop)
        for line, product, sku, number, shop in session().execute(found)
    }


def rules_named(rule_ids: Collection[int]) -> Mapping[int, RateRule]:
    """The rules behind an amount, by id, as far as the open scope may see them."""
    found = session().execute(select(RateRule).where(RateRule.id.in_(rule_ids))).scalars()
    return {rule.id: rule for rule in found}
