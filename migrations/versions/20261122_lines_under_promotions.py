"""lines under promotions: nobody pays more than its promotion gives, and an exemption is its own promotion's

What 0110 left to the code of a shop: an order's steps are sums of what they say, but not of what their promotions may
give, and a line could stand on an exemption of a promotion that took nothing off it. At commit the database asks now:
- each step's promotion is for these goods, in this currency, and stands beside what else was taken;
- one that a brand or the platform pays for is on;
- a line has one offer; offers and discounts are what its prices say; none takes more than its value comes to;
- a list price that others give a share of is one that the listing had while the quote lived;
- an exemption from the floor was used by its own promotion, and what else lies on the line keeps the ordinary floor.
"""

from alembic import op

revision = "0190"
down_revision = "0188"
branch_labels = None
depends_on = None

ROLE = "perkline_promo"
KINDS = (
    "flash_price", "group_price", "timed_price", "bundle_price", "quantity_tiers", "threshold_coupon", "fixed_coupon",
    "percentage_coupon", "referral",
)  # fmt: skip
"""In the order in which pricing takes them; the first five are offers."""
OFFERS = ", ".join(f"'{kind}'" for kind in KINDS[:5])
PLACES = ", ".join(f"'{kind}'" for kind in KINDS)
READS = {
    "skus": "id, product_id", "products": "id, category_id", "listings": "id, price_minor", "shops": "id, distributor_id",
    "listing_prices": "id, listing_id, price_minor, created_at",
}  # fmt: skip
# A quote is honoured while it lives, a quarter of an hour, and not longer whatever the row says.
AT = "CASE WHEN o.quoted_at > now() OR o.quoted_at < now() - interval '16 minutes' THEN now() ELSE o.quoted_at END"
IS_ON = f"""
CREATE FUNCTION promo.is_on() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    -- Also of a promotion without any limit, for which nothing is counted. A shop's own costs nobody else anything.
    IF NOT EXISTS (
        SELECT 1 FROM promotions p JOIN orders o ON o.id = NEW.order_id
        WHERE p.id = NEW.promotion_id AND (p.funder = 'distributor' OR (
            p.status = 'live' AND o.quoted_at >= p.starts_at AND ({AT}) >= p.starts_at
            AND (p.ends_at IS NULL OR (o.quoted_at < p.ends_at AND now() <= p.ends_at + interval '16 minutes'))))
    ) THEN
        RAISE EXCEPTION 'promotion % is not on', NEW.promotion_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'promotion_is_on';
    END IF;
    RETURN NEW;
END $$
"""
# As Promotion.unit_price says it; the list price where its units are not there. greatest() would not see a NULL.
UNIT_PRICE = """
CREATE FUNCTION promo.unit_price(p_kind text, p_value jsonb, p_order bigint, p_sku bigint, p_list bigint, p_units bigint)
RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN cut IS NULL THEN p_list ELSE greatest(1,
        coalesce((cut ->> 'minor')::bigint, p_list - p_list * coalesce((cut ->> 'off_bps')::bigint, 0) / 10000)) END
    FROM (SELECT CASE p_kind
        WHEN 'quantity_tiers' THEN (
            SELECT t FROM jsonb_array_elements(p_value -> 'tiers') t WHERE (t ->> 'from')::bigint <= p_units
            ORDER BY (t ->> 'from')::bigint DESC LIMIT 1)
        WHEN 'bundle_price' THEN (
            SELECT mine FROM jsonb_array_elements(p_value -> 'parts') mine
            WHERE (mine ->> 'sku')::bigint = p_sku AND p_units <= (mine ->> 'units')::bigint * (
                SELECT min(coalesce(l.quantity, 0) / (part ->> 'units')::bigint)
                FROM jsonb_array_elements(p_value -> 'parts') part LEFT JOIN public.order_lines l
                    ON l.order_id = p_order AND l.sku_id = (part ->> 'sku')::bigint))
        ELSE p_value END AS cut) c
$$
"""
IS_FOR = """
CREATE FUNCTION promo.is_for(p public.promotions, p_brand bigint, p_sku bigint, p_product bigint, p_category bigint)
RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT (p.brand_id IS NULL OR p.brand_id = p_brand) AND CASE p.target_of
        WHEN 'sku' THEN p_sku = ANY (p.target_ids) WHEN 'product' THEN p_product = ANY (p.target_ids)
        WHEN 'category' THEN coalesce(p_category = ANY (p.target_ids), false) ELSE true END
$$
"""
GIVES = f"""
CREATE FUNCTION promo.gives() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_said text; v_bad bigint;
BEGIN
    IF EXISTS (SELECT 1 FROM order_promotions WHERE order_id = NEW.order_id AND id > NEW.id) THEN
        RETURN NULL;  -- the last row of an order asks for all of them
    END IF;
    WITH lines AS (
        SELECT l.id, l.listing_id, l.sku_id, l.brand_id, l.quantity, l.list_minor, l.offer_minor, l.discount_minor,
            l.funded_brand_minor + l.funded_platform_minor AS others, k.product_id, r.category_id, o.currency,
            ({AT}) AS quoted_at
        FROM order_lines l JOIN orders o ON o.id = l.order_id JOIN skus k ON k.id = l.sku_id
            JOIN products r ON r.id = k.product_id
        WHERE l.order_id = NEW.order_id
    ), steps AS MATERIALIZED (
        SELECT op.id, op.promotion_id, op.minor, op.order_line_id AS line, p.kind, p.value, p.currency, p.combines,
            p.kind IN ({OFFERS}) AS offer, array_position(ARRAY[{PLACES}], p.kind) AS place
        FROM order_promotions op JOIN promotions p ON p.id = op.promotion_id WHERE op.order_id = NEW.order_id
    ), before AS (
        -- What each line cost when a discount came to it.
        SELECT s.id, l.offer_minor * l.quantity - coalesce(sum(e.minor), 0) AS net
        FROM steps s JOIN lines l ON l.id = s.line
            LEFT JOIN steps e ON e.line = s.line AND NOT e.offer AND (e.place, e.promotion_id) < (s.place, s.promotion_id)
        WHERE NOT s.offer GROUP BY s.id, l.offer_minor, l.quantity
    ), given AS (
        -- An amount or a rate is given once in an order, of what all lines of its target cost at offer prices.
        SELECT s.promotion_id, sum(s.minor) AS minor, s.value, (
            SELECT sum(l.offer_minor * l.quantity - coalesce((
                SELECT sum(e.minor) FROM steps e WHERE e.line = l.id AND NOT e.offer
                    AND (e.place, e.promotion_id) < (s.place, s.promotion_id)), 0))
            FROM lines l JOIN promotions p ON p.id = s.promotion_id
            WHERE promo.is_for(p, l.brand_id, l.sku_id, l.product_id, l.category_id)) AS left_minor, (
            SELECT sum(l.offer_minor * l.quantity) FROM lines l JOIN promotions p ON p.id = s.promotion_id
            WHERE promo.is_for(p, l.brand_id, l.sku_id, l.product_id, l.category_id)) AS offer_minor
        FROM steps s WHERE NOT s.offer GROUP BY s.promotion_id, s.value, s.place
    )
    SELECT * INTO v_said, v_bad FROM (
        SELECT 'is not for these goods or this currency' AS said, s.promotion_id
        FROM steps s JOIN lines l ON l.id = s.line JOIN promotions p ON p.id = s.promotion_id
        WHERE s.currency <> l.currency OR NOT promo.is_for(p, l.brand_id, l.sku_id, l.product_id, l.category_id)
        UNION ALL
        SELECT 'gave more than it gives: an offer', s.promotion_id FROM steps s JOIN lines l ON l.id = s.line
        WHERE s.offer AND s.minor > l.quantity * (l.list_minor
            - promo.unit_price(s.kind, s.value, NEW.order_id, l.sku_id, l.list_minor, l.quantity))
        UNION ALL
        SELECT 'gave more than it gives: of one line', s.promotion_id FROM steps s JOIN before b ON b.id = s.id
        WHERE s.minor > b.net OR (coalesce((s.value ->> 'rate_bps')::bigint, 0) > 0
            AND s.minor > b.net * (s.value ->> 'rate_bps')::bigint / 10000 + 1)
        UNION ALL
        SELECT 'gave more than it gives: in all', g.promotion_id FROM given g
        WHERE g.minor > CASE WHEN coalesce((g.value ->> 'rate_bps')::bigint, 0) > 0
                THEN least(g.left_minor * (g.value ->> 'rate_bps')::bigint / 10000, (g.value ->> 'most_minor')::bigint)
                ELSE coalesce((g.value ->> 'minor')::bigint, 0) END
           OR g.offer_minor < coalesce((g.value ->> 'from_minor')::bigint, 0)
        UNION ALL
        SELECT 'stands beside what it may not', one.promotion_id FROM steps one JOIN steps two
            ON two.promotion_id <> one.promotion_id AND NOT two.offer AND (two.line = one.line OR NOT one.offer)
        WHERE NOT (one.combines IS NULL OR two.kind = ANY (one.combines))
           OR NOT (two.combines IS NULL OR one.kind = ANY (two.combines))
        UNION ALL
        SELECT 'is not what the line''s prices say', min(s.promotion_id) FROM steps s JOIN lines l ON l.id = s.line
        GROUP BY l.id, l.list_minor, l.offer_minor, l.quantity, l.discount_minor
        HAVING count(*) FILTER (WHERE s.offer) > 1
            OR coalesce(sum(s.minor) FILTER (WHERE s.offer), 0) <> (l.list_minor - l.offer_minor) * l.quantity
            OR coalesce(sum(s.minor) FILTER (WHERE NOT s.offer), 0) <> l.discount_minor
        UNION ALL
        SELECT 'is of a list price that was none', l.listing_id FROM lines l
        WHERE l.others > 0 AND NOT EXISTS (SELECT 1 FROM listings i WHERE i.id = l.listing_id AND i.price_minor = l.list_minor)
          AND NOT EXISTS (
            SELECT 1 FROM listing_prices a WHERE a.listing_id = l.listing_id AND a.price_minor = l.list_minor
              AND NOT EXISTS (SELECT 1 FROM listing_prices b WHERE b.listing_id = a.listing_id AND b.id > a.id
                              AND b.created_at < l.quoted_at - interval '1 minute'))
    ) AS wrong LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'promotion % %', v_bad, v_said
            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_promotion_gives';
    END IF;
    RETURN NULL;
END $$
"""
EXEMPTED = f"""
CREATE FUNCTION promo.exempted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_shop record; v_floor bigint; v_exempt bigint; v_other bigint; v_named boolean;
BEGIN
    SELECT s.distributor_id, ({AT}) AS at INTO v_shop FROM orders o JOIN shops s ON s.id = o.shop_id WHERE o.id = NEW.order_id;
    v_floor := money.floor_in_force(NEW.sku_id, v_shop.distributor_id, v_shop.at) * NEW.quantity;
    SELECT coalesce(sum(t.minor) FILTER (WHERE t.floor < v_floor), 0), coalesce(sum(t.minor) FILTER (WHERE t.floor >= v_floor), 0),
        coalesce(bool_or(t.key = NEW.floor_promotion), false) INTO v_exempt, v_other, v_named
    FROM (SELECT op.minor, p.key, money.floor_in_force(NEW.sku_id, v_shop.distributor_id, v_shop.at, p.key) * NEW.quantity AS floor
          FROM order_promotions op JOIN promotions p ON p.id = op.promotion_id WHERE op.order_line_id = NEW.id) t;
    -- What is not exempt took only what the ordinary floor left: before the exempted ones, and not after them.
    IF NOT v_named OR (v_other > 0 AND NEW.net_minor + v_exempt < v_floor) THEN
        RAISE EXCEPTION 'line % stands on an exemption of % that is not its own', NEW.id, NEW.floor_promotion
            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_line_exempted';
    END IF;
    RETURN NULL;
END $$
"""
INNER = (
    "unit_price(text, jsonb, bigint, bigint, bigint, bigint)",
    "is_for(promotions, bigint, bigint, bigint, bigint)",
)
DOORS = ("is_on", "gives", "exempted")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    for table, columns in READS.items():
        op.execute(f"CREATE POLICY promo ON {table} FOR SELECT TO {ROLE} USING (true)")
        op.execute(f"GRANT SELECT ({columns}) ON {table} TO {ROLE}")
    op.execute(f"GRANT USAGE ON SCHEMA money TO {ROLE}")
    op.execute(f"GRANT EXECUTE ON FUNCTION money.floor_in_force TO {ROLE}")
    for function in (UNIT_PRICE, IS_FOR, IS_ON, GIVES, EXEMPTED):
        op.execute(function)
    for name in INNER:
        op.execute(f"REVOKE ALL ON FUNCTION promo.{name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION promo.{name} TO {ROLE}")
    for name in DOORS:
        op.execute(f"REVOKE ALL ON FUNCTION promo.{name}() FROM PUBLIC")
        op.execute(f"ALTER FUNCTION promo.{name}() OWNER TO {ROLE}")
    op.execute(
        "CREATE TRIGGER order_promotions_on BEFORE INSERT ON order_promotions FOR EACH ROW EXECUTE FUNCTION promo.is_on()"
    )
    op.execute(
        "CREATE CONSTRAINT TRIGGER gives AFTER INSERT ON order_promotions DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION promo.gives()"
    )
    op.execute(
        "CREATE CONSTRAINT TRIGGER exempted AFTER INSERT ON order_lines DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
        " WHEN (NEW.floor_promotion IS NOT NULL) EXECUTE FUNCTION promo.exempted()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER exempted ON order_lines")
    op.execute("DROP TRIGGER gives ON order_promotions")
    op.execute("DROP TRIGGER order_promotions_on ON order_promotions")
    for name in (*(f"{door}()" for door in DOORS), *INNER):
        op.execute(f"DROP FUNCTION promo.{name}")
    op.execute(f"REVOKE EXECUTE ON FUNCTION money.floor_in_force FROM {ROLE}")
    op.execute(f"REVOKE USAGE ON SCHEMA money FROM {ROLE}")
    for table, columns in READS.items():
        op.execute(f"DROP POLICY promo ON {table}")
        op.execute(f"REVOKE SELECT ({columns}) ON {table} FROM {ROLE}")
