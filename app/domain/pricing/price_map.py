"""Every SELECT of the price map: all shops × Skus of the open brand, against floor and list price."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, exists, func, or_, select

from app.domain.catalog.models import Listing, Product, Sku
from app.domain.distributors.models import Shop
from app.foundation.database import session
from app.foundation.paging import Asked, Page, cut

SHOPS_ON_A_PAGE = 12
NEAR_PERCENT = 5
FLOOR = func.money.floor_in_force(Sku.id, Shop.distributor_id, func.clock_timestamp())


@dataclass(frozen=True, slots=True)
class Cell:
    """A listing on the map. Minor units; `stands` is below, at, near or above the floor in force."""

    listing_id: int
    sku_id: int
    shop_id: int
    shop: str
    price_minor: int
    status: str
    floor_minor: int
    suggested_minor: int

    @property
    def stands(self) -> str:
        over = self.price_minor - self.floor_minor
        if over < 0:
            return "below"
        if over == 0:
            return "at"
        return "near" if over * 100 <= self.floor_minor * NEAR_PERCENT else "above"

    @property
    def over_percent(self) -> int:
        """How far above the floor, in percent, rounded down."""
        return (self.price_minor - self.floor_minor) * 100 // max(self.floor_minor, 1)


STANDS = {
    "below": Listing.price_minor < FLOOR,
    "at": Listing.price_minor == FLOOR,
    "near": and_(Listing.price_minor > FLOOR, (Listing.price_minor - FLOOR) * 100 <= FLOOR * NEAR_PERCENT),
}


def map_page(asked: Asked) -> Page[Any]:
    """(Sku, product) of the open brand that some shop sells; with a filter, those with such a price."""
    here = select(Listing.id).join(Shop, Shop.id == Listing.shop_id).where(Listing.sku_id == Sku.id)
    stands = STANDS.get(asked.get("stands"))
    if stands is not None:
        here = here.where(stands)
    found = (
        select(Sku, Product).join(Product, Product.id == Sku.product_id).where(exists(here.correlate(Sku)))
    )
    if asked.words:
        like = f"%{asked.words}%"
        found = found.where(or_(Product.name.ilike(like), Product.name_en.ilike(like), Sku.name.ilike(like)))
    return cut(found, asked, sorts={"name": Product.name}, usual="name", tie=Sku.id)


def shops(asked: Asked) -> Page[Any]:
    """(id, name, slug) of the shops that sell the open brand's goods, a few to a page."""
    found = select(Shop.id, Shop.name, Shop.slug).where(Shop.id.in_(select(Listing.shop_id)))
    return cut(found, asked, sorts={"name": Shop.name}, usual="name", tie=Shop.id)


def cells(sku_ids: Collection[int], shop_ids: Collection[int] | None = None) -> Sequence[Cell]:
    """What shops ask for these Skus."""
    found = (
        select(
            Listing.id, Listing.sku_id, Listing.shop_id, Shop.name, Listing.price_minor, Listing.status, FLOOR,
            Sku.suggested_minor,
        )
        .join_from(Listing, Shop, Shop.id == Listing.shop_id)
        .join(Sku, Sku.id == Listing.sku_id)
        .where(Listing.sku_id.in_(sku_ids))
    )  # fmt: skip
    if shop_ids is not None:
        found = found.where(Listing.shop_id.in_(shop_ids))
    return [Cell(*row) for row in session().execute(found.order_by(Shop.name, Listing.id))]


def counts() -> dict[str, int]:
    """How many listings of the open brand stand below, at and near their floor, and in all."""
    row = (
        session()
        .execute(
            select(
                *(func.count().filter(stands).label(name) for name, stands in STANDS.items()),
                func.count().label("all"),
            )
            .select_from(Listing)
            .join(Shop, Shop.id == Listing.shop_id)
            .join(Sku, Sku.id == Listing.sku_id)
        )
        .mappings()
        .one()
    )
    return dict(row)


def one(listing_id: int) -> Any | None:
    """(listing, shop, Sku, product, floor in force) of a listing of the open brand's goods."""
    found = (
        select(Listing, Shop, Sku, Product, FLOOR.label("floor"))
        .join(Shop, Shop.id == Listing.shop_id)
        .join(Sku, Sku.id == Listing.sku_id)
        .join(Product, Product.id == Sku.product_id)
    )
    return session().execute(found.where(Listing.id == listing_id)).one_or_none()
