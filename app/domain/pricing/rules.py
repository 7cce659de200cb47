"""What a cart costs and why, floor last. Values in, values out.

The specification, with worked examples, is docs/algorithms/pricing.md. One offer price per line
(the lowest), then discounts in a fixed order, shared over lines by largest remainder; whatever a
promotion wants, it gets what the floor leaves. Money in minor units.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from app.domain.promotions.rules import WHOLE, Off, Promotion
from app.foundation.money import split

BY_PLACE = attrgetter("place")


@dataclass(frozen=True, slots=True)
class Offer:
    """What pricing needs to know of one line. Money in minor units per piece.

    `exempt`: the floor in force for a promotion that has one of its own (promotion's name → floor).
    `brand_bears_minor`: the most that the brand's part of the whole line can bear of discounts; None: no such bound.
    `brand_gives_up_bps`: the share of the line (as if only the distributor had paid for discounts) that is not the
    brand's under its terms: its own discounts stay within the rest, also when the distributor takes more off later.
    `barred`: kinds, and promotions as "#id", that its brand or the platform has switched off for it.
    """

    listing_id: int
    sku_id: int
    quantity: int
    list_minor: int
    floor_minor: int
    product_id: int | None = None
    category_id: int | None = None
    exempt: Mapping[str, int] = field(default_factory=dict)
    brand_bears_minor: int | None = None
    brand_gives_up_bps: int = 0
    brand_id: int | None = None
    barred: frozenset[str] = frozenset()


class Step(NamedTuple):
    """What one promotion did to one line, or why it did not (`minor` is 0) or not all it wanted.

    `because`: "" (in full), floor (the brand's minimum price allows `minor` of `wanted_minor`), funder (the
    brand's part bears no more), last_unit (one minor unit stays), combination (cannot be combined with
    `other`), better_offer (`other` costs no more), not_lower (than the list price), not_enough (units of the
    line or of its bundle), threshold (its amount is not reached), rounding (its rate comes to nothing),
    not_these_goods, not_now, switched_off (by the goods' brand or the platform).
    """

    promotion_id: int
    name: str
    kind: str
    funder: str
    minor: int
    wanted_minor: int
    because: str = ""
    other: str = ""


@dataclass(frozen=True, slots=True)
class PricedLine:
    """One explained line: `net_minor` = `offer_minor` × quantity − `discount_minor`, never below the floor.

    `floor_promotion`: whose exemption the floor is. `funded_*`: what of all it saves the buyer is not the
    distributor's to pay. `steps` sum to what it saves the buyer.
    """

    listing_id: int
    sku_id: int
    quantity: int
    list_minor: int
    offer_minor: int
    discount_minor: int
    net_minor: int
    floor_minor: int
    floor_promotion: str | None = None
    funded_brand_minor: int = 0
    funded_platform_minor: int = 0
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Priced:
    """A cart's lines, and the promotions that changed none of them, each with its reason."""

    lines: tuple[PricedLine, ...]
    left_out: tuple[Step, ...]

    @property
    def total_minor(self) -> int:
        return sum(line.net_minor for line in self.lines)


class FloorBroken(ValueError):
    """A list price is below the floor: nothing can be sold at it. `line` says which."""

    def __init__(self, line: Offer) -> None:
        super().__init__(f"{line.list_minor} is below the floor {line.floor_minor}")
        self.line = line


def price(
    lines: Sequence[Offer], promotions: Sequence[Promotion] = (), *, at: datetime | None = None
) -> list[PricedLine]:
    """The lines of a priced cart; FloorBroken where a list price is below the floor and no offer is exempt from it."""
    return list(price_cart(lines, promotions, at=at).lines)


def price_cart(
    lines: Sequence[Offer], promotions: Sequence[Promotion] = (), *, at: datetime | None = None
) -> Priced:
    """Price a cart under these promotions; `at` leaves out those whose window is closed then."""
    ordered = sorted(promotions, key=BY_PLACE)
    cart: dict[int, int] = {}
    for line in lines:
        cart[line.sku_id] = cart.get(line.sku_id, 0) + line.quantity
    now = [promotion for promotion in ordered if promotion.in_force(at)]
    offers = [promotion for promotion in now if promotion.is_offer]
    open_lines = [_offered(line, offers, cart) for line in lines]
    used: list[Promotion] = []
    for promotion in now:
        if not promotion.is_offer and _discount(promotion, open_lines, used):
            used.append(promotion)
    return Priced(tuple(line.closed() for line in open_lines), _left_out(ordered, open_lines, at))


class _Line:
    """A line while it is being priced."""

    __slots__ = (
        "discount_minor",
        "floor_promotion",
        "funded",
        "line",
        "net_minor",
        "offer",
        "offer_minor",
        "steps",
    )

    def __init__(self, line: Offer, offer: Promotion | None, offer_minor: int, steps: list[Step]) -> None:
        self.line, self.offer, self.offer_minor, self.steps = line, offer, offer_minor, steps
        self.net_minor = offer_minor * line.quantity
        self.discount_minor = 0
        self.funded = {"distributor": 0, "brand": 0, "platform": 0}
        self.floor_promotion: str | None = None
        if offer is not None:
            self._borne(offer, line.list_minor * line.quantity - self.net_minor)

    def take(self, promotion: Promotion, minor: int) -> None:
        """Take a discount off; it has been held to what the floor leaves."""
        if not minor:
            return
        self.discount_minor += minor
        self.net_minor -= minor
        self._borne(promotion, minor)

    def _borne(self, promotion: Promotion, minor: int) -> None:
        self.funded[promotion.funder] += minor
        if self.net_minor < self.line.floor_minor * self.line.quantity:
            self.floor_promotion = promotion.name

    def closed(self) -> PricedLine:
        line, exempt = self.line, self.floor_promotion
        return PricedLine(
            line.listing_id, line.sku_id, line.quantity, line.list_minor, self.offer_minor, self.discount_minor,
            self.net_minor, line.floor_minor if exempt is None else line.exempt[exempt], exempt,
            self.funded["brand"], self.funded["platform"], tuple(self.steps),
        )  # fmt: skip


def _offered(line: Offer, offers: Sequence[Promotion], cart: Mapping[int, int]) -> _Line:
    """The line at its best offer: the lowest price that the floor and the funder allow, the list price first."""
    list_minor = line.list_minor
    best: Promotion | None = None
    best_minor = list_minor if list_minor >= line.floor_minor else None
    found: list[tuple[Promotion, int, int | None, str]] = []
    for promotion in offers:
        if not _covers(promotion, line):
            continue
        wanted = promotion.unit_price(line.sku_id, list_minor, cart)
        if wanted is None or wanted >= list_minor:
            found.append((promotion, list_minor, None, "not_enough" if wanted is None else "not_lower"))
            continue
        minor, because = _allowed_offer(promotion, line, wanted)
        found.append((promotion, minor, wanted, because))
        if minor < list_minor and (best_minor is None or minor < best_minor):
            best, best_minor = promotion, minor
    if best_minor is None:
        raise FloorBroken(line)
    steps = [_offer_step(line, *one, best=best) for one in found]
    return _Line(line, best, best_minor, steps)


def _offer_step(
    line: Offer, promotion: Promotion, minor: int, wanted: int | None, because: str, *, best: Promotion | None
) -> Step:
    """What an offer took off, or that another was better, or what stood in its way."""
    if wanted is None:
        return _step(promotion, 0, 0, because)
    more = (line.list_minor - wanted) * line.quantity
    if promotion is best:
        return _step(promotion, (line.list_minor - minor) * line.quantity, more, because)
    return (
        _step(promotion, 0, more, because)
        if best is None
        else _step(promotion, 0, more, "better_offer", best.name)
    )


def _allowed_offer(promotion: Promotion, line: Offer, wanted_minor: int) -> tuple[int, str]:
    """The lowest price per unit, at or above the one wanted, that the floor and the funder's part allow."""
    minor, because = wanted_minor, ""
    floor = _floor(line, promotion)
    if minor < floor:
        minor, because = floor, "floor"
    if promotion.funder == "brand":
        bears = _brand_bears(line, line.list_minor * line.quantity)
        least = line.list_minor - bears // line.quantity
        if minor < least:
            minor, because = least, "funder"
    return minor, because


def _discount(promotion: Promotion, lines: Sequence[_Line], used: Sequence[Promotion]) -> bool:
    """Take one discount off the lines it is for; whether anything came of it."""
    clash = next((other for other in used if not promotion.combines_with(other)), None)
    mine, found = [], False
    for line in lines:
        if not _covers(promotion, line.line):
            continue
        found = True
        against = clash or line.offer
        if against is not None and (clash is not None or not promotion.combines_with(against)):
            line.steps.append(_step(promotion, 0, 0, "combination", against.name))
        else:
            mine.append(line)
    value = promotion.value
    if not found or not mine or not isinstance(value, Off):
        return False
    if value.from_minor and sum(line.offer_minor * line.line.quantity for line in mine) < value.from_minor:
        for line in mine:
            line.steps.append(_step(promotion, 0, 0, "threshold"))
        return False
    return _take_shares(promotion, value, mine)


def _take_shares(promotion: Promotion, value: Off, lines: Sequence[_Line]) -> bool:
    """Share a discount by what the lines still cost, each held to its room.

    What one line has no room for goes to the others by the room they have left; of a rate it
    is dropped: a rate is owed by each line for itself.
    """
    nets = [line.net_minor for line in lines]
    wanted = value.of(sum(nets))
    if not wanted:
        for line in lines:
            line.steps.append(_step(promotion, 0, 0, "rounding"))
        return False
    shares = split(wanted, nets)
    rooms = [_room(promotion, line) for line in lines]
    parts = [min(share, room) for share, (room, _) in zip(shares, rooms, strict=True)]
    short = wanted - sum(parts)
    if short and not value.rate_bps:
        spare = [room - part for part, (room, _) in zip(parts, rooms, strict=True)]
        more = min(short, sum(spare))
        if more:
            parts = [part + extra for part, extra in zip(parts, split(more, spare), strict=True)]
    for line, share, part, (_, why) in zip(lines, shares, parts, rooms, strict=True):
        if share or part:
            line.take(promotion, part)
            line.steps.append(_step(promotion, part, max(share, part), why if part < share else ""))
    return any(parts)


def _room(promotion: Promotion, line: _Line) -> tuple[int, str]:
    """How much a promotion may take off a line, and what holds it there. One minor unit always stays."""
    least = _floor(line.line, promotion) * line.line.quantity
    because = "floor"
    if least < 1:
        least, because = 1, "last_unit"
    room = max(line.net_minor - least, 0)
    bears = _funders_room(promotion, line)
    if bears is not None and bears < room:
        room, because = bears, "funder"
    return room, because


def _funders_room(promotion: Promotion, line: _Line) -> int | None:
    """What who pays leaves: a brand's promotion stays within its part, a distributor's leaves it that part."""
    offer, by_brand = line.line, line.funded["brand"]
    base = offer.list_minor * offer.quantity - line.funded["distributor"]
    if promotion.funder == "brand":
        return max(_brand_bears(offer, base) - by_brand, 0)
    if promotion.funder == "distributor" and by_brand and offer.brand_gives_up_bps:
        return max(base + (-by_brand * WHOLE // (WHOLE - offer.brand_gives_up_bps)), 0)
    return None


def _brand_bears(line: Offer, base_minor: int) -> int:
    """The most that a brand may give of a line whose base is so much."""
    bears = base_minor * (WHOLE - line.brand_gives_up_bps) // WHOLE
    return bears if line.brand_bears_minor is None else min(line.brand_bears_minor, bears)


def _floor(line: Offer, promotion: Promotion) -> int:
    """The floor that holds for a promotion: its exemption's where it has one, else the line's."""
    return line.exempt.get(promotion.name, line.floor_minor) if line.exempt else line.floor_minor


def _covers(promotion: Promotion, line: Offer) -> bool:
    if line.barred and _barred(promotion, line):
        return False
    return promotion.for_everything or _meant(promotion, line)


def _meant(promotion: Promotion, line: Offer) -> bool:
    return promotion.covers(
        sku_id=line.sku_id, product_id=line.product_id, category_id=line.category_id, brand_id=line.brand_id
    )


def _barred(promotion: Promotion, line: Offer) -> bool:
    return promotion.kind in line.barred or f"#{promotion.id}" in line.barred


def _step(promotion: Promotion, minor: int, wanted: int, because: str = "", other: str = "") -> Step:
    return Step(promotion.id, promotion.name, promotion.kind, promotion.funder, minor, wanted, because, other)


def _left_out(ordered: Sequence[Promotion], lines: Sequence[_Line], at: datetime | None) -> tuple[Step, ...]:
    """Of each promotion that changed no line, why: its first line's reason."""
    told: dict[int, Step] = {}
    for line in lines:
        for step in line.steps:
            before = told.get(step.promotion_id)
            if before is None or (step.minor and not before.minor):
                told[step.promotion_id] = step
    found = []
    for promotion in ordered:
        step_ = told.get(promotion.id)
        if step_ is None:
            because = "not_these_goods" if promotion.in_force(at) else "not_now"
            if any(_barred(promotion, line.line) and _meant(promotion, line.line) for line in lines):
                because = "switched_off"
            found.append(_step(promotion, 0, 0, because))
        elif not step_.minor:
            found.append(step_)
    return tuple(found)
