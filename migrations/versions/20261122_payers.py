"""payers: the payment account behind a payment, and a limit per buyer that knows it"""

import sqlalchemy as sa
from alembic import op

from tenants.context import SHOP_ROLE

revision = "0131"
down_revision = "0130"
branch_labels = None
depends_on = None

ROLE = "perkline_promo"
# Only money says from which account it came, so this limit is counted when it arrives: over it, the sale does not stand.
KNOW_PAYER = """
CREATE FUNCTION promo.know_payer(p_order bigint, p_key text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_shop bigint := promo.current_shop(); v_use record; v_mine bigint;
BEGIN
    FOR v_use IN
        SELECT u.id, u.units, u.promotion_id, p.per_buyer, p.kind FROM promotion_uses u
        JOIN promotions p ON p.id = u.promotion_id
        WHERE u.order_id = p_order AND u.shop_id = v_shop AND u.state IN ('held', 'used') ORDER BY u.promotion_id
    LOOP
        IF v_use.kind = 'flash_price' AND v_use.per_buyer IS NOT NULL THEN
            PERFORM promo.queue_up(v_use.promotion_id, ARRAY[p_key]);
            SELECT coalesce(sum(u.units), 0) INTO v_mine FROM promotion_uses u
            WHERE u.promotion_id = v_use.promotion_id AND u.state IN ('claimed', 'held', 'used') AND u.id <> v_use.id
              AND u.id IN (SELECT k.use_id FROM promotion_use_keys k
                           WHERE k.promotion_id = v_use.promotion_id AND k.key = p_key);
            IF v_mine + v_use.units > v_use.per_buyer THEN
                RETURN 'buyer_limit';
            END IF;
        END IF;
        INSERT INTO promotion_use_keys (use_id, key, promotion_id, shop_id)
        VALUES (v_use.id, p_key, v_use.promotion_id, v_shop) ON CONFLICT DO NOTHING;
    END LOOP;
    RETURN '';
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.add_column("payments", sa.Column("payer", sa.Text(), nullable=True))
    op.execute(f"GRANT UPDATE (payer) ON payments TO {SHOP_ROLE}")
    op.execute(f"GRANT CREATE ON SCHEMA promo TO {ROLE}")
    op.execute(KNOW_PAYER)
    op.execute("REVOKE ALL ON FUNCTION promo.know_payer FROM PUBLIC")
    op.execute(f"ALTER FUNCTION promo.know_payer OWNER TO {ROLE}")
    op.execute(f"GRANT EXECUTE ON FUNCTION promo.know_payer TO {SHOP_ROLE}")


def downgrade() -> None:
    op.execute("DROP FUNCTION promo.know_payer(bigint, text)")
    op.drop_column("payments", "payer")
