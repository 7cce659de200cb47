"""Every SELECT of a shop's listings, and of what it could list, in the shop's own scope."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import case, func, select

from app.domain.brands.models import Brand
from app.domain.catalog.goods import matching
from app.domain.catalog.models import Category, Listing, Product, Sku
from app.domain.catalog.refusals import ListingBelowFloor
from app.domain.distributors.models import Partnership, Shop
from app.foundation.database import session
from app.foundation.paging import Asked, Page, cut

# What the brand's floor is for the open shop's distributor at this moment; the database's own answer.
FLOOR_HERE = func.money.floor_in_force(
    Sku.id, select(Shop.distributor_id).scalar_subquery(), func.clock_timestamp()
)


def listings_page(asked: Asked) -> Page[Any]:
    """(listing, Sku, product, brand) of the open shop."""
    found = (
        select(Listing, Sku, Product, Brand)
        .join(Sku, Sku.id == Listing.sku_id)
        .join(Product, Product.id == Sku.product_id)
        .join(Brand, Brand.id == Sku.brand_id)
        .where(*matching(asked.words), *_filters(asked))
    )
    if asked.get("status") == "live":
        found = found.where(Listing.status == "live")
    if asked.get("status") == "paused":
        found = found.where(Listing.status == "paused")
    if asked.get("status") == "featured":
        found = found.where(Listing.featured)
    sorts = {
        "name": Product.name, "price": Listing.price_minor, "added": Listing.created_at, "changed": Listing.updated_at,
        "over": Listing.price_minor - FLOOR_HERE, "position": Listing.position,
    }  # fmt: skip
    return cut(found, asked, sorts=sorts, usual="-added", tie=Listing.id)


def catalogue_page(asked: Asked) -> Page[Any]:
    """(Sku, product, brand) that may be listed in the open shop and is not yet; in the shop's currency only."""
    listed = select(Listing.sku_id)
    found = sellable(asked.get("currency") or "CNY").where(
        Sku.id.not_in(listed), *matching(asked.words), *_filters(asked)
    )
    sorts = {"name": Product.name, "price": Sku.suggested_minor, "newest": Sku.created_at}
    return cut(found, asked, sorts=sorts, usual="-newest", tie=Sku.id)


def sellable(currency: str) -> Any:
    """(Sku, product, brand) on offer in a currency, of brands that the open shop's distributor sells or may join."""
    ours = select(Partnership.status).where(Partnership.brand_id == Brand.id).scalar_subquery()
    return (
        select(Sku, Product, Brand)
        .join(Product, Product.id == Sku.product_id)
        .join(Brand, Brand.id == Sku.brand_id)
        .where(
            Brand.status == "approved",
            Product.status == "active",
            Sku.status == "active",
            Sku.currency == currency,
            func.coalesce(ours, case((Brand.joining == "open", "approved"), else_="")) == "approved",
        )
    )


def sellable_skus(currency: str, sku_ids: Collection[int]) -> Sequence[Any]:
    """(Sku, product, brand) of these ids, without those that are not on offer."""
    return session().execute(sellable(currency).where(Sku.id.in_(sku_ids)).order_by(Sku.id)).all()


def all_sellable(currency: str, *, most: int = 400) -> Sequence[Any]:
    """Everything a new shop may pick from, by category and name."""
    found = sellable(currency).join(Category, Category.id == Product.category_id).add_columns(Category)
    return (
        session()
        .execute(
            found.order_by(Category.position, Product.name, Product.id, Sku.position, Sku.id).limit(most)
        )
        .all()
    )


def listing(listing_id: int) -> Any | None:
    """(listing, Sku, product, brand) of the open shop, or None."""
    found = (
        select(Listing, Sku, Product, Brand)
        .join(Sku, Sku.id == Listing.sku_id)
        .join(Product, Product.id == Sku.product_id)
        .join(Brand, Brand.id == Sku.brand_id)
    )
    return session().execute(found.where(Listing.id == listing_id)).one_or_none()


