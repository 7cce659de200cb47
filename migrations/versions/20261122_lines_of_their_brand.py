"""lines of their brand: an order line names the brand of its Sku, and a shop's evidence is of itself and of that brand"""

from alembic import op

revision = "0091"
down_revision = "0090"
branch_labels = None
depends_on = None

LINE = """
CREATE OR REPLACE FUNCTION money.order_line_covers_floor() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_floor bigint; v_at timestamptz; v_distributor bigint;
BEGIN
    SELECT o.quoted_at, s.distributor_id INTO v_at, v_distributor
    FROM orders o JOIN shops s ON s.id = o.shop_id WHERE o.id = NEW.order_id AND o.shop_id = NEW.shop_id;
    -- A quote is honoured while it lives, a quarter of an hour, and not longer whatever the row says.
    IF v_at IS NULL OR v_at > now() OR v_at < now() - interval '16 minutes' THEN
        v_at := now();
    END IF;
    v_floor := money.floor_in_force(NEW.sku_id, v_distributor, v_at, NEW.floor_promotion);
    IF v_floor IS NULL OR NEW.floor_minor < v_floor THEN
        RAISE EXCEPTION 'the line says floor %, in force is %', NEW.floor_minor, v_floor
            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_line_covers_floor';
    END IF;{brand}
    RETURN NEW;
END $$
"""
BRAND = """
    -- Whom a line names is paid for it.
    IF NOT EXISTS (SELECT 1 FROM skus k WHERE k.id = NEW.sku_id AND k.brand_id = NEW.brand_id) THEN
        RAISE EXCEPTION 'Sku % is not of brand %', NEW.sku_id, NEW.brand_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_line_brand';
    END IF;"""
HONEST = """
CREATE POLICY of_itself ON floor_attempts AS RESTRICTIVE FOR INSERT TO perkline_shop WITH CHECK (
    distributor_id IN (SELECT s.distributor_id FROM shops s)
    AND EXISTS (SELECT 1 FROM skus k WHERE k.id = sku_id AND k.brand_id = floor_attempts.brand_id))
"""


def upgrade() -> None:
    op.execute(LINE.format(brand=BRAND))
    op.execute(HONEST)


def downgrade() -> None:
    op.execute("DROP POLICY of_itself ON floor_attempts")
    op.execute(LINE.format(brand=""))
