"""Every SELECT of products and Skus that their brand makes, in its own scope."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Text, cast, func, or_, select
from sqlalchemy.dialects.postgresql import TSQUERY

from app.domain.catalog.models import Category, Listing, Product, Sku
from app.domain.catalog.rules import search_query
from app.domain.distributors.models import Shop
from app.foundation.database import session
from app.foundation.paging import Asked, Page, cut


def categories() -> Sequence[Category]:
    return session().execute(select(Category).order_by(Category.position, Category.id)).scalars().all()


def product(product_id: int) -> Product | None:
    return session().get(Product, product_id)


def sku(sku_id: int) -> Sku | None:
    return session().get(Sku, sku_id)


def skus_of(product_id: int) -> Sequence[Sku]:
    found = select(Sku).where(Sku.product_id == product_id).order_by(Sku.position, Sku.id)
    return session().execute(found).scalars().all()


def products_page(asked: Asked) -> Page[Any]:
    """(product, category, number of Skus, lowest suggested price and its currency) of the open brand."""
    many = select(func.count()).where(Sku.product_id == Product.id).scalar_subquery().label("skus")
    first = select(Sku).where(Sku.product_id == Product.id).order_by(Sku.suggested_minor, Sku.id).limit(1)
    cheapest = first.with_only_columns(Sku.suggested_minor).scalar_subquery()
    currency = first.with_only_columns(Sku.currency).scalar_subquery()
    found = select(Product, Category, many, cheapest.label("cheapest"), currency.label("currency")).join(
        Category, Category.id == Product.category_id
    )
    found = found.where(*matching(asked.words))
    if asked.get("status"):
        found = found.where(Product.status == asked.get("status"))
    if asked.get("category"):
        found = found.where(Category.slug == asked.get("category"))
    sorts = {"created": Product.created_at, "name": Product.name, "skus": many, "price": cheapest}
    return cut(found, asked, sorts=sorts, usual="-created", tie=Product.id)


def skus_page(asked: Asked) -> Page[Any]:
    """(Sku, product) of the open brand, for stock and floors."""
    found = select(Sku, Product).join(Product, Product.id == Sku.product_id)
    found = found.where(Product.status != "archived", *matching(asked.words))
    if asked.get("kind"):
        found = found.where(Sku.delivery_kind == asked.get("kind"))
    sorts = {
        "name": Product.name,
        "floor": Sku.floor_minor,
        "suggested": Sku.suggested_minor,
        "kind": Sku.delivery_kind,
    }
    return cut(found, asked, sorts=sorts, usual="name", tie=Sku.id)


def sellers_page(asked: Asked) -> Page[Any]:
    """(listing, shop, Sku, product, floor in force): who sells the open brand's goods, and at what price."""
    floor = func.money.floor_in_force(Sku.id, Shop.distributor_id, func.clock_timestamp())
    found = (
        select(Listing, Shop, Sku, Product, floor.label("floor"))
        .join(Shop, Shop.id == Listing.shop_id)
        .join(Sku, Sku.id == Listing.sku_id)
        .join(Product, Product.id == Sku.product_id)
    )
    if asked.words:
        like = f"%{asked.words}%"
        found = found.where(or_(Shop.name.ilike(like), Product.name.ilike(like), Sku.name.ilike(like)))
    if asked.get("product"):
        found = found.where(cast(Product.id, Text) == asked.get("product"))
    if asked.get("state") == "below":
        found = found.where(Listing.price_minor < floor)
    elif asked.get("state"):
        found = found.where(Listing.status == asked.get("state"))
    sorts = {
        "shop": Shop.name, "product": Product.name, "price": Listing.price_minor,
        "over": Listing.price_minor - floor,
    }  # fmt: skip
    return cut(found, asked, sorts=sorts, usual="over", tie=Listing.id)


def listings_of(distributor_id: int) -> dict[str, int]:
    """How many of the open brand's Skus a distributor lists, by state."""
    found = (
        select(Listing.status, func.count())
        .join(Shop, Shop.id == Listing.shop_id)
        .where(Shop.distributor_id == distributor_id)
        .group_by(Listing.status)
    )
    return dict(session().execute(found).all())


def figures() -> Any:
    """(active products, Skus, listings, shops) of the open brand."""
    return (
        session()
        .execute(
            select(
                select(func.count()).select_from(Product).where(Product.status == "active").scalar_subquery(),
                select(func.count()).select_from(Sku).scalar_subquery(),
                select(func.count()).select_from(Listing).scalar_subquery(),
                select(func.count(Listing.shop_id.distinct())).scalar_subquery(),
            )
        )
        .one()
    )


def matching(words: str) -> list[Any]:
    """The condition that a product is found by these words; none where there are none."""
    asked = search_query(words)
    return [Product.search.op("@@")(cast(asked, TSQUERY))] if asked else []