def listed(listing_ids: Collection[int]) -> Sequence[Any]:
    """(listing, Sku, product, brand) of these ids in the open shop, by name."""
    found = (
        select(Listing, Sku, Product, Brand)
        .join(Sku, Sku.id == Listing.sku_id)
        .join(Product, Product.id == Sku.product_id)
        .join(Brand, Brand.id == Sku.brand_id)
    )
    return (
        session().execute(found.where(Listing.id.in_(listing_ids)).order_by(Product.name, Listing.id)).all()
    )


def listed_goods(*, most: int = 5000) -> Sequence[Any]:
    """(Sku, product, category) that the open shop lists, by category and name."""
    found = (
        select(Sku, Product, Category)
        .join_from(Listing, Sku, Sku.id == Listing.sku_id)
        .join(Product, Product.id == Sku.product_id)
        .join(Category, Category.id == Product.category_id)
        .order_by(Category.position, Product.name, Product.id, Sku.position, Sku.id)
    )
    return session().execute(found.limit(most)).all()


def floors_here(sku_ids: Collection[int]) -> dict[int, int]:
    """The floor in force by Sku, for the open shop's distributor."""
    return dict(session().execute(select(Sku.id, FLOOR_HERE).where(Sku.id.in_(sku_ids))).all())


def below_floor(sku: Sku, price_minor: int, floor_minor: int, *, param: str) -> ListingBelowFloor:
    """The refusal of a price that the floor in force does not allow."""
    return ListingBelowFloor(
        param=param, price_minor=price_minor, floor_minor=floor_minor, currency=sku.currency
    )


def listed_prices() -> dict[int, int]:
    """The open shop's price by Sku."""
    return dict(session().execute(select(Listing.sku_id, Listing.price_minor)).all())


def listing_ids(sku_ids: Collection[int]) -> dict[int, int]:
    """Sku by listing, of the open shop."""
    found = select(Listing.id, Listing.sku_id).where(Listing.sku_id.in_(sku_ids))
    return dict(session().execute(found).all())


def many_listed(shop_id: int) -> int:
    """How many listings a shop has, in the platform's scope too."""
    return (
        session()
        .execute(select(func.count()).select_from(Listing).where(Listing.shop_id == shop_id))
        .scalar_one()
    )


def counts() -> dict[str, int]:
    """How many listings of the open shop are live and paused."""
    found = select(Listing.status, func.count()).group_by(Listing.status)
    return dict(session().execute(found).all())


def goods_of_brands() -> dict[int, int]:
    """How many Skus each brand has on offer."""
    found = (
        select(Sku.brand_id, func.count())
        .join(Product, Product.id == Sku.product_id)
        .where(Product.status == "active", Sku.status == "active")
        .group_by(Sku.brand_id)
    )
    return dict(session().execute(found).all())


def brands_by_application() -> int:
    """How many approved brands the open shop's distributor may not sell yet and can apply to."""
    ours = select(Partnership.status).where(Partnership.brand_id == Brand.id).scalar_subquery()
    found = select(func.count()).where(
        Brand.status == "approved",
        Brand.joining == "by_approval",
        func.coalesce(ours, "declined") == "declined",
    )
    return session().execute(found).scalar_one()


def brands_on_offer() -> Sequence[Brand]:
    """Approved brands, for filters."""
    return (
        session()
        .execute(select(Brand).where(Brand.status == "approved").order_by(Brand.name))
        .scalars()
        .all()
    )


def _filters(asked: Asked) -> list[Any]:
    chosen = []
    if asked.get("brand"):
        chosen.append(Brand.slug == asked.get("brand"))
    if asked.get("kind"):
        chosen.append(Sku.delivery_kind == asked.get("kind"))
    if asked.get("category"):
        chosen.append(
            Product.category_id.in_(select(Category.id).where(Category.slug == asked.get("category")))
        )
    return chosen
