"""terms and money walls: a scope for distributors, and who may see and write which part of the money"""

from alembic import op

from tenants import rls
from tenants.context import BRAND_ROLE, DISTRIBUTOR_ROLE, PLATFORM_ROLE, SHOP_ROLE

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

MONEY_ROLE = "perkline_money"
# Nothing here is ever updated or deleted, by nobody who serves.
APPEND_ONLY = (
    "ledger_transactions", "ledger_entries", "ledger_proofs", "level_moves", "floor_attempts", "listing_prices",
    "payout_steps", "fee_rules", "earning_returns", "gateway_report_lines",
)  # fmt: skip
PLATFORM = {
    "levels": "SELECT, INSERT, UPDATE", "partnerships": "SELECT, INSERT, UPDATE",
    "partnership_papers": "SELECT, INSERT", "invites": "SELECT, INSERT, UPDATE",
    "floors": "SELECT, INSERT, UPDATE (ends_at, told_at, applied_at)",
    "rate_rules": "SELECT, INSERT, UPDATE (ends_at)", "settlements": "SELECT, INSERT, UPDATE (returned_minor)",
    "earnings": "SELECT, INSERT, UPDATE (taken_back_minor, matured_by)",
    "volumes": "SELECT, INSERT, UPDATE (volume_minor)", "payout_accounts": "SELECT, INSERT, UPDATE",
    "payout_plans": "SELECT, INSERT, UPDATE", "bank_batches": "SELECT, INSERT, UPDATE",
    "payouts": "SELECT, INSERT, UPDATE", "sandbox_transfers": "SELECT, INSERT, UPDATE",
    **dict.fromkeys(APPEND_ONLY, "SELECT, INSERT"),
}  # fmt: skip
ACCOUNT = "id, brand_id, distributor_id, method, currency, holder, shown, contact_email, status, cooling_until, verified_at, created_at"
FACTS = "id, kind, currency, shop_id, order_id, order_line_id, payout_id, occurred_at, posted_at"
OF_BRAND = {
    "levels": "SELECT, INSERT, UPDATE (name, name_en, threshold_minor, hold_days)",
    "partnerships": "SELECT, INSERT, UPDATE", "partnership_papers": "SELECT",
    "level_moves": "SELECT, INSERT", "invites": "SELECT, INSERT, UPDATE (used, ended_at)",
    "floors": "SELECT, INSERT, UPDATE (ends_at, told_at, applied_at)",
    "rate_rules": "SELECT, INSERT, UPDATE (ends_at)", "floor_attempts": "SELECT", "listing_prices": "SELECT",
    "earnings": "SELECT", "earning_returns": "SELECT", "volumes": "SELECT", "ledger_entries": "SELECT", "payouts": "SELECT",
    "payout_accounts": f"SELECT ({ACCOUNT}), INSERT, UPDATE (status)", "payout_plans": "SELECT, INSERT, UPDATE",
    "payout_steps": "SELECT", "mails": "SELECT, INSERT, UPDATE",
}  # fmt: skip
OF_DISTRIBUTOR = {
    "partnership_papers": "SELECT, INSERT", "level_moves": "SELECT",
    "invites": "SELECT, INSERT, UPDATE (used, ended_at)", "earnings": "SELECT", "earning_returns": "SELECT", "volumes": "SELECT",
    "ledger_entries": "SELECT", "payouts": "SELECT",
    "payout_accounts": f"SELECT ({ACCOUNT}), INSERT, UPDATE (status)", "payout_plans": "SELECT, INSERT, UPDATE",
    "payout_steps": "SELECT", "mails": "SELECT, INSERT, UPDATE", "audit_entries": "SELECT, INSERT",
    "outbox": "SELECT, INSERT, UPDATE, DELETE",
}  # fmt: skip
OF_SHOP = {"floor_attempts": "SELECT, INSERT", "listing_prices": "SELECT"}
MINE = "distributor_id = NULLIF(current_setting('perkline.distributor_id', true), '')::bigint"
MY_SHOPS = "distributor_id IN (SELECT distributor_id FROM shops)"
PARTNERS = "EXISTS (SELECT 1 FROM partnerships p WHERE p.distributor_id = distributors.id)"
THEIRS = "EXISTS (SELECT 1 FROM ledger_entries e WHERE e.transaction_id = ledger_transactions.id)"
# What a role may read beside its own.
READS = (
    (SHOP_ROLE, "partnerships", MY_SHOPS, "SELECT"),
    (SHOP_ROLE, "levels", "true", "SELECT"),
    (SHOP_ROLE, "floors", f"distributor_id IS NULL OR {MY_SHOPS}", "SELECT"),
    (SHOP_ROLE, "rate_rules", f"distributor_id IS NULL OR {MY_SHOPS}", "SELECT"),
    (BRAND_ROLE, "distributors", PARTNERS, "SELECT"),
    (BRAND_ROLE, "ledger_transactions", THEIRS, f"SELECT ({FACTS})"),
    (DISTRIBUTOR_ROLE, "ledger_transactions", THEIRS, f"SELECT ({FACTS})"),
    (DISTRIBUTOR_ROLE, "levels", "true", "SELECT"),
    (DISTRIBUTOR_ROLE, "floors", f"distributor_id IS NULL OR {MINE}", "SELECT"),
    (DISTRIBUTOR_ROLE, "rate_rules", f"distributor_id IS NULL OR {MINE}", "SELECT"),
    (DISTRIBUTOR_ROLE, "categories", "true", "SELECT"),
    (DISTRIBUTOR_ROLE, "brands", "true", "SELECT"),
    (DISTRIBUTOR_ROLE, "products", "status <> 'draft'", "SELECT"),
    (DISTRIBUTOR_ROLE, "skus", "true", "SELECT"),
    (DISTRIBUTOR_ROLE, "shops", MINE, "SELECT"),
    (
        DISTRIBUTOR_ROLE, "distributors",
        f"id = {MINE.split(' = ', 1)[1]} OR up{MINE.replace('distributor_id', 'line_id', 1)}", "SELECT (id, name, upline_id, status, created_at)",
    ),
)  # fmt: skip


