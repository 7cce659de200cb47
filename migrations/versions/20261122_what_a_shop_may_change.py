"""what a shop may change: its words and looks, not its address, state, money or owner; a Sku's currency stays"""

from alembic import op

from tenants.context import SHOP_ROLE

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

CURRENCY = """
CREATE FUNCTION sku_currency_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM listings WHERE sku_id = NEW.id)
       OR EXISTS (SELECT 1 FROM order_lines WHERE brand_id = NEW.brand_id AND sku_id = NEW.id) THEN
        RAISE EXCEPTION 'Sku % is listed or sold in %', NEW.id, OLD.currency
            USING ERRCODE = 'check_violation', CONSTRAINT = 'sku_currency_stays';
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.execute(f"REVOKE UPDATE ON shops FROM {SHOP_ROLE}")
    op.execute(f"GRANT UPDATE (name, name_en, languages, logo, theme, settings) ON shops TO {SHOP_ROLE}")
    # Whether a host is proven is the platform's word; a proven one never becomes another.
    op.execute(f"REVOKE INSERT, UPDATE ON shop_hosts FROM {SHOP_ROLE}")
    op.execute(f"GRANT INSERT (shop_id, host, token) ON shop_hosts TO {SHOP_ROLE}")
    op.execute(CURRENCY)
    op.execute(
        "CREATE TRIGGER currency_stays BEFORE UPDATE OF currency ON skus FOR EACH ROW"
        " WHEN (OLD.currency IS DISTINCT FROM NEW.currency) EXECUTE FUNCTION sku_currency_stays()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER currency_stays ON skus")
    op.execute("DROP FUNCTION sku_currency_stays()")
    op.execute(f"REVOKE INSERT (shop_id, host, token) ON shop_hosts FROM {SHOP_ROLE}")
    op.execute(f"GRANT INSERT, UPDATE ON shop_hosts TO {SHOP_ROLE}")
    op.execute(f"REVOKE UPDATE (name, name_en, languages, logo, theme, settings) ON shops FROM {SHOP_ROLE}")
    op.execute(f"GRANT UPDATE ON shops TO {SHOP_ROLE}")
