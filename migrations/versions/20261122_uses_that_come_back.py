"""uses that come back: a refund that bounced takes its promotions' uses and budgets again

What a full refund gave back was given back for good: where the bank sent the refund back days later, the buyer had the
discount and the promotion its use and its money. Now the order counts again, as far as others have left anything.
"""

from alembic import op

revision = "0191"
down_revision = "0190"
branch_labels = None
depends_on = None

ROLE = "perkline_promo"
DAY = "(now() AT TIME ZONE 'Asia/Shanghai')::date"
TAKE_REST = """
CREATE FUNCTION promo.take_rest(p_promotion bigint, p_day date, p_uses bigint, p_minor bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE v_slot record; v_uses bigint := p_uses; v_minor bigint := p_minor;
BEGIN
    -- What was given is given: as much as there is, and never below nothing.
    FOR v_slot IN SELECT * FROM public.promotion_slots WHERE promotion_id = p_promotion AND day = p_day
        ORDER BY slot FOR UPDATE LOOP
        UPDATE public.promotion_slots SET uses_left = uses_left - least(v_uses, v_slot.uses_left),
            minor_left = minor_left - least(v_minor, v_slot.minor_left)
        WHERE promotion_id = p_promotion AND day = p_day AND slot = v_slot.slot;
        v_uses := v_uses - coalesce(least(v_uses, v_slot.uses_left), 0);
        v_minor := v_minor - coalesce(least(v_minor, v_slot.minor_left), 0);
    END LOOP;
END $$
"""
COUNT_AGAIN = f"""
CREATE FUNCTION promo.count_again(p_order public.orders) RETURNS void LANGUAGE plpgsql AS $$
DECLARE v_old record; v_use public.promotion_uses; v_keys text[] := promo.keys_of(p_order, NULL);
BEGIN
    FOR v_old IN
        SELECT op.promotion_id, sum(op.minor)::bigint AS minor,
            CASE p.limit_of WHEN 'orders' THEN 1 ELSE sum(l.quantity) END::bigint AS units
        FROM public.order_promotions op JOIN public.order_lines l ON l.id = op.order_line_id
            JOIN public.promotions p ON p.id = op.promotion_id AND p.counted
        WHERE op.order_id = p_order.id AND NOT EXISTS (
            SELECT 1 FROM public.promotion_uses u WHERE u.order_id = p_order.id AND u.promotion_id = op.promotion_id
              AND u.state IN ('held', 'used'))
        GROUP BY op.promotion_id, p.limit_of ORDER BY op.promotion_id
    LOOP
        PERFORM promo.hold_limits(v_old.promotion_id);
        -- A claimed coupon that is in its owner's hand again has kept its place; else the order's own use comes back.
        SELECT u.* INTO v_use FROM public.promotion_uses u WHERE u.promotion_id = v_old.promotion_id
            AND u.shop_id = p_order.shop_id AND ((u.state = 'returned' AND u.order_id = p_order.id)
            OR (u.state = 'claimed' AND u.until > now() AND EXISTS (
                SELECT 1 FROM public.promotion_use_keys k WHERE k.use_id = u.id AND k.key = ANY (v_keys))))
        ORDER BY u.order_id NULLS LAST, u.id LIMIT 1 FOR UPDATE;
        IF v_use.state = 'claimed' THEN
            PERFORM promo.take_rest(v_old.promotion_id, '-infinity', 0, v_old.minor);
        ELSE
            PERFORM promo.take_rest(v_old.promotion_id, '-infinity', v_old.units, v_old.minor);
            PERFORM promo.take_rest(v_old.promotion_id, {DAY}, v_old.units, 0);
        END IF;
        IF v_use.id IS NULL THEN
            INSERT INTO public.promotion_uses (shop_id, promotion_id, order_id, state, units, minor, day)
            VALUES (p_order.shop_id, v_old.promotion_id, p_order.id, 'used', v_old.units, v_old.minor, {DAY})
            RETURNING * INTO v_use;
            PERFORM promo.note_keys(v_use.id, v_old.promotion_id, p_order.shop_id, v_keys);
        ELSE
            -- A single-use code that somebody else has used since stays theirs.
            UPDATE public.promotion_uses SET state = 'used', order_id = p_order.id, units = v_old.units, minor = v_old.minor,
                day = CASE v_use.state WHEN 'claimed' THEN day ELSE {DAY} END, ended_at = NULL,
                code_id = CASE WHEN EXISTS (SELECT 1 FROM public.promotion_uses o WHERE o.code_id = v_use.code_id
                    AND o.state IN ('held', 'used') AND o.id <> v_use.id) THEN NULL ELSE code_id END
            WHERE id = v_use.id;
            UPDATE public.coupon_codes SET state = 'used' WHERE id = v_use.code_id AND state = 'free';
        END IF;
    END LOOP;
END $$
"""
FOLLOW = """
CREATE OR REPLACE FUNCTION promo.follow_order() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_use promotion_uses;
BEGIN
    IF NEW.state = 'delivered' AND OLD.state = 'paid' THEN
        RETURN NULL;
    END IF;{again}
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
AGAIN = """
    IF OLD.state = 'refunded' AND NEW.state <> 'refunded' AND NEW.paid_at IS NOT NULL THEN
        PERFORM promo.count_again(NEW);
    END IF;"""
NAMES = ("take_rest(bigint, date, bigint, bigint)", "count_again(orders)")


def upgrade() -> None:
    op.execute(TAKE_REST)
    op.execute(COUNT_AGAIN)
    for name in NAMES:
        op.execute(f"REVOKE ALL ON FUNCTION promo.{name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION promo.{name} TO {ROLE}")
    op.execute(FOLLOW.format(again=AGAIN))


def downgrade() -> None:
    op.execute(FOLLOW.format(again=""))
    for name in reversed(NAMES):
        op.execute(f"DROP FUNCTION promo.{name}")
