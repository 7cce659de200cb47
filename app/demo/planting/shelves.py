"""What is sold: categories, products with their pictures, Skus, and each shop's listings."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from app.demo.goods import CATEGORIES, products
from app.demo.pictures import product_picture
from app.demo.planting.houses import Houses
from app.demo.planting.rows import plant
from app.demo.shapes import BuyerField, DemoProduct, DemoSku
from app.demo.shops import SHOPS, listings
from app.demo.wording import lasts
from app.domain.catalog.models import Category, Listing, Product, Sku
from app.domain.catalog.service import index
from app.foundation import media
from app.foundation.database import session

# Kinds that a person or a supplier works on one at a time.
ONE_BY_ONE = {"topup": 1, "manual": 1, "reusable": 1}
INPUTS = {"mobile": "tel", "email": "email", "player": "number", "server": "number", "uid": "number"}


@dataclass(frozen=True, slots=True)
class Shelves:
    """Ids by the demo's own keys; listings by (shop, Sku)."""

    products: dict[str, int]
    skus: dict[str, int]
    listings: dict[tuple[str, str], int]


def plant_shelves(houses: Houses, now: datetime) -> Shelves:
    """All goods; those of a brand that waits for approval are drafts, on sale nowhere."""
    kinds = plant(Category, [_category(place, each) for place, each in enumerate(CATEGORIES, 1)])
    categories = dict(zip((each.key for each in CATEGORIES), kinds, strict=True))
    goods = products()
    made = plant(Product, [_product(each, houses, categories, now) for each in goods])
    product_ids = dict(zip((each.key for each in goods), made, strict=True))
    pairs = [(product, sku) for product in goods for sku in product.skus]
    skus = plant(
        Sku,
        [
            _sku(product, sku, houses.brands[product.brand], product_ids[product.key], place)
            for place, (product, sku) in enumerate(pairs)
        ],
    )
    sku_ids = dict(zip((sku.key for _, sku in pairs), skus, strict=True))
    for product in session().execute(select(Product).where(Product.id.in_(made))).scalars():
        index(product)
    return Shelves(product_ids, sku_ids, _plant_listings(houses, product_ids, sku_ids))


def _category(place: int, each: Any) -> dict[str, Any]:
    return {"slug": each.key, "name": each.name.zh, "name_en": each.name.en, "position": place}


def _product(each: DemoProduct, houses: Houses, categories: dict[str, int], now: datetime) -> dict[str, Any]:
    drawn = product_picture(each, language="en" if each.currency == "USD" else "zh")
    validity = lasts(each.validity_days)
    return {
        "brand_id": houses.brands[each.brand], "category_id": categories[each.category], "slug": each.key,
        "name": each.name.zh, "name_en": each.name.en, "summary": each.summary.zh, "summary_en": each.summary.en,
        "description": each.description.zh, "description_en": each.description.en, "redemption": each.redeem.zh,
        "redemption_en": each.redeem.en, "picture": media.keep(drawn.encode(), "svg"), "region": each.region,
        "validity": validity.zh, "validity_en": validity.en, "tags": list(each.tags),
        "status": "draft" if each.brand == "youjian" else "active", "created_at": now - timedelta(days=80),
    }  # fmt: skip


def _sku(product: DemoProduct, sku: DemoSku, brand_id: int, product_id: int, place: int) -> dict[str, Any]:
    return {
        "brand_id": brand_id, "product_id": product_id, "name": sku.name.zh, "name_en": sku.name.en,
        "delivery_kind": sku.delivery, "face_value_minor": sku.face_value_minor, "face_currency": sku.currency,
        "currency": sku.currency, "suggested_minor": sku.suggested_minor, "floor_minor": sku.floor_minor,
        "supply_price_minor": sku.supply_minor, "issue_order": sku.issue_order, "low_stock_at": sku.low_stock,
        "max_per_order": ONE_BY_ONE.get(sku.delivery, 10), "unlimited": sku.stock is None,
        "buyer_fields": [_field(each) for each in sku.fields], "position": place,
        "supplier_product": product.key if sku.delivery == "topup" else None,
    }  # fmt: skip


def _field(each: BuyerField) -> dict[str, Any]:
    return {
        "name": each.key, "label": each.label.zh, "label_en": each.label.en, "hint": each.hint.zh,
        "hint_en": each.hint.en, "pattern": each.pattern, "example": each.sample,
        "input": INPUTS.get(each.key, "text"), "required": True,
    }  # fmt: skip


def _plant_listings(
    houses: Houses, products_by_key: dict[str, int], skus: dict[str, int]
) -> dict[tuple[str, str], int]:
    shelf = [each for shop in SHOPS for each in listings(shop.slug)]
    rows = [
        {
            "shop_id": houses.shops[each.shop], "sku_id": skus[each.sku.key],
            "product_id": products_by_key[each.product.key], "price_minor": each.list_price_minor,
            "position": each.position, "featured": each.featured,
        }
        for each in shelf
    ]  # fmt: skip
    return dict(zip(((each.shop, each.sku.key) for each in shelf), plant(Listing, rows), strict=True))
