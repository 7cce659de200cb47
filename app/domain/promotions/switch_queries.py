"""Every SELECT of those who may stop promotions: a brand for its goods, the platform for any; and who is stopped.

`page`, `own` and `matched` want the scope of a brand or of the platform; `off_here` a shop's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, any_, func, literal, or_, select, text

from app.domain.brands.models import Brand
from app.domain.catalog.models import Category, Listing, Product, Sku
from app.domain.distributors.models import Distributor, Partnership, Shop
from app.domain.promotions.lists import Owner, state_now
from app.domain.promotions.models import PromotionSwitch, StoredPromotion
from app.foundation import clock
from app.foundation.database import session
from app.foundation.paging import Asked, Page, cut

CALLER = (StoredPromotion.status.in_(("live", "paused"))) & or_(
    StoredPromotion.ends_at.is_(None), StoredPromotion.ends_at > func.now()
)
"""Live, coming or paused: what somebody could be sold under."""


@dataclass(frozen=True, slots=True)
class Off:
    """A switch that is in force, and by name what it is about; `brand` empty: the platform's."""

    switch: PromotionSwitch
    brand: str
    brand_en: str
    shop: str
    title: str
    title_en: str


@dataclass(frozen=True, slots=True)
class Meant:
    """A promotion that a switch stops, and whom to tell; None of a distributor: the brand's or the platform's own."""

    promotion_id: int
    title: str
    distributor_id: int | None
    brand_id: int | None


def page(asked: Asked, *, owner: Owner) -> Page[Any]:
    """(promotion, shop's name, brand's names) that the open scope sees; without a state what is not over."""
    found = _named(select(StoredPromotion, Shop.name.label("shop"), Brand.name.label("brand"), Brand.name_en))
    if asked.words:
        like = f"%{asked.words}%"
        found = found.where(
            or_(
                StoredPromotion.title.ilike(like), StoredPromotion.title_en.ilike(like), Shop.name.ilike(like),
                StoredPromotion.key == asked.words,
            )
        )  # fmt: skip
    states = state_now(clock.now())
    found = found.where(states.get(asked.get("state"), ~states["over"]))
    found = found.where(
        (StoredPromotion.status != "draft") | owner.owns()
    )  # what nobody offers yet is its maker's
    if asked.get("kind"):
        found = found.where(StoredPromotion.kind == asked.get("kind"))
    if asked.get("by") == "own":
        found = found.where(owner.owns())
    elif asked.get("by"):
        found = found.where(StoredPromotion.owner == asked.get("by"))
    sorts = {"made": StoredPromotion.id, "title": StoredPromotion.title, "starts": StoredPromotion.starts_at,
             "ends": StoredPromotion.ends_at, "shop": Shop.name}  # fmt: skip
    return cut(found, asked, sorts=sorts, usual="-made", tie=StoredPromotion.id)


def one(promotion_id: int) -> Any:
    """(promotion, shop, brand) that the open scope sees, or None."""
    found = _named(select(StoredPromotion, Shop, Brand)).where(StoredPromotion.id == promotion_id)
    return session().execute(found).one_or_none()


def _named(found: Any) -> Select[Any]:
    joined: Select[Any] = (
        found.select_from(StoredPromotion)
        .join(Shop, Shop.id == StoredPromotion.shop_id, isouter=True)
        .join(Brand, Brand.id == StoredPromotion.brand_id, isouter=True)
    )
    return joined


def by_key(key: str) -> StoredPromotion | None:
    """A promotion that the open scope sees, by its name for a floor's exemption."""
    return session().execute(select(StoredPromotion).where(StoredPromotion.key == key)).scalar_one_or_none()


def running_for(sku_id: int, product_id: int, category_id: int) -> Sequence[Any]:
    """(promotion, shop's name) that could be sold under for a Sku, in the scope of its brand."""
    meant = or_(
        StoredPromotion.target_of == "all",
        (StoredPromotion.target_of == "sku") & (literal(sku_id) == any_(StoredPromotion.target_ids)),
        (StoredPromotion.target_of == "product") & (literal(product_id) == any_(StoredPromotion.target_ids)),
        (StoredPromotion.target_of == "category")
        & (literal(category_id) == any_(StoredPromotion.target_ids)),
    )
    found = _named(select(StoredPromotion, Shop.name)).where(CALLER, meant)
    return session().execute(found.order_by(StoredPromotion.id.desc()).limit(200)).all()


def goods_of(row: StoredPromotion, *, most: int) -> Sequence[Any]:
    """(listing, Sku, product, shop, level id) that a promotion is for, among the goods that the open scope sees.

    Paused listings are left out. A brand's own promotion is for its own goods.
    """
    found = (
        select(Listing, Sku, Product, Shop, Partnership.level_id)
        .join_from(Listing, Sku, Sku.id == Listing.sku_id)
        .join(Product, Product.id == Listing.product_id)
        .join(Shop, Shop.id == Listing.shop_id)
        .join(
            Partnership,
            (Partnership.brand_id == Sku.brand_id) & (Partnership.distributor_id == Shop.distributor_id),
            isouter=True,
        )
        .where(Listing.status == "live", Shop.currency == row.currency, *_meant(row))
    )
    return session().execute(found.order_by(Shop.name, Product.name, Sku.id).limit(most)).all()


