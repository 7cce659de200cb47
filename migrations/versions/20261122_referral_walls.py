"""referral walls: who sees and writes referrals; rewards begin with an order's attribution and hear of refunds

What promoters have in money is written by the platform's scope alone. Rewards that are discounts are uses of a
promotion which nobody can claim.
"""

from alembic import op

from tenants import rls
from tenants.context import PLATFORM_ROLE, SHOP_ROLE

revision = "0151"
down_revision = "0150"
branch_labels = None
depends_on = None

ROLE = "perkline_promo"
ALL_OF = "SELECT, INSERT, UPDATE"
TABLES = {
    "referral_programmes": ALL_OF, "promoters": ALL_OF, "referral_clicks": "SELECT", "referral_counts": ALL_OF,
    "referral_rewards": ALL_OF, "promoter_moves": "SELECT, INSERT", "promoter_payouts": ALL_OF,
}  # fmt: skip
PAYOUT = (
    "id, shop_id, promoter_id, currency, amount_minor, method, holder, shown, state, reason, created_at, exported_at,"
    " exported_by, ended_at, ended_by"
)  # fmt: skip
OF_SHOP = {
    "referral_programmes": (
        "SELECT, INSERT, UPDATE (window_days, hold_days, most_per_month, most_in_all, budget_minor, near_most,"
        " coupon_days, least_payout_minor)"
    ),
    "promoters": (
        "SELECT, INSERT (shop_id, email, mailbox, buyer_id, device, code, parent_id, currency),"
        " UPDATE (state, device, buyer_id)"
    ),
    "referral_clicks": "SELECT, INSERT",
    "referral_counts": "SELECT", "referral_rewards": "SELECT", "promoter_moves": "SELECT",
    "promoter_payouts": f"SELECT ({PAYOUT})",
}  # fmt: skip
OF_PROMO = {
    "referral_programmes": "SELECT", "promoters": "SELECT", "referral_rewards": "SELECT, INSERT, UPDATE (dirty)",
}  # fmt: skip
BEGIN = """
CREATE FUNCTION refer.begin_rewards() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_g record; v_parent bigint;
BEGIN
    -- An order that is due to a promoter begins its rewards, two steps at most; they wait for delivery.
    SELECT g.*, p.funder, p.currency INTO v_g FROM referral_programmes g JOIN promotions p ON p.id = g.promotion_id
    WHERE g.shop_id = NEW.shop_id AND p.status = 'live' AND p.starts_at <= now()
      AND (p.ends_at IS NULL OR p.ends_at > now()) ORDER BY p.id DESC LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT a.id INTO v_parent FROM promoters w LEFT JOIN promoters a ON a.id = w.parent_id AND a.shop_id = w.shop_id
    WHERE w.id = NEW.promoter_id AND w.shop_id = NEW.shop_id;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    INSERT INTO referral_rewards (shop_id, promotion_id, promoter_id, order_id, step, kind, funder, currency)
    SELECT NEW.shop_id, v_g.promotion_id, s.promoter, NEW.order_id, s.step, s.kind, v_g.funder, v_g.currency
    FROM (VALUES (1, NEW.promoter_id, v_g.step1_kind), (2, v_parent, v_g.step2_kind)) AS s(step, promoter, kind)
    WHERE s.promoter IS NOT NULL AND s.kind IS NOT NULL;
    RETURN NULL;
END $$
"""
HEAR = """
CREATE FUNCTION refer.hear_return() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE referral_rewards SET dirty = true WHERE order_id = NEW.order_id AND NOT dirty
        AND state IN ('held', 'available', 'given', 'paid', 'taken_back');
    RETURN NULL;
END $$
"""
GIVE = """
CREATE FUNCTION refer.give_coupon(p_promotion bigint, p_shop bigint, p_keys text[], p_days int) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_use bigint;
BEGIN
    INSERT INTO promotion_uses (shop_id, promotion_id, state, day, until)
    SELECT p.shop_id, p.id, 'claimed', (now() AT TIME ZONE 'Asia/Shanghai')::date, now() + make_interval(days => p_days)
    FROM promotions p WHERE p.id = p_promotion AND p.shop_id = p_shop AND p.settings ? 'given' RETURNING id INTO v_use;
    IF v_use IS NULL THEN
        RAISE EXCEPTION 'promotion % is not for giving', p_promotion USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO promotion_use_keys (use_id, key, promotion_id, shop_id)
    SELECT DISTINCT v_use, k, p_promotion, p_shop FROM unnest(p_keys) AS k;
    RETURN v_use;
END $$
"""
TAKE = """
CREATE FUNCTION refer.take_coupon(p_use bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    -- One that was used, or lies in an order, stays: a price that was agreed to is kept.
    UPDATE promotion_uses u SET state = 'returned', ended_at = now() FROM promotions p
    WHERE u.id = p_use AND u.state = 'claimed' AND p.id = u.promotion_id AND p.settings ? 'given';
    RETURN FOUND;
END $$
"""


def upgrade() -> None:
    for table, allowed in TABLES.items():
        for statement in rls.force(table):
            op.execute(statement)
        op.execute(f"GRANT {allowed} ON {table} TO {PLATFORM_ROLE}")
    for table, allowed in OF_SHOP.items():
        op.execute(rls.shop_policy(table))
        op.execute(f"GRANT {allowed} ON {table} TO {SHOP_ROLE}")
    for table, allowed in OF_PROMO.items():
        op.execute(f"CREATE POLICY promo ON {table} TO {ROLE} USING (true) WITH CHECK (true)")
        op.execute(f"GRANT {allowed} ON {table} TO {ROLE}")
    op.execute("CREATE SCHEMA refer")
    op.execute(f"GRANT USAGE, CREATE ON SCHEMA refer TO {ROLE}")
    op.execute(f"GRANT USAGE ON SCHEMA refer TO {SHOP_ROLE}, {PLATFORM_ROLE}")
    for function in (BEGIN, HEAR, GIVE, TAKE):
        op.execute(function)
    op.execute("REVOKE ALL ON ALL FUNCTIONS IN SCHEMA refer FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION refer.give_coupon, refer.take_coupon TO {PLATFORM_ROLE}")
    for name in ("begin_rewards", "hear_return", "give_coupon", "take_coupon"):
        op.execute(f"ALTER FUNCTION refer.{name} OWNER TO {ROLE}")
    op.execute(
        "CREATE TRIGGER referral_rewards_begin AFTER INSERT ON attributions FOR EACH ROW"
        " WHEN (NEW.promoter_id IS NOT NULL) EXECUTE FUNCTION refer.begin_rewards()"
    )
    op.execute(
        "CREATE TRIGGER referral_rewards_hear AFTER UPDATE OF returned_minor ON settlements FOR EACH ROW"
        " WHEN (OLD.returned_minor IS DISTINCT FROM NEW.returned_minor) EXECUTE FUNCTION refer.hear_return()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER referral_rewards_hear ON settlements")
    op.execute("DROP TRIGGER referral_rewards_begin ON attributions")
    op.execute("DROP SCHEMA refer CASCADE")
    for table in OF_PROMO:
        op.execute(f"DROP POLICY promo ON {table}")
    for table in OF_SHOP:
        op.execute(f"DROP POLICY shop ON {table}")
    for table in TABLES:
        op.execute(f"DROP POLICY platform ON {table}")
        op.execute(f"REVOKE ALL ON {table} FROM {SHOP_ROLE}, {PLATFORM_ROLE}, {ROLE}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
