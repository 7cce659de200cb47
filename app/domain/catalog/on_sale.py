"""What a purchase needs to know of a listing that is on sale right now."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

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
    rows = session().execute(
        select(*COLUMNS)
        .join_from(Listing, Sku, Sku.id == Listing.sku_id)
        .join(Product, Product.id == Sku.product_id)
        .join(Brand, Brand.id == Sku.brand_id)
        .where(
            Listing.id.in_(listing_ids),
            Listing.status == "live",
            Sku.status == "active",
            Product.status == "active",
            Brand.status == "approved",
        )
    )
    return {row[0]: OnSale(*row) for row in rows}
