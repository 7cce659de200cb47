"""What was agreed, with its own copy of prices, floor and terms."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.database import CreatedAt, Id, Record
from tenants.scoping import TenantOwned

STATES = ("pending", "paid", "delivered", "expired", "cancelled", "refunding", "refunded", "attention")


class Order(Record, TenantOwned):
    """One purchase. `total_minor` equals the sum of its lines' nets: a deferred trigger says so.

    States: pending → paid → delivered; pending → expired | cancelled; money that comes
    later moves those to paid or refunding → refunded; `attention` waits for a person.
    `payment_id`: the payment that bought it; others of its payments go back.
    `promoted`: uses of promotions hang on it; they follow its state by a trigger.
    `credit_minor`: what of the total its buyer pays with store credit, held for it by a trigger while it is open.
    """

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint(
            "state IN ('pending','paid','delivered','expired','cancelled','refunding','refunded','attention')",
            name="state",
        ),
        CheckConstraint("total_minor > 0", name="total"),
        CheckConstraint("credit_minor BETWEEN 0 AND total_minor", name="credit"),
        UniqueConstraint("shop_id", "quote_id"),
        UniqueConstraint("number"),
        Index("ix_orders_shop_created", "shop_id", "created_at"),
        Index("ix_orders_shop_email", "shop_id", "email"),
        Index("uq_orders_reservation_id", "reservation_id", unique=True),
        Index("ix_orders_open", "shop_id", "device", postgresql_where=text("state = 'pending'")),
        Index("ix_orders_open_ip", "shop_id", "ip", postgresql_where=text("state = 'pending'")),
        Index("ix_orders_bought_on", "shop_id", "device", postgresql_where=text("paid_at IS NOT NULL")),
        Index(
            "ix_orders_first_of_mailbox", "shop_id", text("promo.mailbox(email)"),
            postgresql_where=text("paid_at IS NOT NULL"),
        ),
        Index("ix_orders_due", "expires_at", postgresql_where=text("state = 'pending'")),
        Index(
            "ix_orders_unfinished", "paid_at",
            postgresql_where=text("state IN ('paid', 'refunding', 'attention')"),
        ),
    )  # fmt: skip

    id: Mapped[Id]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    number: Mapped[str]
    quote_id: Mapped[str]
    reservation_id: Mapped[int] = mapped_column(ForeignKey("reservations.id"))
    email: Mapped[str]
    buyer_id: Mapped[int | None] = mapped_column(ForeignKey("buyers.id"))
    passphrase_hash: Mapped[str | None]
    device: Mapped[str]
    ip: Mapped[str | None]
    locale: Mapped[str]
    currency: Mapped[str]
    total_minor: Mapped[int]
    state: Mapped[str] = mapped_column(server_default=text("'pending'"))
    attention_reason: Mapped[str | None]
    created_at: Mapped[CreatedAt]
    payment_id: Mapped[int | None]
    credit_minor: Mapped[int] = mapped_column(server_default=text("0"))
    promoted: Mapped[bool] = mapped_column(server_default=text("false"))
    quoted_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    expires_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class OrderLine(Record, TenantOwned):
    """A Sku in an order. Money in minor units of the order's currency.

    `net_minor` is what the buyer pays for the line; CHECK and trigger hold it at or
    above `floor_minor` × quantity, with the floor in force copied here (`floor_promotion`:
    the exemption it stands on). `funded_*_minor`:
    what of all discounts the brand or the platform pays; the distributor pays the rest.
    `terms`: what brand, distributor, uplines and platform had agreed at that moment.
    """

    __tablename__ = "order_lines"
    __table_args__ = (
        CheckConstraint("quantity BETWEEN 1 AND 1000", name="quantity"),
        CheckConstraint("net_minor >= floor_minor * quantity", name="net_covers_floor"),
        CheckConstraint("net_minor = offer_minor * quantity - discount_minor", name="net_adds_up"),
        CheckConstraint("discount_minor >= 0 AND offer_minor > 0 AND floor_minor >= 0", name="amounts"),
        CheckConstraint(
            "state IN ('waiting', 'delivering', 'delivered', 'failed', 'refunded')", name="state"
        ),
        CheckConstraint(
            "funded_brand_minor >= 0 AND funded_platform_minor >= 0 AND funded_brand_minor + funded_platform_minor"
            " <= greatest(list_minor - offer_minor, 0) * quantity + discount_minor",
            name="funded",
        ),
        UniqueConstraint("order_id", "sku_id"),
        Index(
            "ix_order_lines_unsettled",
            "order_id",
            postgresql_where=text("state = 'delivered' AND NOT settled"),
        ),
        Index("ix_order_lines_shop_sku", "shop_id", "sku_id"),
        Index("ix_order_lines_brand_id", "brand_id", "id"),
    )

    id: Mapped[Id]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    listing_id: Mapped[int] = mapped_column(ForeignKey("listings.id"))
    sku_id: Mapped[int] = mapped_column(ForeignKey("skus.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id"))
    product_name: Mapped[str]
    product_name_en: Mapped[str]
    sku_name: Mapped[str]
    sku_name_en: Mapped[str]
    delivery_kind: Mapped[str]
    counted: Mapped[bool]
    quantity: Mapped[int]
    list_minor: Mapped[int]
    offer_minor: Mapped[int]
    discount_minor: Mapped[int] = mapped_column(server_default=text("0"))
    net_minor: Mapped[int]
    floor_minor: Mapped[int]
    floor_promotion: Mapped[str | None]
    funded_brand_minor: Mapped[int] = mapped_column(server_default=text("0"))
    funded_platform_minor: Mapped[int] = mapped_column(server_default=text("0"))
    terms: Mapped[dict[str, Any]]
    buyer_fields: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    state: Mapped[str] = mapped_column(server_default=text("'waiting'"))
    settled: Mapped[bool] = mapped_column(server_default=text("false"))


class OrderStep(Record, TenantOwned):
    """One step an order took, for the timeline the buyer sees and for staff."""

    __tablename__ = "order_steps"
    __table_args__ = (Index("ix_order_steps_order_id", "order_id", "id"),)

    id: Mapped[Id]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    step: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    created_at: Mapped[CreatedAt]
