"""What is sold: brands' products and Skus, and each shop's listings of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.database import CreatedAt, Id, Record
from tenants.scoping import TenantOwned

DELIVERY_KINDS = ("code", "link", "reusable", "topup", "manual")
ISSUE_ORDERS = ("oldest_expiry", "oldest", "newest", "random")


class Category(Record):
    """A shelf of the whole platform. Global."""

    __tablename__ = "categories"

    id: Mapped[Id]
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    name_en: Mapped[str]
    position: Mapped[int] = mapped_column(server_default=text("0"))


class Product(Record):
    """A brand's product. Brand-owned: shops read the active ones, only the brand writes.

    `search` holds the words and the two-character slices of the Chinese in its
    names, tags and brand, so that plain PostgreSQL finds both.
    """

    __tablename__ = "products"
    __table_args__ = (
        CheckConstraint("status IN ('draft', 'active', 'archived')", name="status"),
        UniqueConstraint("brand_id", "slug"),
        Index("ix_products_search", "search", postgresql_using="gin"),
    )

    id: Mapped[Id]
    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id"))
    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id"))
    slug: Mapped[str]
    name: Mapped[str]
    name_en: Mapped[str] = mapped_column(server_default="")
    summary: Mapped[str] = mapped_column(server_default="")
    summary_en: Mapped[str] = mapped_column(server_default="")
    description: Mapped[str] = mapped_column(server_default="")
    description_en: Mapped[str] = mapped_column(server_default="")
    redemption: Mapped[str] = mapped_column(server_default="")
    redemption_en: Mapped[str] = mapped_column(server_default="")
    picture: Mapped[str | None]
    region: Mapped[str] = mapped_column(server_default="CN")
    validity: Mapped[str] = mapped_column(server_default="")
    validity_en: Mapped[str] = mapped_column(server_default="")
    tags: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    search: Mapped[str] = mapped_column(TSVECTOR, server_default=text("''::tsvector"))
    status: Mapped[str] = mapped_column(server_default=text("'draft'"))
    created_at: Mapped[CreatedAt]


class Sku(Record):
    """One sellable variant with one delivery kind and one face value. Brand-owned, like its product.

    Money in minor units of `currency`. `floor_minor` is the lowest net price per
    unit; never below `supply_price_minor`. `unlimited` counted kinds need no stock.
    """

    __tablename__ = "skus"
    __table_args__ = (
        CheckConstraint(
            "delivery_kind IN ('code', 'link', 'reusable', 'topup', 'manual')", name="delivery_kind"
        ),
        CheckConstraint("issue_order IN ('oldest_expiry', 'oldest', 'newest', 'random')", name="issue_order"),
        CheckConstraint("status IN ('active', 'paused')", name="status"),
        CheckConstraint(
            "supply_price_minor >= 0 AND floor_minor >= supply_price_minor", name="floor_covers_supply"
        ),
        CheckConstraint(
            "suggested_minor >= floor_minor AND suggested_minor > 0", name="suggested_covers_floor"
        ),
        CheckConstraint("max_per_order BETWEEN 1 AND 1000", name="max_per_order"),
        CheckConstraint(
            "NOT unlimited OR delivery_kind IN ('reusable', 'topup', 'manual')", name="unlimited_kinds"
        ),
        Index("ix_skus_product_id", "product_id"),
        Index("ix_skus_brand_id", "brand_id"),
    )

    id: Mapped[Id]
    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    name: Mapped[str]
    name_en: Mapped[str] = mapped_column(server_default="")
    delivery_kind: Mapped[str]
    face_value_minor: Mapped[int | None]
    face_currency: Mapped[str | None]
    currency: Mapped[str] = mapped_column(server_default="CNY")
    suggested_minor: Mapped[int]
    floor_minor: Mapped[int]
    supply_price_minor: Mapped[int]
    issue_order: Mapped[str] = mapped_column(server_default=text("'oldest'"))
    low_stock_at: Mapped[int] = mapped_column(server_default=text("10"))
    low_stock_told_at: Mapped[datetime | None]
    max_per_order: Mapped[int] = mapped_column(server_default=text("10"))
    unlimited: Mapped[bool] = mapped_column(server_default=text("false"))
    buyer_fields: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    supplier_product: Mapped[str | None]
    position: Mapped[int] = mapped_column(server_default=text("0"))
    status: Mapped[str] = mapped_column(server_default=text("'active'"))
    created_at: Mapped[CreatedAt]


class Listing(Record, TenantOwned):
    """A Sku in a shop at the shop's price (minor units of the shop's currency).

    A trigger refuses a price below the floor in force for the shop's distributor, or in
    another currency. `suspended`: off sale because the brand's approval ended; was live before.
    """

    __tablename__ = "listings"
    __table_args__ = (
        CheckConstraint("status IN ('live', 'paused', 'suspended')", name="status"),
        CheckConstraint("price_minor > 0", name="price"),
        UniqueConstraint("shop_id", "sku_id"),
        Index("ix_listings_shop_shelf", "shop_id", "status", "position", "id"),
        Index("ix_listings_shop_product", "shop_id", "product_id"),
        Index("ix_listings_sku_id", "sku_id"),
    )

    id: Mapped[Id]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    sku_id: Mapped[int] = mapped_column(ForeignKey("skus.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    price_minor: Mapped[int]
    position: Mapped[int] = mapped_column(server_default=text("0"))
    featured: Mapped[bool] = mapped_column(server_default=text("false"))
    status: Mapped[str] = mapped_column(server_default=text("'live'"))
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
