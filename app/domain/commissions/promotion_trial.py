"""What a promotion would do to each listing: what a buyer pays, what its seller keeps, the worst stack.

Values in, values out.

It asks the engine that prices a purchase (`pricing.rules`) and the one that splits a sale (`rules`). Money in minor
units; `net`, `keeps` and the like are of the whole line of `quantity` units.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.domain.commissions.rules import Line, split
from app.domain.pricing.rules import FloorBroken, Offer, PricedLine, Step, price_cart
from app.domain.promotions.rules import Bundle, Off, Promotion, Tiers

MOST_STACKS = 64
"""Of sets of promotions that all combine with each other; more than this nobody has at a time."""


@dataclass(frozen=True, slots=True)
class Good:
    """A listing as a purchase would price one unit of it, and the terms that its sale would split by.

    `most`: units an order may have. `brand_bears_each`: what the brand's part can bear of discounts, per unit.
    """

    offer: Offer
    most: int
    terms: Mapping[str, Any]
    uplines: tuple[int | None, ...] = ()
    brand_bears_each: int | None = None

    def at(self, quantity: int) -> Offer:
        bears = None if self.brand_bears_each is None else self.brand_bears_each * quantity
        return replace(self.offer, quantity=quantity, brand_bears_minor=bears)

    def kept(self, net_minor: int, quantity: int, *, brand: int = 0, platform: int = 0) -> int:
        """The seller's part before the platform's and the gateway's fees, as the first sale of a month."""
        line = Line(
            net_minor=net_minor, quantity=quantity, terms=self.terms, funded_brand_minor=brand,
            funded_platform_minor=platform, uplines=self.uplines,
        )  # fmt: skip
        return split(line)["seller"].amount_minor


@dataclass(frozen=True, slots=True)
class Tried:
    """One listing under the promotion, in one quantity.

    `wanted_minor`: what it wanted to take off, `saved_minor` what it did, `because` why not all (a Step's word, or
    below_floor: the list price itself is, and nothing is sold). `worst_*`: the least the seller keeps, beside
    `worst_with`. `beaten_by`: another offer that costs the buyer no more and so is taken instead.
    `beyond`: the quantity is more than an order may have of it; other goods must make up the amount.
    """

    listing_id: int
    sku_id: int
    quantity: int
    list_minor: int
    floor_minor: int
    net_minor: int
    wanted_minor: int
    saved_minor: int
    because: str
    keeps_minor: int
    kept_before_minor: int
    worst_net_minor: int
    worst_keeps_minor: int
    worst_quantity: int
    worst_with: tuple[str, ...] = ()
    beaten_by: str = ""
    beyond: bool = False

    @property
    def limited(self) -> bool:
        return self.because == "floor"

    @property
    def losing(self) -> bool:
        """Whether it can earn its seller nothing."""
        return self.because != "below_floor" and min(self.keeps_minor, self.worst_keeps_minor) <= 0

    def per_unit(self, name: str) -> int:
        """An amount of the line for one unit, rounded down."""
        quantity = self.worst_quantity if name.startswith("worst") else self.quantity
        return int(getattr(self, f"{name}_minor")) // quantity


