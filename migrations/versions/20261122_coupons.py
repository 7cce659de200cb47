"""coupons: limits that hold against raw SQL too, and whatever goes wrong leaves nothing half taken

What is new against 0102: a limit that changes waits for those who are taking (and they for it); nothing is written
before everything was found to be there, so that a refusal may be committed; the buyer's keys are read off the order
itself; a code that comes back from a voided batch is void; a mailbox is the same in every spelling, also for "first
order"; and at commit an order's promotions must add up to what its lines cost less, each counted with its use.
"""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import sqlalchemy as sa
from alembic import op

from tenants.context import BRAND_ROLE, PLATFORM_ROLE, SHOP_ROLE

revision = "0110"
down_revision = "0104"
branch_labels = None
depends_on = None

ROLE = "perkline_promo"
SHOP_ID = "NULLIF(current_setting('perkline.shop_id', true), '')::bigint"
BRAND_ID = "NULLIF(current_setting('perkline.brand_id', true), '')::bigint"
DAY = "(now() AT TIME ZONE 'Asia/Shanghai')::date"
ALL = "'-infinity'::date"
# As app.foundation.addresses.mailbox says it; a test holds the two together.
MAILBOX = """
CREATE FUNCTION promo.mailbox(p_email text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN host IN ('gmail.com', 'googlemail.com') THEN replace(name, '.', '') || '@gmail.com'
                ELSE name || '@' || host END
    FROM (SELECT split_part(regexp_replace(lower(btrim(p_email)), '@[^@]*$', ''), '+', 1) AS name,
                 substring(lower(btrim(p_email)) FROM '[^@]*$') AS host) AS parts
$$
"""
KEYS_OF = """
CREATE FUNCTION promo.keys_of(p_order public.orders, p_more text[]) RETURNS text[] LANGUAGE sql STABLE AS $$
    -- By what its buyer is known again, whatever the caller says besides.
    SELECT array_agg(DISTINCT k ORDER BY k) FROM unnest(coalesce(p_more, '{}') || ARRAY[
        'd:' || nullif(p_order.device, ''), 'e:' || promo.mailbox(p_order.email), 'b:' || p_order.buyer_id]) AS k
    WHERE k IS NOT NULL
$$
"""
# Shared by whoever takes or gives back, held alone by whoever changes the limits: limits that change count everybody.
HOLD_LIMITS = """
CREATE FUNCTION promo.hold_limits(p_promotion bigint) RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock_shared(hashtextextended('promo-limits:' || p_promotion, 0))
$$
"""
GIVE_BACK = f"""
CREATE OR REPLACE FUNCTION promo.give_back(p_use public.promotion_uses) RETURNS void LANGUAGE plpgsql AS $$
DECLARE v_day date;
BEGIN
    PERFORM promo.hold_limits(p_use.promotion_id);
    FOREACH v_day IN ARRAY ARRAY[{ALL}, p_use.day] LOOP
        UPDATE public.promotion_slots SET uses_left = uses_left + p_use.units,
            minor_left = minor_left + CASE WHEN v_day = {ALL} THEN p_use.minor ELSE 0 END
        WHERE promotion_id = p_use.promotion_id AND day = v_day AND slot = (
            SELECT slot FROM public.promotion_slots WHERE promotion_id = p_use.promotion_id AND day = v_day
            ORDER BY slot LIMIT 1 FOR UPDATE);
    END LOOP;
    -- A code of a batch that was voided meanwhile is void.
    UPDATE public.coupon_codes c SET state = CASE WHEN b.voided_at IS NULL THEN 'free' ELSE 'void' END
    FROM public.coupon_batches b
    WHERE c.id = p_use.code_id AND c.state IN ('held', 'used') AND b.id = c.batch_id;
END $$
"""
LOCKED_LIMITS = (
    "    PERFORM 1 FROM promotion_slots WHERE promotion_id = p_promotion ORDER BY day, slot FOR UPDATE;",
    """    -- Whoever is taking without a slot to lock, because there was no limit yet, is waited for as well.
    PERFORM pg_advisory_xact_lock(hashtextextended('promo-limits:' || p_promotion, 0));
    PERFORM 1 FROM promotion_slots WHERE promotion_id = p_promotion ORDER BY day, slot FOR UPDATE;""",
)
MINE = """
CREATE FUNCTION promo.taken_by(p_promotion bigint, p_keys text[], p_besides bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT coalesce(sum(u.units), 0)::bigint FROM public.promotion_uses u
    WHERE u.promotion_id = p_promotion AND u.state IN ('claimed', 'held', 'used') AND u.id <> p_besides AND u.id IN (
        SELECT k.use_id FROM public.promotion_use_keys k WHERE k.promotion_id = p_promotion AND k.key = ANY (p_keys))
$$
"""
MAY = """
CREATE OR REPLACE FUNCTION promo.may_take(p promotions, p_shop bigint, p_email text, p_device text, p_order bigint,
    p_units int, p_keys text[], p_use bigint) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    IF p.audience = 'chosen' AND NOT EXISTS (
        SELECT 1 FROM public.promotion_buyers b WHERE b.promotion_id = p.id AND b.key = ANY (p_keys)) THEN
        RETURN 'not_for_you';
    END IF;
    IF p.audience = 'first_order' AND (
        EXISTS (SELECT 1 FROM public.orders o WHERE o.shop_id = p_shop AND promo.mailbox(o.email) = promo.mailbox(p_email)
                AND o.id <> p_order AND o.paid_at IS NOT NULL)
        OR EXISTS (SELECT 1 FROM public.orders o WHERE o.shop_id = p_shop AND o.device = p_device
                AND o.id <> p_order AND o.paid_at IS NOT NULL)) THEN
        RETURN 'not_first';
    END IF;
    IF p.per_buyer IS NOT NULL AND promo.taken_by(p.id, p_keys, p_use) + p_units > p.per_buyer THEN
        RETURN 'buyer_limit';
    END IF;
    RETURN '';
END $$
"""
COUNT_IN = f"""
CREATE OR REPLACE FUNCTION promo.count_in(p promotions, p_units int, p_minor bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE v_said text;
BEGIN
    IF p.per_day IS NULL THEN
        RETURN promo.take_from(p.id, {ALL}, p_units, p_minor);
    END IF;
    BEGIN
        v_said := promo.take_from(p.id, {ALL}, p_units, p_minor);
        IF v_said = '' THEN
            IF NOT EXISTS (SELECT 1 FROM public.promotion_slots WHERE promotion_id = p.id AND day = {DAY}) THEN
                PERFORM promo.open_day(p.id, p.per_day, 0);
            END IF;
            IF promo.take_from(p.id, {DAY}, p_units, 0) <> '' THEN
                RAISE EXCEPTION USING ERRCODE = 'PL002';
            END IF;
        END IF;
    EXCEPTION WHEN SQLSTATE 'PL002' THEN
        RETURN 'day_limit';  -- and what was taken of the whole is back
    END;
    RETURN v_said;
END $$
"""
TAKE = f"""
CREATE OR REPLACE FUNCTION promo.take(p_order bigint, p_promotion bigint, p_units int, p_minor bigint, p_keys text[],
    p_code bigint, p_use bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_shop bigint := promo.current_shop(); v_o orders; v_p promotions; v_said text; v_use bigint; v_keys text[]; v_units int;
BEGIN
    SELECT * INTO v_o FROM orders WHERE id = p_order AND shop_id = v_shop AND promoted AND state = 'pending';
    IF NOT FOUND OR p_units < 1 OR p_minor < 1 THEN
        RAISE EXCEPTION 'this shop has no such order %', p_order USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM promo.hold_limits(p_promotion);
    SELECT * INTO v_p FROM promotions WHERE id = p_promotion AND (
        shop_id = v_shop OR (shop_id IS NULL AND (shop_ids IS NULL OR v_shop = ANY (shop_ids))));
    IF NOT FOUND OR v_p.status IN ('draft', 'ended') OR v_o.quoted_at < v_p.starts_at OR now() < v_p.starts_at
       OR v_o.quoted_at >= v_p.ends_at OR now() > v_p.ends_at + interval '16 minutes' THEN
        RETURN 'not_now';
    ELSIF v_p.status = 'paused' THEN
        RETURN 'paused';
    END IF;
    IF NOT v_p.counted THEN
        RETURN '';
    END IF;
    v_keys := promo.keys_of(v_o, p_keys);
    v_units := CASE v_p.limit_of WHEN 'orders' THEN 1 ELSE p_units END;
    IF v_p.per_buyer IS NOT NULL OR p_use IS NOT NULL THEN
        PERFORM promo.queue_up(p_promotion, v_keys);
    END IF;
    v_said := promo.may_take(v_p, v_shop, v_o.email, v_o.device, p_order, v_units, v_keys, coalesce(p_use, 0));
    IF v_said <> '' THEN
        RETURN v_said;
    END IF;
    IF p_use IS NOT NULL THEN
        RETURN promo.use_claimed(p_use, v_p.id, v_o, p_minor, v_keys);
    END IF;
    IF v_p.claim <> 'none' THEN
        RETURN 'claim_gone';
    END IF;
    IF p_code IS NOT NULL THEN
        PERFORM 1 FROM coupon_codes WHERE id = p_code AND promotion_id = p_promotion AND state = 'free' FOR UPDATE;
        IF NOT FOUND THEN
            RETURN 'code_used';
        END IF;
    ELSIF NOT v_p.automatic AND v_p.code IS NULL AND v_p.kind IN ('threshold_coupon', 'fixed_coupon', 'percentage_coupon') THEN
        RETURN 'needs_code';
    END IF;
    v_said := promo.count_in(v_p, v_units, p_minor);
    IF v_said <> '' THEN
        RETURN v_said;
    END IF;
    INSERT INTO promotion_uses (shop_id, promotion_id, order_id, code_id, state, units, minor, day)
    VALUES (v_shop, p_promotion, p_order, p_code, 'held', v_units, p_minor, {DAY}) RETURNING id INTO v_use;
    PERFORM promo.note_keys(v_use, p_promotion, v_shop, v_keys);
    UPDATE coupon_codes SET state = 'held' WHERE id = p_code;
    RETURN '';
END $$
"""
NOTE_KEYS = """
CREATE FUNCTION promo.note_keys(p_use bigint, p_promotion bigint, p_shop bigint, p_keys text[]) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO public.promotion_use_keys (use_id, key, promotion_id, shop_id)
    SELECT DISTINCT p_use, k, p_promotion, p_shop FROM unnest(p_keys) AS k ON CONFLICT DO NOTHING
$$
"""
USE_CLAIMED = f"""
CREATE FUNCTION promo.use_claimed(p_use bigint, p_promotion bigint, p_order public.orders, p_minor bigint, p_keys text[])
RETURNS text LANGUAGE plpgsql AS $$
DECLARE v_said text;
BEGIN
    -- A claimed coupon has had its place among the limits since it was claimed; its money is taken now.
    PERFORM 1 FROM public.promotion_uses u WHERE u.id = p_use AND u.promotion_id = p_promotion
        AND u.shop_id = p_order.shop_id AND u.state = 'claimed' AND u.until > now()
        AND EXISTS (SELECT 1 FROM public.promotion_use_keys k WHERE k.use_id = u.id AND k.key = ANY (p_keys))
    FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'claim_gone';
    END IF;
    v_said := promo.take_from(p_promotion, {ALL}, 0, p_minor);
    IF v_said = '' THEN
        UPDATE public.promotion_uses SET state = 'held', order_id = p_order.id, minor = p_minor WHERE id = p_use;
        -- Whoever claimed on one device and orders under an address is that address's owner from now on.
        PERFORM promo.note_keys(p_use, p_promotion, p_order.shop_id, p_keys);
    END IF;
    RETURN v_said;
END $$
"""
CLAIM = f"""
CREATE OR REPLACE FUNCTION promo.claim(p_promotion bigint, p_keys text[], p_email text, p_device text)
RETURNS TABLE (use_id bigint, said text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_shop bigint := promo.current_shop(); v_p promotions; v_use bigint; v_until timestamptz;
BEGIN
    IF coalesce(cardinality(p_keys), 0) = 0 THEN
        RAISE EXCEPTION 'nobody claims nothing' USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM promo.hold_limits(p_promotion);
    SELECT * INTO v_p FROM promotions WHERE id = p_promotion AND claim <> 'none' AND (
        shop_id = v_shop OR (shop_id IS NULL AND (shop_ids IS NULL OR v_shop = ANY (shop_ids))));
    IF NOT FOUND OR v_p.status IN ('draft', 'ended') OR now() < v_p.starts_at OR now() >= v_p.ends_at THEN
        RETURN QUERY SELECT NULL::bigint, 'not_now';
        RETURN;
    ELSIF v_p.status = 'paused' THEN
        RETURN QUERY SELECT NULL::bigint, 'paused';
        RETURN;
    END IF;
    PERFORM promo.queue_up(p_promotion, p_keys);
    IF EXISTS (SELECT 1 FROM promotion_uses u JOIN promotion_use_keys k ON k.use_id = u.id
               WHERE u.promotion_id = p_promotion AND u.shop_id = v_shop AND u.state = 'claimed' AND u.until > now()
                 AND k.promotion_id = p_promotion AND k.key = ANY (p_keys)) THEN
        RETURN QUERY SELECT NULL::bigint, 'have_one';
        RETURN;
    END IF;
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
    PERFORM promo.note_keys(v_use, p_promotion, v_shop, p_keys);
    RETURN QUERY SELECT v_use, '';
END $$
"""
STAND = f"""
CREATE FUNCTION promo.stand(p_promotions bigint[], p_keys text[], p_email text, p_device text)
RETURNS TABLE (promotion_id bigint, said text, uses_left bigint, minor_left bigint, day_left bigint, buyer_left bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    -- What a quote may promise: read without locks, and asked again under locks when the order is placed.
    SELECT p.id, promo.may_take(p, promo.current_shop(), p_email, p_device, 0, 1, p_keys, 0), t.uses, t.minor,
        CASE WHEN p.per_day IS NULL THEN NULL
             ELSE coalesce((SELECT sum(s.uses_left)::bigint FROM promotion_slots s
                            WHERE s.promotion_id = p.id AND s.day = {DAY}), p.per_day) END,
        CASE WHEN p.per_buyer IS NULL THEN NULL ELSE p.per_buyer - promo.taken_by(p.id, p_keys, 0) END
    FROM promotions p LEFT JOIN LATERAL (
        SELECT sum(s.uses_left)::bigint AS uses, sum(s.minor_left)::bigint AS minor FROM promotion_slots s
        WHERE s.promotion_id = p.id AND s.day = {ALL}) t ON true
    WHERE p.id = ANY (p_promotions) AND p.status <> 'draft' AND (p.shop_id = promo.current_shop()
        OR (p.shop_id IS NULL AND (p.shop_ids IS NULL OR promo.current_shop() = ANY (p.shop_ids))))
$$
"""
END_USE = """
CREATE OR REPLACE FUNCTION promo.end_use(p_use public.promotion_uses) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF p_use.until > now() THEN
        -- A claimed coupon goes back into its owner's hand.
        PERFORM promo.hold_limits(p_use.promotion_id);
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
CREATE OR REPLACE FUNCTION promo.follow_order() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_use promotion_uses;
BEGIN
    IF NEW.state = 'delivered' AND OLD.state = 'paid' THEN
        RETURN NULL;
    END IF;
    IF NEW.state IN ('paid', 'delivered') THEN
        UPDATE promotion_uses SET state = 'used' WHERE order_id = NEW.id AND state = 'held';
    ELSIF NEW.state IN ('expired', 'cancelled', 'refunded') THEN
        -- Unpaid: given back unless never. Paid and given back: by the rule for refunds.
        FOR v_use IN SELECT u.* FROM promotion_uses u JOIN promotions p ON p.id = u.promotion_id
            WHERE u.order_id = NEW.id AND u.state IN ('held', 'used') AND (
                (NEW.state = 'refunded' AND p.returns = 'refunded')
                OR (u.state = 'held' AND NEW.paid_at IS NULL AND p.returns <> 'never')) ORDER BY u.promotion_id LOOP
            PERFORM promo.end_use(v_use);
        END LOOP;
        UPDATE promotion_uses SET state = 'used' WHERE order_id = NEW.id AND state = 'held';
    ELSE
        RETURN NULL;
    END IF;
    UPDATE coupon_codes SET state = 'used' WHERE state = 'held'
        AND id IN (SELECT code_id FROM promotion_uses WHERE order_id = NEW.id AND state = 'used');
    RETURN NULL;
END $$
"""
RETAKE = """
CREATE OR REPLACE FUNCTION promo.retake(p_order bigint, p_keys text[]) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_shop bigint := promo.current_shop(); v_o orders; v_old record; v_said text; v_keys text[];
BEGIN
    SELECT * INTO v_o FROM orders WHERE id = p_order AND shop_id = v_shop AND promoted
        AND state IN ('expired', 'cancelled', 'attention');
    IF NOT FOUND THEN
        RAISE EXCEPTION 'this shop has no such order %', p_order USING ERRCODE = 'insufficient_privilege';
    END IF;
    v_keys := promo.keys_of(v_o, p_keys);
    -- Money came late: what went back when the checkout ended is taken again, or the sale does not stand.
    FOR v_old IN
        SELECT op.promotion_id, sum(op.minor)::bigint AS minor, sum(l.quantity)::int AS units
        FROM order_promotions op JOIN order_lines l ON l.id = op.order_line_id
        WHERE op.order_id = p_order AND op.shop_id = v_shop AND NOT EXISTS (
            SELECT 1 FROM promotion_uses u WHERE u.order_id = p_order AND u.promotion_id = op.promotion_id
              AND u.state IN ('held', 'used'))
        GROUP BY 1 ORDER BY 1
    LOOP
        v_said := promo.retake_one(v_o, v_old.promotion_id, v_old.minor, v_old.units, v_keys);
        IF v_said <> '' THEN
            RETURN v_said;
        END IF;
    END LOOP;
    RETURN '';
END $$
"""
RETAKE_ONE = f"""
CREATE FUNCTION promo.retake_one(p_order public.orders, p_promotion bigint, p_minor bigint, p_units int, p_keys text[])
RETURNS text LANGUAGE plpgsql AS $$
DECLARE v_p public.promotions; v_u public.promotion_uses; v_said text; v_use bigint; v_units int;
BEGIN
    PERFORM promo.hold_limits(p_promotion);
    SELECT * INTO v_p FROM public.promotions WHERE id = p_promotion;
    IF NOT v_p.counted THEN
        RETURN '';
    END IF;
    v_units := CASE v_p.limit_of WHEN 'orders' THEN 1 ELSE p_units END;
    PERFORM promo.queue_up(p_promotion, p_keys);
    SELECT u.id INTO v_use FROM public.promotion_uses u WHERE u.promotion_id = p_promotion
        AND u.shop_id = p_order.shop_id AND u.state = 'claimed' AND u.until > now()
        AND EXISTS (SELECT 1 FROM public.promotion_use_keys k WHERE k.use_id = u.id AND k.key = ANY (p_keys))
    ORDER BY u.id LIMIT 1;
    IF FOUND THEN
        RETURN promo.use_claimed(v_use, p_promotion, p_order, p_minor, p_keys);
    END IF;
    SELECT * INTO v_u FROM public.promotion_uses u WHERE u.order_id = p_order.id AND u.promotion_id = p_promotion
        AND u.state = 'returned' AND u.until IS NULL ORDER BY u.id DESC LIMIT 1;
    IF NOT FOUND THEN
        RETURN 'claim_gone';
    END IF;
    v_said := promo.may_take(v_p, p_order.shop_id, p_order.email, p_order.device, p_order.id, v_units, p_keys, 0);
    IF v_said <> '' THEN
        RETURN v_said;
    END IF;
    IF v_u.code_id IS NOT NULL THEN
        PERFORM 1 FROM public.coupon_codes WHERE id = v_u.code_id AND state = 'free' FOR UPDATE;
        IF NOT FOUND THEN
            RETURN 'code_used';
        END IF;
    END IF;
    v_said := promo.count_in(v_p, v_units, p_minor);
    IF v_said = '' THEN
        UPDATE public.promotion_uses SET state = 'held', ended_at = NULL, minor = p_minor, units = v_units, day = {DAY}
        WHERE id = v_u.id;
        UPDATE public.coupon_codes SET state = 'held' WHERE id = v_u.code_id;
    END IF;
    RETURN v_said;
END $$
"""
VOID_BATCH = f"""
CREATE FUNCTION promo.void_batch(p_batch bigint) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_voided int;
BEGIN
    UPDATE coupon_batches b SET voided_at = now(), seed = NULL FROM promotions p
    WHERE b.id = p_batch AND p.id = b.promotion_id AND b.voided_at IS NULL AND (
        (p.shop_id IS NOT NULL AND p.shop_id = {SHOP_ID}) OR (p.brand_id IS NOT NULL AND p.brand_id = {BRAND_ID})
        OR promo.on_platform());
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    -- What an unpaid order holds is that order's; coming back, it is void.
    UPDATE coupon_codes SET state = 'void' WHERE batch_id = p_batch AND state = 'free';
    GET DIAGNOSTICS v_voided = ROW_COUNT;
    RETURN v_voided;
END $$
"""
BATCH_ONCE = """
CREATE FUNCTION promo.batch_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.exported_at IS NOT NULL THEN
        NEW.seed := NULL;
    END IF;
    IF (OLD.exported_at IS NOT NULL AND NEW.exported_at IS DISTINCT FROM OLD.exported_at)
       OR (OLD.voided_at IS NOT NULL AND NEW.voided_at IS DISTINCT FROM OLD.voided_at)
       OR (NEW.seed IS NOT NULL AND NEW.seed IS DISTINCT FROM OLD.seed) THEN
        RAISE EXCEPTION 'batch % was exported or voided', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'coupon_batch_once';
    END IF;
    RETURN NEW;
END $$
"""
# What an order says of its promotions is what its lines cost less, paid for by whom it says, and counted.
EXPLAINED = """
CREATE FUNCTION promo.explained() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_bad bigint;
BEGIN
    IF EXISTS (SELECT 1 FROM order_promotions WHERE order_id = NEW.order_id AND id > NEW.id) THEN
        RETURN NULL;  -- the last row of an order asks for all of them
    END IF;
    SELECT op.id INTO v_bad FROM order_promotions op
        JOIN orders o ON o.id = op.order_id JOIN order_lines l ON l.id = op.order_line_id
        JOIN promotions p ON p.id = op.promotion_id
    WHERE op.order_id = NEW.order_id AND (NOT o.promoted OR o.shop_id <> op.shop_id OR l.order_id <> op.order_id
        OR l.brand_id <> op.brand_id OR p.kind <> op.kind OR p.funder <> op.funder OR p.status = 'draft'
        OR coalesce(p.brand_id, l.brand_id) <> l.brand_id OR coalesce(p.shop_id, op.shop_id) <> op.shop_id
        OR (p.shop_ids IS NOT NULL AND NOT op.shop_id = ANY (p.shop_ids))) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'order promotion % is not this shop''s or not this line''s', v_bad
            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_promotion_stands';
    END IF;
    SELECT l.id INTO v_bad FROM order_lines l JOIN (
            SELECT order_line_id, sum(minor) AS minor, sum(minor) FILTER (WHERE funder = 'brand') AS of_brand,
                sum(minor) FILTER (WHERE funder = 'platform') AS of_platform
            FROM order_promotions WHERE order_id = NEW.order_id GROUP BY 1) t ON t.order_line_id = l.id
    WHERE t.minor <> l.list_minor * l.quantity - l.net_minor OR coalesce(t.of_brand, 0) <> l.funded_brand_minor
        OR coalesce(t.of_platform, 0) <> l.funded_platform_minor LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the promotions of line % do not add up to what it costs less', v_bad
            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_promotions_add_up';
    END IF;
    SELECT t.promotion_id INTO v_bad FROM (
            SELECT op.promotion_id, sum(op.minor) AS minor, sum(l.quantity) AS units FROM order_promotions op
                JOIN order_lines l ON l.id = op.order_line_id WHERE op.order_id = NEW.order_id GROUP BY 1) t
        JOIN promotions p ON p.id = t.promotion_id AND p.counted
    WHERE NOT EXISTS (SELECT 1 FROM promotion_uses u WHERE u.order_id = NEW.order_id AND u.promotion_id = p.id
        AND u.state IN ('held', 'used') AND u.minor = t.minor
        AND u.units = CASE p.limit_of WHEN 'orders' THEN 1 ELSE t.units END) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'promotion % was given by order % and not counted', v_bad, NEW.order_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_promotion_counted';
    END IF;
    RETURN NULL;
END $$
"""
FUNDED = """
CREATE FUNCTION promo.funded() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM order_promotions WHERE order_line_id = NEW.id) THEN
        RAISE EXCEPTION 'line % names no promotion that a brand or the platform pays for', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_line_funded';
    END IF;
    RETURN NULL;
END $$
"""
NEW_INNER = {
    "mailbox": MAILBOX, "keys_of": KEYS_OF, "hold_limits": HOLD_LIMITS, "taken_by": MINE, "note_keys": NOTE_KEYS,
    "use_claimed": USE_CLAIMED, "retake_one": RETAKE_ONE, "batch_once": BATCH_ONCE,
}  # fmt: skip
NEW_DOORS = {"stand": STAND, "void_batch": VOID_BATCH, "explained": EXPLAINED, "funded": FUNDED}
REPLACED = (GIVE_BACK, MAY, COUNT_IN, TAKE, CLAIM, END_USE, FOLLOW, RETAKE)
OLD = ("GIVE_BACK", "MAY", "COUNT_IN", "TAKE", "CLAIM", "END_USE", "FOLLOW", "RETAKE", "SET_LIMITS")


