"""referrals of others: a brand's or the platform's programme in chosen shops, its rewards at the cost of who made it

In a shop its own programme goes before another's. What a brand gives is taken from the brand.
"""

import sqlalchemy as sa
from alembic import op

revision = "0167"
down_revision = "0166"
branch_labels = None
depends_on = None

PAID = "kind = 'paid' AND amount_minor < 0 AND payout_id IS NOT NULL AND distributor_id IS NULL"
MOVES = (
    "kind = 'earned' AND amount_minor > 0 AND reward_id IS NOT NULL{one}"
    " OR kind = 'taken_back' AND amount_minor < 0 AND reward_id IS NOT NULL{one} OR " + PAID + "{none}"
)
ONE, NONE = " AND num_nonnulls(distributor_id, brand_id) <= 1", " AND brand_id IS NULL"
BEGIN = """
CREATE OR REPLACE FUNCTION refer.begin_rewards() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_g record; v_parent bigint;
BEGIN
    -- An order that is due to a promoter begins its rewards, two steps at most; they wait for delivery.
    SELECT g.*, p.funder, p.currency{brand} INTO v_g FROM referral_programmes g JOIN promotions p ON p.id = g.promotion_id
    WHERE g.shop_id = NEW.shop_id AND p.status = 'live' AND p.starts_at <= now()
      AND (p.ends_at IS NULL OR p.ends_at > now()) ORDER BY {order}p.id DESC LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;{own_goods}
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
OWN_GOODS = """
    -- A brand rewards what is bought of its own goods.
    IF v_g.brand_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM order_lines l WHERE l.order_id = NEW.order_id AND l.brand_id = v_g.brand_id) THEN
        RETURN NULL;
    END IF;"""
GIVE = """
CREATE OR REPLACE FUNCTION refer.give_coupon(p_promotion bigint, p_shop bigint, p_keys text[], p_days int) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_use bigint;
BEGIN
    INSERT INTO promotion_uses (shop_id, promotion_id, state, day, until)
    SELECT p_shop, p.id, 'claimed', (now() AT TIME ZONE 'Asia/Shanghai')::date, now() + make_interval(days => p_days)
    FROM promotions p WHERE p.id = p_promotion AND {whose} AND p.settings ? 'given' RETURNING id INTO v_use;
    IF v_use IS NULL THEN
        RAISE EXCEPTION 'promotion % is not for giving', p_promotion USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO promotion_use_keys (use_id, key, promotion_id, shop_id)
    SELECT DISTINCT v_use, k, p_promotion, p_shop FROM unnest(p_keys) AS k;
    RETURN v_use;
END $$
"""
FOR_SHOP = "(p.shop_id = p_shop OR (p.shop_id IS NULL AND p_shop = ANY (p.shop_ids)))"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.drop_constraint("pk_referral_programmes", "referral_programmes")
    op.create_primary_key("pk_referral_programmes", "referral_programmes", ["promotion_id", "shop_id"])
    op.add_column("promoter_moves", sa.Column("brand_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        "fk_promoter_moves_brand_id_brands", "promoter_moves", "brands", ["brand_id"], ["id"]
    )
    op.drop_constraint(op.f("ck_promoter_moves_kind"), "promoter_moves")
    op.create_check_constraint(
        op.f("ck_promoter_moves_kind"), "promoter_moves", MOVES.format(one=ONE, none=NONE)
    )
    op.execute(
        "CREATE TRIGGER referral_programmes_made_for_shop BEFORE INSERT ON referral_programmes"
        " FOR EACH ROW EXECUTE FUNCTION promo.made_for_shop('referral')"
    )
    op.execute(BEGIN.format(brand=", p.brand_id", order="(p.owner = 'shop') DESC, ", own_goods=OWN_GOODS))
    op.execute(GIVE.format(whose=FOR_SHOP))


def downgrade() -> None:
    op.execute(GIVE.format(whose="p.shop_id = p_shop"))
    op.execute(BEGIN.format(brand="", order="", own_goods=""))
    op.execute("DROP TRIGGER referral_programmes_made_for_shop ON referral_programmes")
    op.drop_constraint(op.f("ck_promoter_moves_kind"), "promoter_moves")
    op.drop_constraint("fk_promoter_moves_brand_id_brands", "promoter_moves")
    op.drop_column("promoter_moves", "brand_id")
    op.create_check_constraint(
        op.f("ck_promoter_moves_kind"), "promoter_moves", MOVES.format(one="", none="")
    )
    op.drop_constraint("pk_referral_programmes", "referral_programmes")
    op.create_primary_key("pk_referral_programmes", "referral_programmes", ["promotion_id"])
