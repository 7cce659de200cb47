"""What the buyer received for a line, once, and every look at a secret."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.database import CreatedAt, Id, Record
from tenants.scoping import TenantOwned


class Delivery(Record, TenantOwned):
    """One line's delivery: a line has at most one, and it is delivered at most once.

    Pool-backed secrets stay in `codes`; `secret` holds what a supplier or an agent
    gave (encrypted under the brand's key). `reusable_id` names the reusable code issued.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        CheckConstraint(
            "state IN ('waiting', 'sending', 'unknown', 'delivered', 'failed', 'by_hand')", name="state"
        ),
        UniqueConstraint("order_line_id"),
        Index(
            "ix_deliveries_open", "created_at", postgresql_where=text("state NOT IN ('delivered', 'failed')")
        ),
        Index("ix_deliveries_order_id", "order_id"),
    )

    id: Mapped[Id]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_lines.id"))
    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id"))
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'waiting'"))
    reusable_id: Mapped[int | None] = mapped_column(ForeignKey("reusable_secrets.id"))
    data_key_id: Mapped[int | None] = mapped_column(ForeignKey("data_keys.id"))
    secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    receipt: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    created_at: Mapped[CreatedAt]
    delivered_at: Mapped[datetime | None]


class SupplierOrder(Record, TenantOwned):
    """One attempt: one unit of a line, asked of one supplier under our own reference, sent once.

    A unit succeeds at most once, whatever suppliers say. `secret` is a voucher the
    supplier handed over instead of crediting an account.
    """

    __tablename__ = "supplier_orders"
    __table_args__ = (
        CheckConstraint(
            "state IN ('placing', 'accepted', 'unknown', 'succeeded', 'failed', 'attention')", name="state"
        ),
        UniqueConstraint("reference"),
        UniqueConstraint("delivery_id", "unit", "position"),
        Index(
            "uq_supplier_orders_succeeded", "delivery_id", "unit", unique=True,
            postgresql_where=text("state = 'succeeded'"),
        ),
    )  # fmt: skip

    id: Mapped[Id]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id"))
    unit: Mapped[int] = mapped_column(server_default=text("1"))
    position: Mapped[int]
    supplier: Mapped[str]
    reference: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'placing'"))
    supplier_number: Mapped[str | None]
    reason: Mapped[str | None]
    asked: Mapped[int] = mapped_column(server_default=text("0"))
    told_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    data_key_id: Mapped[int | None] = mapped_column(ForeignKey("data_keys.id"))
    secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    placed_at: Mapped[CreatedAt]
    ended_at: Mapped[datetime | None]


class Reveal(Record, TenantOwned):
    """Somebody looked at a secret: always recorded, before it is shown."""

    __tablename__ = "reveals"
    __table_args__ = (Index("ix_reveals_order_line_id", "order_line_id"),)

    id: Mapped[Id]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_lines.id"))
    actor_kind: Mapped[str]
    actor_id: Mapped[int | None]
    ip: Mapped[str | None]
    device: Mapped[str | None]
    codes: Mapped[int]
    created_at: Mapped[CreatedAt]
