"""made for shops: what hangs on a brand's or the platform's promotion is written while that is a draft of its maker's

A shop's drop, offer to groups or programme may stand on a promotion that was made for it. While its maker is still
writing it, and no longer: afterwards nobody hangs terms of their own on what somebody else pays for.
"""

from alembic import op

from tenants.context import PLATFORM_ROLE, SHOP_ROLE

revision = "0194"
down_revision = "0193"
branch_labels = None
depends_on = None

SHOP_ID = "NULLIF(current_setting('perkline.shop_id', true), '')::bigint"
OF_SHOP = f"shop_id = {SHOP_ID}"
MADE_FOR = """
CREATE OR REPLACE FUNCTION promo.made_for_shop() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM promotions p WHERE p.id = NEW.promotion_id AND p.kind = TG_ARGV[0] AND p.status <> 'ended'
          AND (p.shop_id = NEW.shop_id
               OR (p.shop_id IS NULL{draft} AND (p.shop_ids IS NULL OR NEW.shop_id = ANY (p.shop_ids))))
    ) THEN
        RAISE EXCEPTION 'promotion % is not made for shop %', NEW.promotion_id, NEW.shop_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'promotion_made_for_shop';
    END IF;
    RETURN NEW;
END $$
"""
DRAFT = " AND p.status = 'draft'"
# The coupons that rewards hand out are paid for by whoever pays for the programme.
ITS_COUPONS = """
CREATE FUNCTION promo.its_coupons() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM promotions p, promotions c
        WHERE p.id = NEW.promotion_id AND c.id IN (NEW.coupon_id, NEW.coupon2_id)
          AND (c.kind <> 'fixed_coupon'
               OR (c.owner, c.shop_id, c.brand_id) IS DISTINCT FROM (p.owner, p.shop_id, p.brand_id))
    ) THEN
        RAISE EXCEPTION 'a coupon of programme % is somebody else''s', NEW.promotion_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'programme_gives_its_coupons';
    END IF;
    RETURN NEW;
END $$
"""
ROLE = "perkline_promo"
ASKED_AT_COMMIT = ("gives", "exempted", "explained")


def _seen(table: str, column: str, of: str, *, optional: bool = False, more: str = "") -> str:
    found = f"EXISTS (SELECT 1 FROM {of} t WHERE t.id = {table}.{column}{more})"
    return f"({table}.{column} IS NULL OR {found})" if optional else found


def _own(table: str, column: str, kind: str, *, optional: bool = False) -> str:
    more = f" AND t.shop_id = {SHOP_ID} AND t.kind = '{kind}'"
    return _seen(table, column, "promotions", optional=optional, more=more)


LISTED = {table: _seen(table, "listing_id", "listings") for table in ("drops", "group_offers", "groups")}
STOCK = {table: _seen(table, "reservation_id", "reservations") for table in ("drops", "groups")}
STOCK["group_offers"] = _seen("group_offers", "reservation_id", "reservations", optional=True)
OFFERED = "EXISTS (SELECT 1 FROM group_offers t WHERE t.promotion_id = groups.promotion_id AND t.shop_id = groups.shop_id)"
BEFORE = {
    "drops": (_own("drops", "promotion_id", "flash_price"), LISTED["drops"], STOCK["drops"]),
    "group_offers": (_own("group_offers", "promotion_id", "group_price"), LISTED["group_offers"]),
    "groups": (_own("groups", "promotion_id", "group_price"), LISTED["groups"], STOCK["groups"]),
    "referral_programmes": (
        _own("referral_programmes", "promotion_id", "referral"),
        _own("referral_programmes", "coupon_id", "fixed_coupon", optional=True),
        _own("referral_programmes", "coupon2_id", "fixed_coupon", optional=True),
    ),
}
# Whose the promotion is, is asked by the trigger: a shop's scope sees no draft of its maker's.
AFTER = {
    "drops": (LISTED["drops"], STOCK["drops"]),
    "group_offers": (LISTED["group_offers"], STOCK["group_offers"]),
    "groups": (OFFERED, LISTED["groups"], STOCK["groups"]),
}
OWN_ORDER = (
    "EXISTS (SELECT 1 FROM orders o WHERE o.id = attributions.order_id AND o.shop_id = attributions.shop_id)"
)
OWN_PROGRAMME = (
    "EXISTS (SELECT 1 FROM promotions p WHERE p.id = referral_programmes.promotion_id"
    " AND p.shop_id = referral_programmes.shop_id AND p.kind = 'referral')"
)


def _policy(table: str, tests: tuple[str, ...]) -> None:
    op.execute(
        f"CREATE POLICY own_things ON {table} AS RESTRICTIVE FOR INSERT TO {SHOP_ROLE}"
        f" WITH CHECK ({' AND '.join(tests)})"
    )


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute(MADE_FOR.format(draft=DRAFT))
    for table in BEFORE:
        op.execute(f"DROP POLICY own_things ON {table}")
    for table, tests in AFTER.items():
        _policy(table, tests)
    # The past is the house's to tell: to whom a sale was due that was made before it came here.
    op.execute(f"GRANT INSERT ON attributions TO {PLATFORM_ROLE}")
    # That the order is the shop's own, own_things says.
    op.execute(f"ALTER POLICY shop ON attributions WITH CHECK ({OF_SHOP})")
    op.execute(f"ALTER POLICY shop ON referral_programmes WITH CHECK ({OF_SHOP})")
    op.execute(
        f"CREATE POLICY own_terms ON referral_programmes AS RESTRICTIVE FOR UPDATE TO {SHOP_ROLE}"
        f" USING ({OWN_PROGRAMME}) WITH CHECK ({OWN_PROGRAMME})"
    )
    # Their questions are long and their tables indexed: planned once for each connection, and not for each order.
    for function in ASKED_AT_COMMIT:
        op.execute(f"ALTER FUNCTION promo.{function}() SET plan_cache_mode = force_generic_plan")
    op.execute(ITS_COUPONS)
    op.execute("REVOKE ALL ON FUNCTION promo.its_coupons() FROM PUBLIC")
    op.execute(f"ALTER FUNCTION promo.its_coupons() OWNER TO {ROLE}")
    op.execute(
        "CREATE TRIGGER its_coupons BEFORE INSERT OR UPDATE OF coupon_id, coupon2_id ON referral_programmes"
        " FOR EACH ROW EXECUTE FUNCTION promo.its_coupons()"
    )


def downgrade() -> None:
    op.execute(f"REVOKE INSERT ON attributions FROM {PLATFORM_ROLE}")
    for function in ASKED_AT_COMMIT:
        op.execute(f"ALTER FUNCTION promo.{function}() RESET plan_cache_mode")
    op.execute("DROP TRIGGER its_coupons ON referral_programmes")
    op.execute("DROP FUNCTION promo.its_coupons()")
    op.execute("DROP POLICY own_terms ON referral_programmes")
    op.execute(f"ALTER POLICY shop ON referral_programmes WITH CHECK ({OF_SHOP} AND {OWN_PROGRAMME})")
    op.execute(f"ALTER POLICY shop ON attributions WITH CHECK ({OF_SHOP} AND {OWN_ORDER})")
    for table in AFTER:
        op.execute(f"DROP POLICY own_things ON {table}")
    for table, tests in BEFORE.items():
        _policy(table, tests)
    op.execute(MADE_FOR.format(draft=""))
