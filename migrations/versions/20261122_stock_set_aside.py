"""stock set aside: a drop or a group holds units of its own; its buyers' reservations take from them and give back to them"""

from alembic import op

revision = "0101"
down_revision = "0100"
branch_labels = None
depends_on = None

# Locked for as long as a child takes or gives: whoever ends what was set aside waits, or is seen.
PARENT = """
CREATE FUNCTION stock.parent_held(p_parent bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM public.reservations
    WHERE id = p_parent AND shop_id = stock.current_shop() AND kind = 'set_aside' AND state = 'held' FOR SHARE;
    RETURN FOUND;
END $$
"""
CLAIM_FROM = """
CREATE FUNCTION stock.claim_from(p_parent bigint, p_reservation bigint, p_sku bigint, p_quantity int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_shop bigint := stock.shop_holding(p_reservation);
    v_got int;
    v_left int := p_quantity;
    v_take int;
    v_slot record;
    v_kind text;
BEGIN
    IF NOT stock.parent_held(p_parent)
       OR NOT EXISTS (SELECT 1 FROM reservations WHERE id = p_reservation AND parent_id = p_parent) THEN
        RETURN 0;
    END IF;
    SELECT delivery_kind INTO v_kind FROM skus WHERE id = p_sku;
    IF v_kind IN ('code', 'link') THEN
        FOR attempt IN 1..2 LOOP
            IF attempt = 1 THEN
                WITH picked AS (
                    SELECT id FROM codes WHERE reservation_id = p_parent AND shop_id = v_shop AND sku_id = p_sku
                      AND state = 'reserved' ORDER BY pick LIMIT p_quantity FOR UPDATE SKIP LOCKED
                )
                UPDATE codes SET reservation_id = p_reservation FROM picked WHERE codes.id = picked.id;
            ELSE
                -- What looked taken may come back if its taker rolls back: waited for in order of pick.
                WITH picked AS (
                    SELECT id FROM codes WHERE reservation_id = p_parent AND shop_id = v_shop AND sku_id = p_sku
                      AND state = 'reserved' ORDER BY pick LIMIT v_left FOR UPDATE
                )
                UPDATE codes SET reservation_id = p_reservation FROM picked WHERE codes.id = picked.id;
            END IF;
            GET DIAGNOSTICS v_got = ROW_COUNT;
            v_left := v_left - v_got;
            EXIT WHEN v_left = 0;
        END LOOP;
        RETURN p_quantity - v_left;
    END IF;
    FOR v_slot IN
        SELECT slot, quantity FROM reserved_slots
        WHERE reservation_id = p_parent AND sku_id = p_sku AND shop_id = v_shop ORDER BY slot FOR UPDATE
    LOOP
        v_take := least(v_slot.quantity, v_left);
        IF v_take = v_slot.quantity THEN
            DELETE FROM reserved_slots
            WHERE reservation_id = p_parent AND sku_id = p_sku AND slot = v_slot.slot;
        ELSE
            UPDATE reserved_slots SET quantity = quantity - v_take
            WHERE reservation_id = p_parent AND sku_id = p_sku AND slot = v_slot.slot;
        END IF;
        INSERT INTO reserved_slots (reservation_id, sku_id, slot, shop_id, quantity)
        VALUES (p_reservation, p_sku, v_slot.slot, v_shop, v_take)
        ON CONFLICT (reservation_id, sku_id, slot) DO UPDATE SET quantity = reserved_slots.quantity + EXCLUDED.quantity;
        v_left := v_left - v_take;
        EXIT WHEN v_left = 0;
    END LOOP;
    RETURN p_quantity - v_left;
END $$
"""
LEFT = """
CREATE FUNCTION stock.left_in(p_parent bigint) RETURNS TABLE (sku_id bigint, units bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT u.sku_id, sum(u.units)::bigint FROM (
        SELECT c.sku_id, count(*) AS units FROM codes c
        WHERE c.reservation_id = p_parent AND c.shop_id = stock.current_shop() AND c.state = 'reserved' GROUP BY 1
        UNION ALL
        SELECT s.sku_id, sum(s.quantity) FROM reserved_slots s
        WHERE s.reservation_id = p_parent AND s.shop_id = stock.current_shop() GROUP BY 1
    ) u GROUP BY 1
$$
"""
RELEASE = """
CREATE OR REPLACE FUNCTION stock.release(p_reservation bigint) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_shop bigint := stock.current_shop();
    v_codes int;
    v_slot record;{declare}
BEGIN{parent}
    -- Locked in the order in which claims wait.
    WITH held AS (
        SELECT id FROM codes
        WHERE reservation_id = p_reservation AND shop_id = v_shop AND state = 'reserved'
        ORDER BY sku_id, pick FOR UPDATE
    )
    UPDATE codes SET state = 'free', reservation_id = NULL, shop_id = NULL FROM held WHERE codes.id = held.id;
    GET DIAGNOSTICS v_codes = ROW_COUNT;
    FOR v_slot IN
        SELECT sku_id, slot, quantity FROM reserved_slots
        WHERE reservation_id = p_reservation AND shop_id = v_shop ORDER BY sku_id, slot
    LOOP
        UPDATE stock_slots SET remaining = remaining + v_slot.quantity
        WHERE sku_id = v_slot.sku_id AND slot = v_slot.slot;
        v_codes := v_codes + v_slot.quantity;
    END LOOP;
    DELETE FROM reserved_slots WHERE reservation_id = p_reservation AND shop_id = v_shop;
    RETURN v_codes;
END $$
"""
TO_PARENT = """
    SELECT parent_id INTO v_parent FROM reservations WHERE id = p_reservation AND shop_id = v_shop;
    IF v_parent IS NOT NULL AND stock.parent_held(v_parent) THEN
        WITH held AS (
            SELECT id FROM codes
            WHERE reservation_id = p_reservation AND shop_id = v_shop AND state = 'reserved'
            ORDER BY sku_id, pick FOR UPDATE
        )
        UPDATE codes SET reservation_id = v_parent FROM held WHERE codes.id = held.id;
        GET DIAGNOSTICS v_codes = ROW_COUNT;
        FOR v_slot IN
            DELETE FROM reserved_slots WHERE reservation_id = p_reservation AND shop_id = v_shop
            RETURNING sku_id, slot, quantity
        LOOP
            INSERT INTO reserved_slots (reservation_id, sku_id, slot, shop_id, quantity)
            VALUES (v_parent, v_slot.sku_id, v_slot.slot, v_shop, v_slot.quantity)
            ON CONFLICT (reservation_id, sku_id, slot)
                DO UPDATE SET quantity = reserved_slots.quantity + EXCLUDED.quantity;
            v_codes := v_codes + v_slot.quantity;
        END LOOP;
        RETURN v_codes;
    END IF;"""
