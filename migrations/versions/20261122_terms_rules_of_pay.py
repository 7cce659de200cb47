"""rules of pay: a rule names its own brand's goods and partners, a brand tries rules on its own lines, fees can lapse"""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0069"
branch_labels = None
depends_on = None

ROLE = "perkline_money"
READS = ("products", "rate_rules", "settlements", "order_lines")
RULE_FITS = """
CREATE FUNCTION money.rule_fits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_fits boolean;
BEGIN
    SELECT (NEW.product_id IS NULL OR EXISTS (SELECT 1 FROM products p WHERE p.id = NEW.product_id AND p.brand_id = NEW.brand_id))
       AND (NEW.sku_id IS NULL OR EXISTS (SELECT 1 FROM skus k WHERE k.id = NEW.sku_id AND k.brand_id = NEW.brand_id))
       AND (NEW.level_id IS NULL OR EXISTS (SELECT 1 FROM levels l WHERE l.id = NEW.level_id AND l.brand_id = NEW.brand_id))
       AND (NEW.distributor_id IS NULL OR EXISTS
            (SELECT 1 FROM partnerships p WHERE p.distributor_id = NEW.distributor_id AND p.brand_id = NEW.brand_id))
    INTO v_fits;
    IF NOT v_fits THEN
        RAISE EXCEPTION 'a rule of brand % names what is not of that brand', NEW.brand_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'rate_rule_fits';
    END IF;
    -- A series stays where it stands, so that its history is one story.
    IF EXISTS (SELECT 1 FROM rate_rules r WHERE r.series = NEW.series AND (r.brand_id <> NEW.brand_id
        OR (r.product_id, r.sku_id, r.level_id, r.distributor_id)
            IS DISTINCT FROM (NEW.product_id, NEW.sku_id, NEW.level_id, NEW.distributor_id))) THEN
        RAISE EXCEPTION 'series % stands for something else', NEW.series
            USING ERRCODE = 'check_violation', CONSTRAINT = 'rate_rule_fits';
    END IF;
    RETURN NEW;
END $$
"""
# The rates themselves, whatever wrote them: nothing negative, nothing over the whole.
VALUES = """
CREATE FUNCTION money.rule_value_fits(p_kind text, p_value jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE v_row jsonb; v_last bigint := -1;
BEGIN
    IF p_kind = 'margin' THEN
        RETURN coalesce((p_value->>'supply_minor')::bigint >= 0, false);
    ELSIF p_kind = 'boost' THEN
        RETURN coalesce((p_value->>'add_bps')::int BETWEEN 0 AND 10000, false);
    ELSIF p_kind = 'override' THEN
        RETURN coalesce(p_value->>'pot' IN ('brand', 'distributor', 'platform'), false)
           AND coalesce((p_value->>'step1_bps')::int, 0) >= 0 AND coalesce((p_value->>'step2_bps')::int, 0) >= 0
           AND coalesce((p_value->>'step1_bps')::int, 0) + coalesce((p_value->>'step2_bps')::int, 0) <= 10000;
    ELSIF p_value ? 'brackets' THEN
        IF jsonb_typeof(p_value->'brackets') <> 'array' OR jsonb_array_length(p_value->'brackets') = 0
           OR (p_value->'brackets'->0->>'from_minor')::bigint <> 0 THEN
            RETURN false;
        END IF;
        FOR v_row IN SELECT * FROM jsonb_array_elements(p_value->'brackets') LOOP
            IF (v_row->>'from_minor')::bigint <= v_last OR NOT (v_row->>'rate_bps')::int BETWEEN 0 AND 10000 THEN
                RETURN false;
            END IF;
            v_last := (v_row->>'from_minor')::bigint;
        END LOOP;
        RETURN true;
    END IF;
    RETURN coalesce((p_value->>'rate_bps')::int BETWEEN 0 AND 10000, false);
END $$
"""
LINES = """
CREATE FUNCTION money.settled_lines(p_from timestamptz, p_until timestamptz, p_most int)
RETURNS TABLE (
    id bigint, order_id bigint, order_number text, seller_id bigint, sku_id bigint, product_id bigint, product_name text,
    sku_name text, quantity bigint, currency text, net_minor bigint, funded_brand_minor bigint, funded_platform_minor bigint,
    supply_price_minor bigint, terms jsonb, parts jsonb, counted boolean, month date, quoted_at timestamptz,
    delivered_at timestamptz, running_minor bigint
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    -- Of the brand whose scope is open, and of no other; with what was sold, never to whom.
    WITH run AS (
        SELECT s.*, (sum(CASE WHEN s.counted THEN s.base_minor ELSE 0 END) OVER (
            PARTITION BY s.distributor_id, s.currency, s.month ORDER BY s.id) - CASE WHEN s.counted THEN s.base_minor ELSE 0 END)::bigint AS before
        FROM settlements s WHERE s.brand_id = NULLIF(current_setting('perkline.brand_id', true), '')::bigint
            AND s.month >= date_trunc('month', p_from AT TIME ZONE 'Asia/Shanghai')::date
    )
    SELECT l.id, l.order_id, o.number, r.distributor_id, l.sku_id, l.product_id, l.product_name, l.sku_name,
        l.quantity::bigint, r.currency, r.net_minor, l.funded_brand_minor, l.funded_platform_minor, k.supply_price_minor,
        l.terms, r.parts, r.counted, r.month, o.quoted_at, t.occurred_at, r.before
    FROM run r JOIN order_lines l ON l.id = r.order_line_id JOIN orders o ON o.id = r.order_id
    JOIN skus k ON k.id = l.sku_id JOIN ledger_transactions t ON t.id = r.transaction_id
    WHERE t.occurred_at >= p_from AND t.occurred_at < p_until
    ORDER BY r.id DESC LIMIT p_most
$$
"""


def upgrade() -> None:
    for table in READS:
        op.execute(f"CREATE POLICY terms ON {table} FOR SELECT TO {ROLE} USING (true)")
        op.execute(f"GRANT SELECT ON {table} TO {ROLE}")
    for function in (RULE_FITS, VALUES, LINES):
        op.execute(function)
    for name in ("rule_fits", "rule_value_fits", "settled_lines"):
        op.execute(f"REVOKE ALL ON FUNCTION money.{name} FROM PUBLIC")
        op.execute(f"ALTER FUNCTION money.{name} OWNER TO {ROLE}")
    op.execute(
        "GRANT EXECUTE ON FUNCTION money.settled_lines, money.rule_value_fits TO perkline_brand, perkline_platform"
    )
    op.execute(
        "CREATE TRIGGER fits BEFORE INSERT ON rate_rules FOR EACH ROW EXECUTE FUNCTION money.rule_fits()"
    )
    op.execute(
        "ALTER TABLE rate_rules ADD CONSTRAINT ck_rate_rules_value CHECK (money.rule_value_fits(kind, value))"
    )
    op.add_column(
        "fee_rules", sa.Column("lapsed", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("fee_rules", "lapsed")
    op.execute("ALTER TABLE rate_rules DROP CONSTRAINT ck_rate_rules_value")
    op.execute("DROP TRIGGER fits ON rate_rules")
    op.execute("DROP FUNCTION money.settled_lines")
    op.execute("DROP FUNCTION money.rule_value_fits")
    op.execute("DROP FUNCTION money.rule_fits")
    for table in READS:
        op.execute(f"DROP POLICY terms ON {table}")
        op.execute(f"REVOKE SELECT ON {table} FROM {ROLE}")