def _meant(row: StoredPromotion) -> list[ColumnElement[bool]]:
    column = {"sku": Listing.sku_id, "product": Listing.product_id, "category": Product.category_id}
    tests: list[ColumnElement[bool]] = []
    if row.target_of in column:
        tests.append(column[row.target_of].in_(row.target_ids))
    if row.brand_id is not None:
        tests.append(Sku.brand_id == row.brand_id)
    if row.shop_id is not None:
        tests.append(Listing.shop_id == row.shop_id)
    elif row.shop_ids is not None:
        tests.append(Listing.shop_id.in_(row.shop_ids))
    return tests


# ------------------------------------------------------------------ switches


def own(brand_id: int | None) -> Sequence[Off]:
    """What a brand, or for None the platform, has switched off."""
    mine = PromotionSwitch.brand_id.is_(None) if brand_id is None else PromotionSwitch.brand_id == brand_id
    return _off(mine)


def off_here() -> Sequence[Off]:
    """What brands and the platform have switched off for the open shop: every one of them with its reason."""
    return _off(text("true"))


def _off(which: Any) -> Sequence[Off]:
    found = (
        select(
            PromotionSwitch, func.coalesce(Brand.name, ""), func.coalesce(Brand.name_en, ""),
            func.coalesce(Shop.name, ""), func.coalesce(StoredPromotion.title, ""),
            func.coalesce(StoredPromotion.title_en, ""),
        )
        .join(Brand, Brand.id == PromotionSwitch.brand_id, isouter=True)
        .join(Shop, Shop.id == PromotionSwitch.shop_id, isouter=True)
        .join(StoredPromotion, StoredPromotion.id == PromotionSwitch.promotion_id, isouter=True)
        .where(PromotionSwitch.ended_at.is_(None), which)
    )  # fmt: skip
    return [Off(*row) for row in session().execute(found.order_by(PromotionSwitch.id.desc()))]


def switch(switch_id: int, *, brand_id: int | None) -> PromotionSwitch | None:
    """One of a brand's switches, or for None of the platform's, until the transaction ends."""
    found = select(PromotionSwitch).where(
        PromotionSwitch.id == switch_id, PromotionSwitch.brand_id.is_not_distinct_from(brand_id)
    )
    return session().execute(found.with_for_update()).scalar_one_or_none()


def same(brand_id: int | None, *, kind: str | None, promotion_id: int | None, shop_id: int | None) -> bool:
    """Whether just this is switched off already."""
    found = select(PromotionSwitch.id).where(
        PromotionSwitch.ended_at.is_(None), PromotionSwitch.brand_id.is_not_distinct_from(brand_id),
        PromotionSwitch.kind.is_not_distinct_from(kind), PromotionSwitch.shop_id.is_not_distinct_from(shop_id),
        PromotionSwitch.promotion_id.is_not_distinct_from(promotion_id),
    )  # fmt: skip
    return session().execute(found.limit(1)).scalar() is not None


def matched(made: PromotionSwitch) -> Sequence[Meant]:
    """The promotions that a switch stops, among those the open scope sees."""
    found = _named(
        select(StoredPromotion.id, StoredPromotion.title, Shop.distributor_id, StoredPromotion.brand_id)
    )
    found = found.where(CALLER)
    if made.promotion_id is not None:
        found = found.where(StoredPromotion.id == made.promotion_id)
    elif made.kind is not None:
        found = found.where(StoredPromotion.kind == made.kind)
    if made.shop_id is not None:
        found = found.where(StoredPromotion.shop_id == made.shop_id)
    return [Meant(*row) for row in session().execute(found.order_by(StoredPromotion.id))]


def shops(*, most: int = 500) -> Sequence[Any]:
    """(id, name, distributor's name, currency) of the shops that sell what the open scope sees."""
    return session().execute(_selling().order_by(Shop.name, Shop.id).limit(most)).all()


def named_shops(shop_ids: Sequence[int]) -> Sequence[Any]:
    """(id, name, distributor's name, currency) of these among the shops that sell what the open scope sees."""
    return session().execute(_selling().where(Shop.id.in_(shop_ids))).all()


def _selling() -> Select[int, str, str, str]:
    sells = select(Listing.id).where(Listing.shop_id == Shop.id).exists()
    return (
        select(Shop.id, Shop.name, Distributor.name, Shop.currency)
        .join(Distributor, Distributor.id == Shop.distributor_id)
        .where(Shop.status != "draft", sells)
    )


def sellers_of(sku_id: int, *, most: int = 200) -> Sequence[Any]:
    """(shop id, its name, distributor's name, list price) of the shops where the open scope sees a Sku on sale."""
    found = (
        select(Shop.id, Shop.name, Distributor.name, Listing.price_minor)
        .join(Listing, Listing.shop_id == Shop.id)
        .join(Distributor, Distributor.id == Shop.distributor_id)
        .where(Listing.sku_id == sku_id, Listing.status == "live", Shop.status != "draft")
    )
    return session().execute(found.order_by(Shop.name, Shop.id).limit(most)).all()


def goods_to_choose() -> Sequence[Any]:
    """(Sku, product, category) that the open scope sees and that are on offer."""
    found = (
        select(Sku, Product, Category)
        .join(Product, Product.id == Sku.product_id)
        .join(Category, Category.id == Product.category_id)
        .where(Product.status == "active", Sku.status == "active")
    )
    return session().execute(found.order_by(Product.name, Sku.position, Sku.id).limit(2000)).all()
