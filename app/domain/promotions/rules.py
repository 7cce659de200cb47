"""What a promotion wants. Values in, values out; what comes of it is said by `pricing.rules`.

The specification is docs/algorithms/pricing.md. Money in minor units, rates in basis points
(100 = 1 %). What a rate takes off is rounded down to the minor unit, whatever the currency.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

WHOLE = 10_000
OFFERS = ("flash_price", "group_price", "timed_price", "bundle_price", "quantity_tiers")
"""Prices per unit that replace the list price; of two that cost the same the earlier kind is taken."""
DISCOUNTS = ("threshold_coupon", "fixed_coupon", "percentage_coupon", "referral")
"""What is taken off the offer price, in this order."""
PLACE = {kind: place for place, kind in enumerate((*OFFERS, *DISCOUNTS))}
ANY_KIND = frozenset(PLACE)
FUNDERS = ("distributor", "brand", "platform")


@dataclass(frozen=True, slots=True)
class Cut:
    """A price per unit, or so much off the list price; never less than one minor unit."""

    minor: int | None = None
    off_bps: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.off_bps <= WHOLE or (self.minor is not None and self.minor < 1):
            raise ValueError(f"not a price: {self}")

    def of(self, list_minor: int) -> int:
        wanted = list_minor - list_minor * self.off_bps // WHOLE if self.minor is None else self.minor
        return max(wanted, 1)


@dataclass(frozen=True, slots=True)
class Tiers:
    """Prices by how many units a line has: ascending (from quantity, cut)."""

    steps: tuple[tuple[int, Cut], ...]

    def __post_init__(self) -> None:
        starts = [start for start, _ in self.steps]
        if not starts or starts[0] < 1 or any(one >= after for one, after in pairwise(starts)):
            raise ValueError("tiers begin at one unit or more and ascend")


@dataclass(frozen=True, slots=True)
class Bundle:
    """What belongs together: Sku → (units in one set, price of each)."""

    parts: Mapping[int, tuple[int, Cut]]

    def __post_init__(self) -> None:
        if len(self.parts) < 2 or any(units < 1 for units, _ in self.parts.values()):
            raise ValueError("a bundle has at least two Skus and a unit of each")

    def cut_for(self, sku_id: int, cart: Mapping[int, int]) -> Cut | None:
        """Its price for a Sku, where all of the cart's units of it stand in whole sets."""
        units, cut = self.parts[sku_id]
        sets = min(cart.get(sku, 0) // needed for sku, (needed, _) in self.parts.items())
        return cut if cart[sku_id] <= sets * units else None


@dataclass(frozen=True, slots=True)
class Off:
    """What is taken off an amount: so much, or a rate of it, capped; from `from_minor` on."""

    minor: int = 0
    rate_bps: int = 0
    most_minor: int | None = None
    from_minor: int = 0

    def __post_init__(self) -> None:
        if (
            not 0 <= self.rate_bps <= WHOLE
            or bool(self.rate_bps) == bool(self.minor)
            or min(self.minor, self.from_minor, self.most_minor or 0) < 0
        ):
            raise ValueError(f"not a discount: {self}")

    def of(self, amount_minor: int) -> int:
        if not self.rate_bps:
            return min(self.minor, amount_minor)
        wanted = amount_minor * self.rate_bps // WHOLE
        return wanted if self.most_minor is None else min(wanted, self.most_minor)


@dataclass(frozen=True, slots=True)
class Target:
    """What it is for: everything, or certain categories, products or Skus."""

    of: str = "all"
    ids: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        if self.of not in {"all", "category", "product", "sku"} or (self.of == "all") == bool(self.ids):
            raise ValueError(f"not a target: {self}")


EVERYTHING = Target()
Value = Cut | Tiers | Bundle | Off
VALUES: Mapping[str, type] = {
    "flash_price": Cut, "group_price": Cut, "timed_price": Cut, "bundle_price": Bundle, "quantity_tiers": Tiers,
    **dict.fromkeys(DISCOUNTS, Off),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Promotion:
    """One promotion: what it wants (`value`), for what, when, who pays and beside which kinds it may stand.

    `name` is also the name of its exemption from the floor, where a brand granted one. `brand_id`: whose goods
    it is for, where a brand made it.
    """

    id: int
    name: str
    kind: str
    value: Value
    funder: str = "distributor"
    target: Target = EVERYTHING
    combines: frozenset[str] = ANY_KIND
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    brand_id: int | None = None
    is_offer: bool = field(init=False)
    for_everything: bool = field(init=False)
    place: tuple[int, int] = field(init=False)

    def __post_init__(self) -> None:
        if self.funder not in FUNDERS or not isinstance(self.value, VALUES.get(self.kind, ())):
            raise ValueError(f"{self.kind} by {self.funder} cannot be {self.value}")
        object.__setattr__(self, "is_offer", self.kind in OFFERS)
        everything = self.target.of == "all" and self.brand_id is None and not isinstance(self.value, Bundle)
        object.__setattr__(self, "for_everything", everything)
        object.__setattr__(self, "place", (PLACE[self.kind], self.id))

    def in_force(self, at: datetime | None) -> bool:
        """Whether its window is open; with no moment named the caller has looked already."""
        if at is None:
            return True
        return (self.starts_at is None or self.starts_at <= at) and (
            self.ends_at is None or at < self.ends_at
        )

    def covers(
        self, *, sku_id: int, product_id: int | None, category_id: int | None, brand_id: int | None = None
    ) -> bool:
        """Whether it is for this Sku."""
        target, value = self.target, self.value
        if self.brand_id is not None and self.brand_id != brand_id:
            return False
        if isinstance(value, Bundle) and sku_id not in value.parts:
            return False
        if target.of == "all":
            return True
        return {"sku": sku_id, "product": product_id, "category": category_id}[target.of] in target.ids

    def combines_with(self, other: "Promotion") -> bool:
        """Whether each of the two lets the other stand beside it."""
        return other.kind in self.combines and self.kind in other.combines

    def unit_price(self, sku_id: int, list_minor: int, cart: Mapping[int, int]) -> int | None:
        """The price per unit an offer wants for a Sku it covers; None while the cart (Sku → units) lacks units."""
        value = self.value
        cut: Cut | None = None
        if isinstance(value, Cut):
            cut = value
        elif isinstance(value, Bundle):
            cut = value.cut_for(sku_id, cart)
        elif isinstance(value, Tiers):
            for start, step in value.steps:
                if start <= cart[sku_id]:
                    cut = step
        return None if cut is None else cut.of(list_minor)
