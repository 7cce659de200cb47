"""Goods on sale, with stock."""

import itertools
from dataclasses import dataclass

from sqlalchemy import func, select

from app.domain.brands.models import Brand
from app.domain.catalog.models import Category, Listing, Product, Sku
from app.domain.distributors import partnerships
from app.domain.distributors.models import Level, Shop
from app.domain.inventory.models import Code, CodeBatch, DataKey, ReusableSecret, StockSlot
from app.foundation.runtime import runtime
from app.foundation.unit_of_work import Work, unit_of_work
from app.foundation.vault import DataKey as Key
from app.foundation.vault import Secret
from tenants.context import platform_scope
from tenants.directory import Tenant

count = itertools.count(1)


@dataclass(frozen=True)
class Goods:
    """One Sku listed in one shop."""

    brand_id: int
    product_id: int
    sku_id: int
    listing_id: int
    slug: str


def make_goods(
    shop: Tenant, *, kind: str = "code", price: int = 2000, floor: int = 1500, supply: int = 1200, codes: int = 0,
    unlimited: bool = False, brand_id: int | None = None, buyer_fields: list[dict[str, object]] | None = None,
    issue_order: str = "oldest",
) -> Goods:  # fmt: skip
    """A Sku of one delivery kind, listed in the shop, with so many codes. Money in minor units."""
    number = next(count)
    with platform_scope(), unit_of_work() as work:
        category = work.session.execute(select(Category).limit(1)).scalar()
        if category is None:
            category = Category(slug=f"c-{number}", name="影音会员", name_en="Streaming", position=0)
            work.session.add(category)
        if brand_id is None:
            brand_id = _brand(work, number)
        work.session.flush()
        product = Product(
            brand_id=brand_id, category_id=category.id, slug=f"p-{number}", name=f"星幕会员 {number}",
            name_en=f"Star pass {number}", status="active", tags=[],
        )  # fmt: skip
        work.session.add(product)
        work.session.flush()
        sku = Sku(
            brand_id=brand_id, product_id=product.id, name="月卡", name_en="1 month", delivery_kind=kind,
            currency=shop.currency, suggested_minor=max(price, floor), floor_minor=floor, supply_price_minor=supply,
            issue_order=issue_order, unlimited=unlimited, buyer_fields=buyer_fields or [], max_per_order=50,
        )  # fmt: skip
        work.session.add(sku)
        work.session.flush()
        approve(work, brand_id, shop.id)
        listing = Listing(shop_id=shop.id, sku_id=sku.id, product_id=product.id, price_minor=price)
        work.session.add(listing)
        work.session.flush()
        made = Goods(brand_id, product.id, sku.id, listing.id, product.slug)
    if codes:
        add_codes(made, codes)
    if kind == "reusable":
        _add_reusable(made)
    return made


def approve(work: Work, brand_id: int, shop_id: int) -> None:
    """The brand's approval of the shop's distributor, at its first level, where there is none yet."""
    level = work.session.execute(
        select(Level.id).where(Level.brand_id == brand_id, Level.rank == 0)
    ).scalar_one()
    distributor = work.session.execute(select(Shop.distributor_id).where(Shop.id == shop_id)).scalar_one()
    partnerships.approve(brand_id, distributor, level_id=level)


def _brand(work: Work, number: int) -> int:
    brand = Brand(
        slug=f"brand-{number}",
        name=f"品牌 {number}",
        name_en=f"Brand {number}",
        status="approved",
        joining="open",
    )
    work.session.add(brand)
    work.session.flush()
    return int(brand.id)


def key_of(work: Work, brand_id: int) -> DataKey:
    found = work.session.execute(select(DataKey).where(DataKey.brand_id == brand_id)).scalar()
    if found is None:
        made = runtime().vault.new_key(brand_id, 1)
        found = DataKey(
            brand_id=brand_id,
            version=1,
            wrapped=made.wrapped,
            master_key_id=made.master_key_id,
            state="current",
        )
        work.session.add(found)
        work.session.flush()
    return found


def secret_text(goods: Goods, number: int) -> str:
    return f"SECRET-{goods.sku_id:04d}-{number:06d}"


def add_codes(goods: Goods, number: int) -> list[str]:
    """So many sealed codes; returns their plain text."""
    with platform_scope(), unit_of_work() as work:
        row = key_of(work, goods.brand_id)
        key = Key(row.brand_id, row.version, row.wrapped, row.master_key_id)
        batch = CodeBatch(brand_id=goods.brand_id, sku_id=goods.sku_id, name="测试批次")
        work.session.add(batch)
        work.session.flush()
        start = work.session.execute(
            select(func.count()).select_from(Code).where(Code.sku_id == goods.sku_id)
        ).scalar_one()
        texts = [secret_text(goods, start + at) for at in range(number)]
        for at, text in enumerate(texts):
            sealed = runtime().vault.seal(key, Secret(text))
            work.session.add(
                Code(
                    brand_id=goods.brand_id, sku_id=goods.sku_id, batch_id=batch.id, data_key_id=row.id, pick=start + at,
                    fingerprint=sealed.fingerprint, secret=sealed.box,
                )
            )  # fmt: skip
        return texts


def _add_reusable(goods: Goods) -> None:
    with platform_scope(), unit_of_work() as work:
        row = key_of(work, goods.brand_id)
        key = Key(row.brand_id, row.version, row.wrapped, row.master_key_id)
        sealed = runtime().vault.seal(key, Secret(f"REUSABLE-{goods.sku_id}"))
        work.session.add(
            ReusableSecret(
                brand_id=goods.brand_id, sku_id=goods.sku_id, data_key_id=row.id, fingerprint=sealed.fingerprint,
                secret=sealed.box,
            )
        )  # fmt: skip


def set_slots(goods: Goods, remaining: list[int]) -> None:
    """Counted stock in so many slots."""
    with platform_scope(), unit_of_work() as work:
        for slot, left in enumerate(remaining):
            work.session.add(
                StockSlot(sku_id=goods.sku_id, slot=slot, brand_id=goods.brand_id, remaining=left)
            )