def upgrade() -> None:
    op.execute("DROP FUNCTION promo.stand(bigint[], text[], text, text)")
    for function in (*NEW_INNER.values(), *NEW_DOORS.values(), *REPLACED):
        op.execute(function)
    before, after = LOCKED_LIMITS
    op.execute(_again(_walls().SET_LIMITS).replace(before, after))
    for name in (*NEW_INNER, *NEW_DOORS):
        op.execute(f"REVOKE ALL ON FUNCTION promo.{name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION promo.{name} TO {ROLE}")
    for name in NEW_DOORS:
        op.execute(f"ALTER FUNCTION promo.{name} OWNER TO {ROLE}")
    op.execute(f"GRANT EXECUTE ON FUNCTION promo.stand TO {SHOP_ROLE}")
    op.execute(f"GRANT EXECUTE ON FUNCTION promo.void_batch TO {SHOP_ROLE}, {BRAND_ROLE}, {PLATFORM_ROLE}")
    # An index asks it for whoever writes the row.
    op.execute("GRANT EXECUTE ON FUNCTION promo.mailbox TO PUBLIC")
    op.execute(f"GRANT UPDATE (seed, voided_at) ON coupon_batches TO {ROLE}")
    for role in (SHOP_ROLE, BRAND_ROLE, PLATFORM_ROLE):
        op.execute(f"REVOKE UPDATE (state) ON coupon_codes FROM {role}")
    op.create_index(
        "ix_orders_first_of_mailbox", "orders", ["shop_id", sa.text("promo.mailbox(email)")],
        postgresql_where=sa.text("paid_at IS NOT NULL"),
    )  # fmt: skip
    op.create_index(
        "uq_promotion_uses_code", "promotion_uses", ["code_id"], unique=True,
        postgresql_where=sa.text("state IN ('held', 'used')"),
    )  # fmt: skip
    # One key proves both, and a hundred thousand rows are checked once each.
    op.create_unique_constraint(
        op.f("uq_coupon_batches_id_promotion_id"), "coupon_batches", ["id", "promotion_id"]
    )
    for column in ("batch_id", "promotion_id"):
        op.drop_constraint(op.f(f"fk_coupon_codes_{column}"), "coupon_codes")
    op.drop_index("ix_coupon_codes_promotion_id", "coupon_codes")
    op.create_foreign_key(
        op.f("fk_coupon_codes_batch_id"), "coupon_codes", "coupon_batches", ["batch_id", "promotion_id"],
        ["id", "promotion_id"],
    )  # fmt: skip
    op.create_check_constraint(
        op.f("ck_promotions_claims_orders"), "promotions", "claim = 'none' OR limit_of = 'orders'"
    )
    _triggers()


