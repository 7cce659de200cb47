"""promotion walls: who sees and writes promotions, and the only way to use one: functions that count under locks

They run as perkline_promo, take the shop from the open scope, and keep every limit: in total, a day, a buyer, a budget.
"""

from alembic import op

from tenants import rls
from tenants.context import BRAND_ROLE, PLATFORM_ROLE, SHOP_ROLE

revision = "0102"
down_revision = "0101"
branch_labels = None
depends_on = None

ROLE = "perkline_promo"
MAKE = (
    "SELECT, INSERT, UPDATE (title, title_en, words, words_en, value, target_of, target_ids, combines, automatic, code,"
    " claim, claim_days, audience, total_limit, limit_of, per_buyer, per_day, budget_minor, returns, holdout_bps,"
    " starts_at, ends_at, status, settings, shop_ids, published_at, ended_at)"
)
PLATFORM = {
    "promotions": MAKE, "promotion_slots": "SELECT", "promotion_uses": "SELECT", "promotion_use_keys": "SELECT",
    "promotion_buyers": "SELECT, INSERT, DELETE", "coupon_batches": "SELECT, INSERT, UPDATE (seed, exported_at, voided_at)",
    "coupon_codes": "SELECT, INSERT, UPDATE (state)",
    "promotion_switches": "SELECT, INSERT, UPDATE (ended_at)", "order_promotions": "SELECT", "attributions": "SELECT",
    "holdouts": "SELECT",
}  # fmt: skip
OF_SHOP = {
    "promotions": MAKE, "promotion_uses": "SELECT", "promotion_use_keys": "SELECT",
    "order_promotions": "SELECT, INSERT", "attributions": "SELECT, INSERT",
    "holdouts": "SELECT, INSERT",
}  # fmt: skip
OF_BRAND = {
    "promotions": MAKE, "order_promotions": "SELECT",
    "promotion_switches": "SELECT, INSERT, UPDATE (ended_at)",
}  # fmt: skip
BY_PROMOTION = {
    "promotion_buyers": "SELECT, INSERT, DELETE",
    "coupon_batches": "SELECT, INSERT, UPDATE (seed, exported_at, voided_at)",
    "coupon_codes": "SELECT, INSERT, UPDATE (state)", "promotion_slots": "SELECT",
}  # fmt: skip
SHOP_ID = "NULLIF(current_setting('perkline.shop_id', true), '')::bigint"
BRAND_ID = "NULLIF(current_setting('perkline.brand_id', true), '')::bigint"
FOR_SHOP = f"shop_id IS NULL AND status <> 'draft' AND (shop_ids IS NULL OR {SHOP_ID} = ANY (shop_ids))"
# A brand sees what may make its own goods cheaper, and nothing of what is for others' goods.
ABOUT_BRAND = (
    "shop_id IS NOT NULL AND status <> 'draft' AND shop_id IN (SELECT l.shop_id FROM listings l) AND ("
    "target_of IN ('all', 'category')"
    " OR (target_of = 'sku' AND EXISTS (SELECT 1 FROM skus k WHERE k.id = ANY (target_ids)))"
    " OR (target_of = 'product' AND EXISTS (SELECT 1 FROM products p WHERE p.id = ANY (target_ids))))"
)
READS = (
    (SHOP_ROLE, "promotions", FOR_SHOP, ""),
    (SHOP_ROLE, "promotion_switches", f"shop_id IS NULL OR shop_id = {SHOP_ID}", "SELECT"),
    (BRAND_ROLE, "promotions", ABOUT_BRAND, ""),
)  # fmt: skip
PROMO = {
    "promotions": "SELECT", "promotion_slots": "SELECT, INSERT, UPDATE, DELETE", "promotion_uses": "SELECT, INSERT, UPDATE",
    "promotion_use_keys": "SELECT, INSERT", "promotion_buyers": "SELECT", "coupon_codes": "SELECT, UPDATE (state)",
    "coupon_batches": "SELECT", "orders": "SELECT", "order_lines": "SELECT", "order_promotions": "SELECT",
}  # fmt: skip
DAY = "(now() AT TIME ZONE 'Asia/Shanghai')::date"
ALL = "'-infinity'::date"

