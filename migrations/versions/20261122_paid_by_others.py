"""paid by others: what a brand or the platform pays for is on, is for those goods, and is no more than it promised;
an exemption from a floor is used with its own promotion; a coupon in hand is used by who is known to hold it

A shop's scope writes its orders. What it writes about others' money is read again here, at commit.
"""

from alembic import op

revision = "0186"
down_revision = "0185"
branch_labels = None
depends_on = None

ROLE = "perkline_promo"
CUT_OF = """
CREATE FUNCTION promo.cut_of(p_cut jsonb, p_list bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    -- What a price takes off one piece at most, as rules.Cut says it.
    SELECT p_list - greatest(coalesce((p_cut ->> 'minor')::bigint,
        p_list - p_list * coalesce((p_cut ->> 'off_bps')::bigint, 0) / 10000), 1)
$$
"""
MOST_OFF = """
CREATE FUNCTION promo.most_off(p public.promotions, p_order bigint, p_line bigint) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE v_line public.order_lines; v_list bigint; v_taken bigint; v_own bigint; v_most bigint;
BEGIN
    SELECT * INTO v_line FROM public.order_lines WHERE id = p_line;
    IF p.kind IN ('flash_price', 'group_price', 'timed_price') THEN
        RETURN promo.cut_of(p.value, v_line.list_minor) * v_line.quantity;
    ELSIF p.kind IN ('quantity_tiers', 'bundle_price') THEN
        SELECT max(promo.cut_of(c, v_line.list_minor)) INTO v_most
        FROM jsonb_array_elements(coalesce(p.value -> 'tiers', p.value -> 'parts')) AS c
        WHERE coalesce((c ->> 'from')::bigint, 0) <= v_line.quantity
          AND coalesce((c ->> 'sku')::bigint, v_line.sku_id) = v_line.sku_id;
        RETURN coalesce(v_most, 0) * v_line.quantity;
    END IF;
    -- A discount is for the order: what its other lines took is gone.
    SELECT sum(l.list_minor * l.quantity), sum(op.minor), sum(op.minor) FILTER (WHERE l.id = p_line)
    INTO v_list, v_taken, v_own
    FROM public.order_promotions op JOIN public.order_lines l ON l.id = op.order_line_id
    WHERE op.order_id = p_order AND op.promotion_id = p.id;
    v_most := CASE WHEN coalesce((p.value ->> 'rate_bps')::bigint, 0) > 0
        THEN least(v_list * (p.value ->> 'rate_bps')::bigint / 10000, (p.value ->> 'most_minor')::bigint)
        ELSE (p.value ->> 'minor')::bigint END;
    RETURN v_most - (v_taken - v_own);
END $$
"""
IN_BOUNDS = """
CREATE FUNCTION promo.in_bounds() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_p promotions; v_o orders; v_l order_lines; v_covers boolean;
BEGIN
    SELECT * INTO v_p FROM promotions WHERE id = NEW.promotion_id;
    SELECT * INTO v_o FROM orders WHERE id = NEW.order_id;
    SELECT * INTO v_l FROM order_lines WHERE id = NEW.order_line_id;
    v_covers := CASE v_p.target_of WHEN 'all' THEN true WHEN 'sku' THEN v_l.sku_id = ANY (v_p.target_ids)
        WHEN 'product' THEN v_l.product_id = ANY (v_p.target_ids)
        ELSE EXISTS (SELECT 1 FROM products g WHERE g.id = v_l.product_id AND g.category_id = ANY (v_p.target_ids)) END;
    -- One that ends while an order is being written is on for that order.
    IF v_p.status = 'draft' OR (v_p.status = 'ended' AND coalesce(v_p.ended_at, '-infinity') <= now())
       OR v_o.quoted_at < v_p.starts_at OR now() < v_p.starts_at
       OR v_o.quoted_at >= v_p.ends_at OR now() > v_p.ends_at + interval '16 minutes' THEN
        RAISE EXCEPTION 'promotion % of a % is not on', NEW.promotion_id, v_p.owner
            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_promotion_in_bounds';
    ELSIF NOT coalesce(v_covers, false) THEN
        RAISE EXCEPTION 'promotion % of a % is for other goods', NEW.promotion_id, v_p.owner
            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_promotion_in_bounds';
    ELSIF NEW.minor > promo.most_off(v_p, NEW.order_id, NEW.order_line_id) THEN
        RAISE EXCEPTION 'promotion % of a % gives less than %', NEW.promotion_id, v_p.owner, NEW.minor
            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_promotion_in_bounds';
    END IF;
    RETURN NULL;
END $$
"""
EXEMPT = """
CREATE FUNCTION promo.exempt() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM order_promotions op JOIN promotions p ON p.id = op.promotion_id
                   WHERE op.order_line_id = NEW.id AND p.key = NEW.floor_promotion) THEN
        RAISE EXCEPTION 'line % stands on the exemption of %, and was not given it', NEW.id, NEW.floor_promotion
            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_line_exempt';
    END IF;
    RETURN NULL;
END $$
"""
# As in 0110; an address that anybody may type says only with a sign-in who it is.
USE_CLAIMED = """
CREATE OR REPLACE FUNCTION promo.use_claimed(p_use bigint, p_promotion bigint, p_order public.orders, p_minor bigint,
    p_keys text[])
RETURNS text LANGUAGE plpgsql AS $$
DECLARE v_said text;
BEGIN
    -- A claimed coupon has had its place among the limits since it was claimed; its money is taken now.
    PERFORM 1 FROM public.promotion_uses u WHERE u.id = p_use AND u.promotion_id = p_promotion
        AND u.shop_id = p_order.shop_id AND u.state = 'claimed' AND u.until > now()
        AND EXISTS (SELECT 1 FROM public.promotion_use_keys k WHERE k.use_id = u.id AND k.key = ANY (p_keys){known})
    FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'claim_gone';
    END IF;
    v_said := promo.take_from(p_promotion, '-infinity'::date, 0, p_minor);
    IF v_said = '' THEN
        UPDATE public.promotion_uses SET state = 'held', order_id = p_order.id, minor = p_minor WHERE id = p_use;
        -- Whoever claimed on one device and orders under an address is that address's owner from now on.
        PERFORM promo.note_keys(p_use, p_promotion, p_order.shop_id, p_keys);
    END IF;
    RETURN v_said;
END $$
"""
KNOWN = "\n            AND (k.key NOT LIKE 'e:%' OR p_order.buyer_id IS NOT NULL)"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute(f"CREATE POLICY promo ON products FOR SELECT TO {ROLE} USING (true)")
    op.execute(f"GRANT SELECT (id, category_id) ON products TO {ROLE}")
    for function in (CUT_OF, MOST_OFF, IN_BOUNDS, EXEMPT):
        op.execute(function)
    for name in ("cut_of", "most_off", "in_bounds", "exempt"):
        op.execute(f"REVOKE ALL ON FUNCTION promo.{name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION promo.{name} TO {ROLE}")
    for name in ("in_bounds", "exempt"):
        op.execute(f"ALTER FUNCTION promo.{name} OWNER TO {ROLE}")
    op.execute(USE_CLAIMED.replace("{known}", KNOWN))
    op.execute(
        "CREATE CONSTRAINT TRIGGER in_bounds AFTER INSERT ON order_promotions DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW WHEN (NEW.funder <> 'distributor') EXECUTE FUNCTION promo.in_bounds()"
    )
    op.execute(
        "CREATE CONSTRAINT TRIGGER exempt AFTER INSERT ON order_lines DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW WHEN (NEW.floor_promotion IS NOT NULL) EXECUTE FUNCTION promo.exempt()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER exempt ON order_lines")
    op.execute("DROP TRIGGER in_bounds ON order_promotions")
    op.execute(USE_CLAIMED.replace("{known}", ""))
    for name in ("exempt()", "in_bounds()", "most_off(promotions, bigint, bigint)", "cut_of(jsonb, bigint)"):
        op.execute(f"DROP FUNCTION promo.{name}")
    op.execute("DROP POLICY promo ON products")
    op.execute(f"REVOKE SELECT (id, category_id) ON products FROM {ROLE}")
