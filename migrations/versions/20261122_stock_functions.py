"""stock functions: the only way from a shop's scope to the stock

They run as perkline_stock, take the shop from the open scope, and hand out
secrets only for lines of that shop that are sold and delivered.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SHOP = "NULLIF(current_setting('perkline.shop_id', true), '')::bigint"
BRAND = "NULLIF(current_setting('perkline.brand_id', true), '')::bigint"

CLAIM_CODES = """
CREATE FUNCTION stock.claim_codes(p_reservation bigint, p_sku bigint, p_quantity int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_shop bigint := stock.shop_holding(p_reservation);
    v_got int;
BEGIN
    BEGIN
        -- Rows that somebody else is taking are passed over, so nobody queues behind a hot Sku.
        WITH picked AS (
            SELECT id FROM codes
            WHERE sku_id = p_sku AND state = 'free' AND (expires_at IS NULL OR expires_at > now())
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
        WHERE sku_id = p_sku AND state = 'free' AND (expires_at IS NULL OR expires_at > now())
        ORDER BY pick LIMIT p_quantity FOR UPDATE
    )
    UPDATE codes SET state = 'reserved', reservation_id = p_reservation, shop_id = v_shop
    FROM picked WHERE codes.id = picked.id;
    GET DIAGNOSTICS v_got = ROW_COUNT;
    RETURN v_got;
END $$
"""

CLAIM_SLOTS = """
CREATE FUNCTION stock.claim_slots(p_reservation bigint, p_sku bigint, p_quantity int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_shop bigint := stock.shop_holding(p_reservation);
    v_slot record;
    v_left int := p_quantity;
    v_take int;
BEGIN
    -- A slot that nobody is using and that holds enough: the usual case, no queue.
    SELECT slot INTO v_slot FROM stock_slots
    WHERE sku_id = p_sku AND remaining >= p_quantity
    ORDER BY random() LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF FOUND THEN
        UPDATE stock_slots SET remaining = remaining - p_quantity WHERE sku_id = p_sku AND slot = v_slot.slot;
        INSERT INTO reserved_slots (reservation_id, sku_id, slot, shop_id, quantity)
        VALUES (p_reservation, p_sku, v_slot.slot, v_shop, p_quantity);
        RETURN p_quantity;
    END IF;
    -- Otherwise gather from all slots, locked in order.
    FOR v_slot IN SELECT slot, remaining FROM stock_slots WHERE sku_id = p_sku ORDER BY slot FOR UPDATE LOOP
        v_take := least(v_slot.remaining, v_left);
        CONTINUE WHEN v_take = 0;
        UPDATE stock_slots SET remaining = remaining - v_take WHERE sku_id = p_sku AND slot = v_slot.slot;
        INSERT INTO reserved_slots (reservation_id, sku_id, slot, shop_id, quantity)
        VALUES (p_reservation, p_sku, v_slot.slot, v_shop, v_take);
        v_left := v_left - v_take;
        EXIT WHEN v_left = 0;
    END LOOP;
    RETURN p_quantity - v_left;
END $$
"""

OTHERS = (
    f"""
CREATE FUNCTION stock.current_shop() RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE v_shop bigint := {SHOP};
BEGIN
    IF v_shop IS NULL THEN
        RAISE EXCEPTION 'stock is only reached from a shop''s scope' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN v_shop;
END $$
""",
    """
CREATE FUNCTION stock.shop_holding(p_reservation bigint) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE v_shop bigint := stock.current_shop();
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM public.reservations WHERE id = p_reservation AND shop_id = v_shop AND state = 'held'
    ) THEN
        RAISE EXCEPTION 'this shop holds no reservation %', p_reservation USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN v_shop;
END $$
""",
    CLAIM_CODES,
    CLAIM_SLOTS,
    """
CREATE FUNCTION stock.release(p_reservation bigint) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_shop bigint := stock.current_shop();
    v_codes int;
    v_slot record;
BEGIN
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
""",
    """
CREATE FUNCTION stock.sell(p_reservation bigint, p_line bigint) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_shop bigint := stock.current_shop();
    v_codes int;
BEGIN
    UPDATE codes SET state = 'sold', order_line_id = p_line, sold_at = now()
    FROM order_lines l
    WHERE codes.reservation_id = p_reservation AND codes.shop_id = v_shop AND codes.state = 'reserved'
      AND l.id = p_line AND l.shop_id = v_shop AND codes.sku_id = l.sku_id;
    GET DIAGNOSTICS v_codes = ROW_COUNT;
    RETURN v_codes;
END $$
""",
    f"""
CREATE FUNCTION stock.levels(p_skus bigint[], p_limit int) RETURNS TABLE (sku_id bigint, available int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    -- Counted only up to a limit: a shelf needs "in stock", "few left" or "sold out", not the whole number.
    SELECT s.id, CASE
        WHEN s.unlimited THEN p_limit
        WHEN s.delivery_kind IN ('code', 'link') THEN (
            SELECT count(*)::int FROM (
                SELECT 1 FROM codes c WHERE c.sku_id = s.id AND c.state = 'free'
                  AND (c.expires_at IS NULL OR c.expires_at > now()) LIMIT p_limit) some_codes)
        ELSE least((SELECT coalesce(sum(remaining), 0) FROM stock_slots t WHERE t.sku_id = s.id), p_limit)::int
    END
    -- A shop may ask about anything on offer, a brand only about its own.
    FROM skus s WHERE s.id = ANY (p_skus) AND s.brand_id = coalesce({BRAND}, s.brand_id)
$$
""",
    """
CREATE FUNCTION stock.issued(p_line bigint)
RETURNS TABLE (code_id bigint, brand_id bigint, data_key_id bigint, wrapped bytea, master_key_id text,
               key_version bigint, fingerprint bytea, secret bytea, expires_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT c.id, c.brand_id, c.data_key_id, k.wrapped, k.master_key_id, k.version, c.fingerprint, c.secret, c.expires_at
    FROM deliveries d
    JOIN codes c ON c.order_line_id = d.order_line_id AND c.state = 'sold' AND c.shop_id = d.shop_id
    JOIN data_keys k ON k.id = c.data_key_id
    WHERE d.order_line_id = p_line AND d.shop_id = stock.current_shop() AND d.state = 'delivered'
    UNION ALL
    SELECT NULL, r.brand_id, r.data_key_id, k.wrapped, k.master_key_id, k.version, r.fingerprint, r.secret, NULL
    FROM deliveries d
    JOIN reusable_secrets r ON r.id = d.reusable_id
    JOIN data_keys k ON k.id = r.data_key_id
    WHERE d.order_line_id = p_line AND d.shop_id = stock.current_shop() AND d.state = 'delivered'
    UNION ALL
    SELECT NULL, d.brand_id, d.data_key_id, k.wrapped, k.master_key_id, k.version, NULL, d.secret, NULL
    FROM deliveries d
    JOIN data_keys k ON k.id = d.data_key_id
    WHERE d.order_line_id = p_line AND d.shop_id = stock.current_shop() AND d.state = 'delivered'
      AND d.secret IS NOT NULL
    ORDER BY 1
$$
""",
    """
CREATE FUNCTION stock.active_reusable(p_line bigint) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT r.id FROM order_lines l JOIN reusable_secrets r ON r.sku_id = l.sku_id AND r.active
    WHERE l.id = p_line AND l.shop_id = stock.current_shop()
$$
""",
)


def upgrade() -> None:
    op.execute("GRANT perkline_stock TO CURRENT_USER")
    op.execute("CREATE SCHEMA stock")
    op.execute("GRANT USAGE, CREATE ON SCHEMA stock TO perkline_stock")
    op.execute("GRANT USAGE ON SCHEMA stock TO perkline_shop, perkline_platform, perkline_brand")
    for function in OTHERS:
        op.execute(function)
    op.execute("REVOKE ALL ON ALL FUNCTIONS IN SCHEMA stock FROM PUBLIC")
    op.execute("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA stock TO perkline_shop, perkline_stock")
    op.execute("GRANT EXECUTE ON FUNCTION stock.levels TO perkline_platform, perkline_brand")
    for name in ("claim_codes", "claim_slots", "release", "sell", "levels", "issued", "active_reusable"):
        op.execute(f"ALTER FUNCTION stock.{name} OWNER TO perkline_stock")


def downgrade() -> None:
    op.execute("DROP SCHEMA stock CASCADE")