TAKE_FROM = """
CREATE FUNCTION promo.take_from(p_promotion bigint, p_day date, p_uses int, p_minor bigint) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE v_slot record; v_uses bigint := p_uses; v_minor bigint := p_minor; v_has record;
BEGIN
    -- A slot that nobody is using and that has enough: the usual case, no queue.
    SELECT slot INTO v_slot FROM public.promotion_slots
    WHERE promotion_id = p_promotion AND day = p_day AND (uses_left IS NULL OR uses_left >= p_uses)
      AND (minor_left IS NULL OR minor_left >= p_minor)
    ORDER BY random() LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF FOUND THEN
        UPDATE public.promotion_slots SET uses_left = uses_left - p_uses, minor_left = minor_left - p_minor
        WHERE promotion_id = p_promotion AND day = p_day AND slot = v_slot.slot;
        RETURN '';
    END IF;
    -- Otherwise gather from all of them, locked in order.
    PERFORM 1 FROM public.promotion_slots WHERE promotion_id = p_promotion AND day = p_day ORDER BY slot FOR UPDATE;
    SELECT count(*) AS slots, bool_or(uses_left IS NULL) AS no_limit, sum(uses_left) AS uses,
        bool_or(minor_left IS NULL) AS no_budget, sum(minor_left) AS minor INTO v_has
    FROM public.promotion_slots WHERE promotion_id = p_promotion AND day = p_day;
    IF v_has.slots = 0 THEN
        RETURN '';
    ELSIF NOT v_has.no_limit AND v_has.uses < p_uses THEN
        RETURN 'limit';
    ELSIF NOT v_has.no_budget AND v_has.minor < p_minor THEN
        RETURN 'budget';
    END IF;
    FOR v_slot IN SELECT * FROM public.promotion_slots WHERE promotion_id = p_promotion AND day = p_day ORDER BY slot LOOP
        UPDATE public.promotion_slots SET uses_left = uses_left - least(v_uses, v_slot.uses_left),
            minor_left = minor_left - least(v_minor, v_slot.minor_left)
        WHERE promotion_id = p_promotion AND day = p_day AND slot = v_slot.slot;
        v_uses := v_uses - coalesce(least(v_uses, v_slot.uses_left), 0);
        v_minor := v_minor - coalesce(least(v_minor, v_slot.minor_left), 0);
    END LOOP;
    RETURN '';
END $$
"""
GIVE_BACK = f"""
CREATE FUNCTION promo.give_back(p_use public.promotion_uses) RETURNS void LANGUAGE plpgsql AS $$
DECLARE v_day date;
BEGIN
    FOREACH v_day IN ARRAY ARRAY[{ALL}, p_use.day] LOOP
        UPDATE public.promotion_slots SET uses_left = uses_left + p_use.units,
            minor_left = minor_left + CASE WHEN v_day = {ALL} THEN p_use.minor ELSE 0 END
        WHERE promotion_id = p_use.promotion_id AND day = v_day AND slot = (
            SELECT slot FROM public.promotion_slots WHERE promotion_id = p_use.promotion_id AND day = v_day
            ORDER BY slot LIMIT 1 FOR UPDATE);
    END LOOP;
    UPDATE public.coupon_codes SET state = 'free' WHERE id = p_use.code_id AND state IN ('held', 'used');
END $$
"""
SHARE = """
CREATE FUNCTION promo.share(p_whole bigint, p_slots int, p_slot int) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT p_whole / p_slots + CASE WHEN p_slot < p_whole % p_slots THEN 1 ELSE 0 END
$$
"""
SLOTS = """
CREATE FUNCTION promo.slots_for(p_limit bigint) RETURNS int LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN p_limit IS NOT NULL AND p_limit < 64 THEN 1 ELSE 16 END
$$
"""
SET_LIMITS = f"""
CREATE FUNCTION promo.set_limits(p_promotion bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_p promotions; v_used bigint; v_spent bigint; v_slots int; v_today bigint;
BEGIN
    -- After the row of the promotion was written: what it has left is its limits less what is taken.
    SELECT * INTO v_p FROM promotions WHERE id = p_promotion AND (
        (shop_id IS NOT NULL AND shop_id = {SHOP_ID}) OR (brand_id IS NOT NULL AND brand_id = {BRAND_ID})
        OR promo.on_platform())
    FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'promotion % is not of this scope', p_promotion USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM 1 FROM promotion_slots WHERE promotion_id = p_promotion ORDER BY day, slot FOR UPDATE;
    SELECT coalesce(sum(units), 0), coalesce(sum(minor), 0), coalesce(sum(units) FILTER (WHERE day = {DAY}), 0)
    INTO v_used, v_spent, v_today
    FROM promotion_uses WHERE promotion_id = p_promotion AND state IN ('claimed', 'held', 'used');
    IF v_p.total_limit < v_used THEN
        RETURN 'limit';
    ELSIF v_p.budget_minor < v_spent THEN
        RETURN 'budget';
    ELSIF v_p.per_day < v_today THEN
        RETURN 'day_limit';
    END IF;
    DELETE FROM promotion_slots WHERE promotion_id = p_promotion AND day >= {DAY} OR promotion_id = p_promotion AND day = {ALL};
    IF v_p.total_limit IS NOT NULL OR v_p.budget_minor IS NOT NULL THEN
        v_slots := promo.slots_for(v_p.total_limit);
        INSERT INTO promotion_slots (promotion_id, day, slot, uses_left, minor_left)
        SELECT p_promotion, {ALL}, n, promo.share(v_p.total_limit - v_used, v_slots, n),
            promo.share(v_p.budget_minor - v_spent, v_slots, n)
        FROM generate_series(0, v_slots - 1) AS n;
    END IF;
    IF v_p.per_day IS NOT NULL THEN
        PERFORM promo.open_day(p_promotion, v_p.per_day, v_today);
    END IF;
    RETURN '';
END $$
"""
OPEN_DAY = f"""
CREATE FUNCTION promo.open_day(p_promotion bigint, p_limit bigint, p_used bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO public.promotion_slots (promotion_id, day, slot, uses_left)
    SELECT p_promotion, {DAY}, n, promo.share(p_limit - p_used, promo.slots_for(p_limit), n)
    FROM generate_series(0, promo.slots_for(p_limit) - 1) AS n
    ON CONFLICT DO NOTHING
$$
"""
ON_PLATFORM = """
CREATE FUNCTION promo.on_platform() RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT current_setting('role', true) = 'perkline_platform'
$$
"""
MAY = """
CREATE FUNCTION promo.may_take(p promotions, p_shop bigint, p_email text, p_device text, p_order bigint, p_units int,
    p_keys text[], p_use bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE v_mine bigint;
BEGIN
    IF p.audience = 'chosen' AND NOT EXISTS (
        SELECT 1 FROM public.promotion_buyers b WHERE b.promotion_id = p.id AND b.key = ANY (p_keys)) THEN
        RETURN 'not_for_you';
    END IF;
    IF p.audience = 'first_order' AND (
        EXISTS (SELECT 1 FROM public.orders o WHERE o.shop_id = p_shop AND o.email = p_email
                AND o.id <> p_order AND o.paid_at IS NOT NULL)
        OR EXISTS (SELECT 1 FROM public.orders o WHERE o.shop_id = p_shop AND o.device = p_device
                AND o.id <> p_order AND o.paid_at IS NOT NULL)) THEN
        RETURN 'not_first';
    END IF;
    IF p.per_buyer IS NOT NULL THEN
        SELECT coalesce(sum(u.units), 0) INTO v_mine FROM public.promotion_uses u
        WHERE u.promotion_id = p.id AND u.state IN ('claimed', 'held', 'used') AND u.id <> p_use AND u.id IN (
            SELECT k.use_id FROM public.promotion_use_keys k WHERE k.promotion_id = p.id AND k.key = ANY (p_keys));
        IF v_mine + p_units > p.per_buyer THEN
            RETURN 'buyer_limit';
        END IF;
    END IF;
    RETURN '';
END $$
"""
# Whoever is the same buyer by any key passes one at a time, or a limit is counted by two at once.
QUEUE = """
CREATE FUNCTION promo.queue_up(p_promotion bigint, p_keys text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE v_key text;
BEGIN
    FOR v_key IN SELECT DISTINCT k FROM unnest(p_keys) AS k ORDER BY k LOOP
        PERFORM pg_advisory_xact_lock(hashtextextended('promo:' || p_promotion || ':' || v_key, 0));
    END LOOP;
END $$
"""
TAKE = f"""
CREATE FUNCTION promo.take(p_order bigint, p_promotion bigint, p_units int, p_minor bigint, p_keys text[],
    p_code bigint, p_use bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_shop bigint := promo.current_shop(); v_o record; v_p promotions; v_said text; v_use bigint;
BEGIN
    SELECT id, quoted_at, email, device INTO v_o FROM orders WHERE id = p_order AND shop_id = v_shop AND promoted;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'this shop has no such order %', p_order USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT * INTO v_p FROM promotions WHERE id = p_promotion AND (
        shop_id = v_shop OR (shop_id IS NULL AND (shop_ids IS NULL OR v_shop = ANY (shop_ids))));
    IF NOT FOUND OR v_p.status IN ('draft', 'ended') OR v_o.quoted_at < v_p.starts_at
       OR v_o.quoted_at >= v_p.ends_at OR now() > v_p.ends_at + interval '16 minutes' THEN
        RETURN 'not_now';
    ELSIF v_p.status = 'paused' THEN
        RETURN 'paused';
    END IF;
    IF NOT v_p.counted THEN
        RETURN '';
    END IF;
    IF v_p.per_buyer IS NOT NULL OR p_use IS NOT NULL THEN
        PERFORM promo.queue_up(p_promotion, p_keys);
    END IF;
    v_said := promo.may_take(v_p, v_shop, v_o.email, v_o.device, p_order, p_units, p_keys, coalesce(p_use, 0));
    IF v_said <> '' THEN
        RETURN v_said;
    END IF;
    IF p_use IS NOT NULL THEN
        -- A claimed coupon has had its place among the limits since it was claimed; its money is taken now.
        UPDATE promotion_uses u SET state = 'held', order_id = p_order, minor = p_minor
        WHERE u.id = p_use AND u.promotion_id = p_promotion AND u.shop_id = v_shop AND u.state = 'claimed'
          AND u.until > now()
          AND EXISTS (SELECT 1 FROM promotion_use_keys k WHERE k.use_id = u.id AND k.key = ANY (p_keys));
        IF NOT FOUND THEN
            RETURN 'claim_gone';
        END IF;
        RETURN promo.take_from(p_promotion, {ALL}, 0, p_minor);
    END IF;
    IF v_p.claim <> 'none' THEN
        RETURN 'claim_gone';
    END IF;
    IF p_code IS NOT NULL THEN
        UPDATE coupon_codes SET state = 'held' WHERE id = p_code AND promotion_id = p_promotion AND state = 'free';
        IF NOT FOUND THEN
            RETURN 'code_used';
        END IF;
    ELSIF NOT v_p.automatic AND v_p.code IS NULL AND v_p.kind IN ('threshold_coupon', 'fixed_coupon', 'percentage_coupon') THEN
        RETURN 'needs_code';
    END IF;
    v_said := promo.count_in(v_p, p_units, p_minor);
    IF v_said <> '' THEN
        RETURN v_said;
    END IF;
    INSERT INTO promotion_uses (shop_id, promotion_id, order_id, code_id, state, units, minor, day)
    VALUES (v_shop, p_promotion, p_order, p_code, 'held', p_units, p_minor, {DAY}) RETURNING id INTO v_use;
    INSERT INTO promotion_use_keys (use_id, key, promotion_id, shop_id)
    SELECT DISTINCT v_use, k, p_promotion, v_shop FROM unnest(p_keys) AS k;
    RETURN '';
END $$
"""
COUNT_IN = f"""
CREATE FUNCTION promo.count_in(p promotions, p_units int, p_minor bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE v_said text;
BEGIN
    v_said := promo.take_from(p.id, {ALL}, p_units, p_minor);
    IF v_said = '' AND p.per_day IS NOT NULL THEN
        PERFORM promo.open_day(p.id, p.per_day, 0);
        v_said := promo.take_from(p.id, {DAY}, p_units, 0);
        IF v_said <> '' THEN
            v_said := 'day_limit';
        END IF;
    END IF;
    RETURN v_said;
END $$
"""
CLAIM = f"""
CREATE FUNCTION promo.claim(p_promotion bigint, p_keys text[], p_email text, p_device text)
RETURNS TABLE (use_id bigint, said text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_shop bigint := promo.current_shop(); v_p promotions; v_use bigint; v_until timestamptz;
BEGIN
    SELECT * INTO v_p FROM promotions WHERE id = p_promotion AND claim <> 'none' AND (
        shop_id = v_shop OR (shop_id IS NULL AND (shop_ids IS NULL OR v_shop = ANY (shop_ids))));
    IF NOT FOUND OR v_p.status IN ('draft', 'ended') OR now() >= v_p.ends_at THEN
        RETURN QUERY SELECT NULL::bigint, 'not_now';
        RETURN;
    ELSIF v_p.status = 'paused' THEN
        RETURN QUERY SELECT NULL::bigint, 'paused';
        RETURN;
    END IF;
    PERFORM promo.queue_up(p_promotion, p_keys);
    said := promo.may_take(v_p, v_shop, p_email, p_device, 0, 1, p_keys, 0);
    IF said = '' THEN
        said := promo.count_in(v_p, 1, 0);
    END IF;
    IF said <> '' THEN
        RETURN QUERY SELECT NULL::bigint, said;
        RETURN;
    END IF;
    v_until := least(now() + make_interval(days => coalesce(v_p.claim_days, 3650)::int), v_p.ends_at);
    INSERT INTO promotion_uses (shop_id, promotion_id, state, day, until)
    VALUES (v_shop, p_promotion, 'claimed', {DAY}, v_until) RETURNING id INTO v_use;
    INSERT INTO promotion_use_keys (use_id, key, promotion_id, shop_id)
    SELECT DISTINCT v_use, k, p_promotion, v_shop FROM unnest(p_keys) AS k;
    RETURN QUERY SELECT v_use, '';
END $$
"""
STAND = f"""
CREATE FUNCTION promo.stand(p_promotions bigint[], p_keys text[], p_email text, p_device text)
RETURNS TABLE (promotion_id bigint, said text, uses_left bigint, minor_left bigint, day_left bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    -- What a quote may promise: read without locks, and asked again under locks when the order is placed.
    SELECT p.id, promo.may_take(p, promo.current_shop(), p_email, p_device, 0, 1, p_keys, 0), t.uses, t.minor,
        CASE WHEN p.per_day IS NULL THEN NULL
             ELSE coalesce((SELECT sum(s.uses_left)::bigint FROM promotion_slots s
                            WHERE s.promotion_id = p.id AND s.day = {DAY}), p.per_day) END
    FROM promotions p LEFT JOIN LATERAL (
        SELECT sum(s.uses_left)::bigint AS uses, sum(s.minor_left)::bigint AS minor FROM promotion_slots s
        WHERE s.promotion_id = p.id AND s.day = {ALL}) t ON true
    WHERE p.id = ANY (p_promotions) AND p.status <> 'draft' AND (p.shop_id = promo.current_shop()
        OR (p.shop_id IS NULL AND (p.shop_ids IS NULL OR promo.current_shop() = ANY (p.shop_ids))))
$$
"""
FIND_CODE = """
CREATE FUNCTION promo.find_code(p_fingerprint bytea) RETURNS TABLE (promotion_id bigint, code_id bigint, state text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT c.promotion_id, c.id, c.state FROM coupon_codes c JOIN promotions p ON p.id = c.promotion_id
    WHERE c.fingerprint = p_fingerprint AND p.status <> 'draft' AND (p.shop_id = promo.current_shop()
        OR (p.shop_id IS NULL AND (p.shop_ids IS NULL OR promo.current_shop() = ANY (p.shop_ids))))
$$
"""
END_USE = """
CREATE FUNCTION promo.end_use(p_use public.promotion_uses) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF p_use.until > now() THEN
        -- A claimed coupon goes back into its owner's hand.
        UPDATE public.promotion_slots SET minor_left = minor_left + p_use.minor
        WHERE promotion_id = p_use.promotion_id AND day = '-infinity' AND slot = (
            SELECT min(slot) FROM public.promotion_slots
            WHERE promotion_id = p_use.promotion_id AND day = '-infinity');
        UPDATE public.promotion_uses SET state = 'claimed', order_id = NULL, minor = 0 WHERE id = p_use.id;
    ELSE
        PERFORM promo.give_back(p_use);
        UPDATE public.promotion_uses SET state = 'returned', ended_at = now() WHERE id = p_use.id;
    END IF;
END $$
"""
FOLLOW = """
CREATE FUNCTION promo.follow_order() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_use promotion_uses;
BEGIN
    IF NEW.state IN ('paid', 'delivered') THEN
        UPDATE promotion_uses SET state = 'used' WHERE order_id = NEW.id AND state = 'held';
        UPDATE coupon_codes SET state = 'used' WHERE state = 'held'
            AND id IN (SELECT code_id FROM promotion_uses WHERE order_id = NEW.id AND state = 'used');
    ELSIF NEW.state IN ('expired', 'cancelled') AND NEW.paid_at IS NULL THEN
        FOR v_use IN SELECT u.* FROM promotion_uses u JOIN promotions p ON p.id = u.promotion_id
            WHERE u.order_id = NEW.id AND u.state = 'held' AND p.returns <> 'never' ORDER BY u.promotion_id LOOP
            PERFORM promo.end_use(v_use);
        END LOOP;
        UPDATE promotion_uses SET state = 'used' WHERE order_id = NEW.id AND state = 'held';
    ELSIF NEW.state = 'refunded' THEN
        FOR v_use IN SELECT u.* FROM promotion_uses u JOIN promotions p ON p.id = u.promotion_id
            WHERE u.order_id = NEW.id AND u.state IN ('held', 'used') AND p.returns = 'refunded' ORDER BY u.promotion_id LOOP
            PERFORM promo.end_use(v_use);
        END LOOP;
    END IF;
    RETURN NULL;
END $$
"""
RETAKE = f"""
CREATE FUNCTION promo.retake(p_order bigint, p_keys text[]) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_shop bigint := promo.current_shop(); v_old record; v_p promotions; v_said text; v_use bigint;
BEGIN
    -- Money came late: what went back when the checkout expired is taken again, or the sale does not stand.
    FOR v_old IN
        SELECT op.promotion_id, sum(op.minor)::bigint AS minor, sum(l.quantity)::int AS units
        FROM order_promotions op JOIN order_lines l ON l.id = op.order_line_id
        WHERE op.order_id = p_order AND op.shop_id = v_shop AND NOT EXISTS (
            SELECT 1 FROM promotion_uses u WHERE u.order_id = p_order AND u.promotion_id = op.promotion_id
              AND u.state IN ('held', 'used'))
        GROUP BY 1 ORDER BY 1
    LOOP
        SELECT * INTO v_p FROM promotions WHERE id = v_old.promotion_id;
        CONTINUE WHEN NOT v_p.counted;
        IF v_p.limit_of = 'orders' THEN
            v_old.units := 1;
        END IF;
        PERFORM promo.queue_up(v_p.id, p_keys);
        SELECT u.id INTO v_use FROM promotion_uses u WHERE u.promotion_id = v_p.id AND u.shop_id = v_shop
            AND u.state = 'claimed' AND u.until > now()
            AND EXISTS (SELECT 1 FROM promotion_use_keys k WHERE k.use_id = u.id AND k.key = ANY (p_keys))
            ORDER BY u.id LIMIT 1 FOR UPDATE;
        IF FOUND THEN
            UPDATE promotion_uses SET state = 'held', order_id = p_order, minor = v_old.minor WHERE id = v_use;
            v_said := promo.take_from(v_p.id, {ALL}, 0, v_old.minor);
        ELSIF v_p.claim <> 'none' THEN
            RETURN 'claim_gone';
        ELSE
            SELECT promo.may_take(v_p, v_shop, o.email, o.device, p_order, v_old.units, p_keys, 0) INTO v_said
            FROM orders o WHERE o.id = p_order;
            IF v_said = '' THEN
                v_said := promo.count_in(v_p, v_old.units, v_old.minor);
            END IF;
            SELECT u.id INTO v_use FROM promotion_uses u
            WHERE u.order_id = p_order AND u.promotion_id = v_p.id AND u.state = 'returned' ORDER BY u.id DESC LIMIT 1;
            IF v_said = '' AND FOUND THEN
                UPDATE coupon_codes c SET state = 'held' FROM promotion_uses u
                WHERE u.id = v_use AND c.id = u.code_id AND c.state = 'free';
                IF NOT FOUND AND EXISTS (SELECT 1 FROM promotion_uses u WHERE u.id = v_use AND u.code_id IS NOT NULL) THEN
                    RETURN 'code_used';
                END IF;
                UPDATE promotion_uses SET state = 'held', ended_at = NULL, minor = v_old.minor, units = v_old.units,
                    day = {DAY} WHERE id = v_use;
            ELSIF v_said = '' THEN
                RETURN 'claim_gone';
            END IF;
        END IF;
        IF v_said <> '' THEN
            RETURN v_said;
        END IF;
    END LOOP;
    RETURN '';
END $$
"""
LAPSE = """
CREATE FUNCTION promo.lapse(p_most int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_use promotion_uses; v_count int := 0;
BEGIN
    FOR v_use IN SELECT * FROM promotion_uses WHERE state = 'claimed' AND until <= now()
        ORDER BY promotion_id, id LIMIT p_most FOR UPDATE SKIP LOCKED LOOP
        PERFORM promo.give_back(v_use);
        UPDATE promotion_uses SET state = 'lapsed', ended_at = now() WHERE id = v_use.id;
        v_count := v_count + 1;
    END LOOP;
    RETURN v_count;
END $$
"""
CURRENT = f"""
CREATE FUNCTION promo.current_shop() RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE v_shop bigint := {SHOP_ID};
BEGIN
    IF v_shop IS NULL THEN
        RAISE EXCEPTION 'promotions are only used from a shop''s scope' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN v_shop;
END $$
"""
INNER = (
    CURRENT, ON_PLATFORM, SHARE, SLOTS, OPEN_DAY, TAKE_FROM, GIVE_BACK, END_USE, MAY, QUEUE, COUNT_IN,
)  # fmt: skip
DOORS = (SET_LIMITS, TAKE, CLAIM, STAND, FIND_CODE, FOLLOW, RETAKE, LAPSE)
SHOPS = ("take", "claim", "stand", "find_code", "retake", "set_limits")
# A line's exemption is its own promotion's, in force in that shop: nobody stands on another's.
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
    END IF;{promotion}
    v_floor := money.floor_in_force(NEW.sku_id, v_distributor, v_at, NEW.floor_promotion);
    IF v_floor IS NULL OR NEW.floor_minor < v_floor THEN
        RAISE EXCEPTION 'the line says floor %, in force is %', NEW.floor_minor, v_floor
            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_line_covers_floor';
    END IF;
    -- Whom a line names is paid for it.
    IF NOT EXISTS (SELECT 1 FROM skus k WHERE k.id = NEW.sku_id AND k.brand_id = NEW.brand_id) THEN
        RAISE EXCEPTION 'Sku % is not of brand %', NEW.sku_id, NEW.brand_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_line_brand';
    END IF;
    RETURN NEW;
