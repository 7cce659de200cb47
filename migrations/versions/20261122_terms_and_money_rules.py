"""terms and money rules: floors in force, approvals that end sales, cash that posts itself, books that balance

The functions run as perkline_money, which nobody is and which owns no table.
"""

from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

ROLE = "perkline_money"
TOUCHES = {
    "floors": "SELECT, INSERT, UPDATE (ends_at)", "skus": "SELECT", "shops": "SELECT", "partnerships": "SELECT, UPDATE",
    "listings": "SELECT, UPDATE (status, updated_at)", "orders": "SELECT", "distributors": "SELECT",
    "listing_prices": "INSERT", "levels": "SELECT, INSERT", "brands": "SELECT", "ledger_transactions": "SELECT, INSERT", "ledger_entries": "SELECT, INSERT",
}  # fmt: skip

FUNCTIONS = {
    "floor_in_force": """
CREATE FUNCTION money.floor_in_force(p_sku bigint, p_distributor bigint, p_at timestamptz, p_promotion text DEFAULT NULL)
RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    -- The most specific wins: an exemption for this promotion, this distributor's, its level's, the Sku's.
    SELECT coalesce(
        (SELECT f.floor_minor FROM floors f
         LEFT JOIN partnerships p ON p.brand_id = f.brand_id AND p.distributor_id = p_distributor
         WHERE f.sku_id = p_sku AND f.starts_at <= p_at AND (f.ends_at IS NULL OR f.ends_at > p_at)
           AND (f.distributor_id IS NULL OR f.distributor_id = p_distributor)
           AND (f.level_id IS NULL OR f.level_id = p.level_id)
           AND (f.promotion IS NULL OR f.promotion = p_promotion)
         ORDER BY f.promotion IS NULL, f.distributor_id IS NULL, f.level_id IS NULL LIMIT 1),
        (SELECT s.floor_minor FROM skus s WHERE s.id = p_sku))
$$
""",
    "keep_sku_floor": """
CREATE FUNCTION money.keep_sku_floor() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
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
""",
    "listing_covers_floor": """
CREATE FUNCTION money.listing_covers_floor() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
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
        v_floor := money.floor_in_force(NEW.sku_id, v_shop.distributor_id, now());
        IF v_floor IS NULL OR NEW.price_minor < v_floor THEN
            RAISE EXCEPTION 'listing price % is below the floor %', NEW.price_minor, v_floor
                USING ERRCODE = 'check_violation', CONSTRAINT = 'listing_covers_floor';
        END IF;
    END IF;
    RETURN NEW;
END $$
""",
    "keep_listing_price": """
CREATE FUNCTION money.keep_listing_price() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO listing_prices (shop_id, brand_id, sku_id, listing_id, price_minor, floor_minor, status)
    SELECT NEW.shop_id, k.brand_id, NEW.sku_id, NEW.id, NEW.price_minor,
           money.floor_in_force(NEW.sku_id, s.distributor_id, now()), NEW.status
    FROM skus k, shops s WHERE k.id = NEW.sku_id AND s.id = NEW.shop_id;
    RETURN NULL;
END $$
""",
    "order_line_covers_floor": """
CREATE FUNCTION money.order_line_covers_floor() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_floor bigint; v_at timestamptz; v_distributor bigint;
BEGIN
    SELECT o.quoted_at, s.distributor_id INTO v_at, v_distributor
    FROM orders o JOIN shops s ON s.id = o.shop_id WHERE o.id = NEW.order_id AND o.shop_id = NEW.shop_id;
    -- A quote is honoured while it lives, a quarter of an hour, and not longer whatever the row says.
    IF v_at IS NULL OR v_at > now() OR v_at < now() - interval '16 minutes' THEN
        v_at := now();
    END IF;
    v_floor := money.floor_in_force(NEW.sku_id, v_distributor, v_at, NEW.floor_promotion);
    IF v_floor IS NULL OR NEW.floor_minor < v_floor THEN
        RAISE EXCEPTION 'the line says floor %, in force is %', NEW.floor_minor, v_floor
            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_line_covers_floor';
    END IF;
    RETURN NEW;
END $$
""",
    "partnership_moved": """
CREATE FUNCTION money.partnership_moved() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.status <> 'approved' THEN
        UPDATE listings g SET status = 'suspended', updated_at = now() FROM shops s, skus k
        WHERE s.id = g.shop_id AND k.id = g.sku_id AND s.distributor_id = NEW.distributor_id
          AND k.brand_id = NEW.brand_id AND g.status = 'live';
    ELSE
        -- What was on sale before is again, where its price still covers the floor; the rest waits for a person.
        UPDATE listings g SET updated_at = now(), status = CASE
            WHEN g.price_minor >= money.floor_in_force(g.sku_id, s.distributor_id, now()) THEN 'live' ELSE 'paused' END
        FROM shops s, skus k
        WHERE s.id = g.shop_id AND k.id = g.sku_id AND s.distributor_id = NEW.distributor_id
          AND k.brand_id = NEW.brand_id AND g.status = 'suspended';
    END IF;
    RETURN NULL;
END $$
""",
    "first_level": """
CREATE FUNCTION money.first_level() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO levels (brand_id, rank, name, name_en) VALUES (NEW.id, 0, '标准', 'Standard') ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$
""",
    "no_circle": """
CREATE FUNCTION money.no_circle() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_above bigint := NEW.upline_id; v_steps int := 0;
BEGIN
    -- One change of the tree at a time: two halves of a circle made at once would each see a line.
    PERFORM pg_advisory_xact_lock(hashtextextended('uplines', 0));
    WHILE v_above IS NOT NULL LOOP
        v_steps := v_steps + 1;
        IF v_above = NEW.id OR v_steps > 10000 THEN
            RAISE EXCEPTION 'distributor % would be its own upline', NEW.id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'upline_circle';
        END IF;
        SELECT upline_id INTO v_above FROM distributors WHERE id = v_above;
    END LOOP;
    RETURN NEW;
END $$
""",
    "uplines_of": """
CREATE FUNCTION money.uplines_of(p_distributor bigint) RETURNS bigint[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    -- Two steps up, nearest first; one that may not sell earns nothing, and nobody moves into its place.
    SELECT ARRAY[CASE WHEN a.status = 'approved' THEN a.id END, CASE WHEN b.status = 'approved' THEN b.id END]
    FROM distributors d LEFT JOIN distributors a ON a.id = d.upline_id LEFT JOIN distributors b ON b.id = a.upline_id
    WHERE d.id = p_distributor
$$
""",
    "post_two": """
CREATE FUNCTION money.post_two(
    p_key text, p_kind text, p_currency text, p_from text, p_to text, p_amount bigint, p_shop bigint, p_order bigint,
    p_payment bigint, p_refund bigint, p_reason jsonb, p_at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_id bigint;
BEGIN
    INSERT INTO ledger_transactions
        (key, kind, currency, size, shop_id, order_id, payment_id, refund_id, reason, occurred_at)
    VALUES (p_key, p_kind, p_currency, 2, p_shop, p_order, p_payment, p_refund, p_reason, p_at)
    ON CONFLICT (key) DO NOTHING RETURNING id INTO v_id;
    IF v_id IS NOT NULL THEN
        INSERT INTO ledger_entries (transaction_id, position, account, currency, amount_minor, occurred_at)
        VALUES (v_id, 1, p_from, p_currency, -p_amount, p_at), (v_id, 2, p_to, p_currency, p_amount, p_at);
    END IF;
END $$
""",
    "post_payment": """
CREATE FUNCTION money.post_payment() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM money.post_two(
        'payment:' || NEW.id, 'payment', upper(coalesce(NEW.received_currency, NEW.currency)), 'gateway_clearing',
        'buyer_liability', NEW.received_minor, NEW.shop_id, NEW.order_id, NEW.id, NULL,
        jsonb_build_object('gateway', NEW.gateway, 'account', NEW.account), coalesce(NEW.received_at, now()));
    RETURN NULL;
END $$
""",
    "post_refund": """
CREATE FUNCTION money.post_refund() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.state = 'succeeded' AND (TG_OP = 'INSERT' OR OLD.state <> 'succeeded') THEN
        PERFORM money.post_two(
            'refund:' || NEW.id, NEW.kind, upper(NEW.currency), 'buyer_liability', 'gateway_clearing', NEW.amount_minor,
            NEW.shop_id, NEW.order_id, NEW.payment_id, NEW.id, jsonb_build_object('reason', NEW.reason),
            coalesce(NEW.succeeded_at, now()));
    ELSIF TG_OP = 'UPDATE' AND OLD.state = 'succeeded' AND NEW.state = 'failed' THEN
        PERFORM money.post_two(
            'refund:' || NEW.id || ':' || 'undone', NEW.kind || '_undone', upper(NEW.currency), 'gateway_clearing',
            'buyer_liability', NEW.amount_minor, NEW.shop_id, NEW.order_id, NEW.payment_id, NEW.id,
            jsonb_build_object('reason', NEW.reason), now());
    END IF;
    RETURN NULL;
END $$
""",
    "seal_of": """
CREATE FUNCTION money.seal_of(
    p_id bigint, p_transaction bigint, p_position smallint, p_account text, p_brand bigint, p_distributor bigint,
    p_currency text, p_amount bigint, p_at timestamptz
) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT hash_record_extended(
        ROW(p_id, p_transaction, p_position, p_account, p_brand, p_distributor, p_currency, p_amount, p_at), 8321)
$$
""",
    "seal_entry": """
CREATE FUNCTION money.seal_entry() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    NEW.seal := hash_record_extended(ROW(NEW.id, NEW.transaction_id, NEW.position, NEW.account, NEW.brand_id,
        NEW.distributor_id, NEW.currency, NEW.amount_minor, NEW.occurred_at), 8321);
    RETURN NEW;
END $$
""",
    "balanced": """
CREATE FUNCTION money.balanced() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_id bigint; v_row jsonb; v_told record;
BEGIN
    IF TG_TABLE_NAME = 'ledger_entries' THEN v_id := NEW.transaction_id; ELSE v_id := NEW.id; END IF;
    SELECT t.size, count(e.id) AS entries, sum(e.amount_minor) AS total, bool_and(e.currency = t.currency) AS one_currency
    INTO v_told FROM ledger_transactions t LEFT JOIN ledger_entries e ON e.transaction_id = t.id
    WHERE t.id = v_id GROUP BY t.size;
    IF v_told.total IS DISTINCT FROM 0 OR v_told.entries <> v_told.size OR NOT v_told.one_currency THEN
        RAISE EXCEPTION 'ledger transaction % has % of % entries and sums to %', v_id, v_told.entries, v_told.size, v_told.total
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_balanced';
    END IF;
    RETURN NULL;
END $$
""",
}
TRIGGERS = (
    "CREATE TRIGGER keep_floor AFTER INSERT OR UPDATE OF floor_minor ON skus FOR EACH ROW EXECUTE FUNCTION money.keep_sku_floor()",
    (
        "CREATE TRIGGER covers_floor BEFORE INSERT OR UPDATE OF price_minor, sku_id, shop_id, status ON listings"
        " FOR EACH ROW EXECUTE FUNCTION money.listing_covers_floor()"
    ),
    "CREATE TRIGGER keep_price AFTER INSERT ON listings FOR EACH ROW EXECUTE FUNCTION money.keep_listing_price()",
    (
        "CREATE TRIGGER keep_new_price AFTER UPDATE ON listings FOR EACH ROW"
        " WHEN (OLD.price_minor <> NEW.price_minor OR OLD.status <> NEW.status) EXECUTE FUNCTION money.keep_listing_price()"
    ),
    "CREATE TRIGGER covers_floor BEFORE INSERT ON order_lines FOR EACH ROW EXECUTE FUNCTION money.order_line_covers_floor()",
    (
        "CREATE TRIGGER stays BEFORE UPDATE OF shop_id, order_id, sku_id, quantity, list_minor, offer_minor, discount_minor,"
        " net_minor, floor_minor, floor_promotion, funded_brand_minor, funded_platform_minor, terms ON order_lines"
        " FOR EACH ROW EXECUTE FUNCTION order_line_stays()"
    ),
    (
        "CREATE TRIGGER moved AFTER UPDATE OF status ON partnerships FOR EACH ROW"
        " WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION money.partnership_moved()"
    ),
    "CREATE TRIGGER first_level AFTER INSERT ON brands FOR EACH ROW EXECUTE FUNCTION money.first_level()",
    (
        "CREATE TRIGGER no_circle BEFORE INSERT OR UPDATE OF upline_id ON distributors FOR EACH ROW"
        " WHEN (NEW.upline_id IS NOT NULL) EXECUTE FUNCTION money.no_circle()"
    ),
    (
        "CREATE TRIGGER post AFTER INSERT OR UPDATE OF state ON payments FOR EACH ROW"
        " WHEN (NEW.state = 'received' AND NEW.received_minor > 0) EXECUTE FUNCTION money.post_payment()"
    ),
    (
        "CREATE TRIGGER post AFTER INSERT OR UPDATE OF state ON refunds FOR EACH ROW"
        " WHEN (NEW.state IN ('succeeded', 'failed')) EXECUTE FUNCTION money.post_refund()"
    ),
    "CREATE TRIGGER seal BEFORE INSERT ON ledger_entries FOR EACH ROW EXECUTE FUNCTION money.seal_entry()",
    (
        "CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON ledger_transactions"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION money.balanced()"
    ),
    (
        "CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON ledger_entries"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION money.balanced()"
    ),
)
STAYS = """
CREATE FUNCTION order_line_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'what was agreed on a line stays' USING ERRCODE = 'check_violation', CONSTRAINT = 'order_line_stays';
END $$
"""
# What the past owes the books: money that came and went before they were opened.
OPENING = (
    (
        "SELECT money.post_two('payment:' || id, 'payment', upper(coalesce(received_currency, currency)), 'gateway_clearing',"
        " 'buyer_liability', received_minor, shop_id, order_id, id, NULL, jsonb_build_object('gateway', gateway, 'account', account),"
        " coalesce(received_at, created_at)) FROM payments WHERE state = 'received' AND received_minor > 0"
    ),
    (
        "SELECT money.post_two('refund:' || id, kind, upper(currency), 'buyer_liability', 'gateway_clearing', amount_minor,"
        " shop_id, order_id, payment_id, id, jsonb_build_object('reason', reason), coalesce(succeeded_at, created_at))"
        " FROM refunds WHERE state = 'succeeded'"
    ),
)
OLD_LISTING = """
CREATE TRIGGER covers_floor BEFORE INSERT OR UPDATE OF price_minor, sku_id, shop_id, status ON listings
FOR EACH ROW EXECUTE FUNCTION listing_covers_floor()
"""
OLD_LINE = """
CREATE TRIGGER covers_floor BEFORE INSERT OR
UPDATE OF shop_id, order_id, sku_id, quantity, offer_minor, discount_minor, net_minor, floor_minor ON order_lines
FOR EACH ROW EXECUTE FUNCTION order_line_covers_floor()
"""