def _triggers() -> None:
    op.execute(
        "CREATE TRIGGER once BEFORE UPDATE ON coupon_batches FOR EACH ROW EXECUTE FUNCTION promo.batch_once()"
    )
    op.execute(
        "CREATE CONSTRAINT TRIGGER explained AFTER INSERT ON order_promotions DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION promo.explained()"
    )
    op.execute(
        "CREATE CONSTRAINT TRIGGER funded AFTER INSERT ON order_lines DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
        " WHEN (NEW.funded_brand_minor > 0 OR NEW.funded_platform_minor > 0) EXECUTE FUNCTION promo.funded()"
    )


def downgrade() -> None:
    for name, table in (
        ("once", "coupon_batches"),
        ("explained", "order_promotions"),
        ("funded", "order_lines"),
    ):
        op.execute(f"DROP TRIGGER {name} ON {table}")
    op.drop_constraint(op.f("ck_promotions_claims_orders"), "promotions")
    op.drop_constraint(op.f("fk_coupon_codes_batch_id"), "coupon_codes")
    op.drop_constraint(op.f("uq_coupon_batches_id_promotion_id"), "coupon_batches")
    op.create_index("ix_coupon_codes_promotion_id", "coupon_codes", ["promotion_id"])
    for column, table in (("batch_id", "coupon_batches"), ("promotion_id", "promotions")):
        op.create_foreign_key(op.f(f"fk_coupon_codes_{column}"), "coupon_codes", table, [column], ["id"])
    op.drop_index("uq_promotion_uses_code", "promotion_uses")
    op.drop_index("ix_orders_first_of_mailbox", "orders")
    op.execute(f"REVOKE UPDATE (seed, voided_at) ON coupon_batches FROM {ROLE}")
    for role in (SHOP_ROLE, BRAND_ROLE, PLATFORM_ROLE):
        op.execute(f"GRANT UPDATE (state) ON coupon_codes TO {role}")
    walls = _walls()
    for name in OLD:
        op.execute(_again(getattr(walls, name)))
    for name in (*NEW_DOORS, *NEW_INNER):
        op.execute(f"DROP FUNCTION promo.{name}")
    op.execute(walls.STAND)
    op.execute("REVOKE ALL ON FUNCTION promo.stand FROM PUBLIC")
    op.execute(f"ALTER FUNCTION promo.stand OWNER TO {ROLE}")
    op.execute(f"GRANT EXECUTE ON FUNCTION promo.stand TO {SHOP_ROLE}")


def _walls() -> ModuleType:
    """The migration whose functions stand here in part: their text is not written twice."""
    spec = spec_from_file_location("promotion_walls", Path(__file__).with_name("20261122_promotion_walls.py"))
    if spec is None or spec.loader is None:
        raise FileNotFoundError("promotion_walls")
    found = module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def _again(function: str) -> str:
    return function.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1)
