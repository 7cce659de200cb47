"""What a promotion wants of each listing it is for, and where a floor bites: read in the scope of who may stop it."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from app.domain.pricing.floors import FloorRow, resolve
from app.domain.pricing.models import Floor
from app.domain.promotions import switch_queries
from app.domain.promotions.models import StoredPromotion
from app.domain.promotions.reach import lowest_each
from app.domain.promotions.stored import promotion_of
from app.foundation.database import session

MOST = 300


@dataclass(frozen=True, slots=True)
class Touched:
    """One listing under a promotion. Minor units per piece: what it wants, the floor for it, and what comes of both."""

    listing: Any
    sku: Any
    product: Any
    shop: Any
    wanted_minor: int
    floor_minor: int
    becomes_minor: int
    exempt: bool

    @property
    def bites(self) -> bool:
        return self.wanted_minor < self.floor_minor


def touched(row: StoredPromotion, *, at: datetime) -> list[Touched]:
    """The listings that a promotion is for, with what it does to each at a moment; at most MOST of them."""
    promotion, goods = promotion_of(row), switch_queries.goods_of(row, most=MOST)
    floors = _floors({one.Sku.id for one in goods}, at)
    found = []
    for listing, sku, product, shop, level_id in goods:
        floor = resolve(
            floors[sku.id], sku_floor_minor=sku.floor_minor, at=at, distributor_id=shop.distributor_id,
            level_id=level_id, promotions=(row.key,),
        )  # fmt: skip
        wanted = lowest_each(promotion, sku.id, listing.price_minor)
        becomes = min(max(wanted, floor.floor_minor), listing.price_minor)
        exempt = floor.source == "exemption"
        found.append(Touched(listing, sku, product, shop, wanted, floor.floor_minor, becomes, exempt))
    return sorted(found, key=lambda one: (not one.bites, one.becomes_minor - one.listing.price_minor))


def _floors(skus: set[int], at: datetime) -> dict[int, list[FloorRow]]:
    wanted = select(Floor).where(
        Floor.sku_id.in_(sorted(skus)),
        Floor.starts_at <= at,
        or_(Floor.ends_at.is_(None), Floor.ends_at > at),
    )
    found: dict[int, list[FloorRow]] = defaultdict(list)
    for floor in session().execute(wanted).scalars():
        found[floor.sku_id].append(
            FloorRow(
                floor.id, floor.floor_minor, floor.starts_at, floor.ends_at, floor.level_id, floor.distributor_id,
                floor.promotion,
            )
        )  # fmt: skip
    return found
