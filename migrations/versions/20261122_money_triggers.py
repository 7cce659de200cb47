"""money triggers: no price below the floor, totals that add up, and a bell for the relay"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

LISTING = """
CREATE FUNCTION listing_covers_floor() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_sku record; v_currency text;
BEGIN
    SELECT product_id, floor_minor, currency INTO v_sku FROM skus WHERE id = NEW.sku_id;
    SELECT currency INTO v_currency FROM shops WHERE id = NEW.shop_id;
    NEW.product_id := v_sku.product_id;
    IF v_sku.currency IS DISTINCT FROM v_currency THEN
        RAISE EXCEPTION 'listing in % of a Sku in %', v_currency, v_sku.currency
            USING ERRCODE = 'check_violation', CONSTRAINT = 'listing_currency';
    END IF;
    IF v_sku.floor_minor IS NULL OR NEW.price_minor < v_sku.floor_minor THEN
        RAISE EXCEPTION 'listing price % is below the floor %', NEW.price_minor, v_sku.floor_minor
            USING ERRCODE = 'check_violation', CONSTRAINT = 'listing_covers_floor';
    END IF;
    RETURN NEW;
END $$
"""
LINE = """
CREATE FUNCTION order_line_covers_floor() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_floor bigint;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        RAISE EXCEPTION 'what was agreed on a line stays' USING ERRCODE = 'check_violation', CONSTRAINT = 'order_line_stays';
    END IF;
    SELECT floor_minor INTO v_floor FROM skus WHERE id = NEW.sku_id;
    IF v_floor IS NULL OR NEW.floor_minor < v_floor THEN
        RAISE EXCEPTION 'the line says floor %, the Sku says %', NEW.floor_minor, v_floor
            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_line_covers_floor';
    END IF;
    RETURN NEW;
END $$
"""
TOTALS = """
CREATE FUNCTION order_adds_up() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_order bigint; v_total bigint; v_lines bigint; v_row jsonb;
BEGIN
    v_row := to_jsonb(CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END);
    v_order := (v_row ->> CASE TG_TABLE_NAME WHEN 'orders' THEN 'id' ELSE 'order_id' END)::bigint;
    SELECT total_minor INTO v_total FROM orders WHERE id = v_order;
    SELECT sum(net_minor) INTO v_lines FROM order_lines WHERE order_id = v_order;
    IF v_total IS DISTINCT FROM v_lines THEN
        RAISE EXCEPTION 'order % says %, its lines say %', v_order, v_total, v_lines
            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_adds_up';
    END IF;
    RETURN NULL;
END $$
"""
BELL = """
CREATE FUNCTION ring_outbox() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_notify('outbox', '');
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    for function in (LISTING, LINE, TOTALS, BELL):
        op.execute(function)
    op.execute(
        "CREATE TRIGGER covers_floor BEFORE INSERT OR UPDATE OF price_minor, sku_id, shop_id, status ON listings"
        " FOR EACH ROW EXECUTE FUNCTION listing_covers_floor()"
    )
    op.execute(
        "CREATE TRIGGER covers_floor BEFORE INSERT OR"
        " UPDATE OF shop_id, order_id, sku_id, quantity, offer_minor, discount_minor, net_minor, floor_minor ON order_lines"
        " FOR EACH ROW EXECUTE FUNCTION order_line_covers_floor()"
    )
    op.execute(
        "CREATE CONSTRAINT TRIGGER adds_up AFTER INSERT OR UPDATE OF total_minor ON orders"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION order_adds_up()"
    )
    op.execute(
        "CREATE CONSTRAINT TRIGGER adds_up AFTER INSERT OR DELETE ON order_lines"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION order_adds_up()"
    )
    op.execute("CREATE TRIGGER ring AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION ring_outbox()")


def downgrade() -> None:
    op.execute("DROP TRIGGER ring ON outbox")
    for table in ("orders", "order_lines"):
        op.execute(f"DROP TRIGGER adds_up ON {table}")
    for table in ("listings", "order_lines"):
        op.execute(f"DROP TRIGGER covers_floor ON {table}")
    for name in ("listing_covers_floor", "order_line_covers_floor", "order_adds_up", "ring_outbox"):
        op.execute(f"DROP FUNCTION {name}()")
