"""Stock: one row per secret unit, sharded counters for counted kinds, and who holds them until when."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.database import CreatedAt, Id, Record
from tenants.scoping import TenantOwned


class DataKey(Record):
    """A brand's data key, wrapped under a master key. Brand-owned; a shop's scope never reads it directly."""

    __tablename__ = "data_keys"
    __table_args__ = (
        UniqueConstraint("brand_id", "version"),
        CheckConstraint("state IN ('current', 'retiring', 'retired')", name="state"),
        Index("uq_data_keys_current", "brand_id", unique=True, postgresql_where=text("state = 'current'")),
    )

    id: Mapped[Id]
    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id"))
    version: Mapped[int]
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    master_key_id: Mapped[str]
    state: Mapped[str]
    created_at: Mapped[CreatedAt]


class CodeBatch(Record):
    """Codes that came together: one import, one cost, perhaps one expiry. Brand-owned."""

    __tablename__ = "code_batches"
    __table_args__ = (Index("ix_code_batches_sku_id", "sku_id"),)

    id: Mapped[Id]
    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id"))
    sku_id: Mapped[int] = mapped_column(ForeignKey("skus.id"))
    name: Mapped[str]
    cost_minor: Mapped[int | None]
    expires_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class Code(Record):
    """One secret unit of stock, encrypted. Brand-owned; shops reach it only through the stock functions.

    `pick` is the place in the Sku's issue order: lowest is issued first. `fingerprint`
    is the keyed digest that refuses duplicates across the platform.
    """

    __tablename__ = "codes"
    __table_args__ = (
        CheckConstraint("state IN ('free', 'reserved', 'sold', 'withheld')", name="state"),
        CheckConstraint("(state = 'reserved') <= (reservation_id IS NOT NULL)", name="reserved_for"),
        CheckConstraint("(state = 'sold') = (order_line_id IS NOT NULL)", name="sold_to"),
        Index("uq_codes_fingerprint", "fingerprint", unique=True),
        Index("ix_codes_free", "sku_id", "pick", postgresql_where=text("state = 'free'")),
        Index(
            "ix_codes_free_expires_at", "expires_at",
            postgresql_where=text("state = 'free' AND expires_at IS NOT NULL"),
        ),
        Index("ix_codes_reservation", "reservation_id", postgresql_where=text("reservation_id IS NOT NULL")),
        Index("ix_codes_order_line", "order_line_id", postgresql_where=text("order_line_id IS NOT NULL")),
        Index("ix_codes_batch_id", "batch_id"),
    )  # fmt: skip

    id: Mapped[Id]
    brand_id: Mapped[int]
    sku_id: Mapped[int]
    batch_id: Mapped[int]
    data_key_id: Mapped[int]
    state: Mapped[str] = mapped_column(server_default=text("'free'"))
    pick: Mapped[int]
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime | None]
    reservation_id: Mapped[int | None]
    order_line_id: Mapped[int | None]
    shop_id: Mapped[int | None]
    sold_at: Mapped[datetime | None]


class ReusableSecret(Record):
    """The one code that many buyers of a reusable Sku receive; the newest active one is issued. Brand-owned."""

    __tablename__ = "reusable_secrets"
    __table_args__ = (
        Index("uq_reusable_secrets_active", "sku_id", unique=True, postgresql_where=text("active")),
        Index("uq_reusable_secrets_fingerprint", "fingerprint", unique=True),
    )

    id: Mapped[Id]
    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id"))
    sku_id: Mapped[int] = mapped_column(ForeignKey("skus.id"))
    data_key_id: Mapped[int] = mapped_column(ForeignKey("data_keys.id"))
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[CreatedAt]


class StockSlot(Record):
    """A share of a counted Sku's stock; several rows so that buyers do not queue behind one. Brand-owned."""

    __tablename__ = "stock_slots"
    __table_args__ = (CheckConstraint("remaining >= 0", name="remaining"),)

    sku_id: Mapped[int] = mapped_column(ForeignKey("skus.id"), primary_key=True)
    slot: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id"))
    remaining: Mapped[int]


class Reservation(Record, TenantOwned):
    """Stock held until a time: for one unpaid order (`reference` is its quote: twice is once), or set aside.

    `kind` set_aside: for a drop or a group (`parent_id` of the orders' reservations that take from it and give back
    to it). Its time is kept by whoever set it aside, not by the checkouts' clock.
    """

    __tablename__ = "reservations"
    __table_args__ = (
        CheckConstraint("state IN ('held', 'sold', 'released')", name="state"),
        CheckConstraint("kind IN ('order', 'set_aside')", name="kind"),
        UniqueConstraint("shop_id", "reference"),
        Index("ix_reservations_due", "until", postgresql_where=text("state = 'held' AND kind = 'order'")),
    )

    id: Mapped[Id]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    reference: Mapped[str]
    kind: Mapped[str] = mapped_column(server_default="order")
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("reservations.id"))
    state: Mapped[str] = mapped_column(server_default=text("'held'"))
    until: Mapped[datetime]
    created_at: Mapped[CreatedAt]


class ReservedSlot(Record, TenantOwned):
    """How much a reservation took from which slot of a counted Sku."""

    __tablename__ = "reserved_slots"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity"),)

    reservation_id: Mapped[int] = mapped_column(ForeignKey("reservations.id"), primary_key=True)
    sku_id: Mapped[int] = mapped_column(primary_key=True)
    slot: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    quantity: Mapped[int]


class StockImport(Record):
    """A file of codes on its way in, with live progress. Brand-owned. `source` is encrypted, and gone when done.

    `rows_done` counts lines whose fate is committed; a rerun goes on from there.
    `problems` lists malformed and repeated lines by number, never their text.
    """

    __tablename__ = "stock_imports"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'running', 'done', 'failed', 'cancelled')", name="state"),
        Index("ix_stock_imports_brand_id", "brand_id", "id"),
    )

    id: Mapped[Id]
    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id"))
    sku_id: Mapped[int] = mapped_column(ForeignKey("skus.id"))
    batch_id: Mapped[int] = mapped_column(ForeignKey("code_batches.id"))
    user_id: Mapped[int | None]
    file_name: Mapped[str]
    source: Mapped[bytes | None] = mapped_column(LargeBinary)
    data_key_id: Mapped[int] = mapped_column(ForeignKey("data_keys.id"))
    options: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    state: Mapped[str] = mapped_column(server_default=text("'waiting'"))
    rows_total: Mapped[int | None]
    rows_done: Mapped[int] = mapped_column(server_default=text("0"))
    added: Mapped[int] = mapped_column(server_default=text("0"))
    repeated_in_file: Mapped[int] = mapped_column(server_default=text("0"))
    already_on_platform: Mapped[int] = mapped_column(server_default=text("0"))
    malformed: Mapped[int] = mapped_column(server_default=text("0"))
    problems: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    error: Mapped[str | None]
    created_at: Mapped[CreatedAt]
    finished_at: Mapped[datetime | None]
