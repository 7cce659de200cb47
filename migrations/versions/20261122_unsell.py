"""unsell: stock of a line that was paid and never delivered goes back; failures of a job are not its leases"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

UNSELL = """
CREATE FUNCTION stock.unsell(p_line bigint) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_shop bigint := stock.current_shop();
    v_line record;
    v_slot record;
    v_back int;
BEGIN
    -- A secret that was handed out never comes back, whoever asks.
    IF EXISTS (SELECT 1 FROM deliveries WHERE order_line_id = p_line AND state = 'delivered') THEN
        RETURN 0;
    END IF;
    UPDATE codes SET state = 'free', reservation_id = NULL, order_line_id = NULL, shop_id = NULL, sold_at = NULL
    WHERE order_line_id = p_line AND shop_id = v_shop AND state = 'sold';
    GET DIAGNOSTICS v_back = ROW_COUNT;
    SELECT l.sku_id, o.reservation_id INTO v_line FROM order_lines l JOIN orders o ON o.id = l.order_id
    WHERE l.id = p_line AND l.shop_id = v_shop;
    FOR v_slot IN
        WITH gone AS (
            DELETE FROM reserved_slots WHERE reservation_id = v_line.reservation_id AND sku_id = v_line.sku_id
              AND shop_id = v_shop RETURNING slot, quantity
        )
        SELECT slot, quantity FROM gone ORDER BY slot  -- the order in which claims lock
    LOOP
        UPDATE stock_slots SET remaining = remaining + v_slot.quantity
        WHERE sku_id = v_line.sku_id AND slot = v_slot.slot;
        v_back := v_back + v_slot.quantity;
    END LOOP;
    RETURN v_back;
END $$
"""


def upgrade() -> None:
    op.add_column(
        "outbox", sa.Column("failures", sa.BigInteger(), nullable=False, server_default=sa.text("0"))
    )
    op.execute("GRANT SELECT ON orders TO perkline_stock")
    op.execute("CREATE POLICY stock ON orders TO perkline_stock USING (true) WITH CHECK (true)")
    op.execute(UNSELL)
    op.execute("REVOKE ALL ON FUNCTION stock.unsell FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION stock.unsell TO perkline_shop")
    op.execute("ALTER FUNCTION stock.unsell OWNER TO perkline_stock")


def downgrade() -> None:
    op.execute("DROP FUNCTION stock.unsell(bigint)")
    op.execute("DROP POLICY stock ON orders")
    op.execute("REVOKE SELECT ON orders FROM perkline_stock")
    op.drop_column("outbox", "failures")
