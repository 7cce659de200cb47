"""seats and rewards hold: a seat's order takes the seat's own unit, a unit that was never paid for comes back, a
voided batch keeps no code, a reward that was taken back leaves no coupon, and who owes is not paid"""

from alembic import op

from tenants.context import PLATFORM_ROLE, SHOP_ROLE

revision = "0180"
down_revision = "0175"
branch_labels = None
depends_on = None

FOLLOW = """
CREATE OR REPLACE FUNCTION flash.follow_order() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.state IN ('paid', 'delivered') THEN
        UPDATE drop_seats SET state = 'bought' WHERE order_id = NEW.id AND state IN ('granted', 'ordered');
    ELSIF NEW.state IN ('expired', 'cancelled') AND NEW.paid_at IS NULL THEN
        -- The buyer may try again while the seat's own time lasts; after that the clock lets it go.
        UPDATE drop_seats SET state = 'granted' WHERE order_id = NEW.id AND state = 'ordered';
    ELSIF NEW.state = 'refunded' THEN
        {refunded}
    END IF;
    RETURN NULL;
END $$
"""
BOUGHT = "UPDATE drop_seats SET state = 'returned' WHERE order_id = NEW.id AND state = 'bought';"
# An order that never counted as paid (a wrong amount came) was only ordered: its unit goes on to the next as well.
ORDERED = (
    "UPDATE drop_seats SET state = 'returned' WHERE order_id = NEW.id AND state IN ('ordered', 'bought');"
)
OWN_UNIT = """
CREATE FUNCTION flash.own_unit() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM orders o JOIN reservations r ON r.id = o.reservation_id
                   WHERE o.id = NEW.order_id AND r.parent_id = NEW.reservation_id) THEN
        RAISE EXCEPTION 'order % takes nothing from seat %', NEW.order_id, NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'seat_sells_its_own_unit';
    END IF;
    RETURN NEW;
END $$
"""
GIVE_BACK = """
CREATE OR REPLACE FUNCTION promo.give_back(p_use promotion_uses) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE v_day date;
BEGIN
    PERFORM promo.hold_limits(p_use.promotion_id);
    FOREACH v_day IN ARRAY ARRAY['-infinity'::date, p_use.day] LOOP
        UPDATE public.promotion_slots SET uses_left = uses_left + p_use.units,
            minor_left = minor_left + CASE WHEN v_day = '-infinity'::date THEN p_use.minor ELSE 0 END
        WHERE promotion_id = p_use.promotion_id AND day = v_day AND slot = (
            SELECT slot FROM public.promotion_slots WHERE promotion_id = p_use.promotion_id AND day = v_day
            ORDER BY slot LIMIT 1 FOR UPDATE);
    END LOOP;{lock}
    -- A code of a batch that was voided meanwhile is void.
    UPDATE public.coupon_codes c SET state = CASE WHEN b.voided_at IS NULL THEN 'free' ELSE 'void' END
    FROM public.coupon_batches b
    WHERE c.id = p_use.code_id AND c.state IN ('held', 'used') AND b.id = c.batch_id;
END $$
"""
# Whoever voids the batch now would not see this code, which is not free yet: one waits for the other.
LOCK_BATCH = """
    PERFORM 1 FROM public.coupon_batches b WHERE b.id = (
        SELECT c.batch_id FROM public.coupon_codes c WHERE c.id = p_use.code_id) FOR SHARE;"""
TAKE = """
CREATE OR REPLACE FUNCTION refer.take_coupon(p_use bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_state text;
BEGIN
    SELECT u.state INTO v_state FROM promotion_uses u JOIN promotions p ON p.id = u.promotion_id
    WHERE u.id = p_use AND p.settings ? 'given' FOR UPDATE OF u;
    IF v_state = 'claimed' THEN
        UPDATE promotion_uses SET state = 'returned', ended_at = now() WHERE id = p_use;
    ELSIF v_state = 'held' THEN
        -- It lies in an order: a price that was agreed to is kept, and where nobody pays it comes back to no hand.
        UPDATE promotion_uses SET until = now() WHERE id = p_use AND until > now();
    END IF;
    RETURN CASE WHEN v_state <> 'held' THEN v_state IN ('claimed', 'returned', 'lapsed') END;  -- NULL: ask again
END $$
"""
TAKE_BEFORE = """
CREATE OR REPLACE FUNCTION refer.take_coupon(p_use bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    -- One that was used, or lies in an order, stays: a price that was agreed to is kept.
    UPDATE promotion_uses u SET state = 'returned', ended_at = now() FROM promotions p
    WHERE u.id = p_use AND u.state = 'claimed' AND p.id = u.promotion_id AND p.settings ? 'given';
    RETURN FOUND;
END $$
"""
SEAT_RULE = "CREATE TRIGGER seats_own_unit BEFORE UPDATE OF state, order_id ON drop_seats FOR EACH ROW WHEN"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute(FOLLOW.format(refunded=ORDERED))
    op.execute(OWN_UNIT)
    op.execute("REVOKE ALL ON FUNCTION flash.own_unit() FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION flash.own_unit() TO {SHOP_ROLE}, {PLATFORM_ROLE}")
    op.execute(
        f"{SEAT_RULE} (NEW.state = 'ordered' AND OLD.order_id IS DISTINCT FROM NEW.order_id)"
        " EXECUTE FUNCTION flash.own_unit()"
    )
    op.execute(GIVE_BACK.format(lock=LOCK_BATCH))
    op.execute(TAKE)
    op.execute(
        "ALTER TABLE promoters ADD CONSTRAINT ck_promoters_owes_or_has"
        " CHECK (balance_minor = 0 OR owed_minor = 0)"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE promoters DROP CONSTRAINT ck_promoters_owes_or_has")
    op.execute(TAKE_BEFORE)
    op.execute(GIVE_BACK.format(lock=""))
    op.execute("DROP TRIGGER seats_own_unit ON drop_seats")
    op.execute("DROP FUNCTION flash.own_unit()")
    op.execute(FOLLOW.format(refunded=BOUGHT))
