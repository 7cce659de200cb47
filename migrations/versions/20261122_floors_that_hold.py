"""floors that hold: a listing and a floor never pass each other, two changes in one transaction, ends that are noticed

A listing takes a shared lock of its Sku's floors, whoever changes a floor the exclusive one; and a listing is
compared with the floor of this very moment, not of when its transaction began.
"""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0057"
branch_labels = None
depends_on = None

LISTING = """
CREATE OR REPLACE FUNCTION money.listing_covers_floor() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_sku record; v_shop record; v_floor bigint;
BEGIN
    SELECT brand_id, product_id, currency INTO v_sku FROM skus WHERE id = NEW.sku_id;
    SELECT distributor_id, currency INTO v_shop FROM shops WHERE id = NEW.shop_id;
    NEW.product_id := v_sku.product_id;
    IF v_sku.currency IS DISTINCT FROM v_shop.currency THEN
        RAISE EXCEPTION 'listing in % of a Sku in %', v_shop.currency, v_sku.currency
            USING ERRCODE = 'check_violation', CONSTRAINT = 'listing_currency';
    END IF;
    IF NEW.status = 'live' AND (TG_OP = 'INSERT' OR OLD.status <> 'live') THEN
        -- Locked, so that an approval that ends at this moment sees this listing or is seen by it.
        PERFORM 1 FROM partnerships WHERE brand_id = v_sku.brand_id AND distributor_id = v_shop.distributor_id
            AND status = 'approved' FOR SHARE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'distributor % is not approved by brand %', v_shop.distributor_id, v_sku.brand_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'listing_needs_partnership';
        END IF;
    END IF;
    IF TG_OP = 'INSERT' OR NEW.price_minor <> OLD.price_minor OR (NEW.status = 'live' AND OLD.status <> 'live') THEN
        {lock}
        v_floor := money.floor_in_force(NEW.sku_id, v_shop.distributor_id, {now});
        IF v_floor IS NULL OR NEW.price_minor < v_floor THEN
            RAISE EXCEPTION 'listing price % is below the floor %', NEW.price_minor, v_floor
                USING ERRCODE = 'check_violation', CONSTRAINT = 'listing_covers_floor';
        END IF;
    END IF;
    RETURN NEW;
END $$
"""
LOCK = """-- A floor that changes at this moment waits for this listing, or this listing sees it.
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('floors:' || NEW.sku_id, 0));"""

KEEP = """
CREATE OR REPLACE FUNCTION money.keep_sku_floor() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_next timestamptz; v_now bigint; v_at timestamptz; v_done timestamptz;
BEGIN
    -- The Sku's own floor has a history like every other: what it says now has begun now.
    PERFORM pg_advisory_xact_lock(hashtextextended('floors:' || NEW.id, 0));
    v_at := clock_timestamp();
    SELECT floor_minor INTO v_now FROM floors WHERE sku_id = NEW.id AND level_id IS NULL AND distributor_id IS NULL
        AND promotion IS NULL AND starts_at <= v_at AND (ends_at IS NULL OR ends_at > v_at);
    IF v_now IS NOT DISTINCT FROM NEW.floor_minor THEN
        RETURN NULL;
    END IF;
    -- A raise has listings to lift, which the clock does where nobody else has.
    IF TG_OP = 'INSERT' OR NEW.floor_minor <= OLD.floor_minor THEN
        v_done := v_at;
    END IF;
    SELECT min(starts_at) INTO v_next FROM floors WHERE sku_id = NEW.id AND level_id IS NULL AND distributor_id IS NULL
        AND promotion IS NULL AND starts_at > v_at;
    UPDATE floors SET ends_at = v_at WHERE sku_id = NEW.id AND level_id IS NULL AND distributor_id IS NULL
        AND promotion IS NULL AND starts_at <= v_at AND (ends_at IS NULL OR ends_at > v_at);
    INSERT INTO floors (brand_id, sku_id, floor_minor, starts_at, ends_at, told_at, applied_at)
    VALUES (NEW.brand_id, NEW.id, NEW.floor_minor, v_at, v_next, v_done, v_done);
    RETURN NULL;
END $$
"""
OLD_KEEP = """
CREATE OR REPLACE FUNCTION money.keep_sku_floor() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_next timestamptz; v_now bigint;
BEGIN
    -- The Sku's own floor has a history like every other: what it says now has begun now.
    SELECT floor_minor INTO v_now FROM floors WHERE sku_id = NEW.id AND level_id IS NULL AND distributor_id IS NULL
        AND promotion IS NULL AND starts_at <= now() AND (ends_at IS NULL OR ends_at > now());
    IF v_now IS NOT DISTINCT FROM NEW.floor_minor THEN
        RETURN NULL;
    END IF;
    SELECT min(starts_at) INTO v_next FROM floors WHERE sku_id = NEW.id AND level_id IS NULL AND distributor_id IS NULL
        AND promotion IS NULL AND starts_at > now();
    UPDATE floors SET ends_at = clock_timestamp() WHERE sku_id = NEW.id AND level_id IS NULL AND distributor_id IS NULL
        AND promotion IS NULL AND starts_at <= now() AND (ends_at IS NULL OR ends_at > now());
    INSERT INTO floors (brand_id, sku_id, floor_minor, starts_at, ends_at, told_at, applied_at)
    VALUES (NEW.brand_id, NEW.id, NEW.floor_minor, clock_timestamp(), v_next, now(), now());
    RETURN NULL;
END $$
"""
# A brand takes a coming floor back, and writes on the history of nobody else's.
COMING = "starts_at > clock_timestamp() AND applied_at IS NULL"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.add_column("floors", sa.Column("left_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_floors_ending",
        "floors",
        ["ends_at"],
        postgresql_where=sa.text("left_at IS NULL AND ends_at IS NOT NULL"),
    )
    op.execute("UPDATE floors SET left_at = ends_at WHERE ends_at <= now()")
    op.execute(LISTING.format(lock=LOCK, now="clock_timestamp()"))
    op.execute(KEEP)
    op.execute("GRANT UPDATE (left_at) ON floors TO perkline_platform")
    op.execute("GRANT DELETE ON floors TO perkline_brand")
    op.execute(f"CREATE POLICY coming ON floors AS RESTRICTIVE FOR DELETE TO perkline_brand USING ({COMING})")


def downgrade() -> None:
    op.execute("DROP POLICY coming ON floors")
    op.execute("REVOKE DELETE ON floors FROM perkline_brand")
    op.execute(LISTING.format(lock="", now="now()"))
    op.execute(OLD_KEEP)
    op.drop_index("ix_floors_ending", "floors")
    op.drop_column("floors", "left_at")
