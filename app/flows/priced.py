"""A cart under the promotions that its buyer may have: what each gives, what is left out and why.

Read without locks; what a quote grants is counted under locks when the order is placed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from app.domain.commissions.standing import Standing
from app.domain.pricing import rules
from app.domain.pricing.rules import Offer, Priced, PricedLine, Step
from app.domain.promotions import queries, service
from app.domain.promotions.buyers import NOBODY, Shopper
from app.domain.promotions.models import PromotionSwitch, StoredPromotion
from app.domain.promotions.queries import FoundCode, Stand
from app.domain.promotions.rules import Promotion
from app.domain.promotions.service import Taken
from app.domain.promotions.stored import GRANTED, promotion_of
from app.domain.promotions.switches import marks
from app.foundation.runtime import settings

MOST_CODES = 5
COUNTED_AT_CLAIM = frozenset({"buyer_limit", "limit", "day_limit"})


class Ware(Protocol):
    """What is priced of a listing; `price_minor` is its list price in minor units."""

    @property
    def listing_id(self) -> int: ...
    @property
    def sku_id(self) -> int: ...
    @property
    def product_id(self) -> int: ...
    @property
    def brand_id(self) -> int: ...
    @property
    def category_id(self) -> int | None: ...
    @property
    def price_minor(self) -> int: ...


class Drawn(Protocol):
    """What the draw of who is held out needs to know of a promotion."""

    @property
    def id(self) -> int: ...
    @property
    def key(self) -> str: ...
    @property
    def holdout_bps(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What a buyer brings to a price: typed codes; promotions that a seat, a group or a friend's link grants.

    `without`: promotions the buyer has put aside. `tied`: what the order will hang on (a seat, a group, `parent`:
    the reservation its stock is taken from). `due`: to whom the sale is due (`promoter_id`, `click_id`).
    """

    shopper: Shopper = NOBODY
    codes: tuple[str, ...] = ()
    granted: frozenset[int] = frozenset()
    without: frozenset[int] = frozenset()
    tied: Mapping[str, Any] = field(default_factory=dict)
    due: Mapping[str, int] = field(default_factory=dict)


NOTHING_ASKED = Asked()


@dataclass(frozen=True, slots=True)
class Found:
    """A cart's price and what it stands on. `refused`: promotions the buyer asked for and may not have."""

    priced: Priced
    taken: tuple[Taken, ...] = ()
    refused: tuple[Step, ...] = ()
    held_out: tuple[int, ...] = ()
    rows: Mapping[int, StoredPromotion] = field(default_factory=dict)


@dataclass(slots=True)
class _Candidates:
    """The promotions that may count, by id, and how each came to."""

    rows: dict[int, StoredPromotion]
    codes: dict[int, int | None] = field(default_factory=dict)
    uses: dict[int, int] = field(default_factory=dict)
    refused: list[Step] = field(default_factory=list)
    held_out: list[int] = field(default_factory=list)
    stands: dict[int, Stand] = field(default_factory=dict)

    def refuse(self, promotion_id: int, because: str) -> None:
        row = self.rows.pop(promotion_id)
        self.refused.append(_no(row, because))


def offer_of(item: Ware, quantity: int, stand: Standing, now: datetime) -> Offer:
    """What pricing needs to know of so many pieces of a listing."""
    bears = stand.bearing(now, list_minor=item.price_minor, quantity=quantity)
    return Offer(
        item.listing_id, item.sku_id, quantity, item.price_minor, stand.floor(now).floor_minor, item.product_id,
        item.category_id, exempt=stand.exemptions(now), brand_bears_minor=bears.most_minor,
        brand_gives_up_bps=bears.gives_up_bps, brand_id=item.brand_id,
    )  # fmt: skip


