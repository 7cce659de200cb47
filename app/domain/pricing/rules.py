"""What a cart costs, floor last. Values in, values out."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Offer:
    """What pricing needs to know of one line. Money in minor units per piece."""

    listing_id: int
    sku_id: int
    quantity: int
    list_minor: int
    floor_minor: int


@dataclass(frozen=True, slots=True)
class PricedLine:
    """One explained line: `net_minor` = `offer_minor` × quantity − `discount_minor`, never below the floor."""

    listing_id: int
    sku_id: int
    quantity: int
    list_minor: int
    offer_minor: int
    discount_minor: int
    net_minor: int
    floor_minor: int


class FloorBroken(ValueError):
    """A list price is below the floor: nothing can be sold at it. `line` says which."""

    def __init__(self, line: Offer) -> None:
        super().__init__(f"{line.list_minor} is below the floor {line.floor_minor}")
        self.line = line


def price(lines: Sequence[Offer]) -> list[PricedLine]:
    """Price a cart at list price, or raise FloorBroken.

    Promotions will replace the offer and add discounts here; whatever they do,
    the last step is the floor.
    """
    return [_priced(line, offer_minor=line.list_minor, discount_minor=0) for line in lines]


def _priced(line: Offer, *, offer_minor: int, discount_minor: int) -> PricedLine:
    if offer_minor < line.floor_minor:
        raise FloorBroken(line)
    discount = min(discount_minor, (offer_minor - line.floor_minor) * line.quantity)
    net = offer_minor * line.quantity - discount
    return PricedLine(
        line.listing_id,
        line.sku_id,
        line.quantity,
        line.list_minor,
        offer_minor,
        discount,
        net,
        line.floor_minor,
    )
