"""terms and money tables: partnerships, levels, floors, rules of pay, the ledger, payouts"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

CHECKS = (
    ("listings", "status", "status IN ('live', 'paused', 'suspended')"),
    ("refunds", "kind", "kind IN ('refund', 'chargeback')"),
    ("distributors", "upline", "upline_id <> id"),
    ("brands", "joining", "joining IN ('open', 'by_approval')"),
    ("brands", "level_days", "level_window_days BETWEEN 1 AND 366 AND level_grace_days BETWEEN 0 AND 90"),
    (
        "order_lines", "funded",
        ("funded_brand_minor >= 0 AND funded_platform_minor >= 0 AND funded_brand_minor + funded_platform_minor"
        " <= greatest(list_minor - offer_minor, 0) * quantity + discount_minor"),
    ),
)  # fmt: skip
NO_OVERLAP = (
    "ALTER TABLE {table} ADD CONSTRAINT ex_{table}_one_window EXCLUDE USING gist"
    " (int8range(target, target, '[]') WITH &&, tstzrange(starts_at, ends_at) WITH &&)"
)


def upgrade() -> None:
    op.execute("ALTER TABLE listings DROP CONSTRAINT ck_listings_status")
    op.create_table(
        "gateway_report_lines",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("line_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('payment', 'refund', 'chargeback', 'fee', 'payout')",
            name=op.f("ck_gateway_report_lines_kind"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_report_lines")),
        sa.UniqueConstraint("gateway", "line_id", name=op.f("uq_gateway_report_lines_gateway_line_id")),
    )
    op.create_index(
        "ix_gateway_report_lines_external", "gateway_report_lines", ["gateway", "external_id"], unique=False
    )
    op.create_table(
        "ledger_proofs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("upto_entry_id", sa.BigInteger(), nullable=False),
        sa.Column("balances", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("differences", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_proofs")),
    )
    op.create_table(
        "ledger_transactions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("size", sa.SmallInteger(), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=True),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("order_line_id", sa.BigInteger(), nullable=True),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("refund_id", sa.BigInteger(), nullable=True),
        sa.Column("payout_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "reason",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("size >= 2", name=op.f("ck_ledger_transactions_size")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_transactions")),
        sa.UniqueConstraint("key", name=op.f("uq_ledger_transactions_key")),
    )
    op.create_index("ix_ledger_transactions_order_id", "ledger_transactions", ["order_id"], unique=False)
    op.create_index("ix_ledger_transactions_posted_at", "ledger_transactions", ["posted_at"], unique=False)
    op.create_table(
        "sandbox_transfers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sandbox_transfers")),
        sa.UniqueConstraint("external_id", name=op.f("uq_sandbox_transfers_external_id")),
        sa.UniqueConstraint("key", name=op.f("uq_sandbox_transfers_key")),
    )
    op.create_table(
        "bank_batches",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('open', 'exported', 'answered')", name=op.f("ck_bank_batches_state")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_bank_batches_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_batches")),
    )
    op.create_table(
        "fee_rules",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=True),
        sa.Column("brand_id", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("rate_bps", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("fixed_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('platform', 'gateway', 'payout')", name=op.f("ck_fee_rules_kind")),
        sa.CheckConstraint(
            "rate_bps BETWEEN 0 AND 10000 AND fixed_minor >= 0", name=op.f("ck_fee_rules_rate")
        ),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_fee_rules_brand_id")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_fee_rules_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fee_rules")),
        sa.UniqueConstraint(
            "kind",
            "gateway",
            "brand_id",
            "currency",
            "starts_at",
            name=op.f("uq_fee_rules_kind_gateway_brand_id_currency_starts_at"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "ledger_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=True),
        sa.Column("distributor_id", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(account LIKE 'brand%') = (brand_id IS NOT NULL) AND (account LIKE 'distributor%') = (distributor_id IS NOT NULL)",
            name=op.f("ck_ledger_entries_owner"),
        ),
        sa.CheckConstraint(
            "account IN ('gateway_clearing', 'bank_clearing', 'buyer_liability', 'brand_held', 'brand_available', 'brand_in_transit', 'distributor_held', 'distributor_available', 'distributor_in_transit', 'platform_revenue', 'gateway_fees', 'payout_fees', 'promotion_cost', 'chargebacks', 'rounding')",
            name=op.f("ck_ledger_entries_account"),
        ),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_ledger_entries_amount")),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["ledger_transactions.id"], name=op.f("fk_ledger_entries_transaction_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entries")),
        sa.UniqueConstraint(
            "transaction_id", "position", name=op.f("uq_ledger_entries_transaction_id_position")
        ),
    )
    op.create_index(
        "ix_ledger_entries_brand",
        "ledger_entries",
        ["brand_id", "currency", "account", "occurred_at"],
        unique=False,
        postgresql_include=["amount_minor"],
        postgresql_where=sa.text("brand_id IS NOT NULL"),
    )
    op.create_index(
        "ix_ledger_entries_distributor",
        "ledger_entries",
        ["distributor_id", "currency", "account", "occurred_at"],
        unique=False,
        postgresql_include=["amount_minor"],
        postgresql_where=sa.text("distributor_id IS NOT NULL"),
    )
    op.create_table(
        "levels",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), server_default="", nullable=False),
        sa.Column("threshold_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("hold_days", sa.BigInteger(), server_default=sa.text("7"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("hold_days BETWEEN 0 AND 180", name=op.f("ck_levels_hold_days")),
        sa.CheckConstraint(
            "rank >= 0 AND (rank > 0) = (threshold_minor > 0)", name=op.f("ck_levels_threshold")
        ),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_levels_brand_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_levels")),
        sa.UniqueConstraint("brand_id", "rank", name=op.f("uq_levels_brand_id_rank")),
        sa.UniqueConstraint("id", "brand_id", name=op.f("uq_levels_id_brand_id")),
    )
    op.create_table(
        "payout_accounts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=True),
        sa.Column("distributor_id", sa.BigInteger(), nullable=True),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("details", sa.LargeBinary(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("contact_email", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'unverified'"), nullable=False),
        sa.Column("cooling_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verified_by", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("method IN ('stripe', 'bank', 'sandbox')", name=op.f("ck_payout_accounts_method")),
        sa.CheckConstraint(
            "status IN ('unverified', 'verified', 'refused', 'replaced')",
            name=op.f("ck_payout_accounts_status"),
        ),
        sa.CheckConstraint(
            "(brand_id IS NULL) <> (distributor_id IS NULL)", name=op.f("ck_payout_accounts_owner")
        ),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_payout_accounts_brand_id")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_payout_accounts_created_by")),
        sa.ForeignKeyConstraint(
            ["distributor_id"], ["distributors.id"], name=op.f("fk_payout_accounts_distributor_id")
        ),
        sa.ForeignKeyConstraint(["verified_by"], ["users.id"], name=op.f("fk_payout_accounts_verified_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_accounts")),
    )
    op.create_index(
        "uq_payout_accounts_current",
        "payout_accounts",
        ["brand_id", "distributor_id", "currency"],
        unique=True,
        postgresql_where=sa.text("status <> 'replaced'"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "payout_plans",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=True),
        sa.Column("distributor_id", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("every", sa.Text(), server_default=sa.text("'weekly'"), nullable=False),
        sa.Column("day", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("minimum_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("on_hold", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("hold_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("every IN ('daily', 'weekly', 'monthly')", name=op.f("ck_payout_plans_every")),
        sa.CheckConstraint(
            "(brand_id IS NULL) <> (distributor_id IS NULL)", name=op.f("ck_payout_plans_owner")
        ),
        sa.CheckConstraint(
            "minimum_minor >= 0 AND day BETWEEN 1 AND 28", name=op.f("ck_payout_plans_amounts")
        ),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_payout_plans_brand_id")),
        sa.ForeignKeyConstraint(
            ["distributor_id"], ["distributors.id"], name=op.f("fk_payout_plans_distributor_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_plans")),
        sa.UniqueConstraint(
            "brand_id",
            "distributor_id",
            "currency",
            name=op.f("uq_payout_plans_brand_id_distributor_id_currency"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "volumes",
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("distributor_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("volume_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_volumes_brand_id")),
        sa.ForeignKeyConstraint(
            ["distributor_id"], ["distributors.id"], name=op.f("fk_volumes_distributor_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", "distributor_id", "currency", "month", name=op.f("pk_volumes")),
    )
    op.create_table(
        "invites",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=True),
        sa.Column("distributor_id", sa.BigInteger(), nullable=True),
        sa.Column("level_id", sa.BigInteger(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("most", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("used", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(brand_id IS NULL) <> (distributor_id IS NULL)", name=op.f("ck_invites_owner")),
        sa.CheckConstraint("most > 0 AND used BETWEEN 0 AND most", name=op.f("ck_invites_used")),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_invites_brand_id")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_invites_created_by")),
        sa.ForeignKeyConstraint(
            ["distributor_id"], ["distributors.id"], name=op.f("fk_invites_distributor_id")
        ),
        sa.ForeignKeyConstraint(["level_id"], ["levels.id"], name=op.f("fk_invites_level_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invites")),
        sa.UniqueConstraint("digest", name=op.f("uq_invites_digest")),
    )
    op.create_table(
        "partnerships",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("distributor_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'applied'"), nullable=False),
        sa.Column("level_id", sa.BigInteger(), nullable=True),
        sa.Column("level_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("level_pinned", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("grace_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("message", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "status <> 'approved' OR level_id IS NOT NULL", name=op.f("ck_partnerships_level_of_approved")
        ),
        sa.CheckConstraint(
            "status IN ('applied', 'approved', 'declined', 'suspended')", name=op.f("ck_partnerships_status")
        ),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_partnerships_brand_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_partnerships_decided_by")),
        sa.ForeignKeyConstraint(
            ["distributor_id"], ["distributors.id"], name=op.f("fk_partnerships_distributor_id")
        ),
        sa.ForeignKeyConstraint(["level_id"], ["levels.id"], name=op.f("fk_partnerships_level_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partnerships")),
        sa.UniqueConstraint(
            "brand_id", "distributor_id", name=op.f("uq_partnerships_brand_id_distributor_id")
        ),
    )
    op.create_index("ix_partnerships_distributor_id", "partnerships", ["distributor_id"], unique=False)
    op.create_table(
        "payouts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=True),
        sa.Column("distributor_id", sa.BigInteger(), nullable=True),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'planned'"), nullable=False),
        sa.Column("needs_review", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("needs_second", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("approved_by", sa.BigInteger(), nullable=True),
        sa.Column("second_by", sa.BigInteger(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('planned', 'reserved', 'sent', 'paid', 'failed', 'returned', 'cancelled')",
            name=op.f("ck_payouts_state"),
        ),
        sa.CheckConstraint("(brand_id IS NULL) <> (distributor_id IS NULL)", name=op.f("ck_payouts_owner")),
        sa.CheckConstraint(
            "amount_minor > 0 AND fee_minor >= 0 AND net_minor = amount_minor - fee_minor AND net_minor > 0",
            name=op.f("ck_payouts_amounts"),
        ),
        sa.CheckConstraint(
            "approved_by IS NULL OR approved_by <> second_by", name=op.f("ck_payouts_two_people")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["payout_accounts.id"], name=op.f("fk_payouts_account_id")),
        sa.ForeignKeyConstraint(["approved_by"], ["users.id"], name=op.f("fk_payouts_approved_by")),
        sa.ForeignKeyConstraint(["batch_id"], ["bank_batches.id"], name=op.f("fk_payouts_batch_id")),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_payouts_brand_id")),
        sa.ForeignKeyConstraint(
            ["distributor_id"], ["distributors.id"], name=op.f("fk_payouts_distributor_id")
        ),
        sa.ForeignKeyConstraint(["second_by"], ["users.id"], name=op.f("fk_payouts_second_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payouts")),
        sa.UniqueConstraint("key", name=op.f("uq_payouts_key")),
    )
    op.create_index("ix_payouts_batch_id", "payouts", ["batch_id"], unique=False)
    op.create_index("ix_payouts_brand_id", "payouts", ["brand_id", "id"], unique=False)
    op.create_index("ix_payouts_distributor_id", "payouts", ["distributor_id", "id"], unique=False)
    op.create_index("ix_payouts_external_id", "payouts", ["external_id"], unique=False)
    op.create_index(
        "ix_payouts_open",
        "payouts",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state IN ('planned', 'reserved', 'sent')"),
    )
    op.create_table(
        "floor_attempts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("distributor_id", sa.BigInteger(), nullable=False),
        sa.Column("sku_id", sa.BigInteger(), nullable=False),
        sa.Column("listing_id", sa.BigInteger(), nullable=True),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("wanted_minor", sa.BigInteger(), nullable=False),
        sa.Column("floor_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column(
            "stack",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("actor_name", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "stage IN ('listing', 'promotion', 'quote', 'order', 'database')",
            name=op.f("ck_floor_attempts_stage"),
        ),
        sa.CheckConstraint("wanted_minor < floor_minor", name=op.f("ck_floor_attempts_below")),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_floor_attempts_brand_id")),
        sa.ForeignKeyConstraint(
            ["distributor_id"], ["distributors.id"], name=op.f("fk_floor_attempts_distributor_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_floor_attempts_shop_id")),
        sa.ForeignKeyConstraint(["sku_id"], ["skus.id"], name=op.f("fk_floor_attempts_sku_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_floor_attempts")),
    )
    op.create_index("ix_floor_attempts_brand_id", "floor_attempts", ["brand_id", "id"], unique=False)
    op.create_index("ix_floor_attempts_shop_id", "floor_attempts", ["shop_id", "id"], unique=False)
    op.create_table(
        "floors",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("sku_id", sa.BigInteger(), nullable=False),
        sa.Column("level_id", sa.BigInteger(), nullable=True),
        sa.Column("distributor_id", sa.BigInteger(), nullable=True),
        sa.Column("promotion", sa.Text(), nullable=True),
        sa.Column("floor_minor", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("overtaken", sa.Text(), server_default=sa.text("'raise'"), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "target",
            sa.BigInteger(),
            sa.Computed(
                "hashtextextended(sku_id || '/' || coalesce(level_id, 0) || '/' || coalesce(distributor_id, 0) || '/' || coalesce(promotion, ''), 0)",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.CheckConstraint("overtaken IN ('raise', 'pause')", name=op.f("ck_floors_overtaken")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_floors_window")),
        sa.CheckConstraint("floor_minor >= 0", name=op.f("ck_floors_floor")),
        sa.CheckConstraint("level_id IS NULL OR distributor_id IS NULL", name=op.f("ck_floors_one_target")),
        sa.CheckConstraint("promotion IS NULL OR ends_at IS NOT NULL", name=op.f("ck_floors_exemption_ends")),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_floors_brand_id")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_floors_created_by")),
        sa.ForeignKeyConstraint(
            ["distributor_id"], ["distributors.id"], name=op.f("fk_floors_distributor_id")
        ),
        sa.ForeignKeyConstraint(["level_id"], ["levels.id"], name=op.f("fk_floors_level_id")),
        sa.ForeignKeyConstraint(["sku_id"], ["skus.id"], name=op.f("fk_floors_sku_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_floors")),
    )
    op.create_index(
        "ix_floors_coming",
        "floors",
        ["starts_at"],
        unique=False,
        postgresql_where=sa.text("applied_at IS NULL"),
    )
    op.create_index("ix_floors_sku_id", "floors", ["sku_id", "starts_at"], unique=False)
    op.create_table(
        "level_moves",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("partnership_id", sa.BigInteger(), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("distributor_id", sa.BigInteger(), nullable=False),
        sa.Column("from_level_id", sa.BigInteger(), nullable=True),
        sa.Column("to_level_id", sa.BigInteger(), nullable=False),
        sa.Column("moved_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("volume_minor", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("moved_by IN ('rule', 'hand', 'approval')", name=op.f("ck_level_moves_moved_by")),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_level_moves_brand_id")),
        sa.ForeignKeyConstraint(
            ["distributor_id"], ["distributors.id"], name=op.f("fk_level_moves_distributor_id")
        ),
        sa.ForeignKeyConstraint(["from_level_id"], ["levels.id"], name=op.f("fk_level_moves_from_level_id")),
        sa.ForeignKeyConstraint(
            ["partnership_id"], ["partnerships.id"], name=op.f("fk_level_moves_partnership_id")
        ),
        sa.ForeignKeyConstraint(["to_level_id"], ["levels.id"], name=op.f("fk_level_moves_to_level_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_level_moves")),
    )
    op.create_index("ix_level_moves_partnership_id", "level_moves", ["partnership_id", "id"], unique=False)
    op.create_table(
        "listing_prices",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("sku_id", sa.BigInteger(), nullable=False),
        sa.Column("listing_id", sa.BigInteger(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("floor_minor", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_listing_prices_brand_id")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_listing_prices_shop_id")),
        sa.ForeignKeyConstraint(["sku_id"], ["skus.id"], name=op.f("fk_listing_prices_sku_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listing_prices")),
    )
    op.create_index(
        "ix_listing_prices_brand_sku", "listing_prices", ["brand_id", "sku_id", "id"], unique=False
    )
    op.create_index("ix_listing_prices_listing_id", "listing_prices", ["listing_id", "id"], unique=False)
    op.create_table(
        "partnership_papers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("partnership_id", sa.BigInteger(), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("distributor_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "octet_length(content) BETWEEN 1 AND 5242880", name=op.f("ck_partnership_papers_size")
        ),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_partnership_papers_brand_id")),
        sa.ForeignKeyConstraint(
            ["distributor_id"], ["distributors.id"], name=op.f("fk_partnership_papers_distributor_id")
        ),
        sa.ForeignKeyConstraint(
            ["partnership_id"], ["partnerships.id"], name=op.f("fk_partnership_papers_partnership_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partnership_papers")),
    )
    op.create_index(
        "ix_partnership_papers_partnership_id", "partnership_papers", ["partnership_id"], unique=False
    )
    op.create_table(
        "payout_steps",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("payout_id", sa.BigInteger(), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=True),
        sa.Column("distributor_id", sa.BigInteger(), nullable=True),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column(
            "data",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("actor_name", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["payout_id"], ["payouts.id"], name=op.f("fk_payout_steps_payout_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_steps")),
    )
    op.create_index("ix_payout_steps_payout_id", "payout_steps", ["payout_id", "id"], unique=False)
    op.create_table(
        "rate_rules",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        sa.Column("sku_id", sa.BigInteger(), nullable=True),
        sa.Column("level_id", sa.BigInteger(), nullable=True),
        sa.Column("distributor_id", sa.BigInteger(), nullable=True),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "target",
            sa.BigInteger(),
            sa.Computed(
                "hashtextextended(CASE kind WHEN 'margin' THEN 'base' WHEN 'commission' THEN 'base' ELSE kind END || '/' || brand_id || '/' || coalesce(product_id, 0) || '/' || coalesce(sku_id, 0) || '/' || coalesce(level_id, 0) || '/' || coalesce(distributor_id, 0), 0)",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.CheckConstraint("kind <> 'boost' OR ends_at IS NOT NULL", name=op.f("ck_rate_rules_boost_ends")),
        sa.CheckConstraint(
            "kind <> 'margin' OR sku_id IS NOT NULL", name=op.f("ck_rate_rules_margin_of_sku")
        ),
        sa.CheckConstraint(
            "kind IN ('margin', 'commission', 'boost', 'override')", name=op.f("ck_rate_rules_kind")
        ),
        sa.CheckConstraint("ends_at >= starts_at", name=op.f("ck_rate_rules_window")),
        sa.CheckConstraint(
            "level_id IS NULL OR distributor_id IS NULL", name=op.f("ck_rate_rules_one_party")
        ),
        sa.CheckConstraint("product_id IS NULL OR sku_id IS NULL", name=op.f("ck_rate_rules_one_good")),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_rate_rules_brand_id")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_rate_rules_created_by")),
        sa.ForeignKeyConstraint(
            ["distributor_id"], ["distributors.id"], name=op.f("fk_rate_rules_distributor_id")
        ),
        sa.ForeignKeyConstraint(["level_id"], ["levels.id"], name=op.f("fk_rate_rules_level_id")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_rate_rules_product_id")),
        sa.ForeignKeyConstraint(["sku_id"], ["skus.id"], name=op.f("fk_rate_rules_sku_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rate_rules")),
        sa.UniqueConstraint("series", "version", name=op.f("uq_rate_rules_series_version")),
    )
    op.create_index("ix_rate_rules_brand_id", "rate_rules", ["brand_id", "starts_at"], unique=False)
    op.create_table(
        "earnings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=True),
        sa.Column("distributor_id", sa.BigInteger(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("seller_id", sa.BigInteger(), nullable=False),
        sa.Column("of_brand_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("order_line_id", sa.BigInteger(), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("sku_id", sa.BigInteger(), nullable=False),
        sa.Column("product_name", sa.Text(), nullable=False),
        sa.Column("sku_name", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("taken_back_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("level", sa.Text(), server_default="", nullable=False),
        sa.Column("why", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("earned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("matures_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("matured_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(role = 'supplier') = (brand_id IS NOT NULL)", name=op.f("ck_earnings_owner_by_role")
        ),
        sa.CheckConstraint(
            "role IN ('supplier', 'seller', 'upline1', 'upline2')", name=op.f("ck_earnings_role")
        ),
        sa.CheckConstraint("(brand_id IS NULL) <> (distributor_id IS NULL)", name=op.f("ck_earnings_owner")),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_earnings_brand_id")),
        sa.ForeignKeyConstraint(
            ["distributor_id"], ["distributors.id"], name=op.f("fk_earnings_distributor_id")
        ),
        sa.ForeignKeyConstraint(
            ["matured_by"], ["ledger_transactions.id"], name=op.f("fk_earnings_matured_by")
        ),
        sa.ForeignKeyConstraint(["of_brand_id"], ["brands.id"], name=op.f("fk_earnings_of_brand_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_earnings_order_id")),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_lines.id"], name=op.f("fk_earnings_order_line_id")
        ),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_earnings_product_id")),
        sa.ForeignKeyConstraint(["seller_id"], ["distributors.id"], name=op.f("fk_earnings_seller_id")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_earnings_shop_id")),
        sa.ForeignKeyConstraint(["sku_id"], ["skus.id"], name=op.f("fk_earnings_sku_id")),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["ledger_transactions.id"], name=op.f("fk_earnings_transaction_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_earnings")),
        sa.UniqueConstraint("order_line_id", "role", name=op.f("uq_earnings_order_line_id_role")),
    )
    op.create_index(
        "ix_earnings_brand_id",
        "earnings",
        ["brand_id", "earned_at"],
        unique=False,
        postgresql_where=sa.text("brand_id IS NOT NULL"),
    )
    op.create_index(
        "ix_earnings_distributor_id",
        "earnings",
        ["distributor_id", "earned_at"],
        unique=False,
        postgresql_where=sa.text("distributor_id IS NOT NULL"),
    )
    op.create_index(
        "ix_earnings_due",
        "earnings",
        ["matures_at"],
        unique=False,
        postgresql_where=sa.text("matured_by IS NULL"),
    )
    op.create_index("ix_earnings_matured_by", "earnings", ["matured_by"], unique=False)
    op.create_index("ix_earnings_transaction_id", "earnings", ["transaction_id"], unique=False)
    op.create_table(
        "settlements",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("distributor_id", sa.BigInteger(), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("order_line_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("base_minor", sa.BigInteger(), nullable=False),
        sa.Column("returned_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("counted", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("parts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("returned_minor BETWEEN 0 AND net_minor", name=op.f("ck_settlements_returned")),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_settlements_brand_id")),
        sa.ForeignKeyConstraint(
            ["distributor_id"], ["distributors.id"], name=op.f("fk_settlements_distributor_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_settlements_order_id")),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_lines.id"], name=op.f("fk_settlements_order_line_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_settlements_shop_id")),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["ledger_transactions.id"], name=op.f("fk_settlements_transaction_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlements")),
        sa.UniqueConstraint("order_line_id", name=op.f("uq_settlements_order_line_id")),
    )
    op.create_index("ix_settlements_order_id", "settlements", ["order_id"], unique=False)
    op.create_table(
        "earning_returns",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("earning_id", sa.BigInteger(), nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=True),
        sa.Column("distributor_id", sa.BigInteger(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("why", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["earning_id"], ["earnings.id"], name=op.f("fk_earning_returns_earning_id")),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["ledger_transactions.id"], name=op.f("fk_earning_returns_transaction_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_earning_returns")),
        sa.UniqueConstraint(
            "transaction_id", "earning_id", name=op.f("uq_earning_returns_transaction_id_earning_id")
        ),
    )
    op.create_index("ix_earning_returns_earning_id", "earning_returns", ["earning_id"], unique=False)
    op.add_column("audit_entries", sa.Column("distributor_id", sa.BigInteger(), nullable=True))
    op.add_column(
        "brands", sa.Column("joining", sa.Text(), server_default=sa.text("'by_approval'"), nullable=False)
    )
    op.add_column(
        "brands",
        sa.Column("level_window_days", sa.BigInteger(), server_default=sa.text("90"), nullable=False),
    )
    op.add_column(
        "brands", sa.Column("level_grace_days", sa.BigInteger(), server_default=sa.text("14"), nullable=False)
    )
    op.add_column("brands", sa.Column("level_currency", sa.Text(), server_default="CNY", nullable=False))
    op.add_column("distributors", sa.Column("upline_id", sa.BigInteger(), nullable=True))
    op.create_index("ix_distributors_upline_id", "distributors", ["upline_id"], unique=False)
    op.create_foreign_key(
        op.f("fk_distributors_upline_id"), "distributors", "distributors", ["upline_id"], ["id"]
    )
    op.add_column("mails", sa.Column("brand_id", sa.BigInteger(), nullable=True))
    op.add_column("mails", sa.Column("distributor_id", sa.BigInteger(), nullable=True))
    op.add_column("order_lines", sa.Column("floor_promotion", sa.Text(), nullable=True))
    op.add_column(
        "order_lines",
        sa.Column("funded_brand_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column(
        "order_lines",
        sa.Column("funded_platform_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column(
        "order_lines", sa.Column("settled", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.create_index(
        "ix_order_lines_unsettled",
        "order_lines",
        ["order_id"],
        unique=False,
        postgresql_where=sa.text("state = 'delivered' AND NOT settled"),
    )
    op.add_column("orders", sa.Column("payment_id", sa.BigInteger(), nullable=True))
    op.add_column(
        "orders",
        sa.Column("quoted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    op.add_column("outbox", sa.Column("distributor_id", sa.BigInteger(), nullable=True))
    op.add_column("refunds", sa.Column("kind", sa.Text(), server_default=sa.text("'refund'"), nullable=False))
    for table, name, test in CHECKS:
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_{name} CHECK ({test})")
    for table in ("floors", "rate_rules"):
        op.execute(NO_OVERLAP.format(table=table))
    _carry_over()


def _carry_over() -> None:
    """What is sold today goes on: every brand has a first level, every shop's brands are its distributor's partners."""
    op.execute(
        "INSERT INTO levels (brand_id, rank, name, name_en) SELECT id, 0, '标准', 'Standard' FROM brands"
    )
    op.execute(
        "INSERT INTO partnerships (brand_id, distributor_id, status, level_id, level_since, decided_at)"
        " SELECT DISTINCT k.brand_id, s.distributor_id, 'approved', l.id, now(), now() FROM listings g"
        " JOIN shops s ON s.id = g.shop_id JOIN skus k ON k.id = g.sku_id JOIN levels l ON l.brand_id = k.brand_id"
    )
    op.execute(
        "INSERT INTO floors (brand_id, sku_id, floor_minor, starts_at, applied_at, told_at)"
        " SELECT brand_id, id, floor_minor, created_at, created_at, created_at FROM skus"
    )
    op.execute("UPDATE orders SET quoted_at = created_at")
    op.execute(
        "UPDATE orders o SET payment_id = (SELECT min(p.id) FROM payments p WHERE p.order_id = o.id AND p.state = 'received'"
        " AND p.received_minor = o.total_minor) WHERE o.paid_at IS NOT NULL"
    )
    op.execute("ALTER TABLE distributors DROP COLUMN level")


def downgrade() -> None:
    op.execute("ALTER TABLE distributors ADD COLUMN level text NOT NULL DEFAULT 'standard'")
    op.execute("UPDATE listings SET status = 'paused' WHERE status = 'suspended'")
    for table, name, _test in CHECKS:
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{name}")
    op.execute("ALTER TABLE listings ADD CONSTRAINT ck_listings_status CHECK (status IN ('live', 'paused'))")
    op.drop_column("refunds", "kind")
    op.drop_column("outbox", "distributor_id")
    op.drop_column("orders", "quoted_at")
    op.drop_column("orders", "payment_id")
    op.drop_index(
        "ix_order_lines_unsettled",
        table_name="order_lines",
        postgresql_where=sa.text("state = 'delivered' AND NOT settled"),
    )
    op.drop_column("order_lines", "settled")
    op.drop_column("order_lines", "funded_platform_minor")
    op.drop_column("order_lines", "funded_brand_minor")
    op.drop_column("order_lines", "floor_promotion")
    op.drop_column("mails", "distributor_id")
    op.drop_column("mails", "brand_id")
    op.drop_constraint(op.f("fk_distributors_upline_id"), "distributors", type_="foreignkey")
    op.drop_index("ix_distributors_upline_id", table_name="distributors")
    op.drop_column("distributors", "upline_id")
    op.drop_column("brands", "level_currency")
    op.drop_column("brands", "level_grace_days")
    op.drop_column("brands", "level_window_days")
    op.drop_column("brands", "joining")
    op.drop_column("audit_entries", "distributor_id")
    op.drop_index("ix_earning_returns_earning_id", table_name="earning_returns")
    op.drop_table("earning_returns")
    op.drop_index("ix_settlements_order_id", table_name="settlements")
    op.drop_table("settlements")
    op.drop_index("ix_earnings_transaction_id", table_name="earnings")
    op.drop_index("ix_earnings_matured_by", table_name="earnings")
    op.drop_index("ix_earnings_due", table_name="earnings", postgresql_where=sa.text("matured_by IS NULL"))
    op.drop_index(
        "ix_earnings_distributor_id",
        table_name="earnings",
        postgresql_where=sa.text("distributor_id IS NOT NULL"),
    )
    op.drop_index(
        "ix_earnings_brand_id", table_name="earnings", postgresql_where=sa.text("brand_id IS NOT NULL")
    )
    op.drop_table("earnings")
    op.drop_index("ix_rate_rules_brand_id", table_name="rate_rules")
    op.drop_table("rate_rules")
    op.drop_index("ix_payout_steps_payout_id", table_name="payout_steps")
    op.drop_table("payout_steps")
    op.drop_index("ix_partnership_papers_partnership_id", table_name="partnership_papers")
    op.drop_table("partnership_papers")
    op.drop_index("ix_listing_prices_listing_id", table_name="listing_prices")
    op.drop_index("ix_listing_prices_brand_sku", table_name="listing_prices")
    op.drop_table("listing_prices")
    op.drop_index("ix_level_moves_partnership_id", table_name="level_moves")
    op.drop_table("level_moves")
    op.drop_index("ix_floors_sku_id", table_name="floors")
    op.drop_index("ix_floors_coming", table_name="floors", postgresql_where=sa.text("applied_at IS NULL"))
    op.drop_table("floors")
    op.drop_index("ix_floor_attempts_shop_id", table_name="floor_attempts")
    op.drop_index("ix_floor_attempts_brand_id", table_name="floor_attempts")
    op.drop_table("floor_attempts")
    op.drop_index(
        "ix_payouts_open",
        table_name="payouts",
        postgresql_where=sa.text("state IN ('planned', 'reserved', 'sent')"),
    )
    op.drop_index("ix_payouts_external_id", table_name="payouts")
    op.drop_index("ix_payouts_distributor_id", table_name="payouts")
    op.drop_index("ix_payouts_brand_id", table_name="payouts")
    op.drop_index("ix_payouts_batch_id", table_name="payouts")
    op.drop_table("payouts")
    op.drop_index("ix_partnerships_distributor_id", table_name="partnerships")
    op.drop_table("partnerships")
    op.drop_table("invites")
    op.drop_table("volumes")
    op.drop_table("payout_plans")
    op.drop_index(
        "uq_payout_accounts_current",
        table_name="payout_accounts",
        postgresql_where=sa.text("status <> 'replaced'"),
        postgresql_nulls_not_distinct=True,
    )
    op.drop_table("payout_accounts")
    op.drop_table("levels")
    op.drop_index(
        "ix_ledger_entries_distributor",
        table_name="ledger_entries",
        postgresql_include=["amount_minor"],
        postgresql_where=sa.text("distributor_id IS NOT NULL"),
    )
    op.drop_index(
        "ix_ledger_entries_brand",
        table_name="ledger_entries",
        postgresql_include=["amount_minor"],
        postgresql_where=sa.text("brand_id IS NOT NULL"),
    )
    op.drop_table("ledger_entries")
    op.drop_table("fee_rules")
    op.drop_table("bank_batches")
    op.drop_table("sandbox_transfers")
    op.drop_index("ix_ledger_transactions_posted_at", table_name="ledger_transactions")
    op.drop_index("ix_ledger_transactions_order_id", table_name="ledger_transactions")
    op.drop_table("ledger_transactions")
    op.drop_table("ledger_proofs")
    op.drop_index("ix_gateway_report_lines_external", table_name="gateway_report_lines")
    op.drop_table("gateway_report_lines")
