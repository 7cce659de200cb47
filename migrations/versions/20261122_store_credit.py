"""store credit: accounts, what is held for orders, movements; an order's and a payment's credit; its account in the books"""

import sqlalchemy as sa
from alembic import op

revision = "0160"
down_revision = "0151"
branch_labels = None
depends_on = None

ACCOUNTS = (
    "gateway_clearing", "bank_clearing", "buyer_liability", "brand_held", "brand_available", "brand_in_transit",
    "distributor_held", "distributor_available", "distributor_in_transit", "platform_revenue", "gateway_fees",
    "payout_fees", "promotion_cost", "chargebacks", "rounding", "promoter_payable",
)  # fmt: skip
KINDS = {
    "referral_programmes": ("kinds", "step1_kind IN ({0}) AND step2_kind IN ({0})"),
    "referral_rewards": ("kind", "kind IN ({0})"),
}


def checked(table: str, name: str, test: str) -> None:
    """Another test for a table; what is there already is looked over without stopping those who write."""
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS ck_{table}_{name}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_{name} CHECK ({test}) NOT VALID")
    op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_{name}")


def among(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    checked("ledger_entries", "account", f"account IN ({among((*ACCOUNTS, 'store_credit'))})")
    for table, (name, test) in KINDS.items():
        checked(table, name, test.format(among(("discount", "cash", "credit"))))
    checked("refunds", "kind", f"kind IN ({among(('refund', 'chargeback', 'credit'))})")
    for table in ("orders", "payments"):
        op.add_column(
            table, sa.Column("credit_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False)
        )
    checked("orders", "credit", "credit_minor BETWEEN 0 AND total_minor")
    checked(
        "payments",
        "credit",
        "credit_minor BETWEEN 0 AND least(amount_minor, coalesce(received_minor, amount_minor))",
    )
    op.create_table(
        "credit_accounts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("balance_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("held_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("owed_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "balance_minor >= 0 AND held_minor BETWEEN 0 AND balance_minor AND owed_minor >= 0",
            name=op.f("ck_credit_accounts_money"),
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_credit_accounts_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_accounts")),
        sa.UniqueConstraint(
            "shop_id", "mailbox", "currency", name=op.f("uq_credit_accounts_shop_id_mailbox_currency")
        ),
    )
    op.create_table(
        "credit_holds",
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default="held", nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("returned_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('held', 'spent', 'released')", name=op.f("ck_credit_holds_state")),
        sa.CheckConstraint(
            "amount_minor > 0 AND returned_minor BETWEEN 0 AND amount_minor",
            name=op.f("ck_credit_holds_amounts"),
        ),
        sa.CheckConstraint(
            "(state = 'spent') = (payment_id IS NOT NULL)", name=op.f("ck_credit_holds_spent")
        ),
        sa.CheckConstraint("returned_minor = 0 OR state = 'spent'", name=op.f("ck_credit_holds_returned")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["credit_accounts.id"], name=op.f("fk_credit_holds_account_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_credit_holds_order_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_credit_holds_payment_id")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_credit_holds_shop_id")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_credit_holds")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_credit_holds_payment_id")),
    )
    op.create_index("ix_credit_holds_account_id", "credit_holds", ["account_id", "order_id"])
    op.create_table(
        "credit_moves",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reward_id", sa.BigInteger(), nullable=True),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("refund_id", sa.BigInteger(), nullable=True),
        sa.Column("distributor_id", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind = 'earned' AND amount_minor > 0 AND reward_id IS NOT NULL"
            " OR kind = 'taken_back' AND amount_minor < 0 AND reward_id IS NOT NULL"
            " OR kind = 'spent' AND amount_minor < 0 AND payment_id IS NOT NULL AND distributor_id IS NULL"
            " OR kind = 'returned' AND amount_minor > 0 AND refund_id IS NOT NULL AND distributor_id IS NULL",
            name=op.f("ck_credit_moves_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["credit_accounts.id"], name=op.f("fk_credit_moves_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id"], ["distributors.id"], name=op.f("fk_credit_moves_distributor_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_credit_moves_order_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_credit_moves_payment_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["refunds.id"], name=op.f("fk_credit_moves_refund_id")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_credit_moves_shop_id")),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["ledger_transactions.id"], name=op.f("fk_credit_moves_transaction_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_moves")),
        sa.UniqueConstraint("transaction_id", name=op.f("uq_credit_moves_transaction_id")),
    )
    op.create_index("ix_credit_moves_account_id", "credit_moves", ["account_id", "id"])
    op.create_index(
        "ix_credit_moves_reward_id", "credit_moves", ["reward_id"],
        postgresql_where=sa.text("reward_id IS NOT NULL"),
    )  # fmt: skip
    # What a proof reads of this one account, without a look at all the others.
    op.create_index(
        "ix_ledger_entries_store_credit", "ledger_entries", ["transaction_id"],
        postgresql_include=["currency", "amount_minor"], postgresql_where=sa.text("account = 'store_credit'"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_ledger_entries_store_credit", "ledger_entries")
    for table in ("credit_moves", "credit_holds", "credit_accounts"):
        op.drop_table(table)
    for table in ("payments", "orders"):
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_credit")
        op.drop_column(table, "credit_minor")
    checked("refunds", "kind", f"kind IN ({among(('refund', 'chargeback'))})")
    for table, (name, test) in KINDS.items():
        checked(table, name, test.format(among(("discount", "cash"))))
    checked("ledger_entries", "account", f"account IN ({among(ACCOUNTS)})")