def price(offers: Sequence[Offer], asked: Asked, now: datetime) -> Found:
    """Price a cart. FloorBroken where a list price is below its floor. Queries do not grow with rules or lines."""
    live = {row.id: row for row in queries.in_force(now)}
    if not live and not asked.codes:
        return Found(rules.price_cart(offers))
    found = _candidates(live, asked, now)
    _hold_out(found, asked.shopper)
    _ask_limits(found, asked.shopper)
    if any(found.rows):
        offers = barred(offers, queries.switches())
    priced = _within_budgets(offers, found)
    taken = tuple(_taken(found, priced.lines))
    return Found(priced, taken, tuple(found.refused), tuple(found.held_out), live)


def _candidates(live: Mapping[int, StoredPromotion], asked: Asked, now: datetime) -> _Candidates:
    found = _Candidates({})
    typed = _typed(live, asked.codes, found)
    keys = asked.shopper.proven_keys()
    if keys and any(row.claim != "none" or "given" in row.settings for row in live.values()):
        found.uses = {at: use for at, use in queries.claimed(keys, now).items() if at in live}
    for row in live.values():
        by_itself = row.automatic and row.kind not in GRANTED
        if row.id in asked.without:
            continue
        if by_itself or row.id in asked.granted or row.id in typed or row.id in found.uses:
            found.rows[row.id] = row
    for promotion_id in typed:
        if (
            promotion_id in found.rows
            and found.rows[promotion_id].claim != "none"
            and promotion_id not in found.uses
        ):
            found.refuse(promotion_id, "claim_first")
    return found


def _typed(live: Mapping[int, StoredPromotion], codes: Sequence[str], found: _Candidates) -> set[int]:
    """The promotions of typed codes; what is no code, or no longer, is refused in one and the same way."""
    by_code = with_codes(live.values())
    meant, single = set(), []
    for code in list(dict.fromkeys(service.clean_code(code) for code in codes if code))[:MOST_CODES]:
        if code in by_code:
            meant |= {row.id for row in by_code[code]}
            found.codes |= dict.fromkeys((row.id for row in by_code[code]), None)
        else:
            single.append(code)
    if not single:
        return meant
    key = settings().key_for("coupon-code")
    prints = {service.fingerprint(code, key): code for code in single}
    known: Mapping[bytes, FoundCode] = queries.find_codes(list(prints))
    for mark, code in prints.items():
        one = known.get(mark)
        if one is None or one.promotion_id not in live or one.state == "void":
            found.refused.append(Step(0, code, "", "", 0, 0, "unknown_code"))
        elif one.state != "free":
            found.refused.append(_no(live[one.promotion_id], "code_used"))
        else:
            meant.add(one.promotion_id)
            found.codes[one.promotion_id] = one.code_id
    return meant


def with_codes(live: Iterable[StoredPromotion]) -> dict[str, list[StoredPromotion]]:
    """What each public code means: the shop's own, else all that brands and the platform gave these letters."""
    meant: dict[str, list[StoredPromotion]] = {}
    for row in sorted(live, key=lambda row: row.shop_id is None):
        if row.code is not None and (row.shop_id is not None or not _shops_own(meant.get(row.code, ()))):
            meant.setdefault(row.code, []).append(row)
    return meant


def _shops_own(rows: Sequence[StoredPromotion]) -> bool:
    return any(row.shop_id is not None for row in rows)


def _hold_out(found: _Candidates, shopper: Shopper) -> None:
    """A share of buyers does not get a promotion, at random and for good; they are not told."""
    drawn = [row for row in found.rows.values() if row.holdout_bps]
    for promotion_id in held_out_of(drawn, shopper):
        del found.rows[promotion_id]
        found.held_out.append(promotion_id)


def held_out_of(drawn: Sequence[Drawn], shopper: Shopper) -> list[int]:
    """Of the promotions that a share of buyers does not get, those this buyer does not; in their order."""
    keys = shopper.keys()
    if not drawn or not keys:
        return []
    known = queries.held_out([row.id for row in drawn], keys)
    return [
        row.id for row in drawn
        if known.get(row.id, service.is_held_out(row.key, service.drawn_by(keys), row.holdout_bps))
    ]  # fmt: skip


