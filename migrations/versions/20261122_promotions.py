"""promotions: what is offered, what was taken of its limits, and what it did to each order line"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0100"
down_revision = "0093"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.create_table(
        "promotions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=True),
        sa.Column("brand_id", sa.BigInteger(), nullable=True),
        sa.Column("shop_ids", sa.ARRAY(sa.BigInteger()), nullable=True),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), server_default="", nullable=False),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        sa.Column("words_en", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("target_of", sa.Text(), server_default="all", nullable=False),
        sa.Column("target_ids", sa.ARRAY(sa.BigInteger()), server_default="{}", nullable=False),
        sa.Column("combines", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column("funder", sa.Text(), nullable=False),
        sa.Column("automatic", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("claim", sa.Text(), server_default="none", nullable=False),
        sa.Column("claim_days", sa.BigInteger(), nullable=True),
        sa.Column("audience", sa.Text(), server_default="all", nullable=False),
        sa.Column("total_limit", sa.BigInteger(), nullable=True),
        sa.Column("limit_of", sa.Text(), server_default="orders", nullable=False),
        sa.Column("per_buyer", sa.BigInteger(), nullable=True),
        sa.Column("per_day", sa.BigInteger(), nullable=True),
        sa.Column("budget_minor", sa.BigInteger(), nullable=True),
        sa.Column("returns", sa.Text(), server_default="unpaid", nullable=False),
        sa.Column("holdout_bps", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.Text(), server_default="draft", nullable=False),
        sa.Column("template", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "settings",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "counted",
            sa.Boolean(),
            sa.Computed(
                "NOT automatic OR audience <> 'all' OR total_limit IS NOT NULL OR per_buyer IS NOT NULL OR per_day IS NOT NULL OR budget_minor IS NOT NULL",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(owner = 'shop' AND shop_id IS NOT NULL AND brand_id IS NULL AND funder = 'distributor') OR (owner = 'brand' AND brand_id IS NOT NULL AND shop_id IS NULL AND funder = 'brand') OR (owner = 'platform' AND shop_id IS NULL AND brand_id IS NULL AND funder = 'platform')",
            name=op.f("ck_promotions_owner"),
        ),
        sa.CheckConstraint(
            "audience IN ('all', 'first_order', 'chosen')", name=op.f("ck_promotions_audience")
        ),
        sa.CheckConstraint("claim IN ('none', 'page', 'link')", name=op.f("ck_promotions_claim")),
        sa.CheckConstraint(
            "kind IN ('flash_price', 'group_price', 'timed_price', 'bundle_price', 'quantity_tiers', 'threshold_coupon', 'fixed_coupon', 'percentage_coupon', 'referral')",
            name=op.f("ck_promotions_kind"),
        ),
        sa.CheckConstraint("limit_of IN ('orders', 'units')", name=op.f("ck_promotions_limit_of")),
        sa.CheckConstraint("returns IN ('never', 'unpaid', 'refunded')", name=op.f("ck_promotions_returns")),
        sa.CheckConstraint(
            "status IN ('draft', 'live', 'paused', 'ended')", name=op.f("ck_promotions_status")
        ),
        sa.CheckConstraint(
            "target_of IN ('all', 'category', 'product', 'sku') AND (target_of = 'all') = (target_ids = '{}')",
            name=op.f("ck_promotions_target"),
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_promotions_window")),
        sa.CheckConstraint(
            "total_limit > 0 AND per_buyer > 0 AND per_day > 0 AND budget_minor > 0 AND claim_days > 0 AND holdout_bps BETWEEN 0 AND 9000",
            name=op.f("ck_promotions_limits"),
        ),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_promotions_brand_id")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_promotions_created_by")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_promotions_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotions")),
        sa.UniqueConstraint("key", name=op.f("uq_promotions_key")),
    )
    op.create_index("ix_promotions_brand", "promotions", ["brand_id", "status"], unique=False)
    op.create_index("ix_promotions_shop", "promotions", ["shop_id", "status"], unique=False)
    op.create_index(
        "uq_promotions_code",
        "promotions",
        [sa.literal_column("coalesce(shop_id, 0)"), "code"],
        unique=True,
        postgresql_where=sa.text("code IS NOT NULL AND status <> 'ended'"),
    )
    op.create_table(
        "coupon_batches",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("promotion_id", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("prefix", sa.Text(), server_default="", nullable=False),
        sa.Column("seed", sa.LargeBinary(), nullable=True),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("exported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("size BETWEEN 1 AND 100000", name=op.f("ck_coupon_batches_size")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_coupon_batches_created_by")),
        sa.ForeignKeyConstraint(
            ["promotion_id"], ["promotions.id"], name=op.f("fk_coupon_batches_promotion_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon_batches")),
    )
    op.create_index("ix_coupon_batches_promotion_id", "coupon_batches", ["promotion_id"], unique=False)
    op.create_table(
        "holdouts",
        sa.Column("promotion_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("held_out", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["promotion_id"], ["promotions.id"], name=op.f("fk_holdouts_promotion_id")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_holdouts_shop_id")),
        sa.PrimaryKeyConstraint("promotion_id", "key", name=op.f("pk_holdouts")),
    )
    op.create_table(
        "promotion_buyers",
        sa.Column("promotion_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["promotion_id"], ["promotions.id"], name=op.f("fk_promotion_buyers_promotion_id")
        ),
        sa.PrimaryKeyConstraint("promotion_id", "key", name=op.f("pk_promotion_buyers")),
    )
    op.create_table(
        "promotion_slots",
        sa.Column("promotion_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("slot", sa.SmallInteger(), nullable=False),
        sa.Column("uses_left", sa.BigInteger(), nullable=True),
        sa.Column("minor_left", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("uses_left >= 0 AND minor_left >= 0", name=op.f("ck_promotion_slots_left")),
        sa.ForeignKeyConstraint(
            ["promotion_id"], ["promotions.id"], name=op.f("fk_promotion_slots_promotion_id")
        ),
        sa.PrimaryKeyConstraint("promotion_id", "day", "slot", name=op.f("pk_promotion_slots")),
    )
    op.create_table(
        "promotion_switches",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=True),
        sa.Column("shop_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("promotion_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IS NOT NULL OR promotion_id IS NOT NULL OR shop_id IS NOT NULL",
            name=op.f("ck_promotion_switches_names_one"),
        ),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_promotion_switches_brand_id")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_promotion_switches_created_by")),
        sa.ForeignKeyConstraint(
            ["promotion_id"], ["promotions.id"], name=op.f("fk_promotion_switches_promotion_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_promotion_switches_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion_switches")),
    )
    op.create_index(
        "ix_promotion_switches_on",
        "promotion_switches",
        ["shop_id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "attributions",
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("promotion_id", sa.BigInteger(), nullable=True),
        sa.Column("promoter_id", sa.BigInteger(), nullable=True),
        sa.Column("click_id", sa.BigInteger(), nullable=True),
        sa.Column("held_out", sa.ARRAY(sa.BigInteger()), server_default="{}", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("via IN ('coupon', 'click', 'direct')", name=op.f("ck_attributions_via")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_attributions_order_id")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_attributions_shop_id")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_attributions")),
    )
    op.create_index(
        "ix_attributions_promoter_id",
        "attributions",
        ["promoter_id"],
        unique=False,
        postgresql_where=sa.text("promoter_id IS NOT NULL"),
    )
    op.create_index("ix_attributions_shop_id", "attributions", ["shop_id", "created_at"], unique=False)
    op.create_table(
        "coupon_codes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("promotion_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), server_default="free", nullable=False),
        sa.CheckConstraint("state IN ('free', 'held', 'used', 'void')", name=op.f("ck_coupon_codes_state")),
        sa.ForeignKeyConstraint(["batch_id"], ["coupon_batches.id"], name=op.f("fk_coupon_codes_batch_id")),
        sa.ForeignKeyConstraint(
            ["promotion_id"], ["promotions.id"], name=op.f("fk_coupon_codes_promotion_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon_codes")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_coupon_codes_fingerprint")),
    )
    op.create_index("ix_coupon_codes_batch_id", "coupon_codes", ["batch_id", "state"], unique=False)
    op.create_index("ix_coupon_codes_promotion_id", "coupon_codes", ["promotion_id"], unique=False)
    op.create_table(
        "promotion_uses",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("promotion_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("code_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("units", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "order_id IS NOT NULL OR state IN ('claimed', 'lapsed', 'returned')",
            name=op.f("ck_promotion_uses_order"),
        ),
        sa.CheckConstraint(
            "state IN ('claimed', 'held', 'used', 'returned', 'lapsed')", name=op.f("ck_promotion_uses_state")
        ),
        sa.CheckConstraint("units > 0 AND minor >= 0", name=op.f("ck_promotion_uses_amounts")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_promotion_uses_order_id")),
        sa.ForeignKeyConstraint(
            ["promotion_id"], ["promotions.id"], name=op.f("fk_promotion_uses_promotion_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_promotion_uses_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion_uses")),
    )
    op.create_index(
        "ix_promotion_uses_lapsing",
        "promotion_uses",
        ["until"],
        unique=False,
        postgresql_where=sa.text("state = 'claimed'"),
    )
    op.create_index("ix_promotion_uses_order_id", "promotion_uses", ["order_id"], unique=False)
    op.create_index(
        "ix_promotion_uses_promotion_id", "promotion_uses", ["promotion_id", "state"], unique=False
    )
    op.create_index(
        "uq_promotion_uses_order",
        "promotion_uses",
        ["order_id", "promotion_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('held', 'used')"),
    )
    op.create_table(
        "order_promotions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("order_line_id", sa.BigInteger(), nullable=False),
        sa.Column("promotion_id", sa.BigInteger(), nullable=False),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("funder", sa.Text(), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.Column("wanted_minor", sa.BigInteger(), nullable=False),
        sa.Column("because", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("minor > 0 AND wanted_minor >= minor", name=op.f("ck_order_promotions_amounts")),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_order_promotions_brand_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_promotions_order_id")),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_lines.id"], name=op.f("fk_order_promotions_order_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["promotion_id"], ["promotions.id"], name=op.f("fk_order_promotions_promotion_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_order_promotions_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_promotions")),
        sa.UniqueConstraint(
            "order_line_id", "promotion_id", name=op.f("uq_order_promotions_order_line_id_promotion_id")
        ),
    )
    op.create_index("ix_order_promotions_order_id", "order_promotions", ["order_id"], unique=False)
    op.create_index(
        "ix_order_promotions_promotion_id", "order_promotions", ["promotion_id", "id"], unique=False
    )
    op.create_table(
        "promotion_use_keys",
        sa.Column("use_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("promotion_id", sa.BigInteger(), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["promotion_id"], ["promotions.id"], name=op.f("fk_promotion_use_keys_promotion_id")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_promotion_use_keys_shop_id")),
        sa.ForeignKeyConstraint(["use_id"], ["promotion_uses.id"], name=op.f("fk_promotion_use_keys_use_id")),
        sa.PrimaryKeyConstraint("use_id", "key", name=op.f("pk_promotion_use_keys")),
    )
    op.create_index("ix_promotion_use_keys_key", "promotion_use_keys", ["promotion_id", "key"], unique=False)
    op.add_column(
        "orders", sa.Column("promoted", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("reservations", sa.Column("kind", sa.Text(), server_default="order", nullable=False))
    op.add_column("reservations", sa.Column("parent_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_reservations_parent_id"), "reservations", "reservations", ["parent_id"], ["id"]
    )
    op.create_check_constraint(op.f("ck_reservations_kind"), "reservations", "kind IN ('order', 'set_aside')")
    op.drop_index("ix_reservations_due", "reservations")
    op.create_index(
        "ix_reservations_due", "reservations", ["until"],
        postgresql_where=sa.text("state = 'held' AND kind = 'order'"),
    )  # fmt: skip
    op.create_index(
        "ix_orders_bought_on",
        "orders",
        ["shop_id", "device"],
        postgresql_where=sa.text("paid_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_orders_bought_on", "orders")
    op.drop_index("ix_reservations_due", "reservations")
    op.create_index(
        "ix_reservations_due", "reservations", ["until"], postgresql_where=sa.text("state = 'held'")
    )
    op.drop_constraint(op.f("ck_reservations_kind"), "reservations", type_="check")
    op.drop_constraint(op.f("fk_reservations_parent_id"), "reservations", type_="foreignkey")
    op.drop_column("reservations", "parent_id")
    op.drop_column("reservations", "kind")
    op.drop_column("orders", "promoted")
    op.drop_index("ix_promotion_use_keys_key", table_name="promotion_use_keys")
    op.drop_table("promotion_use_keys")
    op.drop_index("ix_order_promotions_promotion_id", table_name="order_promotions")
    op.drop_index("ix_order_promotions_order_id", table_name="order_promotions")
    op.drop_table("order_promotions")
    op.drop_index(
        "uq_promotion_uses_order",
        table_name="promotion_uses",
        postgresql_where=sa.text("state IN ('held', 'used')"),
    )
    op.drop_index("ix_promotion_uses_promotion_id", table_name="promotion_uses")
    op.drop_index("ix_promotion_uses_order_id", table_name="promotion_uses")
    op.drop_index(
        "ix_promotion_uses_lapsing",
        table_name="promotion_uses",
        postgresql_where=sa.text("state = 'claimed'"),
    )
    op.drop_table("promotion_uses")
    op.drop_index("ix_coupon_codes_promotion_id", table_name="coupon_codes")
    op.drop_index("ix_coupon_codes_batch_id", table_name="coupon_codes")
    op.drop_table("coupon_codes")
    op.drop_index("ix_attributions_shop_id", table_name="attributions")
    op.drop_index(
        "ix_attributions_promoter_id",
        table_name="attributions",
        postgresql_where=sa.text("promoter_id IS NOT NULL"),
    )
    op.drop_table("attributions")
    op.drop_index(
        "ix_promotion_switches_on",
        table_name="promotion_switches",
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_table("promotion_switches")
    op.drop_table("promotion_slots")
    op.drop_table("promotion_buyers")
    op.drop_table("holdouts")
    op.drop_index("ix_coupon_batches_promotion_id", table_name="coupon_batches")
    op.drop_table("coupon_batches")
    op.drop_index(
        "uq_promotions_code",
        table_name="promotions",
        postgresql_where=sa.text("code IS NOT NULL AND status <> 'ended'"),
    )
    op.drop_index("ix_promotions_shop", table_name="promotions")
    op.drop_index("ix_promotions_brand", table_name="promotions")
    op.drop_table("promotions")
