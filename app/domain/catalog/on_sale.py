"""What a purchase needs to know of a listing that is on sale right now."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select

from app.domain.brands.models import Brand
from app.domain.catalog.models import Listing, Product, Sku
from app.foundation.database import session


@dataclass(frozen=True, slots=True)
class OnSale:
    """A live listing of an active Sku of an active product of an approved brand. Money in minor units."""

    listing_id: int
    sku_id: int
    product_id: int
    brand_id: int
    slug: str
    product_name: str
    product_name_en: str
    sku_name: str
    sku_name_en: str
    picture: str | None
    delivery_kind: str
    unlimited: bool
    currency: str
    price_minor: int
    floor_minor: int
    supply_price_minor: int
    max_per_order: int
    buyer_fields: list[dict[str, Any]]
    category_id: int | None = None


COLUMNS = (
    Listing.id, Sku.id, Product.id, Sku.brand_id, Product.slug, Product.name, Product.name_en, Sku.name, Sku.name_en,
    Product.picture, Sku.delivery_kind, Sku.unlimited, Sku.currency, Listing.price_minor, Sku.floor_minor,
    Sku.supply_price_minor, Sku.max_per_order, Sku.buyer_fields, Product.category_id,
)  # fmt: skip


def on_sale(listing_ids: Sequence[int]) -> dict[int, OnSale]:
    """The listings of the open shop that can be bought now, by id; one query however many."""
    rows = session().execute(_buyable().where(Listing.id.in_(listing_ids)))
    return {row[0]: OnSale(*row) for row in rows}


def whole_shop(*, most: int) -> list[OnSale]:
    """Everything that can be bought in the open shop now, the oldest listing first, up to so many."""
    rows = session().execute(_buyable().order_by(Listing.id).limit(most))
    return [OnSale(*row) for row in rows]


def _buyable() -> Select[Any]:
    return (
        select(*COLUMNS)
        .join_from(Listing, Sku, Sku.id == Listing.sku_id)
        .join(Product, Product.id == Sku.product_id)
        .join(Brand, Brand.id == Sku.brand_id)
        .where(
            Listing.status == "live",
            Sku.status == "active",
            Product.status == "active",
            Brand.status == "approved",
        )
    )