def _ask_limits(found: _Candidates, shopper: Shopper) -> None:
    counted = [row.id for row in found.rows.values() if row.counted]
    if not counted:
        return
    found.stands = queries.stand(counted, shopper.keys(), email=shopper.email, device=shopper.device)
    for promotion_id in counted:
        stand = found.stands.get(promotion_id)
        if stand is None:
            found.refuse(promotion_id, "not_now")
        else:
            # A claimed coupon has its place among the limits; whom it is for is asked again, and so is the budget.
            claimed = promotion_id in found.uses
            because = stand.said or used_up(stand)
            if because and not (claimed and because in COUNTED_AT_CLAIM):
                found.refuse(promotion_id, because)


def used_up(stand: Stand) -> str:
    if stand.minor_left is not None and stand.minor_left < 1:
        return "budget"
    if stand.uses_left is not None and stand.uses_left < 1:
        return "limit"
    return "day_limit" if stand.day_left is not None and stand.day_left < 1 else ""


def _within_budgets(offers: Sequence[Offer], found: _Candidates) -> Priced:
    """Price; where one would cost more than its budget has left, price without it."""
    promotions: dict[int, Promotion] = {row.id: promotion_of(row) for row in found.rows.values()}
    while True:
        priced = rules.price_cart(offers, list(promotions.values()))
        spent, units = spent_of(priced.lines)
        over = [
            (promotion_id, because)
            for promotion_id, minor in spent.items()
            if (left := found.stands.get(promotion_id)) is not None
            and (
                because := over_limit(
                    left, minor, units[promotion_id] if _counts_units(found, promotion_id) else 0
                )
            )
        ]
        if not over:
            return priced
        for promotion_id, because in over:
            del promotions[promotion_id]
            found.refuse(promotion_id, because)


def over_limit(left: Stand, minor: int, units: int) -> str:
    """Which of what is left is less than this; empty where all is there."""
    if left.minor_left is not None and minor > left.minor_left:
        return "budget"
    if left.uses_left is not None and units > left.uses_left:
        return "limit"
    if left.day_left is not None and units > left.day_left:
        return "day_limit"
    return "buyer_limit" if left.buyer_left is not None and units > left.buyer_left else ""


def _counts_units(found: _Candidates, promotion_id: int) -> bool:
    return found.rows[promotion_id].limit_of == "units"


def spent_of(lines: Sequence[PricedLine]) -> tuple[dict[int, int], dict[int, int]]:
    """What each promotion gives in a cart, and to how many units."""
    spent: dict[int, int] = {}
    units: dict[int, int] = {}
    for line in lines:
        for step in line.steps:
            if step.minor:
                spent[step.promotion_id] = spent.get(step.promotion_id, 0) + step.minor
                units[step.promotion_id] = units.get(step.promotion_id, 0) + line.quantity
    return spent, units


def _taken(found: _Candidates, lines: Sequence[PricedLine]) -> list[Taken]:
    spent, units = spent_of(lines)
    return [
        Taken(
            promotion_id, units[promotion_id] if _counts_units(found, promotion_id) else 1, minor,
            found.codes.get(promotion_id), found.uses.get(promotion_id),
        )
        for promotion_id, minor in spent.items()
    ]  # fmt: skip


def barred(offers: Sequence[Offer], switches: Sequence[PromotionSwitch]) -> Sequence[Offer]:
    """The offers with what their brand, or the platform, has switched off for them."""
    if not switches:
        return offers
    off = {brand: marks(switches, brand) for brand in {offer.brand_id for offer in offers}}
    return [_with_barred(offer, off[offer.brand_id]) for offer in offers]


def _with_barred(offer: Offer, marks: frozenset[str]) -> Offer:
    return replace(offer, barred=marks) if marks else offer


def _no(row: StoredPromotion, because: str) -> Step:
    return Step(row.id, row.key, row.kind, row.funder, 0, 0, because)
