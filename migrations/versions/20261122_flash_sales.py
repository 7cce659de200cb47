"""flash sales: drops, the seats they grant, whose those are; seats given in order under one lock, following their order"""

import sqlalchemy as sa
from alembic import op

from tenants import rls
from tenants.context import PLATFORM_ROLE, SHOP_ROLE

revision = "0130"
down_revision = "0110"
branch_labels = None
depends_on = None

OF_SHOP = {
    "drops": "SELECT, INSERT, UPDATE (state, opened_at, ended_at)",
    "drop_seats": "SELECT, INSERT, UPDATE (state, until, order_id, ended_at)",
    "drop_seat_keys": "SELECT, INSERT, UPDATE (live)",
}
# One admitter at a time, in the order asked: a seat is a unit taken from what was set aside, or there is none.
GRANT = """
CREATE FUNCTION flash.grant(p_drop bigint, p_asks jsonb)
RETURNS TABLE (at bigint, seat bigint, said text, until timestamptz)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_drop drops;
    v_ask jsonb;
    v_keys text[];
    v_left bigint;
    v_turn int;
    v_reservation bigint;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('drop:' || p_drop, 0)) THEN
        RETURN QUERY SELECT NULL::bigint, NULL::bigint, 'busy', NULL::timestamptz;
        RETURN;
    END IF;
    SELECT d.* INTO v_drop FROM drops d JOIN promotions p ON p.id = d.promotion_id
    WHERE d.id = p_drop AND d.state = 'scheduled' AND now() >= d.starts_at AND now() < d.ends_at
      AND p.status = 'live' FOR SHARE OF d;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT coalesce(sum(l.units), 0) INTO v_left FROM stock.left_in(v_drop.reservation_id) l
    WHERE l.sku_id = v_drop.sku_id;
    until := least(now() + make_interval(mins => v_drop.seat_minutes::int), v_drop.ends_at);
    FOR v_ask IN SELECT a FROM jsonb_array_elements(p_asks) AS a ORDER BY (a ->> 'at')::bigint LOOP
        at := (v_ask ->> 'at')::bigint;
        SELECT s.id INTO seat FROM drop_seats s WHERE s.drop_id = p_drop AND s.position = at;
        IF FOUND THEN
            said := 'already';
            RETURN NEXT;
            CONTINUE;
        END IF;
        EXIT WHEN v_left < 1;
        v_keys := ARRAY(SELECT DISTINCT jsonb_array_elements_text(v_ask -> 'keys'));
        SELECT min(t) INTO v_turn FROM generate_series(1, v_drop.per_buyer::int) AS t WHERE NOT EXISTS (
            SELECT 1 FROM drop_seat_keys k
            WHERE k.drop_id = p_drop AND k.live AND k.key = ANY (v_keys) AND k.turn = t);
        IF v_turn IS NULL THEN
            seat := NULL;
            said := 'limit';
            RETURN NEXT;
            CONTINUE;
        END IF;
        INSERT INTO reservations (shop_id, reference, until, parent_id, kind)
        VALUES (v_drop.shop_id, 'seat:' || p_drop || ':' || at, until, v_drop.reservation_id, 'set_aside')
        RETURNING id INTO v_reservation;
        IF stock.claim_from(v_drop.reservation_id, v_reservation, v_drop.sku_id, 1) <> 1 THEN
            RAISE EXCEPTION 'drop % has no unit for a seat', p_drop
                USING ERRCODE = 'check_violation', CONSTRAINT = 'seat_holds_a_unit';
        END IF;
        INSERT INTO drop_seats (shop_id, drop_id, position, device, email, buyer_id, locale, until, reservation_id)
        VALUES (v_drop.shop_id, p_drop, at, v_ask ->> 'device', v_ask ->> 'email', (v_ask ->> 'buyer')::bigint,
            v_ask ->> 'locale', until, v_reservation)
        RETURNING id INTO seat;
        INSERT INTO drop_seat_keys (seat_id, key, drop_id, per_buyer, turn, shop_id)
        SELECT seat, k, p_drop, v_drop.per_buyer, v_turn, v_drop.shop_id FROM unnest(v_keys) AS k;
        v_left := v_left - 1;
        said := '';
        RETURN NEXT;
    END LOOP;
END $$
"""
FOLLOW = """
CREATE FUNCTION flash.follow_order() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.state IN ('paid', 'delivered') THEN
        UPDATE drop_seats SET state = 'bought' WHERE order_id = NEW.id AND state IN ('granted', 'ordered');
    ELSIF NEW.state IN ('expired', 'cancelled') AND NEW.paid_at IS NULL THEN
        -- The buyer may try again while the seat's own time lasts; after that the clock lets it go.
        UPDATE drop_seats SET state = 'granted' WHERE order_id = NEW.id AND state = 'ordered';
    ELSIF NEW.state = 'refunded' THEN
        UPDATE drop_seats SET state = 'returned' WHERE order_id = NEW.id AND state = 'bought';
    END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    _drops()
    _seats()
    for table, allowed in OF_SHOP.items():
        for statement in rls.force(table):
            op.execute(statement)
        op.execute(rls.shop_policy(table))
        op.execute(f"GRANT {allowed} ON {table} TO {SHOP_ROLE}")
        op.execute(f"GRANT {allowed} ON {table} TO {PLATFORM_ROLE}")
    op.execute("CREATE SCHEMA flash")
    op.execute(f"GRANT USAGE ON SCHEMA flash TO {SHOP_ROLE}, {PLATFORM_ROLE}")
    op.execute(GRANT)
    op.execute(FOLLOW)
    op.execute("REVOKE ALL ON ALL FUNCTIONS IN SCHEMA flash FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION flash.grant TO {SHOP_ROLE}")
    op.execute(f"GRANT EXECUTE ON FUNCTION flash.follow_order TO {SHOP_ROLE}, {PLATFORM_ROLE}")
    op.execute(
        "CREATE TRIGGER seats_follow AFTER UPDATE OF state ON orders FOR EACH ROW"
        " WHEN (NEW.promoted AND OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION flash.follow_order()"
    )


def _drops() -> None:
    op.create_table(
        "drops",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("promotion_id", sa.BigInteger(), nullable=False),
        sa.Column("listing_id", sa.BigInteger(), nullable=False),
        sa.Column("sku_id", sa.BigInteger(), nullable=False),
        sa.Column("reservation_id", sa.BigInteger(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("per_buyer", sa.BigInteger(), nullable=False),
        sa.Column("sign_in", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("difficulty", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("seat_minutes", sa.BigInteger(), server_default=sa.text("5"), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'scheduled'"), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('scheduled', 'ended')", name=op.f("ck_drops_state")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_drops_window")),
        sa.CheckConstraint(
            "units BETWEEN 1 AND 100000 AND per_buyer BETWEEN 1 AND 50", name=op.f("ck_drops_limits")
        ),
        sa.CheckConstraint(
            "seat_minutes BETWEEN 1 AND 60 AND difficulty BETWEEN 0 AND 1000000", name=op.f("ck_drops_rules")
        ),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_drops_{column}"))
            for column, table in {
                "shop_id": "shops", "promotion_id": "promotions", "listing_id": "listings", "sku_id": "skus",
                "reservation_id": "reservations",
            }.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drops")),
        sa.UniqueConstraint("promotion_id", name=op.f("uq_drops_promotion_id")),
        sa.UniqueConstraint("reservation_id", name=op.f("uq_drops_reservation_id")),
        sa.UniqueConstraint("id", "per_buyer", name=op.f("uq_drops_id_per_buyer")),
    )  # fmt: skip
    op.create_index("ix_drops_shop_id", "drops", ["shop_id", "id"])
    op.create_index("ix_drops_open", "drops", ["ends_at"], postgresql_where=sa.text("state = 'scheduled'"))


def _seats() -> None:
    op.create_table(
        "drop_seats",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("drop_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("buyer_id", sa.BigInteger(), nullable=True),
        sa.Column("locale", sa.Text(), server_default="zh_Hans", nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'granted'"), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reservation_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "granted_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('granted', 'ordered', 'bought', 'lapsed', 'returned')", name=op.f("ck_drop_seats_state")
        ),
        sa.CheckConstraint(
            "order_id IS NOT NULL OR state IN ('granted', 'lapsed')", name=op.f("ck_drop_seats_order")
        ),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_drop_seats_{column}"))
            for column, table in {
                "shop_id": "shops", "drop_id": "drops", "buyer_id": "buyers", "reservation_id": "reservations",
                "order_id": "orders",
            }.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drop_seats")),
        sa.UniqueConstraint("drop_id", "position", name=op.f("uq_drop_seats_drop_id_position")),
        sa.UniqueConstraint("reservation_id", name=op.f("uq_drop_seats_reservation_id")),
    )  # fmt: skip
    op.create_index(
        "uq_drop_seats_order_id", "drop_seats", ["order_id"], unique=True,
        postgresql_where=sa.text("order_id IS NOT NULL"),
    )  # fmt: skip
    op.create_index(
        "ix_drop_seats_open",
        "drop_seats",
        ["until"],
        postgresql_where=sa.text("state IN ('granted', 'returned')"),
    )
    op.create_table(
        "drop_seat_keys",
        sa.Column("seat_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("drop_id", sa.BigInteger(), nullable=False),
        sa.Column("per_buyer", sa.BigInteger(), nullable=False),
        sa.Column("turn", sa.SmallInteger(), nullable=False),
        sa.Column("live", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("turn BETWEEN 1 AND per_buyer", name=op.f("ck_drop_seat_keys_within_limit")),
        sa.ForeignKeyConstraint(
            ["drop_id", "per_buyer"], ["drops.id", "drops.per_buyer"], name=op.f("fk_drop_seat_keys_drop_id")
        ),
        sa.ForeignKeyConstraint(["seat_id"], ["drop_seats.id"], name=op.f("fk_drop_seat_keys_seat_id")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_drop_seat_keys_shop_id")),
        sa.PrimaryKeyConstraint("seat_id", "key", name=op.f("pk_drop_seat_keys")),
    )
    op.create_index(
        "uq_drop_seat_keys_turn", "drop_seat_keys", ["drop_id", "key", "turn"], unique=True,
        postgresql_where=sa.text("live"),
    )  # fmt: skip


def downgrade() -> None:
    op.execute("DROP TRIGGER seats_follow ON orders")
    op.execute("DROP SCHEMA flash CASCADE")
    for table in ("drop_seat_keys", "drop_seats", "drops"):
        op.drop_table(table)