END $$
"""
OWN_EXEMPTION = """
    IF NEW.floor_promotion IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM promotions p WHERE p.key = NEW.floor_promotion AND p.status = 'live'
          AND (p.shop_id = NEW.shop_id OR (p.shop_id IS NULL AND (p.brand_id IS NULL OR p.brand_id = NEW.brand_id)
               AND (p.shop_ids IS NULL OR NEW.shop_id = ANY (p.shop_ids))))
          AND v_at >= p.starts_at AND (p.ends_at IS NULL OR v_at < p.ends_at)) THEN
        RAISE EXCEPTION 'no promotion % is on in shop %', NEW.floor_promotion, NEW.shop_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_line_covers_floor';
    END IF;"""


def upgrade() -> None:
    op.execute(
        f"DO $$ BEGIN CREATE ROLE {ROLE} NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    )
    op.execute(f"GRANT {ROLE} TO CURRENT_USER")
    op.execute(f"GRANT USAGE ON SCHEMA public TO {ROLE}")
    _who_sees_what()
    _functions()


def _who_sees_what() -> None:
    for table, allowed in PLATFORM.items():
        for statement in rls.force(table):
            op.execute(statement)
        op.execute(f"GRANT {allowed} ON {table} TO {PLATFORM_ROLE}")
    for role, policy, tables in (
        (SHOP_ROLE, rls.shop_policy, OF_SHOP),
        (BRAND_ROLE, rls.brand_policy, OF_BRAND),
    ):
        for table, allowed in tables.items():
            op.execute(policy(table))
            op.execute(f"GRANT {allowed} ON {table} TO {role}")
    for role, mine in ((SHOP_ROLE, f"p.shop_id = {SHOP_ID}"), (BRAND_ROLE, f"p.brand_id = {BRAND_ID}")):
        for table, allowed in BY_PROMOTION.items():
            test = f"EXISTS (SELECT 1 FROM promotions p WHERE p.id = {table}.promotion_id AND {mine})"
            op.execute(f"CREATE POLICY of_{role} ON {table} TO {role} USING ({test}) WITH CHECK ({test})")
            op.execute(f"GRANT {allowed} ON {table} TO {role}")
    for role, table, test, allowed in READS:
        op.execute(rls.readable(table, role, test))
        if allowed:
            op.execute(f"GRANT {allowed} ON {table} TO {role}")
    for table, allowed in PROMO.items():
        op.execute(f"CREATE POLICY promo ON {table} TO {ROLE} USING (true) WITH CHECK (true)")
        op.execute(f"GRANT {allowed} ON {table} TO {ROLE}")
    op.execute(f"GRANT UPDATE (status) ON promotions TO {ROLE}")  # FOR SHARE wants a right to change the row
    op.execute("CREATE POLICY money ON promotions FOR SELECT TO perkline_money USING (true)")
    op.execute("GRANT SELECT ON promotions TO perkline_money")


def _functions() -> None:
    op.execute("CREATE SCHEMA promo")
    op.execute(f"GRANT USAGE, CREATE ON SCHEMA promo TO {ROLE}")
    op.execute(f"GRANT USAGE ON SCHEMA promo TO {SHOP_ROLE}, {BRAND_ROLE}, {PLATFORM_ROLE}")
    for function in (*INNER, *DOORS):
        op.execute(function)
    op.execute("REVOKE ALL ON ALL FUNCTIONS IN SCHEMA promo FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA promo TO {ROLE}")
    for name in (*SHOPS, "follow_order", "lapse"):
        op.execute(f"ALTER FUNCTION promo.{name} OWNER TO {ROLE}")
    for name in SHOPS:
        op.execute(f"GRANT EXECUTE ON FUNCTION promo.{name} TO {SHOP_ROLE}")
    op.execute(f"GRANT EXECUTE ON FUNCTION promo.set_limits TO {BRAND_ROLE}, {PLATFORM_ROLE}")
    op.execute(f"GRANT EXECUTE ON FUNCTION promo.lapse TO {PLATFORM_ROLE}")
    op.execute(
        "CREATE TRIGGER promotions_follow AFTER UPDATE OF state ON orders FOR EACH ROW"
        " WHEN (NEW.promoted AND OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION promo.follow_order()"
    )
    op.execute(LINE.format(promotion=OWN_EXEMPTION))


def downgrade() -> None:
    op.execute(LINE.format(promotion=""))
    op.execute("DROP TRIGGER promotions_follow ON orders")
    op.execute("DROP SCHEMA promo CASCADE")
    for table in ("orders", "order_lines"):
        op.execute(f"DROP POLICY promo ON {table}")
        op.execute(f"REVOKE ALL ON {table} FROM {ROLE}")
    for role, name, tables in ((SHOP_ROLE, "shop", OF_SHOP), (BRAND_ROLE, "brand", OF_BRAND)):
        for table in tables:
            op.execute(f"DROP POLICY {name} ON {table}")
        for table in BY_PROMOTION:
            op.execute(f"DROP POLICY of_{role} ON {table}")
    for role, table, _test, _allowed in READS:
        op.execute(f"DROP POLICY readable_{role} ON {table}")
    op.execute("DROP POLICY money ON promotions")
    for table in PLATFORM:
        op.execute(f"DROP POLICY IF EXISTS promo ON {table}")
        op.execute(f"DROP POLICY platform ON {table}")
        op.execute(
            f"REVOKE ALL ON {table} FROM {SHOP_ROLE}, {BRAND_ROLE}, {PLATFORM_ROLE}, {ROLE}, perkline_money"
        )
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.execute(f"REVOKE USAGE ON SCHEMA public FROM {ROLE}")