def upgrade() -> None:
    for role in (DISTRIBUTOR_ROLE, MONEY_ROLE):
        op.execute(
            f"DO $$ BEGIN CREATE ROLE {role} NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        )
        op.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
    for table, allowed in PLATFORM.items():
        for statement in rls.force(table):
            op.execute(statement)
        op.execute(f"GRANT {allowed} ON {table} TO {PLATFORM_ROLE}")
    for role, policy, tables in (
        (SHOP_ROLE, rls.shop_policy, OF_SHOP),
        (BRAND_ROLE, rls.brand_policy, OF_BRAND),
        (DISTRIBUTOR_ROLE, rls.distributor_policy, OF_DISTRIBUTOR),
    ):
        for table, allowed in tables.items():
            op.execute(policy(table))
            op.execute(f"GRANT {allowed} ON {table} TO {role}")
    for role, table, test, allowed in READS:
        op.execute(rls.readable(table, role, test))
        op.execute(f"GRANT {allowed} ON {table} TO {role}")
    # A distributor asks to sell a brand's goods, and asks again; it never answers itself.
    op.execute(f"CREATE POLICY own ON partnerships FOR SELECT TO {DISTRIBUTOR_ROLE} USING ({MINE})")
    asks = f"{MINE} AND status = 'applied' AND level_id IS NULL"
    op.execute(f"CREATE POLICY asks ON partnerships FOR INSERT TO {DISTRIBUTOR_ROLE} WITH CHECK ({asks})")
    op.execute(
        f"CREATE POLICY asks_again ON partnerships FOR UPDATE TO {DISTRIBUTOR_ROLE}"
        f" USING ({MINE} AND status IN ('applied', 'declined')) WITH CHECK ({asks})"
    )
    op.execute(
        f"GRANT SELECT, INSERT, UPDATE (status, message, applied_at, level_id) ON partnerships TO {DISTRIBUTOR_ROLE}"
    )
    op.execute(f"GRANT UPDATE (payment_id) ON orders TO {SHOP_ROLE}")
    op.execute(
        "GRANT UPDATE (joining, level_window_days, level_grace_days, level_currency) ON brands TO perkline_brand"
    )


def downgrade() -> None:
    op.execute(f"REVOKE UPDATE (payment_id) ON orders FROM {SHOP_ROLE}")
    op.execute(
        "REVOKE UPDATE (joining, level_window_days, level_grace_days, level_currency) ON brands FROM perkline_brand"
    )
    op.execute(f"REVOKE ALL ON partnerships FROM {DISTRIBUTOR_ROLE}")
    for name in ("own", "asks", "asks_again"):
        op.execute(f"DROP POLICY {name} ON partnerships")
    for role, table, _test, allowed in READS:
        op.execute(f"DROP POLICY readable_{role} ON {table}")
        op.execute(f"REVOKE {allowed} ON {table} FROM {role}")
    for role, name, tables in (
        (SHOP_ROLE, "shop", OF_SHOP), (BRAND_ROLE, "brand", OF_BRAND), (DISTRIBUTOR_ROLE, "distributor", OF_DISTRIBUTOR),
    ):  # fmt: skip
        for table, allowed in tables.items():
            op.execute(f"DROP POLICY {name} ON {table}")
            op.execute(f"REVOKE {allowed} ON {table} FROM {role}")
    for table in PLATFORM:
        op.execute(f"DROP POLICY platform ON {table}")
        op.execute(f"REVOKE ALL ON {table} FROM {PLATFORM_ROLE}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.execute(f"REVOKE USAGE ON SCHEMA public FROM {DISTRIBUTOR_ROLE}, {MONEY_ROLE}")