UNSELL = """
CREATE OR REPLACE FUNCTION stock.unsell(p_line bigint) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_shop bigint := stock.current_shop();
    v_line record;
    v_slot record;
    v_back int;
    v_more int;
BEGIN
    -- A secret that was handed out never comes back, whoever asks.
    IF EXISTS (SELECT 1 FROM deliveries WHERE order_line_id = p_line AND state = 'delivered') THEN
        RETURN 0;
    END IF;
    SELECT l.sku_id, o.reservation_id{select} INTO v_line
    FROM order_lines l JOIN orders o ON o.id = l.order_id{join}
    WHERE l.id = p_line AND l.shop_id = v_shop;{parent}
    UPDATE codes SET state = 'free', reservation_id = NULL, order_line_id = NULL, shop_id = NULL, sold_at = NULL
    WHERE order_line_id = p_line AND shop_id = v_shop AND state = 'sold';
    GET DIAGNOSTICS v_back = ROW_COUNT;
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
UNSELL_TO_PARENT = """
    IF v_line.parent_id IS NOT NULL AND stock.parent_held(v_line.parent_id) THEN
        UPDATE codes SET state = 'reserved', reservation_id = v_line.parent_id, order_line_id = NULL, sold_at = NULL
        WHERE order_line_id = p_line AND shop_id = v_shop AND state = 'sold';
        GET DIAGNOSTICS v_back = ROW_COUNT;
        WITH gone AS (
            DELETE FROM reserved_slots WHERE reservation_id = v_line.reservation_id AND sku_id = v_line.sku_id
              AND shop_id = v_shop RETURNING slot, quantity
        ), put AS (
            INSERT INTO reserved_slots (reservation_id, sku_id, slot, shop_id, quantity)
            SELECT v_line.parent_id, v_line.sku_id, slot, v_shop, quantity FROM gone
            ON CONFLICT (reservation_id, sku_id, slot)
                DO UPDATE SET quantity = reserved_slots.quantity + EXCLUDED.quantity
        )
        SELECT coalesce(sum(quantity), 0) INTO v_more FROM gone;
        RETURN v_back + v_more;
    END IF;"""


def upgrade() -> None:
    # FOR SHARE wants a right to change the row; the functions change none.
    op.execute("GRANT UPDATE (state), REFERENCES ON reservations TO perkline_stock")
    op.execute("GRANT UPDATE (quantity) ON reserved_slots TO perkline_stock")
    for function in (PARENT, CLAIM_FROM, LEFT):
        op.execute(function)
    for name in ("parent_held", "claim_from", "left_in"):
        op.execute(f"REVOKE ALL ON FUNCTION stock.{name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION stock.{name} TO perkline_stock")
    for name in ("claim_from", "left_in"):
        op.execute(f"GRANT EXECUTE ON FUNCTION stock.{name} TO perkline_shop")
        op.execute(f"ALTER FUNCTION stock.{name} OWNER TO perkline_stock")
    op.execute(RELEASE.format(declare="\n    v_parent bigint;", parent=TO_PARENT))
    op.execute(
        UNSELL.format(
            select=", r.parent_id",
            join=" JOIN reservations r ON r.id = o.reservation_id",
            parent=UNSELL_TO_PARENT,
        )
    )


def downgrade() -> None:
    op.execute(RELEASE.format(declare="", parent=""))
    op.execute(UNSELL.format(select="", join="", parent=""))
    for name in ("claim_from", "left_in", "parent_held"):
        op.execute(f"DROP FUNCTION stock.{name}")
    op.execute("REVOKE UPDATE (quantity) ON reserved_slots FROM perkline_stock")
    op.execute("REVOKE UPDATE (state), REFERENCES ON reservations FROM perkline_stock")