def upgrade() -> None:
    op.execute(f"GRANT {ROLE} TO CURRENT_USER")
    op.execute("CREATE SCHEMA money")
    op.execute(f"GRANT USAGE, CREATE ON SCHEMA money TO {ROLE}")
    op.execute(
        "GRANT USAGE ON SCHEMA money TO perkline_shop, perkline_brand, perkline_distributor, perkline_platform"
    )
    for table, allowed in TOUCHES.items():
        op.execute(f"CREATE POLICY money ON {table} TO {ROLE} USING (true) WITH CHECK (true)")
        op.execute(f"GRANT {allowed} ON {table} TO {ROLE}")
    for function in FUNCTIONS.values():
        op.execute(function)
    op.execute(STAYS)
    op.execute("REVOKE ALL ON ALL FUNCTIONS IN SCHEMA money FROM PUBLIC")
    for name in FUNCTIONS:
        op.execute(f"ALTER FUNCTION money.{name} OWNER TO {ROLE}")
    op.execute(
        "GRANT EXECUTE ON FUNCTION money.floor_in_force, money.seal_of, money.uplines_of"
        " TO perkline_shop, perkline_brand, perkline_distributor, perkline_platform"
    )
    # Who may insert fires the trigger, and a trigger's function runs for whoever fired it.
    for table in ("listings", "order_lines"):
        op.execute(f"DROP TRIGGER covers_floor ON {table}")
    for trigger in TRIGGERS:
        op.execute(trigger)
    for statement in OPENING:
        op.execute(statement)


def downgrade() -> None:
    for trigger in TRIGGERS:
        words = trigger.replace("CONSTRAINT ", "").split()
        op.execute(f"DROP TRIGGER {words[2]} ON {words[words.index('ON') + 1]}")
    op.execute("DROP SCHEMA money CASCADE")
    op.execute("DROP FUNCTION order_line_stays()")
    op.execute(OLD_LISTING)
    op.execute(OLD_LINE)
    for table in TOUCHES:
        op.execute(f"DROP POLICY money ON {table}")
        op.execute(f"REVOKE ALL ON {table} FROM {ROLE}")
