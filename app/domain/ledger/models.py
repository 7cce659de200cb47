"""Transactions that sum to zero, append-only, and the proofs that they do."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.database import CreatedAt, Id, Record

ACCOUNTS = (
    "gateway_clearing", "bank_clearing", "buyer_liability", "brand_held", "brand_available", "brand_in_transit",
    "distributor_held", "distributor_available", "distributor_in_transit", "platform_revenue", "gateway_fees",
    "payout_fees", "promotion_cost", "chargebacks", "rounding", "promoter_payable",
    "store_credit",
)  # fmt: skip
_NAMES = ", ".join(f"'{name}'" for name in ACCOUNTS)


class LedgerTransaction(Record):
    """One business fact in one currency; `key` names it and makes it post once. Nobody updates or deletes it.

    `size` is the number of its entries, `moved_minor` the sum of those that are positive.
    `reason` holds what the fact was, for the platform's eyes.
    """

    __tablename__ = "ledger_transactions"
    __table_args__ = (
        UniqueConstraint("key"),
        CheckConstraint("size >= 2", name="size"),
        CheckConstraint("moved_minor > 0", name="moved"),
        Index("ix_ledger_transactions_order_id", "order_id"),
        Index("ix_ledger_transactions_posted_at", "posted_at"),
        Index(
            "ix_ledger_transactions_payout_id", "payout_id", postgresql_where=text("payout_id IS NOT NULL")
        ),
        Index(
            "ix_ledger_transactions_returns",
            "id",
            postgresql_include=["order_line_id"],
            postgresql_where=text("kind IN ('return', 'return_undone')"),
        ),
    )

    id: Mapped[Id]
    key: Mapped[str]
    kind: Mapped[str]
    currency: Mapped[str]
    size: Mapped[int] = mapped_column(SmallInteger)
    moved_minor: Mapped[int]
    shop_id: Mapped[int | None]
    order_id: Mapped[int | None]
    order_line_id: Mapped[int | None]
    payment_id: Mapped[int | None]
    refund_id: Mapped[int | None]
    payout_id: Mapped[int | None]
    reason: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    occurred_at: Mapped[datetime]
    posted_at: Mapped[CreatedAt]


class LedgerEntry(Record):
    """One side of a transaction, in minor units: positive is owed to the account's owner, negative is held elsewhere.

    An account is (`account`, its brand or distributor, `currency`); no row holds a balance, so
    sales never queue behind one. A deferred trigger refuses a transaction that does not sum to
    zero; `seal` (made by a trigger) shows a row that was changed behind everybody's back.
    """

    __tablename__ = "ledger_entries"
    __table_args__ = (
        UniqueConstraint("transaction_id", "position"),
        CheckConstraint(f"account IN ({_NAMES})", name="account"),
        CheckConstraint("amount_minor <> 0", name="amount"),
        CheckConstraint(
            "(account LIKE 'brand%') = (brand_id IS NOT NULL)"
            " AND (account LIKE 'distributor%') = (distributor_id IS NOT NULL)",
            name="owner",
        ),
        Index(
            "ix_ledger_entries_brand", "brand_id", "currency", "account", "occurred_at",
            postgresql_include=["amount_minor"], postgresql_where=text("brand_id IS NOT NULL"),
        ),
        Index(
            "ix_ledger_entries_distributor", "distributor_id", "currency", "account", "occurred_at",
            postgresql_include=["amount_minor"], postgresql_where=text("distributor_id IS NOT NULL"),
        ),
        Index(
            "ix_ledger_entries_store_credit", "transaction_id", postgresql_include=["currency", "amount_minor"],
            postgresql_where=text("account = 'store_credit'"),
        ),
    )  # fmt: skip

    id: Mapped[Id]
    transaction_id: Mapped[int] = mapped_column(ForeignKey("ledger_transactions.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    account: Mapped[str]
    brand_id: Mapped[int | None]
    distributor_id: Mapped[int | None]
    currency: Mapped[str]
    amount_minor: Mapped[int]
    occurred_at: Mapped[datetime]
    seal: Mapped[int | None] = mapped_column(BigInteger)


class LedgerProof(Record):
    """What one run of `prove` found; `differences` is empty when everything adds up. Platform only."""

    __tablename__ = "ledger_proofs"

    id: Mapped[Id]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]
    entries: Mapped[int]
    upto_entry_id: Mapped[int]
    balances: Mapped[list[Any]]
    differences: Mapped[list[Any]]
    digest: Mapped[str]
    created_at: Mapped[CreatedAt]


class IssuedStatement(Record):
    """A statement that left the house, with the digest of what it said. Append-only; found by its number.

    The same firm, currency, days and figures are one statement, however often it is asked for.
    `entries` is how many movements it has, `closing_minor` what it closes with in all.
    """

    __tablename__ = "statements"
    __table_args__ = (
        CheckConstraint("(brand_id IS NULL) <> (distributor_id IS NULL)", name="owner"),
        CheckConstraint("until >= since", name="days"),
        UniqueConstraint("number"),
        UniqueConstraint(
            "brand_id", "distributor_id", "currency", "since", "until", "digest", name="uq_statements_figures",
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_statements_distributor_id", "distributor_id"),
    )  # fmt: skip

    id: Mapped[Id]
    number: Mapped[str]
    brand_id: Mapped[int | None] = mapped_column(ForeignKey("brands.id"))
    distributor_id: Mapped[int | None] = mapped_column(ForeignKey("distributors.id"))
    currency: Mapped[str]
    since: Mapped[date] = mapped_column(Date)
    until: Mapped[date] = mapped_column(Date)
    entries: Mapped[int]
    opening_minor: Mapped[int]
    closing_minor: Mapped[int]
    digest: Mapped[str]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]
