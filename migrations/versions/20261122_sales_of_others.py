"""sales of others: a brand or the platform makes one flash sale or group buy for several shops, each with its own stock

A row of a shop hangs only on a promotion of that shop's, or on one that was made for it.
"""

from alembic import op

revision = "0165"
down_revision = "0161"
branch_labels = None
depends_on = None

ROLE = "perkline_promo"
KINDS = {"drops": "flash_price", "group_offers": "group_price"}
MADE_FOR = """
CREATE FUNCTION promo.made_for_shop() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM promotions p WHERE p.id = NEW.promotion_id AND p.kind = TG_ARGV[0] AND p.status <> 'ended'
          AND (p.shop_id = NEW.shop_id
               OR (p.shop_id IS NULL AND (p.shop_ids IS NULL OR NEW.shop_id = ANY (p.shop_ids))))
    ) THEN
        RAISE EXCEPTION 'promotion % is not made for shop %', NEW.promotion_id, NEW.shop_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'promotion_made_for_shop';
    END IF;
    RETURN NEW;
END $$
"""
# As before, but that a limit which counts in several shops is asked for before a unit is given: nobody waits in vain.
GRANT = """
CREATE OR REPLACE FUNCTION flash.grant(p_drop bigint, p_asks jsonb)
RETURNS TABLE (at bigint, seat bigint, said text, until timestamptz)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_drop drops;
    v_ask jsonb;
    v_keys text[];
    v_left bigint;
    v_turn int;
    v_reservation bigint;{declare}
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
    {shared}until := least(now() + make_interval(mins => v_drop.seat_minutes::int), v_drop.ends_at);
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
        IF v_turn IS NULL{limit} THEN
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
PARTS = {
    "declare": "\n    v_shared bool;",
    "shared": (
        "SELECT p.shop_id IS NULL AND p.per_buyer IS NOT NULL INTO v_shared FROM promotions p"
        " WHERE p.id = v_drop.promotion_id;\n    "
    ),
    "limit": (
        " OR (v_shared AND EXISTS (\n            SELECT 1 FROM promo.stand(ARRAY[v_drop.promotion_id], v_keys,"
        " v_ask ->> 'email', v_ask ->> 'device') s\n            WHERE s.said = 'buyer_limit'))"
    ),
}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.drop_constraint("uq_drops_promotion_id", "drops")
    op.create_unique_constraint("uq_drops_promotion_id_shop_id", "drops", ["promotion_id", "shop_id"])
    op.drop_constraint("pk_group_offers", "group_offers")
    op.create_primary_key("pk_group_offers", "group_offers", ["promotion_id", "shop_id"])
    op.execute(MADE_FOR)
    op.execute("REVOKE ALL ON FUNCTION promo.made_for_shop() FROM PUBLIC")
    op.execute(f"ALTER FUNCTION promo.made_for_shop() OWNER TO {ROLE}")
    for table, kind in KINDS.items():
        op.execute(
            f"CREATE TRIGGER {table}_made_for_shop BEFORE INSERT ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION promo.made_for_shop('{kind}')"
        )
    op.execute(GRANT.format(**PARTS))


def downgrade() -> None:
    op.execute(GRANT.format(**dict.fromkeys(PARTS, "")))
    for table in KINDS:
        op.execute(f"DROP TRIGGER {table}_made_for_shop ON {table}")
    op.execute("DROP FUNCTION promo.made_for_shop()")
    op.drop_constraint("pk_group_offers", "group_offers")
    op.create_primary_key("pk_group_offers", "group_offers", ["promotion_id"])
    op.drop_constraint("uq_drops_promotion_id_shop_id", "drops")
    op.create_unique_constraint("uq_drops_promotion_id", "drops", ["promotion_id"])
