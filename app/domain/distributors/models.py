"""Distributors and their shops; a shop is the tenant."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.database import CreatedAt, Id, Record


class Distributor(Record):
    """Sells brands' goods in shops of its own, once the platform has approved it."""

    __tablename__ = "distributors"
    __table_args__ = (CheckConstraint("status IN ('pending', 'approved', 'suspended')", name="status"),)

    id: Mapped[Id]
    name: Mapped[str]
    contact_email: Mapped[str] = mapped_column(server_default="")
    level: Mapped[str] = mapped_column(server_default="standard")
    status: Mapped[str] = mapped_column(server_default=text("'pending'"))
    approved_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class Shop(Record):
    """A distributor's storefront: the tenant. In a shop's scope only its own row is visible.

    `theme` holds colours and preset; `settings` holds notice, contact, hours and
    the adjustable numbers (checkout_minutes, max_open_orders).
    """

    __tablename__ = "shops"
    __table_args__ = (
        CheckConstraint("status IN ('draft', 'live', 'closed')", name="status"),
        CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]{1,38}[a-z0-9]$'", name="slug"),
        CheckConstraint("char_length(currency) = 3", name="currency"),
        Index("ix_shops_distributor_id", "distributor_id"),
    )

    id: Mapped[Id]
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributors.id"))
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    name_en: Mapped[str] = mapped_column(server_default="")
    currency: Mapped[str] = mapped_column(server_default="CNY")
    status: Mapped[str] = mapped_column(server_default=text("'draft'"))
    languages: Mapped[list[Any]] = mapped_column(server_default=text("""'["zh_Hans", "en"]'::jsonb"""))
    logo: Mapped[str | None]
    theme: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    settings: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    created_at: Mapped[CreatedAt]
    opened_at: Mapped[datetime | None]


class ShopHost(Record):
    """A custom domain. Global: it answers which shop a host is; only verified ones answer."""

    __tablename__ = "shop_hosts"

    id: Mapped[Id]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    host: Mapped[str] = mapped_column(unique=True)
    token: Mapped[str]
    verified_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
