"""payers and currencies: no promotion counts in another currency's order; a payer told late counts all the same"""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from alembic import op

revision = "0170"
down_revision = "0167"
branch_labels = None
depends_on = None

# A public code of all shops, or a slip of ours: five yuan are not five dollars.
CURRENCY = (
    "    IF NOT v_p.counted THEN",
    """    IF v_p.currency <> v_o.currency THEN
        RAISE EXCEPTION 'promotion % is in %, order % in %', p_promotion, v_p.currency, p_order, v_o.currency
            USING ERRCODE = 'check_violation';
    END IF;
    IF NOT v_p.counted THEN""",
)
# The account is kept with every use, also where it is over its share: a sale that stands already counts for the next.
KNOW_PAYER = """
CREATE OR REPLACE FUNCTION promo.know_payer(p_order bigint, p_key text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_shop bigint := promo.current_shop(); v_use record; v_said text := '';
BEGIN
    FOR v_use IN
        SELECT u.id, u.units, u.promotion_id, p.per_buyer, p.kind FROM promotion_uses u
        JOIN promotions p ON p.id = u.promotion_id
        WHERE u.order_id = p_order AND u.shop_id = v_shop AND u.state IN ('held', 'used') ORDER BY u.promotion_id
    LOOP
        IF v_use.kind = 'flash_price' AND v_use.per_buyer IS NOT NULL THEN
            PERFORM promo.queue_up(v_use.promotion_id, ARRAY[p_key]);
            IF promo.taken_by(v_use.promotion_id, ARRAY[p_key], v_use.id) + v_use.units > v_use.per_buyer THEN
                v_said := 'buyer_limit';
            END IF;
        END IF;
        INSERT INTO promotion_use_keys (use_id, key, promotion_id, shop_id)
        VALUES (v_use.id, p_key, v_use.promotion_id, v_shop) ON CONFLICT DO NOTHING;
    END LOOP;
    RETURN v_said;
END $$
"""


def upgrade() -> None:
    take = _text("coupons", "TAKE")
    if take.count(CURRENCY[0]) != 1:
        raise AssertionError("promo.take is not as it was")
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute(take.replace(*CURRENCY))
    op.execute(KNOW_PAYER)


def downgrade() -> None:
    op.execute(_text("coupons", "TAKE"))
    op.execute(_text("payers", "KNOW_PAYER").replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1))


def _text(name: str, constant: str) -> str:
    """A function's text as an earlier migration wrote it: it is not written twice."""
    spec = spec_from_file_location(name, Path(__file__).with_name(f"20261122_{name}.py"))
    if spec is None or spec.loader is None:
        raise FileNotFoundError(name)
    found: ModuleType = module_from_spec(spec)
    spec.loader.exec_module(found)
    return str(getattr(found, constant))
