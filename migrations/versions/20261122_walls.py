"""walls: roles, row security and grants"""

from alembic import op

from tenants import rls
from tenants.context import BRAND_ROLE, PLATFORM_ROLE, SHOP_ROLE

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STOCK_ROLE = "perkline_stock"

# Rows of one shop, and what that shop's scope may do with them. Nothing here is ever deleted unless it says so.
TENANT = {
    "buyers": "SELECT, INSERT, UPDATE",
    "buyer_sign_ins": "SELECT, INSERT, UPDATE, DELETE",
    "listings": "SELECT, INSERT, UPDATE, DELETE",
    "reservations": "SELECT, INSERT, UPDATE (state)",
    "reserved_slots": "SELECT",
    "orders": "SELECT, INSERT, UPDATE (state, attention_reason, buyer_id, paid_at, delivered_at, ended_at,"
    " expires_at, reservation_id)",
    "order_lines": "SELECT, INSERT, UPDATE (state)",
    "order_steps": "SELECT, INSERT",
    "payments": "SELECT, INSERT, UPDATE (external_id, url, state, outcome, attention_reason, received_at, refunded_minor)",
    "refunds": "SELECT, INSERT, UPDATE (state, external_id, attempts, last_error, succeeded_at)",
    "deliveries": "SELECT, INSERT, UPDATE (state, reusable_id, data_key_id, secret, receipt, delivered_at)",
    "supplier_orders": "SELECT, INSERT, UPDATE (state, supplier_number, reason, asked, told_at, ended_at)",
    "reveals": "SELECT, INSERT",
    # Of a shop or of the platform: where shop_id is empty, no shop sees the row.
    "shop_hosts": "SELECT, INSERT, UPDATE, DELETE",
    "mails": "SELECT, INSERT, UPDATE",
    "outbox": "SELECT, INSERT, UPDATE, DELETE",
    "audit_entries": "SELECT, INSERT",
    "payment_events": "SELECT, UPDATE (outcome, note)",
}
# Rows of one brand.
BRAND = {
    "products": "SELECT, INSERT, UPDATE",
    "skus": "SELECT, INSERT, UPDATE",
    "code_batches": "SELECT, INSERT, UPDATE",
    "codes": "SELECT (id, brand_id, sku_id, batch_id, data_key_id, state, pick, fingerprint, expires_at, shop_id,"
    " order_line_id, sold_at, reservation_id), INSERT, UPDATE (state, pick, expires_at)",
    "data_keys": "SELECT, INSERT",
    "reusable_secrets": "SELECT, INSERT, UPDATE (active)",
    "stock_slots": "SELECT, INSERT, UPDATE",
    "stock_imports": "SELECT, INSERT, UPDATE",
    "audit_entries": "SELECT, INSERT",
    "outbox": "SELECT, INSERT, UPDATE, DELETE",
    # What was sold, not to whom: buyers' own words stay with the shop.
    "order_lines": "SELECT (id, shop_id, order_id, sku_id, product_id, brand_id, product_name, sku_name, delivery_kind,"
    " quantity, list_minor, offer_minor, discount_minor, net_minor, floor_minor, state)",
}
GLOBAL = ("users", "memberships", "categories", "brands", "distributors", "sandbox_payments", "shops")
STOCK = {
    "codes": "SELECT, UPDATE",
    "stock_slots": "SELECT, UPDATE",
    "reserved_slots": "SELECT, INSERT, DELETE",
    "reservations": "SELECT",
    "reusable_secrets": "SELECT",
    "data_keys": "SELECT",
    "order_lines": "SELECT",
    "deliveries": "SELECT",
    "skus": "SELECT",
}


def upgrade() -> None:
    for role in (SHOP_ROLE, BRAND_ROLE, PLATFORM_ROLE, STOCK_ROLE):
        # Roles belong to the whole server: another database may have made them, perhaps this very moment.
        op.execute(
            f"DO $$ BEGIN CREATE ROLE {role} NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        )
    op.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    op.execute(f"GRANT USAGE ON SCHEMA public TO {SHOP_ROLE}, {BRAND_ROLE}, {PLATFORM_ROLE}, {STOCK_ROLE}")
    for table in sorted({*TENANT, *BRAND, *GLOBAL}):
        for statement in rls.force(table):
            op.execute(statement)
        allowed = "SELECT, INSERT" if table == "audit_entries" else "SELECT, INSERT, UPDATE, DELETE"
        op.execute(f"GRANT {allowed} ON {table} TO {PLATFORM_ROLE}")
    for table, allowed in TENANT.items():
        op.execute(rls.shop_policy(table))
        op.execute(f"GRANT {allowed} ON {table} TO {SHOP_ROLE}")
    for table, allowed in BRAND.items():
        op.execute(rls.brand_policy(table))
        op.execute(f"GRANT {allowed} ON {table} TO {BRAND_ROLE}")
    for table, allowed in STOCK.items():
        op.execute(f"CREATE POLICY stock ON {table} TO {STOCK_ROLE} USING (true) WITH CHECK (true)")
        op.execute(f"GRANT {allowed} ON {table} TO {STOCK_ROLE}")
    _shop_reads()
    _brand_reads()


def _shop_reads() -> None:
    """What every shop may read of others: the goods on offer, and itself."""
    op.execute(rls.shop_policy("shops", "id"))
    op.execute(f"GRANT SELECT, UPDATE ON shops TO {SHOP_ROLE}")
    for table, test in {
        "categories": "true",
        "brands": "true",
        "products": "status <> 'draft'",
        "skus": "true",
        "distributors": "id IN (SELECT distributor_id FROM shops)",
    }.items():
        op.execute(rls.readable(table, SHOP_ROLE, test))
        op.execute(f"GRANT SELECT ON {table} TO {SHOP_ROLE}")


def _brand_reads() -> None:
    """A brand sees who sells its goods and at what price, and what was sold; never another brand's."""
    op.execute(rls.brand_policy("brands", "id"))
    op.execute(f"GRANT SELECT, UPDATE (name, name_en, logo, contact_email) ON brands TO {BRAND_ROLE}")
    for table, test in {
        "categories": "true",
        "listings": "sku_id IN (SELECT id FROM skus)",
        "shops": "EXISTS (SELECT 1 FROM listings WHERE listings.shop_id = shops.id)",
    }.items():
        op.execute(rls.readable(table, BRAND_ROLE, test))
        op.execute(f"GRANT SELECT ON {table} TO {BRAND_ROLE}")


def downgrade() -> None:
    for table in sorted({*TENANT, *BRAND, *GLOBAL}):
        op.execute(f"REVOKE ALL ON {table} FROM {SHOP_ROLE}, {BRAND_ROLE}, {PLATFORM_ROLE}, {STOCK_ROLE}")
        for policy in (
            "platform",
            "shop",
            "brand",
            "stock",
            f"readable_{SHOP_ROLE}",
            f"readable_{BRAND_ROLE}",
        ):
            op.execute(f"DROP POLICY IF EXISTS {policy} ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    # The roles stay: other databases of the same server may use them.
