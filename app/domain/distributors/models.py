"""Distributors and their shops; a shop is the tenant."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.database import CreatedAt, Id, Record


class Distributor(Record):
    """Sells brands' goods in shops of its own, once the platform has approved it.

    `upline_id` is who recruited it; a trigger refuses a circle.
    """

    __tablename__ = "distributors"
    __table_args__ = (
        CheckConstraint("status IN ('pending', 'approved', 'suspended')", name="status"),
        CheckConstraint("upline_id <> id", name="upline"),
        Index("ix_distributors_upline_id", "upline_id"),
    )

    id: Mapped[Id]
    name: Mapped[str]
    contact_email: Mapped[str] = mapped_column(server_default="")
    upline_id: Mapped[int | None] = mapped_column(ForeignKey("distributors.id"))
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


class Level(Record):
    """One step of a brand's ladder for its distributors; rank 0 is where everybody begins.

    A level is reached with `threshold_minor` (in the brand's `level_currency`) of sales in the
    brand's trailing window. `hold_days`: how long earnings wait after delivery.
    """

    __tablename__ = "levels"
    __table_args__ = (
        UniqueConstraint("brand_id", "rank"),
        UniqueConstraint("id", "brand_id"),
        CheckConstraint("rank >= 0 AND (rank > 0) = (threshold_minor > 0)", name="threshold"),
        CheckConstraint("hold_days BETWEEN 0 AND 180", name="hold_days"),
    )

    id: Mapped[Id]
    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id"))
    rank: Mapped[int]
    name: Mapped[str]
    name_en: Mapped[str] = mapped_column(server_default="")
    threshold_minor: Mapped[int] = mapped_column(server_default=text("0"))
    hold_days: Mapped[int] = mapped_column(server_default=text("7"))
    created_at: Mapped[CreatedAt]


class Partnership(Record):
    """A distributor that may, may not yet, or may no longer sell a brand's goods.

    A trigger takes its listings off sale in the transaction that ends an approval, and
    refuses a live listing without one. `level_pinned`: moved by hand, the rule leaves it.
    `grace_until`: below its level's threshold, and allowed to catch up until then.
    """

    __tablename__ = "partnerships"
    __table_args__ = (
        CheckConstraint("status IN ('applied', 'approved', 'declined', 'suspended')", name="status"),
        CheckConstraint("status <> 'approved' OR level_id IS NOT NULL", name="level_of_approved"),
        UniqueConstraint("brand_id", "distributor_id"),
        UniqueConstraint("id", "brand_id", "distributor_id"),
        ForeignKeyConstraint(["level_id", "brand_id"], ["levels.id", "levels.brand_id"]),
        Index("ix_partnerships_distributor_id", "distributor_id"),
    )

    id: Mapped[Id]
    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id"))
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributors.id"))
    status: Mapped[str] = mapped_column(server_default=text("'applied'"))
    level_id: Mapped[int | None]
    level_since: Mapped[datetime | None]
    level_pinned: Mapped[bool] = mapped_column(server_default=text("false"))
    grace_until: Mapped[datetime | None]
    message: Mapped[str] = mapped_column(server_default="")
    reason: Mapped[str] = mapped_column(server_default="")
    applied_at: Mapped[CreatedAt]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class PartnershipPaper(Record):
    """A file that came with an application; seen by the two firms only."""

    __tablename__ = "partnership_papers"
    __table_args__ = (
        CheckConstraint("octet_length(content) BETWEEN 1 AND 5242880", name="size"),
        ForeignKeyConstraint(
            ["partnership_id", "brand_id", "distributor_id"],
            ["partnerships.id", "partnerships.brand_id", "partnerships.distributor_id"],
        ),
        Index("ix_partnership_papers_partnership_id", "partnership_id"),
    )

    id: Mapped[Id]
    partnership_id: Mapped[int]
    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id"))
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributors.id"))
    name: Mapped[str]
    media_type: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[CreatedAt]


class LevelMove(Record):
    """A level that was given, by the rule, by hand or with the approval, and why. Append-only."""

    __tablename__ = "level_moves"
    __table_args__ = (
        CheckConstraint("moved_by IN ('rule', 'hand', 'approval')", name="moved_by"),
        ForeignKeyConstraint(["to_level_id", "brand_id"], ["levels.id", "levels.brand_id"]),
        ForeignKeyConstraint(
            ["partnership_id", "brand_id", "distributor_id"],
            ["partnerships.id", "partnerships.brand_id", "partnerships.distributor_id"],
        ),
        Index("ix_level_moves_partnership_id", "partnership_id", "id"),
    )

    id: Mapped[Id]
    partnership_id: Mapped[int]
    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id"))
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributors.id"))
    from_level_id: Mapped[int | None] = mapped_column(ForeignKey("levels.id"))
    to_level_id: Mapped[int]
    moved_by: Mapped[str]
    reason: Mapped[str] = mapped_column(server_default="")
    volume_minor: Mapped[int | None]
    created_at: Mapped[CreatedAt]


class Invite(Record):
    """A link that brings somebody in: to a brand's goods, or into a distributor's downline. Only its digest is kept."""

    __tablename__ = "invites"
    __table_args__ = (
        CheckConstraint("(brand_id IS NULL) <> (distributor_id IS NULL)", name="owner"),
        CheckConstraint("most > 0 AND used BETWEEN 0 AND most", name="used"),
        CheckConstraint("level_id IS NULL OR brand_id IS NOT NULL", name="level_of_brand"),
        ForeignKeyConstraint(["level_id", "brand_id"], ["levels.id", "levels.brand_id"]),
    )

    id: Mapped[Id]
    brand_id: Mapped[int | None] = mapped_column(ForeignKey("brands.id"))
    distributor_id: Mapped[int | None] = mapped_column(ForeignKey("distributors.id"))
    level_id: Mapped[int | None]
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    note: Mapped[str] = mapped_column(server_default="")
    most: Mapped[int] = mapped_column(server_default=text("1"))
    used: Mapped[int] = mapped_column(server_default=text("0"))
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]
