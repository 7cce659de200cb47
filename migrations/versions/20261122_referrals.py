"""referrals: programmes, promoters, clicks, rewards and the promoters' money; an account for it in the books"""

import sqlalchemy as sa
from alembic import op

revision = "0150"
down_revision = "0140"
branch_labels = None
depends_on = None

ACCOUNTS = (
    "gateway_clearing", "bank_clearing", "buyer_liability", "brand_held", "brand_available", "brand_in_transit",
    "distributor_held", "distributor_available", "distributor_in_transit", "platform_revenue", "gateway_fees",
    "payout_fees", "promotion_cost", "chargebacks", "rounding",
)  # fmt: skip
TABLES = (
    "promoter_moves", "referral_rewards", "promoter_payouts", "referral_counts", "referral_clicks",
    "referral_programmes", "promoters",
)  # fmt: skip


def accounts(names: tuple[str, ...]) -> None:
    """Which accounts an entry may be of; looked over without stopping those that post."""
    among = ", ".join(f"'{name}'" for name in names)
    op.execute("ALTER TABLE ledger_entries DROP CONSTRAINT ck_ledger_entries_account")
    op.execute(
        f"ALTER TABLE ledger_entries ADD CONSTRAINT ck_ledger_entries_account CHECK (account IN ({among})) NOT VALID"
    )
    op.execute("ALTER TABLE ledger_entries VALIDATE CONSTRAINT ck_ledger_entries_account")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    accounts((*ACCOUNTS, "promoter_payable"))
    op.create_table(
        "promoters",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("buyer_id", sa.BigInteger(), nullable=True),
        sa.Column("device", sa.Text(), server_default="", nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), server_default="active", nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("balance_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("owed_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('active', 'stopped')", name=op.f("ck_promoters_state")),
        sa.CheckConstraint("balance_minor >= 0 AND owed_minor >= 0", name=op.f("ck_promoters_money")),
        sa.CheckConstraint("parent_id < id", name=op.f("ck_promoters_no_circles")),
        sa.ForeignKeyConstraint(["parent_id"], ["promoters.id"], name=op.f("fk_promoters_parent_id")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_promoters_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promoters")),
        sa.UniqueConstraint("code", name=op.f("uq_promoters_code")),
        sa.UniqueConstraint("shop_id", "mailbox", name=op.f("uq_promoters_shop_id_mailbox")),
    )
    op.create_index(
        "ix_promoters_parent_id",
        "promoters",
        ["parent_id"],
        unique=False,
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    )
    op.create_table(
        "referral_programmes",
        sa.Column("promotion_id", sa.BigInteger(), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("step1_kind", sa.Text(), nullable=False),
        sa.Column("step1_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("step1_rate_bps", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("step2_kind", sa.Text(), nullable=True),
        sa.Column("step2_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("step2_rate_bps", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("window_days", sa.BigInteger(), server_default=sa.text("30"), nullable=False),
        sa.Column("hold_days", sa.BigInteger(), server_default=sa.text("7"), nullable=False),
        sa.Column("most_per_month", sa.BigInteger(), nullable=True),
        sa.Column("most_in_all", sa.BigInteger(), nullable=True),
        sa.Column("budget_minor", sa.BigInteger(), nullable=True),
        sa.Column("spent_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("near_most", sa.BigInteger(), server_default=sa.text("3"), nullable=False),
        sa.Column("coupon_id", sa.BigInteger(), nullable=True),
        sa.Column("coupon2_id", sa.BigInteger(), nullable=True),
        sa.Column("coupon_days", sa.BigInteger(), server_default=sa.text("90"), nullable=False),
        sa.Column("least_payout_minor", sa.BigInteger(), server_default=sa.text("1000"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(step1_minor > 0) <> (step1_rate_bps > 0) AND least(step1_minor, step1_rate_bps) = 0 AND step1_rate_bps <= 10000 AND (step1_kind <> 'discount' OR coupon_id IS NOT NULL)",
            name=op.f("ck_referral_programmes_step1"),
        ),
        sa.CheckConstraint(
            "least(step2_minor, step2_rate_bps) = 0 AND step2_rate_bps <= 10000 AND (step2_kind IS NOT NULL) = (step2_minor > 0 OR step2_rate_bps > 0) AND (coalesce(step2_kind, '') <> 'discount' OR coupon2_id IS NOT NULL)",
            name=op.f("ck_referral_programmes_step2"),
        ),
        sa.CheckConstraint(
            "step1_kind IN ('discount', 'cash') AND step2_kind IN ('discount', 'cash')",
            name=op.f("ck_referral_programmes_kinds"),
        ),
        sa.CheckConstraint(
            "spent_minor >= 0 AND spent_minor <= budget_minor", name=op.f("ck_referral_programmes_budget")
        ),
        sa.CheckConstraint(
            "window_days BETWEEN 1 AND 365 AND hold_days BETWEEN 0 AND 365 AND near_most > 0 AND coupon_days > 0 AND most_per_month > 0 AND most_in_all > 0 AND budget_minor > 0 AND least_payout_minor > 0",
            name=op.f("ck_referral_programmes_limits"),
        ),
        sa.ForeignKeyConstraint(
            ["coupon2_id"], ["promotions.id"], name=op.f("fk_referral_programmes_coupon2_id")
        ),
        sa.ForeignKeyConstraint(
            ["coupon_id"], ["promotions.id"], name=op.f("fk_referral_programmes_coupon_id")
        ),
        sa.ForeignKeyConstraint(
            ["promotion_id"], ["promotions.id"], name=op.f("fk_referral_programmes_promotion_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_referral_programmes_shop_id")),
        sa.PrimaryKeyConstraint("promotion_id", name=op.f("pk_referral_programmes")),
    )
    op.create_index("ix_referral_programmes_shop_id", "referral_programmes", ["shop_id"], unique=False)
    op.create_table(
        "referral_clicks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("promoter_id", sa.BigInteger(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["promoter_id"], ["promoters.id"], name=op.f("fk_referral_clicks_promoter_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_referral_clicks_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_clicks")),
    )
    op.create_index(
        "ix_referral_clicks_promoter_id", "referral_clicks", ["promoter_id", "created_at"], unique=False
    )
    op.create_table(
        "referral_counts",
        sa.Column("promotion_id", sa.BigInteger(), nullable=False),
        sa.Column("promoter_id", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("rewards", sa.BigInteger(), nullable=False),
        sa.Column("most", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("rewards >= 0 AND rewards <= most", name=op.f("ck_referral_counts_most")),
        sa.ForeignKeyConstraint(
            ["promoter_id"], ["promoters.id"], name=op.f("fk_referral_counts_promoter_id")
        ),
        sa.ForeignKeyConstraint(
            ["promotion_id"], ["promotions.id"], name=op.f("fk_referral_counts_promotion_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_referral_counts_shop_id")),
        sa.PrimaryKeyConstraint("promotion_id", "promoter_id", "month", name=op.f("pk_referral_counts")),
    )
    op.create_table(
        "promoter_payouts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("promoter_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("details", sa.LargeBinary(), nullable=False),
        sa.Column("master_key_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="requested", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("exported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("exported_by", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('requested', 'exported', 'paid', 'failed')", name=op.f("ck_promoter_payouts_state")
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_promoter_payouts_amount")),
        sa.ForeignKeyConstraint(["ended_by"], ["users.id"], name=op.f("fk_promoter_payouts_ended_by")),
        sa.ForeignKeyConstraint(["exported_by"], ["users.id"], name=op.f("fk_promoter_payouts_exported_by")),
        sa.ForeignKeyConstraint(
            ["promoter_id"], ["promoters.id"], name=op.f("fk_promoter_payouts_promoter_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_promoter_payouts_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promoter_payouts")),
    )
    op.create_index("ix_promoter_payouts_state", "promoter_payouts", ["state", "id"], unique=False)
    op.create_index(
        "uq_promoter_payouts_open",
        "promoter_payouts",
        ["promoter_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('requested', 'exported')"),
    )
    op.create_table(
        "referral_rewards",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("promotion_id", sa.BigInteger(), nullable=False),
        sa.Column("promoter_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("funder", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("granted_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("withheld_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("because", sa.Text(), server_default="", nullable=False),
        sa.Column("use_id", sa.BigInteger(), nullable=True),
        sa.Column("payout_id", sa.BigInteger(), nullable=True),
        sa.Column("month", sa.Date(), nullable=True),
        sa.Column("dirty", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("matures_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("matured_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(state IN ('refused', 'lapsed')) <= (reason <> '')", name=op.f("ck_referral_rewards_reason")
        ),
        sa.CheckConstraint("kind IN ('discount', 'cash')", name=op.f("ck_referral_rewards_kind")),
        sa.CheckConstraint(
            "state IN ('waiting', 'held', 'available', 'given', 'paid', 'refused', 'taken_back', 'lapsed')",
            name=op.f("ck_referral_rewards_state"),
        ),
        sa.CheckConstraint(
            "amount_minor BETWEEN 0 AND granted_minor AND withheld_minor BETWEEN 0 AND amount_minor",
            name=op.f("ck_referral_rewards_amounts"),
        ),
        sa.CheckConstraint("step IN (1, 2)", name=op.f("ck_referral_rewards_step")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_referral_rewards_order_id")),
        sa.ForeignKeyConstraint(
            ["payout_id"], ["promoter_payouts.id"], name=op.f("fk_referral_rewards_payout_id")
        ),
        sa.ForeignKeyConstraint(
            ["promoter_id"], ["promoters.id"], name=op.f("fk_referral_rewards_promoter_id")
        ),
        sa.ForeignKeyConstraint(
            ["promotion_id"], ["promotions.id"], name=op.f("fk_referral_rewards_promotion_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_referral_rewards_shop_id")),
        sa.ForeignKeyConstraint(["use_id"], ["promotion_uses.id"], name=op.f("fk_referral_rewards_use_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_rewards")),
        sa.UniqueConstraint("order_id", "step", name=op.f("uq_referral_rewards_order_id_step")),
    )
    op.create_index(
        "ix_referral_rewards_dirty",
        "referral_rewards",
        ["id"],
        unique=False,
        postgresql_where=sa.text("dirty"),
    )
    op.create_index(
        "ix_referral_rewards_due",
        "referral_rewards",
        ["matures_at"],
        unique=False,
        postgresql_where=sa.text("state = 'held'"),
    )
    op.create_index(
        "ix_referral_rewards_promoter_id", "referral_rewards", ["promoter_id", "id"], unique=False
    )
    op.create_index(
        "ix_referral_rewards_promotion_id", "referral_rewards", ["promotion_id", "id"], unique=False
    )
    op.create_index("ix_referral_rewards_shop_id", "referral_rewards", ["shop_id", "id"], unique=False)
    op.create_index(
        "ix_referral_rewards_waiting",
        "referral_rewards",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "promoter_moves",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("promoter_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reward_id", sa.BigInteger(), nullable=True),
        sa.Column("payout_id", sa.BigInteger(), nullable=True),
        sa.Column("distributor_id", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind = 'earned' AND amount_minor > 0 AND reward_id IS NOT NULL OR kind = 'taken_back' AND amount_minor < 0 AND reward_id IS NOT NULL OR kind = 'paid' AND amount_minor < 0 AND payout_id IS NOT NULL AND distributor_id IS NULL",
            name=op.f("ck_promoter_moves_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id"], ["distributors.id"], name=op.f("fk_promoter_moves_distributor_id")
        ),
        sa.ForeignKeyConstraint(
            ["payout_id"], ["promoter_payouts.id"], name=op.f("fk_promoter_moves_payout_id")
        ),
        sa.ForeignKeyConstraint(
            ["promoter_id"], ["promoters.id"], name=op.f("fk_promoter_moves_promoter_id")
        ),
        sa.ForeignKeyConstraint(
            ["reward_id"], ["referral_rewards.id"], name=op.f("fk_promoter_moves_reward_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_promoter_moves_shop_id")),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["ledger_transactions.id"], name=op.f("fk_promoter_moves_transaction_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promoter_moves")),
        sa.UniqueConstraint("transaction_id", name=op.f("uq_promoter_moves_transaction_id")),
    )
    op.create_index("ix_promoter_moves_promoter_id", "promoter_moves", ["promoter_id", "id"], unique=False)
    op.create_index("ix_promoter_moves_reward_id", "promoter_moves", ["reward_id"], unique=False)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    accounts(ACCOUNTS)
