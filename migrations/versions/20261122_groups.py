"""groups: what is offered to groups, the groups, their members; a full group has exactly its paid members, nothing is delivered before"""

import sqlalchemy as sa
from alembic import op

from tenants import rls
from tenants.context import PLATFORM_ROLE, SHOP_ROLE

revision = "0140"
down_revision = "0131"
branch_labels = None
depends_on = None

GRANTS = {
    "group_offers": "SELECT, INSERT, UPDATE (most_open)",
    "groups": "SELECT, INSERT, UPDATE (state, because, full_at, failed_at)",
    "group_members": "SELECT, INSERT, UPDATE (state, place, paid_at, left_at)",
}
LIVING = "state IN ('held', 'paid')"

# Everything here runs as who asks: an order, its group and its deliveries are of one shop, and a shop sees its own.
WHOLE = """
CREATE FUNCTION public.group_is_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE v_group bigint := CASE WHEN TG_TABLE_NAME = 'groups' THEN (to_jsonb(NEW) ->> 'id')::bigint
                               ELSE (to_jsonb(NEW) ->> 'group_id')::bigint END;
    v_size int; v_paid int;
BEGIN
    SELECT size INTO v_size FROM groups WHERE id = v_group AND state = 'full';
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT count(*) INTO v_paid FROM group_members m JOIN orders o ON o.id = m.order_id
    WHERE m.group_id = v_group AND m.state = 'paid' AND o.paid_at IS NOT NULL;
    IF v_paid <> v_size THEN
        RAISE EXCEPTION 'group % is full with % of % members paid', v_group, v_paid, v_size
            USING ERRCODE = 'check_violation', CONSTRAINT = 'full_means_all_paid';
    END IF;
    RETURN NULL;
END $$
"""
FINAL = """
CREATE FUNCTION public.group_end_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'group % is % already', OLD.id, OLD.state
        USING ERRCODE = 'check_violation', CONSTRAINT = 'group_end_is_final';
END $$
"""
NOT_BEFORE = """
CREATE FUNCTION public.not_before_its_group() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM group_members m JOIN groups g ON g.id = m.group_id
               WHERE m.order_id = NEW.order_id AND g.state <> 'full') THEN
        RAISE EXCEPTION 'the group of order % is not full', NEW.order_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'not_before_its_group';
    END IF;
    RETURN NEW;
END $$
"""
# An unpaid place is let go without the group's lock: its order is locked, and nobody counts it. A paid one counts
# towards full, so its group is locked; members of a full group stay what they were, whatever is refunded later.
LET_GO = """
CREATE FUNCTION public.group_lets_go() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE v_state text;
BEGIN
    UPDATE group_members SET state = 'left', left_at = now() WHERE order_id = NEW.id AND state = 'held';
    IF NEW.state NOT IN ('refunding', 'refunded') THEN
        RETURN NULL;
    END IF;
    SELECT g.state INTO v_state FROM groups g JOIN group_members m ON m.group_id = g.id
    WHERE m.order_id = NEW.id AND m.state = 'paid' FOR NO KEY UPDATE OF g;
    IF v_state <> 'full' THEN
        UPDATE group_members SET state = 'left', left_at = now() WHERE order_id = NEW.id AND state = 'paid';
    END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.create_table(
        "group_offers",
        sa.Column("promotion_id", sa.BigInteger(), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("listing_id", sa.BigInteger(), nullable=False),
        sa.Column("people", sa.BigInteger(), nullable=False),
        sa.Column("hours", sa.BigInteger(), nullable=False),
        sa.Column("per_member", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("most_open", sa.BigInteger(), server_default=sa.text("50"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "people BETWEEN 2 AND 50 AND hours BETWEEN 1 AND 168 AND per_member BETWEEN 1 AND 10"
            " AND most_open BETWEEN 1 AND 1000",
            name=op.f("ck_group_offers_sizes"),
        ),
        sa.ForeignKeyConstraint(
            ["promotion_id"], ["promotions.id"], name=op.f("fk_group_offers_promotion_id_promotions")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_group_offers_shop_id_shops")),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listings.id"], name=op.f("fk_group_offers_listing_id_listings")
        ),
        sa.PrimaryKeyConstraint("promotion_id", name=op.f("pk_group_offers")),
    )
    op.create_index("ix_group_offers_listing_id", "group_offers", ["listing_id"])
    op.create_table(
        "groups",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("promotion_id", sa.BigInteger(), nullable=False),
        sa.Column("listing_id", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("because", sa.Text(), server_default="", nullable=False),
        sa.Column("reservation_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("full_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('open', 'full', 'failed')", name=op.f("ck_groups_state")),
        sa.CheckConstraint("size BETWEEN 2 AND 50", name=op.f("ck_groups_size")),
        sa.CheckConstraint(
            "(state = 'full') = (full_at IS NOT NULL) AND (state = 'failed') = (failed_at IS NOT NULL)"
            " AND (state = 'failed') = (because <> '')",
            name=op.f("ck_groups_ended"),
        ),
        sa.CheckConstraint("because IN ('', 'deadline', 'empty', 'ended')", name=op.f("ck_groups_because")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_groups_shop_id_shops")),
        sa.ForeignKeyConstraint(["promotion_id"], ["promotions.id"], name=op.f("fk_groups_promotion_id_promotions")),
        sa.ForeignKeyConstraint(["listing_id"], ["listings.id"], name=op.f("fk_groups_listing_id_listings")),
        sa.ForeignKeyConstraint(["reservation_id"], ["reservations.id"], name=op.f("fk_groups_reservation_id_reservations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_groups")),
        sa.UniqueConstraint("token", name=op.f("uq_groups_token")),
        sa.UniqueConstraint("reservation_id", name=op.f("uq_groups_reservation_id")),
        sa.UniqueConstraint("id", "size", name=op.f("uq_groups_id_size")),
    )  # fmt: skip
    op.create_index("ix_groups_due", "groups", ["deadline"], postgresql_where=sa.text("state = 'open'"))
    op.create_index("ix_groups_promotion_id", "groups", ["promotion_id", "state"])
    op.create_index("ix_groups_shop_id", "groups", ["shop_id", "id"])
    op.create_table(
        "group_members",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'held'"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('held', 'paid', 'left')", name=op.f("ck_group_members_state")),
        sa.CheckConstraint("place BETWEEN 1 AND size", name=op.f("ck_group_members_place")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_group_members_shop_id_shops")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_group_members_order_id_orders")),
        sa.ForeignKeyConstraint(
            ["group_id", "size"], ["groups.id", "groups.size"], name=op.f("fk_group_members_group_id_groups")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_members")),
        sa.UniqueConstraint("order_id", name=op.f("uq_group_members_order_id")),
    )
    for column in ("place", "mailbox", "device"):
        op.create_index(
            f"uq_group_members_{column}", "group_members", ["group_id", column], unique=True,
            postgresql_where=sa.text(LIVING),
        )  # fmt: skip
    op.create_index("ix_group_members_group_id", "group_members", ["group_id", "id"])
    for table, allowed in GRANTS.items():
        for statement in rls.force(table):
            op.execute(statement)
        op.execute(rls.shop_policy(table))
        op.execute(f"GRANT {allowed} ON {table} TO {SHOP_ROLE}")
        op.execute(f"GRANT SELECT ON {table} TO {PLATFORM_ROLE}")
    for function in (WHOLE, FINAL, NOT_BEFORE, LET_GO):
        op.execute(function)
    for table, when in (
        ("groups", "UPDATE OF state ON groups"),
        ("group_members", "INSERT OR UPDATE OF state ON group_members"),
    ):
        op.execute(
            f"CREATE CONSTRAINT TRIGGER {table}_whole AFTER {when} DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION public.group_is_whole()"
        )
    op.execute(
        "CREATE TRIGGER groups_final BEFORE UPDATE OF state ON groups FOR EACH ROW"
        " WHEN (OLD.state <> 'open' AND NEW.state <> OLD.state) EXECUTE FUNCTION public.group_end_is_final()"
    )
    op.execute(
        "CREATE TRIGGER deliveries_not_before BEFORE INSERT ON deliveries FOR EACH ROW"
        " EXECUTE FUNCTION public.not_before_its_group()"
    )
    op.execute(
        "CREATE TRIGGER orders_let_go AFTER UPDATE OF state ON orders FOR EACH ROW"
        " WHEN (NEW.promoted AND OLD.state IS DISTINCT FROM NEW.state"
        " AND NEW.state IN ('expired', 'cancelled', 'refunding', 'refunded', 'attention'))"
        " EXECUTE FUNCTION public.group_lets_go()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER orders_let_go ON orders")
    op.execute("DROP TRIGGER deliveries_not_before ON deliveries")
    for table in ("group_members", "groups", "group_offers"):
        op.drop_table(table)
    for function in ("group_is_whole", "group_end_is_final", "not_before_its_group", "group_lets_go"):
        op.execute(f"DROP FUNCTION public.{function}()")
