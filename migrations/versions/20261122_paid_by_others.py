"""paid by others: a coupon in hand is used by who is known to hold it

What a shop's scope writes of others' money is read again at commit by promo.gives and promo.exempted (0190).
"""

from alembic import op

revision = "0186"
down_revision = "0185"
branch_labels = None
depends_on = None

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
    op.execute(USE_CLAIMED.replace("{known}", KNOWN))


def downgrade() -> None:
    op.execute(USE_CLAIMED.replace("{known}", ""))
