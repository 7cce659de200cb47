"""Changes of goods and of shops' listings, inside the caller's transaction."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Text, cast, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from app.domain.brands.models import Brand
from app.domain.catalog.models import Category, Listing, Product, Sku
from app.domain.catalog.refusals import FloorBelowSupply, SuggestedBelowFloor, said_by_database
from app.domain.catalog.rules import search_terms
from app.domain.catalog.shelf import below_floor, floors_here
from app.foundation.database import session
from app.foundation.errors import NotFound
from tenants.context import current_scope


def save_product(product: Product | None, brand_id: int, values: Mapping[str, Any]) -> Product:
    """Make or change a product, and what it is found by."""
    if product is None:
        product = Product(brand_id=brand_id)
        session().add(product)
    for name, value in values.items():
        setattr(product, name, value)
    with said_by_database():
        session().flush()
    index(product)
    return product


def index(product: Product) -> None:
    """Write the terms under which a product is found: its names, tags, brand and category."""
    around = (
        session()
        .execute(
            select(Brand.name, Brand.name_en, Category.name, Category.name_en)
            .join_from(Brand, Category, Category.id == product.category_id)
            .where(Brand.id == product.brand_id)
        )
        .one()
    )
    skus = session().execute(select(Sku.name, Sku.name_en).where(Sku.product_id == product.id)).all()
    words = [
        product.name,
        product.name_en,
        *product.tags,
        *around,
        *(name for names in skus for name in names),
    ]
    terms = search_terms(" ".join(str(word) for word in words if word))
    found = func.array_to_tsvector(cast(terms, ARRAY(Text)))
    session().execute(update(Product).where(Product.id == product.id).values(search=found))


def save_sku(sku: Sku | None, product: Product, values: Mapping[str, Any]) -> Sku:
    """Make or change a Sku; its floor covers the supply price and its suggested price the floor."""
    if sku is None:
        sku = Sku(brand_id=product.brand_id, product_id=product.id)
        session().add(sku)
    for name, value in values.items():
        setattr(sku, name, value)
    if sku.floor_minor < sku.supply_price_minor:
        raise FloorBelowSupply(param="floor", currency=sku.currency)
    if sku.suggested_minor < max(sku.floor_minor, 1):
        raise SuggestedBelowFloor(param="suggested", currency=sku.currency)
    with said_by_database():
        session().flush()
    index(product)
    return sku


def add_listings(prices: Mapping[int, int]) -> int:
    """List Skus in the open shop at these prices; what is listed already stays as it is. Returns how many are new."""
    if not prices:
        return 0
    shop_id = current_scope().shop_id
    skus = {
        row.id: row.product_id
        for row in session().execute(select(Sku.id, Sku.product_id).where(Sku.id.in_(prices)))
    }
    rows = [
        {"shop_id": shop_id, "sku_id": sku_id, "product_id": skus[sku_id], "price_minor": price}
        for sku_id, price in sorted(prices.items())
        if sku_id in skus
    ]
    with said_by_database():
        added = session().execute(
            insert(Listing)
            .values(rows)
            .on_conflict_do_nothing(constraint="uq_listings_shop_id_sku_id")
            .returning(Listing.id)
        )
        return len(added.all())


def set_price(listing_id: int, price_minor: int) -> tuple[int, int]:
    """The new price of a listing of the open shop; returns what it was and what it is, or ListingBelowFloor."""
    found = (
        session()
        .execute(
            select(Listing, Sku)
            .join(Sku, Sku.id == Listing.sku_id)
            .where(Listing.id == listing_id)
            # No key is changed: a checkout that points at this listing goes on meanwhile.
            .with_for_update(of=Listing, key_share=True)
        )
        .one_or_none()
    )
    if found is None:
        raise NotFound(what="listing")
    listing, sku = found
    floor_minor = floors_here([sku.id])[sku.id]
    if price_minor < floor_minor:
        raise below_floor(sku, price_minor, floor_minor, param="price")
    before, listing.price_minor, listing.updated_at = listing.price_minor, price_minor, func.now()
    with said_by_database():
        session().flush()
    return before, price_minor


def set_status(listing_ids: Collection[int], status: str) -> int:
    """Pause or resume listings of the open shop; how many changed."""
    return _change(listing_ids, Listing.status != status, status=status)


def set_featured(listing_ids: Collection[int], featured: bool) -> int:
    """Put listings on the shop's front page, or take them off; how many changed."""
    return _change(listing_ids, Listing.featured != featured, featured=featured)


def _change(listing_ids: Collection[int], differs: Any, **values: Any) -> int:
    with said_by_database():
        changed = session().execute(
            update(Listing)
            .where(Listing.id.in_(listing_ids), differs)
            .values(**values, updated_at=func.now())
            .returning(Listing.id)
        )
        return len(changed.all())


def drop_listings(but_for: Collection[int]) -> None:
    """Take what is not among these Skus off a shop that is still being opened; a shop that has sold keeps its rows."""
    for listing in session().execute(select(Listing).where(Listing.sku_id.not_in(but_for))).scalars():
        session().delete(listing)
