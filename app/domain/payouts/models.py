"""Who is paid where, when, and how each payout went."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.database import CreatedAt, Id, Record

OWNER = "(brand_id IS NULL) <> (distributor_id IS NULL)"
STATES = ("planned", "reserved", "sent", "paid", "failed", "returned", "cancelled")


class PayoutAccount(Record):
    """Where a firm is paid. `details` is sealed under `master_key_id`; `shown` is what people may see of it.

    One is current at a time per firm and currency. It is verified before the first payout; after a
    change nothing is paid until `cooling_until`, and the contact of the account before is told.
    """

    __tablename__ = "payout_accounts"
    __table_args__ = (
        CheckConstraint(OWNER, name="owner"),
        CheckConstraint("method IN ('stripe', 'bank', 'sandbox')", name="method"),
        CheckConstraint("status IN ('unverified', 'verified', 'refused', 'replaced')", name="status"),
        Index(
            "uq_payout_accounts_current", "brand_id", "distributor_id", "currency", unique=True,
            postgresql_where=text("status <> 'replaced'"), postgresql_nulls_not_distinct=True,
        ),
    )  # fmt: skip

    id: Mapped[Id]
    brand_id: Mapped[int | None] = mapped_column(ForeignKey("brands.id"))
    distributor_id: Mapped[int | None] = mapped_column(ForeignKey("distributors.id"))
    method: Mapped[str]
    currency: Mapped[str]
    holder: Mapped[str]
    shown: Mapped[str]
    details: Mapped[bytes | None] = mapped_column(LargeBinary)
    master_key_id: Mapped[str | None]
    external_id: Mapped[str | None]
    contact_email: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=text("'unverified'"))
    refusal: Mapped[str] = mapped_column(server_default="")
    cooling_until: Mapped[datetime | None]
    verified_at: Mapped[datetime | None]
    verified_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]


class PayoutPlan(Record):
    """When and from which amount a firm is paid in a currency.

    A row that `follows` holds the platform's default and carries only the clock. `on_hold` stops
    payouts, `review` lets each wait for a person. `next_at` empty: the planner counts it anew.
    """

    __tablename__ = "payout_plans"
    __table_args__ = (
        CheckConstraint(OWNER, name="owner"),
        CheckConstraint("every IN ('daily', 'weekly', 'monthly')", name="every"),
        CheckConstraint("minimum_minor >= 0 AND day BETWEEN 1 AND 28", name="amounts"),
        UniqueConstraint("brand_id", "distributor_id", "currency", postgresql_nulls_not_distinct=True),
        Index("ix_payout_plans_next_at", "next_at"),
    )

    id: Mapped[Id]
    brand_id: Mapped[int | None] = mapped_column(ForeignKey("brands.id"))
    distributor_id: Mapped[int | None] = mapped_column(ForeignKey("distributors.id"))
    currency: Mapped[str]
    every: Mapped[str] = mapped_column(server_default=text("'weekly'"))
    day: Mapped[int] = mapped_column(server_default=text("1"))
    minimum_minor: Mapped[int] = mapped_column(server_default=text("0"))
    follows: Mapped[bool] = mapped_column(server_default=text("false"))
    review: Mapped[bool] = mapped_column(server_default=text("false"))
    on_hold: Mapped[bool] = mapped_column(server_default=text("false"))
    hold_reason: Mapped[str] = mapped_column(server_default="")
    next_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class BankBatch(Record):
    """A file of payouts for a bank, with its control totals. Platform only."""

    __tablename__ = "bank_batches"
    __table_args__ = (CheckConstraint("state IN ('open', 'exported', 'answered')", name="state"),)

    id: Mapped[Id]
    currency: Mapped[str]
    count: Mapped[int]
    total_minor: Mapped[int]
    digest: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'open'"))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]
    answered_at: Mapped[datetime | None]


class Payout(Record):
    """One transfer to one firm. `key` is our idempotency key towards whoever carries it.

    planned → reserved → sent → paid; failed and returned put the money back by a new entry.
    `net_minor` = `amount_minor` − `fee_minor` is what arrives. Triggers refuse every other step,
    and post each one: who changes `state` needs to post nothing.
    """

    __tablename__ = "payouts"
    __table_args__ = (
        CheckConstraint(OWNER, name="owner"),
        CheckConstraint(
            "state IN ('planned', 'reserved', 'sent', 'paid', 'failed', 'returned', 'cancelled')",
            name="state",
        ),
        CheckConstraint(
            "amount_minor > 0 AND fee_minor >= 0 AND net_minor = amount_minor - fee_minor AND net_minor > 0",
            name="amounts",
        ),
        CheckConstraint("approved_by IS NULL OR approved_by <> second_by", name="two_people"),
        UniqueConstraint("key"),
        Index("ix_payouts_brand_id", "brand_id", "id"),
        Index("ix_payouts_distributor_id", "distributor_id", "id"),
        Index("ix_payouts_open", "id", postgresql_where=text("state IN ('planned', 'reserved', 'sent')")),
        Index("ix_payouts_batch_id", "batch_id"),
        Index("ix_payouts_external_id", "external_id"),
        Index("ix_payouts_asked_at", "asked_at", postgresql_where=text("state IN ('sent', 'paid')")),
    )

    id: Mapped[Id]
    key: Mapped[str]
    brand_id: Mapped[int | None] = mapped_column(ForeignKey("brands.id"))
    distributor_id: Mapped[int | None] = mapped_column(ForeignKey("distributors.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("payout_accounts.id"))
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("bank_batches.id"))
    method: Mapped[str]
    currency: Mapped[str]
    amount_minor: Mapped[int]
    fee_minor: Mapped[int] = mapped_column(server_default=text("0"))
    net_minor: Mapped[int]
    state: Mapped[str] = mapped_column(server_default=text("'planned'"))
    needs_review: Mapped[bool] = mapped_column(server_default=text("false"))
    needs_second: Mapped[bool] = mapped_column(server_default=text("false"))
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    second_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    external_id: Mapped[str | None]
    reason: Mapped[str] = mapped_column(server_default="")
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    due_at: Mapped[datetime]
    created_at: Mapped[CreatedAt]
    reserved_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class PayoutStep(Record):
    """One step a payout took. Append-only."""

    __tablename__ = "payout_steps"
    __table_args__ = (Index("ix_payout_steps_payout_id", "payout_id", "id"),)

    id: Mapped[Id]
    payout_id: Mapped[int] = mapped_column(ForeignKey("payouts.id"))
    brand_id: Mapped[int | None]
    distributor_id: Mapped[int | None]
    step: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    actor_name: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[CreatedAt]


class SandboxTransfer(Record):
    """What the sandbox, an outside party by intent, remembers of a transfer. Global."""

    __tablename__ = "sandbox_transfers"

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(unique=True)
    external_id: Mapped[str] = mapped_column(unique=True)
    destination: Mapped[str]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    state: Mapped[str]
    created_at: Mapped[CreatedAt]
