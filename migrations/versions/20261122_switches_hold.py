"""switches hold: an order keeps no step of a promotion that the goods' brand or the platform has switched off"""

from alembic import op

revision = "0103"
down_revision = "0102"
branch_labels = None
depends_on = None

ROLE = "perkline_promo"
# A quote tells what may be had; a stop is a stop, also for quotes that were made before it.
HOLDS = """
CREATE FUNCTION promo.switch_holds() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM promotion_switches s
        WHERE s.ended_at IS NULL AND (s.shop_id IS NULL OR s.shop_id = NEW.shop_id)
          AND (s.brand_id IS NULL OR s.brand_id = (SELECT l.brand_id FROM order_lines l WHERE l.id = NEW.order_line_id))
          AND CASE WHEN s.promotion_id IS NOT NULL THEN s.promotion_id = NEW.promotion_id
              ELSE s.kind IS NULL OR s.kind = (SELECT p.kind FROM promotions p WHERE p.id = NEW.promotion_id) END
    ) THEN
        RAISE EXCEPTION 'promotion % is switched off for line %', NEW.promotion_id, NEW.order_line_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'promotion_switch_holds';
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute(f"CREATE POLICY promo ON promotion_switches FOR SELECT TO {ROLE} USING (true)")
    op.execute(f"GRANT SELECT ON promotion_switches TO {ROLE}")
    op.execute(HOLDS)
    op.execute("REVOKE ALL ON FUNCTION promo.switch_holds() FROM PUBLIC")
    op.execute(f"ALTER FUNCTION promo.switch_holds() OWNER TO {ROLE}")
    op.execute(
        "CREATE TRIGGER order_promotions_switches BEFORE INSERT ON order_promotions"
        " FOR EACH ROW EXECUTE FUNCTION promo.switch_holds()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER order_promotions_switches ON order_promotions")
    op.execute("DROP FUNCTION promo.switch_holds()")
    op.execute("DROP POLICY promo ON promotion_switches")
    op.execute(f"REVOKE SELECT ON promotion_switches FROM {ROLE}")
