"""Floors with their windows, every try to go below one, and what each listing has cost."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Computed, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.database import CreatedAt, Id, Record
from tenants.scoping import TenantOwned


class Floor(Record):
    """The lowest net price per unit for a Sku, from a time on; for all, a level, or one distributor.

    Minor units of the Sku's currency. `promotion` set: an exemption, in force for that promotion
    only. Two windows of one target never overlap: an exclusion constraint (in the migration) over
    `target` says so. What a raise overtakes is raised or paused (`overtaken`) when it begins:
    `applied_at`; when it ends another floor may take over: `left_at`.
    """

    __tablename__ = "floors"
    __table_args__ = (
        CheckConstraint("floor_minor >= 0", name="floor"),
        CheckConstraint("ends_at > starts_at", name="window"),
        CheckConstraint("level_id IS NULL OR distributor_id IS NULL", name="one_target"),
        CheckConstraint("promotion IS NULL OR ends_at IS NOT NULL", name="exemption_ends"),
        CheckConstraint("overtaken IN ('raise', 'pause')", name="overtaken"),
        Index("ix_floors_sku_id", "sku_id", "starts_at"),
        Index("ix_floors_coming", "starts_at", postgresql_where=text("applied_at IS NULL")),
        Index(
            "ix_floors_ending", "ends_at", postgresql_where=text("left_at IS NULL AND ends_at IS NOT NULL")
        ),
    )

    id: Mapped[Id]
    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id"))
    sku_id: Mapped[int] = mapped_column(ForeignKey("skus.id"))
    level_id: Mapped[int | None] = mapped_column(ForeignKey("levels.id"))
    distributor_id: Mapped[int | None] = mapped_column(ForeignKey("distributors.id"))
    promotion: Mapped[str | None]
    floor_minor: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    overtaken: Mapped[str] = mapped_column(server_default=text("'raise'"))
    reason: Mapped[str] = mapped_column(server_default="")
    told_at: Mapped[datetime | None]
    applied_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]
    target: Mapped[int] = mapped_column(
        BigInteger,
        Computed(
            "hashtextextended(sku_id || '/' || coalesce(level_id, 0) || '/' || coalesce(distributor_id, 0)"
            " || '/' || coalesce(promotion, ''), 0)",
            persisted=True,
        ),
    )


class FloorAttempt(Record, TenantOwned):
    """Somebody tried to sell below a floor and was refused: who, what, how far below, by which stack. Append-only."""

    __tablename__ = "floor_attempts"
    __table_args__ = (
        CheckConstraint("stage IN ('listing', 'promotion', 'quote', 'order', 'database')", name="stage"),
        CheckConstraint("wanted_minor < floor_minor", name="below"),
        Index("ix_floor_attempts_brand_id", "brand_id", "id"),
        Index("ix_floor_attempts_shop_id", "shop_id", "id"),
    )

    id: Mapped[Id]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id"))
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributors.id"))
    sku_id: Mapped[int] = mapped_column(ForeignKey("skus.id"))
    listing_id: Mapped[int | None]
    stage: Mapped[str]
    wanted_minor: Mapped[int]
    floor_minor: Mapped[int]
    currency: Mapped[str]
    stack: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    actor_name: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[CreatedAt]


class ListingPrice(Record, TenantOwned):
    """A price a listing has had, and the floor then. Written by a trigger, append-only."""

    __tablename__ = "listing_prices"
    __table_args__ = (
        Index("ix_listing_prices_listing_id", "listing_id", "id"),
        Index("ix_listing_prices_brand_sku", "brand_id", "sku_id", "id"),
    )

    id: Mapped[Id]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id"))
    sku_id: Mapped[int] = mapped_column(ForeignKey("skus.id"))
    listing_id: Mapped[int]
    price_minor: Mapped[int]
    floor_minor: Mapped[int]
    status: Mapped[str]
    created_at: Mapped[CreatedAt]