@dataclass(frozen=True, slots=True)
class Trial:
    """A promotion on all the listings it is for; the figures count listings."""

    rows: tuple[Tried, ...]
    listings: int
    limited: int
    losing: int
    beaten: int
    unchanged: int
    unsellable: int

    def below_floor(self) -> dict[int, int]:
        """The lowest price per unit it wanted of each Sku below its floor."""
        wanted: dict[int, int] = {}
        for row in self.rows:
            if row.limited:
                price = row.list_minor - -(-row.wanted_minor // row.quantity)
                wanted[row.sku_id] = min(price, wanted.get(row.sku_id, price))
        return wanted

    @property
    def worst(self) -> Tried | None:
        """The row of which a seller can keep the least."""
        sold = [row for row in self.rows if row.because != "below_floor"]
        return min(sold, key=lambda row: row.per_unit("worst_keeps"), default=None)


def tried(
    promotion: Promotion, goods: Sequence[Good], others: Sequence[Promotion], always: Sequence[Promotion] = ()
) -> Trial:
    """Try a promotion; `others` may meet it in an order, `always` are those of them that every buyer gets."""
    stacks = stacks_with(promotion, others)
    if isinstance(promotion.value, Bundle):
        rows = _bundle(promotion, promotion.value, goods, stacks)
    else:
        rows = [
            _row(promotion, good, many, stacks, always) for good in goods for many in _steps(promotion, good)
        ]
    return Trial(
        tuple(rows), len({row.listing_id for row in rows}), _count(rows, lambda row: row.limited),
        _count(rows, lambda row: row.losing), _count(rows, lambda row: bool(row.beaten_by)),
        _count(rows, lambda row: not row.saved_minor), _count(rows, lambda row: row.because == "below_floor"),
    )  # fmt: skip


def stacks_with(promotion: Promotion, others: Iterable[Promotion]) -> list[tuple[Promotion, ...]]:
    """The largest sets of promotions that may all stand beside this one in one line: at most one of them an offer.

    More discounts never leave the buyer with a higher price, so the worst is among the largest sets.
    """
    near = [other for other in others if _beside(promotion, other)]
    found: list[tuple[Promotion, ...]] = []

    def grow(chosen: tuple[Promotion, ...], may: list[Promotion], done: list[Promotion]) -> None:
        """Bron and Kerbosch, 1973."""
        if len(found) >= MOST_STACKS:
            return
        if not may and not done:
            found.append(chosen)
        for at, one in enumerate(may):
            rest = may[at + 1 :]
            before = done + may[:at]
            grow((*chosen, one), [x for x in rest if _beside(one, x)], [x for x in before if _beside(one, x)])

    grow((promotion,), near, [])
    return found


def _beside(one: Promotion, other: Promotion) -> bool:
    return one.combines_with(other) and not (one.is_offer and other.is_offer)


def _steps(promotion: Promotion, good: Good) -> list[int]:
    """The quantities at which it counts for a listing bought alone: each tier, or the least that reaches its amount."""
    value = promotion.value
    if isinstance(value, Tiers):
        return [start for start, _ in value.steps if start <= good.most] or [good.most]
    if isinstance(value, Off) and value.from_minor:
        return [max(-(-value.from_minor // good.offer.list_minor), 1)]
    return [1]


def _row(
    promotion: Promotion, good: Good, quantity: int, stacks: Sequence[tuple[Promotion, ...]],
    always: Sequence[Promotion],
) -> Tried:  # fmt: skip
    try:
        [line] = price_cart([good.at(quantity)], [promotion]).lines
    except FloorBroken as broken:
        return _unsellable(broken.line)
    met = _seen(promotion, price_cart([good.at(quantity)], [promotion, *always]).lines)
    worst = _worst(promotion, good, quantity, stacks)
    return _tried(promotion, good, line, worst, met)


def _tried(
    promotion: Promotion, good: Good, line: PricedLine, worst: "tuple[PricedLine, tuple[Promotion, ...]] | None",
    met: Step | None = None,
) -> Tried:  # fmt: skip
    step = next((step for step in line.steps if step.promotion_id == promotion.id), None)
    most, stack = worst or (line, (promotion,))
    return Tried(
        line.listing_id, line.sku_id, line.quantity, line.list_minor,
        good.offer.exempt.get(promotion.name, good.offer.floor_minor), line.net_minor,
        step.wanted_minor if step else 0, step.minor if step else 0, step.because if step else "not_these_goods",
        _keeps(good, line), good.kept(line.list_minor * line.quantity, line.quantity),
        most.net_minor, _keeps(good, most), most.quantity,
        tuple(other.name for other in stack if other is not promotion and _acts(other, most)),
        met.other if met is not None and met.because == "better_offer" else "", line.quantity > good.most,
    )  # fmt: skip


def _worst(
    promotion: Promotion, good: Good, quantity: int, stacks: Sequence[tuple[Promotion, ...]]
) -> tuple[PricedLine, tuple[Promotion, ...]] | None:
    """The stack, in the quantity, of which the seller keeps the least per unit; of those in which it acts at all."""
    worst: tuple[PricedLine, tuple[Promotion, ...]] | None = None
    for stack in stacks:
        for many in _quantities(good, quantity, stack):
            [line] = price_cart([good.at(many)], stack).lines
            if not _acts(promotion, line):
                continue
            if worst is None or _less(good, line, worst[0]):
                worst = line, stack
    return worst


def _less(good: Good, line: PricedLine, other: PricedLine) -> bool:
    return _keeps(good, line) * other.quantity < _keeps(good, other) * line.quantity


def _quantities(good: Good, quantity: int, stack: Sequence[Promotion]) -> list[int]:
    """Where what a stack gives changes: its tiers, and the least that reaches an amount at list and at offer price."""
    found = {quantity, *(many for one in stack for many in _steps(one, good))}
    [line] = price_cart([good.at(quantity)], [one for one in stack if one.is_offer]).lines
    found |= {
        -(-one.value.from_minor // line.offer_minor)
        for one in stack
        if isinstance(one.value, Off) and one.value.from_minor
    }
    return sorted(found)


def _bundle(
    promotion: Promotion, bundle: Bundle, goods: Sequence[Good], stacks: Sequence[tuple[Promotion, ...]]
) -> list[Tried]:
    """One whole set, priced as one cart."""
    of_sku = {good.offer.sku_id: good for good in goods}
    cart = [of_sku[sku].at(units) for sku, (units, _cut) in bundle.parts.items() if sku in of_sku]
    if not cart:
        return []
    try:
        alone = price_cart(cart, [promotion]).lines
    except FloorBroken as broken:
        return [_unsellable(broken.line)]
    carts = [(stack, price_cart(cart, stack).lines) for stack in stacks]
    rows = []
    for at, line in enumerate(alone):
        good = of_sku[line.sku_id]
        worst = min(
            ((lines[at], stack) for stack, lines in carts), key=lambda one: _keeps(good, one[0]), default=None
        )
        rows.append(_tried(promotion, good, line, worst))
    return rows


def _unsellable(line: Offer) -> Tried:
    return Tried(
        line.listing_id, line.sku_id, line.quantity, line.list_minor, line.floor_minor,
        line.list_minor * line.quantity, 0, 0, "below_floor", 0, 0, 0, 0, line.quantity,
    )  # fmt: skip


def _keeps(good: Good, line: PricedLine) -> int:
    return good.kept(
        line.net_minor, line.quantity, brand=line.funded_brand_minor, platform=line.funded_platform_minor
    )


def _acts(promotion: Promotion, line: PricedLine) -> bool:
    return any(step.promotion_id == promotion.id and step.minor for step in line.steps)


def _seen(promotion: Promotion, lines: Sequence[PricedLine]) -> Step | None:
    return next((step for line in lines for step in line.steps if step.promotion_id == promotion.id), None)


def _count(rows: Sequence[Tried], which: Any) -> int:
    return len({row.listing_id for row in rows if which(row)})
