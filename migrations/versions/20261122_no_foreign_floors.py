"""no foreign floors: a floor is of its own brand's goods, nobody asks for another firm's, a changed account cools from now on"""

from alembic import op

revision = "0090"
down_revision = "0080"
branch_labels = None
depends_on = None

ROLE = "perkline_money"
FITS = """
CREATE FUNCTION money.floor_fits() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    -- Floors are found by their Sku: one of another brand would count for goods that are not its own.
    IF NOT EXISTS (SELECT 1 FROM skus k WHERE k.id = NEW.sku_id AND k.brand_id = NEW.brand_id)
        OR (NEW.level_id IS NOT NULL AND NOT EXISTS
            (SELECT 1 FROM levels l WHERE l.id = NEW.level_id AND l.brand_id = NEW.brand_id))
        OR (NEW.distributor_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM partnerships p
            WHERE p.distributor_id = NEW.distributor_id AND p.brand_id = NEW.brand_id)) THEN
        RAISE EXCEPTION 'a floor of brand % names what is not of that brand', NEW.brand_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'floor_fits';
    END IF;
    RETURN NEW;
END $$
"""
# A function that sees every row must know for whom it looks: row security does not.
FLOOR = """
CREATE OR REPLACE FUNCTION money.floor_in_force(
    p_sku bigint, p_distributor bigint, p_at timestamptz, p_promotion text DEFAULT NULL
) RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    -- The most specific wins: an exemption for this promotion, this distributor's, its level's, the Sku's.
    SELECT {begin}coalesce(
        (SELECT f.floor_minor FROM floors f
         LEFT JOIN partnerships p ON p.brand_id = f.brand_id AND p.distributor_id = p_distributor
         WHERE f.sku_id = p_sku AND f.starts_at <= p_at AND (f.ends_at IS NULL OR f.ends_at > p_at)
           AND (f.distributor_id IS NULL OR f.distributor_id = p_distributor)
           AND (f.level_id IS NULL OR f.level_id = p.level_id)
           AND (f.promotion IS NULL OR f.promotion = p_promotion)
         ORDER BY f.promotion IS NULL, f.distributor_id IS NULL, f.level_id IS NULL LIMIT 1),
        (SELECT s.floor_minor FROM skus s WHERE s.id = p_sku)){end}
$$
"""
OF_SHOP = """EXISTS (SELECT 1 FROM shops s WHERE s.distributor_id = p_distributor
        AND s.id = NULLIF(current_setting('perkline.shop_id', true), '')::bigint)"""
OF_BRAND = """EXISTS (SELECT 1 FROM skus k WHERE k.id = p_sku
        AND k.brand_id = NULLIF(current_setting('perkline.brand_id', true), '')::bigint)"""
MINE = "p_distributor = NULLIF(current_setting('perkline.distributor_id', true), '')::bigint"
MAY_ASK = f"""CASE current_setting('role', true)
        WHEN 'perkline_shop' THEN {OF_SHOP}
        WHEN 'perkline_distributor' THEN {MINE}
        WHEN 'perkline_brand' THEN {{brand}}
        ELSE true END"""
UPLINES = """
CREATE OR REPLACE FUNCTION money.uplines_of(p_distributor bigint) RETURNS bigint[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    -- Two steps up, nearest first; one that may not sell earns nothing, and nobody moves into its place.
    SELECT ARRAY[CASE WHEN a.status = 'approved' THEN a.id END, CASE WHEN b.status = 'approved' THEN b.id END]
    FROM distributors d LEFT JOIN distributors a ON a.id = d.upline_id LEFT JOIN distributors b ON b.id = a.upline_id
    WHERE d.id = p_distributor{asked}
$$
"""
GUARDED = """
CREATE OR REPLACE FUNCTION money.account_guarded() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_firm boolean := current_user IN ('perkline_brand', 'perkline_distributor'); v_before boolean;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.brand_id, NEW.distributor_id, NEW.method, NEW.currency, NEW.holder, NEW.shown, NEW.contact_email, NEW.created_at)
            IS DISTINCT FROM (OLD.brand_id, OLD.distributor_id, OLD.method, OLD.currency, OLD.holder, OLD.shown,
            OLD.contact_email, OLD.created_at) OR (OLD.status = 'replaced' AND NEW.status <> 'replaced') THEN
            RAISE EXCEPTION 'an account is replaced, not changed' USING ERRCODE = 'check_violation', CONSTRAINT = 'account_stays';
        END IF;
        IF v_firm AND NEW.status <> 'replaced' THEN
            RAISE EXCEPTION 'a firm does not verify itself' USING ERRCODE = 'check_violation', CONSTRAINT = 'account_begins';
        END IF;
        RETURN NEW;
    END IF;
    IF v_firm AND (NEW.status <> 'unverified' OR NEW.verified_at IS NOT NULL OR NEW.verified_by IS NOT NULL) THEN
        RAISE EXCEPTION 'a firm does not verify itself' USING ERRCODE = 'check_violation', CONSTRAINT = 'account_begins';
    END IF;
    SELECT EXISTS (SELECT 1 FROM payout_accounts WHERE currency = NEW.currency
        AND (brand_id = NEW.brand_id OR (brand_id IS NULL AND distributor_id = NEW.distributor_id))) INTO v_before;
    IF v_firm AND v_before AND {cools} THEN
        RAISE EXCEPTION 'a changed account cools' USING ERRCODE = 'check_violation', CONSTRAINT = 'account_cools';
    END IF;
    RETURN NEW;
END $$
"""
LEAST = "(NEW.cooling_until IS NULL OR NEW.cooling_until < clock_timestamp() + interval '30 minutes')"


def upgrade() -> None:
    op.execute(FITS)
    op.execute("REVOKE ALL ON FUNCTION money.floor_fits FROM PUBLIC")
    op.execute(f"ALTER FUNCTION money.floor_fits OWNER TO {ROLE}")
    op.execute("CREATE TRIGGER fits BEFORE INSERT ON floors FOR EACH ROW EXECUTE FUNCTION money.floor_fits()")
    op.execute(FLOOR.format(begin=f"CASE WHEN {MAY_ASK.format(brand=OF_BRAND)} THEN ", end=" END"))
    op.execute(UPLINES.format(asked=f" AND {MAY_ASK.format(brand='false')}"))
    op.execute(GUARDED.format(cools=LEAST))


def downgrade() -> None:
    op.execute(GUARDED.format(cools="NEW.cooling_until IS NULL"))
    op.execute(UPLINES.format(asked=""))
    op.execute(FLOOR.format(begin="", end=""))
    op.execute("DROP TRIGGER fits ON floors")
    op.execute("DROP FUNCTION money.floor_fits()")
