"""things of one's own: what a shop's row points at is that shop's; and no scope makes tables that hide the real ones

A foreign key asks whether a row is there, past row security. A shop could point at another's order (and be paid
rewards for it), at a promotion that a brand or the platform pays for, or take a place that only one row may have.
"""

from alembic import op

from tenants.context import BRAND_ROLE, PLATFORM_ROLE, SHOP_ROLE

revision = "0185"
down_revision = "0181"
branch_labels = None
depends_on = None

SHOP_ID = "NULLIF(current_setting('perkline.shop_id', true), '')::bigint"


def _own(table: str, column: str, *, of: str, optional: bool = False, more: str = "") -> str:
    """What a column points at is seen in the open scope: read as whoever writes, so by row security."""
    seen = f"EXISTS (SELECT 1 FROM {of} t WHERE t.id = {table}.{column}{more})"
    return f"({table}.{column} IS NULL OR {seen})" if optional else seen


def _promotion(table: str, column: str = "promotion_id", *, kind: str, optional: bool = False) -> str:
    """A promotion of the open shop itself; those of brands and the platform are seen, too, and are not meant."""
    more = f" AND t.shop_id = {SHOP_ID} AND t.kind IN ({kind})"
    return _own(table, column, of="promotions", optional=optional, more=more)


COUPONS = "'fixed_coupon'"
SEAT_ORDER = _own("drop_seats", "order_id", of="orders", optional=True)
# What a row may point at when it is written.
NEW = {
    "orders": (
        _own("orders", "reservation_id", of="reservations"),
        _own("orders", "buyer_id", of="buyers", optional=True),
    ),
    "order_lines": (
        _own("order_lines", "order_id", of="orders"),
        _own("order_lines", "listing_id", of="listings"),
    ),
    "order_steps": (_own("order_steps", "order_id", of="orders"),),
    "order_promotions": (
        _own(
            "order_promotions",
            "order_line_id",
            of="order_lines",
            more=" AND t.order_id = order_promotions.order_id",
        ),
        _own("order_promotions", "promotion_id", of="promotions"),
    ),
    "payments": (_own("payments", "order_id", of="orders"),),
    "refunds": (
        _own("refunds", "payment_id", of="payments", more=" AND t.order_id = refunds.order_id"),
        _own("refunds", "order_line_id", of="order_lines", optional=True),
    ),
    "deliveries": (
        _own("deliveries", "order_line_id", of="order_lines", more=" AND t.order_id = deliveries.order_id"),
    ),
    "reveals": (_own("reveals", "order_line_id", of="order_lines"),),
    "supplier_orders": (_own("supplier_orders", "delivery_id", of="deliveries"),),
    # To whom a sale is due is said when it is made, and not found out afterwards.
    "attributions": (
        _own("attributions", "order_id", of="orders", more=" AND t.state = 'pending'"),
        _own("attributions", "promoter_id", of="promoters", optional=True),
    ),
    "holdouts": (_own("holdouts", "promotion_id", of="promotions"),),
    "reservations": (_own("reservations", "parent_id", of="reservations", optional=True),),
    "drops": (
        _promotion("drops", kind="'flash_price'"),
        _own("drops", "listing_id", of="listings"),
        _own("drops", "reservation_id", of="reservations"),
    ),
    "drop_seats": (
        _own("drop_seats", "drop_id", of="drops"),
        _own("drop_seats", "reservation_id", of="reservations"),
        _own("drop_seats", "buyer_id", of="buyers", optional=True),
        SEAT_ORDER,
    ),
    "drop_seat_keys": (
        _own("drop_seat_keys", "seat_id", of="drop_seats", more=" AND t.drop_id = drop_seat_keys.drop_id"),
    ),
    "group_offers": (
        _promotion("group_offers", kind="'group_price'"),
        _own("group_offers", "listing_id", of="listings"),
    ),
    "groups": (
        _promotion("groups", kind="'group_price'"),
        _own("groups", "listing_id", of="listings"),
        _own("groups", "reservation_id", of="reservations"),
    ),
    "group_members": (
        _own("group_members", "group_id", of="groups"),
        _own("group_members", "order_id", of="orders"),
    ),
    "promoters": (_own("promoters", "parent_id", of="promoters", optional=True),),
    "referral_clicks": (_own("referral_clicks", "promoter_id", of="promoters"),),
    "referral_programmes": (
        _promotion("referral_programmes", kind="'referral'"),
        _promotion("referral_programmes", "coupon_id", kind=COUPONS, optional=True),
        _promotion("referral_programmes", "coupon2_id", kind=COUPONS, optional=True),
    ),
}
# Trigger functions that run as whoever writes: a table of the same name that the writer made must not be asked.
AS_WRITER = (
    "public.group_is_whole()", "public.group_end_is_final()", "public.not_before_its_group()",
    "public.group_lets_go()", "promo.batch_once()",
)  # fmt: skip
MAKES_TABLES = (BRAND_ROLE, PLATFORM_ROLE)
"""Stock that is imported passes through a temporary table; nobody else needs one."""
DATABASE = """
DO $$ BEGIN
    EXECUTE format('{} ON DATABASE %I {}', current_database());
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    for table, tests in NEW.items():
        op.execute(
            f"CREATE POLICY own_things ON {table} AS RESTRICTIVE FOR INSERT TO {SHOP_ROLE}"
            f" WITH CHECK ({' AND '.join(tests)})"
        )
    op.execute(
        f"CREATE POLICY own_order ON drop_seats AS RESTRICTIVE FOR UPDATE TO {SHOP_ROLE} USING (true)"
        f" WITH CHECK ({SEAT_ORDER})"
    )
    # What one shop remembers of a buyer stands in no other shop's way, and tells it nothing.
    op.drop_constraint(op.f("pk_holdouts"), "holdouts")
    op.create_primary_key(op.f("pk_holdouts"), "holdouts", ["promotion_id", "key", "shop_id"])
    for function in AS_WRITER:
        op.execute(f"ALTER FUNCTION {function} SET search_path = public, pg_temp")
    op.execute(DATABASE.format("REVOKE TEMPORARY", "FROM PUBLIC"))
    for role in MAKES_TABLES:
        op.execute(DATABASE.format("GRANT TEMPORARY", f"TO {role}"))


def downgrade() -> None:
    for role in MAKES_TABLES:
        op.execute(DATABASE.format("REVOKE TEMPORARY", f"FROM {role}"))
    op.execute(DATABASE.format("GRANT TEMPORARY", "TO PUBLIC"))
    for function in AS_WRITER:
        op.execute(f"ALTER FUNCTION {function} RESET search_path")
    op.execute(
        "DELETE FROM holdouts a USING holdouts b WHERE (a.promotion_id, a.key) = (b.promotion_id, b.key)"
        " AND a.shop_id > b.shop_id"
    )
    op.drop_constraint(op.f("pk_holdouts"), "holdouts")
    op.create_primary_key(op.f("pk_holdouts"), "holdouts", ["promotion_id", "key"])
    op.execute("DROP POLICY own_order ON drop_seats")
    for table in NEW:
        op.execute(f"DROP POLICY own_things ON {table}")
