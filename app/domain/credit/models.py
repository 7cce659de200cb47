"""Accounts of store credit, what is set aside for open orders, and every movement."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.database import CreatedAt, Id, Record
from tenants.scoping import TenantOwned


class CreditAccount(Record, TenantOwned):
    """What a shop owes one mailbox as credit. Minor units.

    `balance_minor` is all of it and equals the holder's part of the ledger's `store_credit`; `held_minor` of it
    lies with open orders. `owed_minor`: rewards that were taken back after they had been spent, kept from the
    next ones. The balance is changed by movements alone, the held part by holds alone (triggers and functions).
    """

    __tablename__ = "credit_accounts"
    __table_args__ = (
        CheckConstraint(
            "balance_minor >= 0 AND held_minor BETWEEN 0 AND balance_minor AND owed_minor >= 0", name="money"
        ),
        UniqueConstraint("shop_id", "mailbox", "currency"),
    )  # fmt: skip

    id: Mapped[Id]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    mailbox: Mapped[str]
    email: Mapped[str]
    currency: Mapped[str]
    balance_minor: Mapped[int] = mapped_column(server_default=text("0"))
    held_minor: Mapped[int] = mapped_column(server_default=text("0"))
    owed_minor: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[CreatedAt]

    @property
    def free_minor(self) -> int:
        """What may be spent now."""
        return self.balance_minor - self.held_minor


class CreditHold(Record, TenantOwned):
    """An order's credit: held → spent by `payment_id`, or released and perhaps held again for late money.

    `returned_minor`: what of the spent part has gone back with refunds.
    """

    __tablename__ = "credit_holds"
    __table_args__ = (
        CheckConstraint("state IN ('held', 'spent', 'released')", name="state"),
        CheckConstraint("amount_minor > 0 AND returned_minor BETWEEN 0 AND amount_minor", name="amounts"),
        CheckConstraint("(state = 'spent') = (payment_id IS NOT NULL)", name="spent"),
        CheckConstraint("returned_minor = 0 OR state = 'spent'", name="returned"),
        UniqueConstraint("payment_id"),
        Index("ix_credit_holds_account_id", "account_id", "order_id"),
    )

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("credit_accounts.id"))
    currency: Mapped[str]
    amount_minor: Mapped[int]
    state: Mapped[str] = mapped_column(server_default="held")
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payments.id"))
    returned_minor: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[CreatedAt]
    ended_at: Mapped[datetime | None]


class CreditMove(Record, TenantOwned):
    """One movement of an account, with the ledger's transaction that says the same. Append-only.

    earned and taken_back are of a reward at the expense of `distributor_id` (NULL: the platform's); spent is of a
    payment, returned of a refund, both of `order_id`. Positive is owed to the holder.
    """

    __tablename__ = "credit_moves"
    __table_args__ = (
        CheckConstraint(
            "kind = 'earned' AND amount_minor > 0 AND reward_id IS NOT NULL"
            " OR kind = 'taken_back' AND amount_minor < 0 AND reward_id IS NOT NULL"
            " OR kind = 'spent' AND amount_minor < 0 AND payment_id IS NOT NULL AND distributor_id IS NULL"
            " OR kind = 'returned' AND amount_minor > 0 AND refund_id IS NOT NULL AND distributor_id IS NULL",
            name="kind",
        ),
        UniqueConstraint("transaction_id"),
        Index("ix_credit_moves_account_id", "account_id", "id"),
        Index("ix_credit_moves_reward_id", "reward_id", postgresql_where=text("reward_id IS NOT NULL")),
    )

    id: Mapped[Id]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("credit_accounts.id"))
    kind: Mapped[str]
    reward_id: Mapped[int | None]
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payments.id"))
    refund_id: Mapped[int | None] = mapped_column(ForeignKey("refunds.id"))
    distributor_id: Mapped[int | None] = mapped_column(ForeignKey("distributors.id"))
    currency: Mapped[str]
    amount_minor: Mapped[int]
    transaction_id: Mapped[int] = mapped_column(ForeignKey("ledger_transactions.id"))
    created_at: Mapped[CreatedAt]
