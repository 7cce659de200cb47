"""Which listings a floor overtakes, and what becomes of them. Values in, values out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.domain.pricing.floors import FloorRow, resolve


@dataclass(frozen=True, slots=True)
class Shown:
    """A shop's price of a Sku; `level_id` is its distributor's with the brand. Minor units."""

    listing_id: int
    shop_id: int
    shop: str
    slug: str
    distributor_id: int
    level_id: int | None
    price_minor: int
    status: str


@dataclass(frozen=True, slots=True)
class Overtaken:
    """A listing below the floor that will be in force: raised to it, or paused."""

    listing: Shown
    floor_minor: int
    source: str
    becomes: str
    """`raise` or `pause`."""


def overtaken(
    listings: Iterable[Shown],
    rows: Iterable[FloorRow],
    *,
    sku_floor_minor: int,
    at: datetime,
    choices: Mapping[int, str],
) -> list[Overtaken]:
    """Every listing whose price the floor of that moment does not allow; one that is paused already stays so."""
    kept, found = list(rows), []
    for listing in listings:
        floor = resolve(
            kept, sku_floor_minor=sku_floor_minor, at=at, distributor_id=listing.distributor_id,
            level_id=listing.level_id,
        )  # fmt: skip
        if listing.price_minor < floor.floor_minor:
            becomes = choices.get(floor.floor_id if floor.floor_id is not None else -1, "raise")
            if not (becomes == "pause" and listing.status != "live"):
                found.append(Overtaken(listing, floor.floor_minor, floor.source, becomes))
    return found
