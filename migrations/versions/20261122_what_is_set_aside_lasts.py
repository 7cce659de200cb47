"""what is set aside lasts: a sale or a group takes no code that is over before it is"""

from alembic import op

revision = "0181"
down_revision = "0180"
branch_labels = None
depends_on = None

CLAIM = """
CREATE OR REPLACE FUNCTION stock.claim_codes(p_reservation bigint, p_sku bigint, p_quantity int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_shop bigint := stock.shop_holding(p_reservation);
    v_got int;{declared}
BEGIN
    BEGIN
        -- Rows that somebody else is taking are passed over, so nobody queues behind a hot Sku.
        WITH picked AS (
            SELECT id FROM codes
            WHERE sku_id = p_sku AND state = 'free' AND (expires_at IS NULL OR expires_at > {until})
            ORDER BY pick LIMIT p_quantity FOR UPDATE SKIP LOCKED
        )
        UPDATE codes SET state = 'reserved', reservation_id = p_reservation, shop_id = v_shop
        FROM picked WHERE codes.id = picked.id;
        GET DIAGNOSTICS v_got = ROW_COUNT;
        IF v_got >= p_quantity THEN
            RETURN v_got;
        END IF;
        RAISE EXCEPTION USING ERRCODE = 'PL001';
    EXCEPTION WHEN SQLSTATE 'PL001' THEN
        NULL;  -- some but not enough: let go of them before waiting, or two buyers wait for each other's
    END;
    -- What looked taken may come free again if its taker rolls back: waited for in order of pick.
    WITH picked AS (
        SELECT id FROM codes
        WHERE sku_id = p_sku AND state = 'free' AND (expires_at IS NULL OR expires_at > {until})
        ORDER BY pick LIMIT p_quantity FOR UPDATE
    )
    UPDATE codes SET state = 'reserved', reservation_id = p_reservation, shop_id = v_shop
    FROM picked WHERE codes.id = picked.id;
    GET DIAGNOSTICS v_got = ROW_COUNT;
    RETURN v_got;
END $$
"""
# What is set aside for days is handed out at their end: what is over by then would be sold to somebody.
LASTS = """
    v_until timestamptz := (SELECT CASE kind WHEN 'set_aside' THEN greatest(until, now()) ELSE now() END
                            FROM reservations WHERE id = p_reservation);"""


def upgrade() -> None:
    op.execute(CLAIM.format(declared=LASTS, until="v_until"))


def downgrade() -> None:
    op.execute(CLAIM.format(declared="", until="now()"))
