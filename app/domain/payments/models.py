"""Money that comes in and goes back, and what gateways told us."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.database import CreatedAt, Id, Record
from tenants.scoping import TenantOwned


class Payment(Record, TenantOwned):
    """One attempt to pay an order. `reference` is our idempotency key towards the gateway.

    `amount_minor` was asked for, `received_minor` came; `credit_minor` of either is store credit, and the gateway is
    asked for the rest (nothing is left where `gateway` is `credit`). Every received payment ends in
    exactly one `outcome`: delivered, refunded (wholly), partly_refunded, or attention
    (waiting for a person). `payer`: the account it came from, as a keyed digest, where the gateway told.
    """

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint("state IN ('created', 'open', 'received', 'failed', 'expired')", name="state"),
        CheckConstraint("outcome IN ('delivered', 'refunded', 'partly_refunded', 'attention')", name="outcome"),
        CheckConstraint(
            "amount_minor > 0 AND refunded_minor BETWEEN 0 AND coalesce(received_minor, 0)", name="amounts"
        ),
        CheckConstraint(
            "credit_minor BETWEEN 0 AND least(amount_minor, coalesce(received_minor, amount_minor))", name="credit"
        ),
        CheckConstraint("outcome IS NULL OR state = 'received'", name="outcome_of_received"),
        UniqueConstraint("reference"),
        Index("ix_payments_order_id", "order_id"),
        Index("ix_payments_open", "created_at", postgresql_where=text("state = 'open'")),
        Index("uq_payments_external", "gateway", "external_id", unique=True),
        Index(
            "ix_payments_unsettled", "received_at",
            postgresql_where=text("state = 'received' AND outcome IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[Id]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    gateway: Mapped[str]
    account: Mapped[str]
    method: Mapped[str]
    reference: Mapped[str]
    external_id: Mapped[str | None]
    url: Mapped[str | None]
    amount_minor: Mapped[int]
    credit_minor: Mapped[int] = mapped_column(server_default=text("0"))
    received_minor: Mapped[int | None]
    received_currency: Mapped[str | None]
    refunded_minor: Mapped[int] = mapped_column(server_default=text("0"))
    currency: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'created'"))
    outcome: Mapped[str | None]
    attention_reason: Mapped[str | None]
    created_at: Mapped[CreatedAt]
    received_at: Mapped[datetime | None]
    payer: Mapped[str | None]

    @property
    def asked_minor(self) -> int:
        """What the gateway is asked for."""
        return self.amount_minor - (self.credit_minor or 0)


class Refund(Record, TenantOwned):
    """Money going back for a payment; `key` names the business fact and makes it happen once.

    `kind`: a refund we send, a chargeback the buyer's bank took (`succeeded` until it is won back, then `failed`), or
    credit: store credit given back, which needs no gateway and never bounces.
    `shares`: what of it belongs to each line, by its id, where it names none. `fee_minor`: what the gateway
    took for the dispute itself. `mirrored`: the state that the parties' parts follow already.
    """

    __tablename__ = "refunds"
    __table_args__ = (
        CheckConstraint("state IN ('requested', 'sent', 'succeeded', 'failed')", name="state"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("kind IN ('refund', 'chargeback', 'credit')", name="kind"),
        CheckConstraint("fee_minor = 0 OR kind = 'chargeback'", name="fee"),
        UniqueConstraint("key"),
        Index(
            "ix_refunds_unmirrored", "id",
            postgresql_where=text("state IN ('succeeded', 'failed') AND mirrored IS DISTINCT FROM state"),
        ),
        Index("ix_refunds_payment_id", "payment_id"),
        Index("ix_refunds_order_id", "order_id"),
        Index("ix_refunds_open", "created_at", postgresql_where=text("state IN ('requested', 'sent')")),
    )  # fmt: skip

    id: Mapped[Id]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"))
    order_line_id: Mapped[int | None] = mapped_column(ForeignKey("order_lines.id"))
    kind: Mapped[str] = mapped_column(server_default=text("'refund'"))
    key: Mapped[str]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    reason: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'requested'"))
    external_id: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    last_error: Mapped[str | None]
    shares: Mapped[dict[str, Any] | None]
    fee_minor: Mapped[int] = mapped_column(server_default=text("0"))
    mirrored: Mapped[str | None]
    created_at: Mapped[CreatedAt]
    succeeded_at: Mapped[datetime | None]


class PaymentEvent(Record):
    """The inbox: what a gateway told us, stored once, worked on from the outbox.

    Global: `shop_id` is that of the payment it was matched with, and only that shop sees it.
    """

    __tablename__ = "payment_events"
    __table_args__ = (
        UniqueConstraint("gateway", "event_id"),
        CheckConstraint(
            "outcome IN ('applied', 'repeated', 'mismatched', 'unmatched', 'ignored')", name="outcome"
        ),
        Index("ix_payment_events_open", "received_at", postgresql_where=text("outcome IS NULL")),
    )

    id: Mapped[Id]
    shop_id: Mapped[int | None]
    gateway: Mapped[str]
    event_id: Mapped[str]
    kind: Mapped[str]
    reference: Mapped[str | None]
    external_id: Mapped[str | None]
    account: Mapped[str | None]
    amount_minor: Mapped[int | None]
    currency: Mapped[str | None]
    occurred_at: Mapped[datetime | None]
    payload: Mapped[dict[str, Any]]
    received_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    outcome: Mapped[str | None]
    note: Mapped[str | None]


class SandboxPayment(Record):
    """What the sandbox gateway, an outside party by intent, remembers of a payment. Global."""

    __tablename__ = "sandbox_payments"

    id: Mapped[Id]
    external_id: Mapped[str] = mapped_column(unique=True)
    reference: Mapped[str]
    amount_minor: Mapped[int]
    refunded_minor: Mapped[int] = mapped_column(server_default=text("0"))
    currency: Mapped[str]
    state: Mapped[str]
    knobs: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    refunds: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    created_at: Mapped[CreatedAt]


class GatewayReportLine(Record):
    """One movement as a gateway reports it afterwards; the ledger is compared with these. Global.

    `kind`: payment, refund, chargeback, fee, payout. Amounts in minor units, positive towards us.
    """

    __tablename__ = "gateway_report_lines"
    __table_args__ = (
        UniqueConstraint("gateway", "line_id"),
        CheckConstraint("kind IN ('payment', 'refund', 'chargeback', 'fee', 'payout')", name="kind"),
        Index("ix_gateway_report_lines_external", "gateway", "external_id"),
    )

    id: Mapped[Id]
    gateway: Mapped[str]
    line_id: Mapped[str]
    kind: Mapped[str]
    external_id: Mapped[str | None]
    reference: Mapped[str | None]
    amount_minor: Mapped[int]
    fee_minor: Mapped[int] = mapped_column(server_default=text("0"))
    currency: Mapped[str]
    occurred_at: Mapped[datetime]
    created_at: Mapped[CreatedAt]
