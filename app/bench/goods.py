"""A shop with goods to buy, for measuring."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text

from app.demo.goods import on_sale
from app.demo.pictures import product_picture
from app.demo.planting.rows import plant, plant_quietly
from app.domain.brands.models import Brand
from app.domain.catalog.models import Category, Listing, Product, Sku
from app.domain.distributors import partnerships
from app.domain.distributors.models import Distributor, Level, Shop
from app.domain.inventory.issue_order import IssueOrder, picker
from app.domain.inventory.keys import current_key
from app.domain.inventory.models import Code, CodeBatch
from app.foundation import clock, media
from app.foundation.database import session
from app.foundation.runtime import runtime
from app.foundation.unit_of_work import unit_of_work
from app.foundation.vault import Secret
from tenants.context import platform_scope

SHOP = "bench"
ROWS = text("""
    INSERT INTO codes (brand_id, sku_id, batch_id, data_key_id, pick, fingerprint, secret)
    SELECT :brand, :sku, 0, :key, n, uuid_send(gen_random_uuid()),
        uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
    FROM generate_series(1, :codes) AS n
""")
PER_PRODUCT = 5
PRICE = 1990


@dataclass(frozen=True, slots=True)
class Target:
    """Something that can be bought: its page and its listing, its Sku and how many codes it was given."""

    slug: str
    listing_id: int
    sku_id: int
    product_id: int
    brand_id: int
    codes: int


def plant_shop(*, slug: str = SHOP) -> int:
    """An open shop with a look of its own; returns its id."""
    with platform_scope(), unit_of_work():
        firm = plant(Distributor, [{"name": "测量分销", "status": "approved", "approved_at": clock.now()}])
        shop = {
            "distributor_id": firm[0], "slug": slug, "name": "测量小铺", "name_en": "Bench shop", "status": "live",
            "currency": "CNY", "languages": ["zh_Hans", "en"], "opened_at": clock.now(),
            "theme": {"primary": "#0f6d8c", "accent": "#e8734a", "tint": "#5b8ea3"},
            "settings": {"tagline": "秒发卡密", "notice": "测量进行中", "contact": "bench@perkline.example"},
        }  # fmt: skip
        return plant(Shop, [shop])[0]


def plant_goods(shop_id: int, *, skus: int, codes: int, real: bool = True) -> list[Target]:
    """So many Skus on the shop's shelves, several to a product, each with so many codes.

    Codes that are not `real` are rows of the same size that nobody will ever open.
    """
    with platform_scope(), unit_of_work():
        brand_id = plant(
            Brand, [{"slug": f"bench-{skus}-{codes}", "name": "测量品牌", "status": "approved"}]
        )[0]
        _approve(brand_id, shop_id)
        category_id = plant(
            Category, [{"slug": f"c-{brand_id}", "name": "影视会员", "name_en": "Streaming"}]
        )[0]
        many = -(-skus // PER_PRODUCT)
        products = plant(Product, [_product(brand_id, category_id, number) for number in range(many)])
        rows = [_sku(brand_id, products[number // PER_PRODUCT], number) for number in range(skus)]
        sku_ids = plant(Sku, rows)
        listed = plant(
            Listing,
            [
                {
                    "shop_id": shop_id, "sku_id": sku, "product_id": row["product_id"], "price_minor": PRICE,
                    "position": place,
                }
                for place, (sku, row) in enumerate(zip(sku_ids, rows, strict=True))
            ],
        )  # fmt: skip
        (_plant_codes if real else _plant_rows)(brand_id, sku_ids, codes)
        return [
            Target(
                f"bench-{brand_id}-{place // PER_PRODUCT}", listing, sku, row["product_id"], brand_id, codes
            )
            for place, (listing, sku, row) in enumerate(zip(listed, sku_ids, rows, strict=True))
        ]


def _approve(brand_id: int, shop_id: int) -> None:
    """The brand lets the shop's distributor sell, at its first level."""
    level = select(Level.id).where(Level.brand_id == brand_id, Level.rank == 0)
    distributor = select(Shop.distributor_id).where(Shop.id == shop_id)
    partnerships.approve(
        brand_id, session().execute(distributor).scalar_one(), level_id=session().execute(level).scalar_one()
    )


def _product(brand_id: int, category_id: int, number: int) -> dict[str, Any]:
    model = on_sale()[number % len(on_sale())]
    return {
        "brand_id": brand_id, "category_id": category_id, "slug": f"bench-{brand_id}-{number}",
        "name": f"{model.name.zh} {number}", "name_en": f"{model.name.en} {number}", "summary": model.summary.zh,
        "summary_en": model.summary.en, "description": model.description.zh, "description_en": model.description.en,
        "redemption": model.redeem.zh, "redemption_en": model.redeem.en, "region": model.region, "status": "active",
        "picture": media.keep(product_picture(model).encode(), "svg"), "tags": list(model.tags),
    }  # fmt: skip


def _sku(brand_id: int, product_id: int, number: int) -> dict[str, Any]:
    return {
        "brand_id": brand_id, "product_id": product_id, "name": f"{number % PER_PRODUCT + 1} 个月",
        "name_en": f"{number % PER_PRODUCT + 1} months", "delivery_kind": "code", "face_value_minor": 3000,
        "face_currency": "CNY", "suggested_minor": 2000, "floor_minor": 1500, "supply_price_minor": 1200,
        "issue_order": "oldest", "position": number,
    }  # fmt: skip


def _plant_rows(brand_id: int, sku_ids: list[int], codes: int) -> None:
    key_id, _ = current_key(brand_id, runtime().vault)
    for sku_id in sku_ids:
        values = {"brand": brand_id, "sku": sku_id, "key": key_id, "codes": codes}
        session().execute(ROWS, values)


def _plant_codes(brand_id: int, sku_ids: list[int], codes: int) -> None:
    vault = runtime().vault
    key_id, key = current_key(brand_id, vault)
    batches = plant(
        CodeBatch, [{"brand_id": brand_id, "sku_id": sku_id, "name": "bench"} for sku_id in sku_ids]
    )
    for sku_id, batch_id in zip(sku_ids, batches, strict=True):
        place = picker(IssueOrder.OLDEST, batch_id)
        texts = [Secret(f"BENCH-{sku_id:06d}-{number:06d}") for number in range(codes)]
        found = [(vault.fingerprint(text), text.to_bytes()) for text in texts]
        boxes = vault.seal_many(key, found)
        plant_quietly(
            Code,
            [
                {
                    "brand_id": brand_id, "sku_id": sku_id, "batch_id": batch_id, "data_key_id": key_id,
                    "pick": place(line, None, fingerprint), "fingerprint": fingerprint, "secret": box,
                }
                for line, ((fingerprint, _), box) in enumerate(zip(found, boxes, strict=True))
            ],
        )  # fmt: skip
