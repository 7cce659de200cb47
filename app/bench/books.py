"""Books of any size, written straight into the tables as the owner: a past in which every cross-check finds its rows.

The rows are what the product would have written for the same orders (one line each, margin terms with
an upline), with valid seals; triggers and foreign keys are off while they are written.
"""

# ruff: noqa: S608 - its SQL is made of constants

from typing import Any

from sqlalchemy import Connection, text

FIRMS = """
INSERT INTO brands (id, slug, name, status) OVERRIDING SYSTEM VALUE
    SELECT k, 'bench-' || k, 'Bench ' || k, 'approved' FROM generate_series(1, 20) k;
INSERT INTO distributors (id, name, status, upline_id) OVERRIDING SYSTEM VALUE
    SELECT k, 'Bench ' || k, 'approved', nullif(k / 2, 0) FROM generate_series(1, 50) k;
INSERT INTO shops (id, distributor_id, slug, name, currency, status) OVERRIDING SYSTEM VALUE
    SELECT k, k, 'bench-' || k, 'Bench ' || k, 'CNY', 'live' FROM generate_series(1, 50) k;
INSERT INTO categories (id, slug, name, name_en) OVERRIDING SYSTEM VALUE VALUES (1, 'bench', 'Bench', 'Bench');
INSERT INTO products (id, brand_id, category_id, slug, name) OVERRIDING SYSTEM VALUE
    SELECT k, k, 1, 'bench-' || k, 'Bench ' || k FROM generate_series(1, 20) k;
INSERT INTO skus (id, brand_id, product_id, name, delivery_kind, suggested_minor, floor_minor, supply_price_minor)
    OVERRIDING SYSTEM VALUE SELECT k, k, k, 'Bench', 'code', 20000, 100, 50 FROM generate_series(1, 20) k;
INSERT INTO fee_rules (kind, rate_bps, starts_at) VALUES ('platform', 200, 'epoch'), ('gateway', 60, 'epoch')
"""
# What each order is about; `net` and all parts in minor units.
FACTS = """
CREATE UNLOGGED TABLE planted AS
SELECT i, net, net * 200 / 10000 AS platform, net * 60 / 10000 AS gateway, supply,
    CASE WHEN d > 1 THEN net / 100 ELSE 0 END AS up1, CASE WHEN d > 3 THEN net / 200 ELSE 0 END AS up2,
    net - net * 200 / 10000 - net * 60 / 10000 - supply - CASE WHEN d > 1 THEN net / 100 ELSE 0 END
        - CASE WHEN d > 3 THEN net / 200 ELSE 0 END AS seller,
    b, d, nullif(d / 2, 0) AS upline1, nullif(d / 4, 0) AS upline2, date_trunc('second', now()) - interval
    '40 days' * (1 - i::float8 / {orders}) AS at,
    {settled} AND i % 50 = 0 AS back, {settled} AND i < {orders} * 0.8 AS ripe
FROM (SELECT i, 1000 + i * 37 % 9001 AS net, (1000 + i * 37 % 9001) * 60 / 100 AS supply, 1 + i % 20 AS b, 1 + i %
    50 AS d
      FROM generate_series(1::bigint, {orders}) i) x
"""
TERMS = """jsonb_build_object('kind', 'margin', 'supply_price_minor', supply, 'rule', NULL, 'hold_days', 7,
    'level', '{"name": "Bench"}'::jsonb, 'uplines', to_jsonb(array_remove(ARRAY[upline1, upline2], NULL)),
    'override', '{"step1_bps": 100, "step2_bps": 50, "pot": "distributor"}'::jsonb)"""
SALES = """
INSERT INTO orders (id, shop_id, number, quote_id, reservation_id, email, device, locale, currency, total_minor,
    state,
    created_at, payment_id, expires_at, paid_at, delivered_at) OVERRIDING SYSTEM VALUE
    SELECT i, d, 'B' || i, 'q' || i, i, 'b' || i || '@example.com', 'd' || i, 'zh_Hans', 'CNY', net,
        CASE WHEN back THEN 'refunded' ELSE 'delivered' END, at, i, at, at, at FROM planted;
INSERT INTO order_lines (id, shop_id, order_id, listing_id, sku_id, product_id, brand_id, product_name,
    product_name_en,
    sku_name, sku_name_en, delivery_kind, counted, quantity, list_minor, offer_minor, net_minor, floor_minor,
    terms, state, settled)
    OVERRIDING SYSTEM VALUE
    SELECT i, d, i, 1, b, b, b, 'Bench', 'Bench', 'Bench', 'Bench', 'code', false, 1, net, net, net, 100, {terms},
        CASE WHEN back THEN 'refunded' ELSE 'delivered' END, {settled} FROM planted;
INSERT INTO payments (id, shop_id, order_id, gateway, account, method, reference, external_id, amount_minor,
    received_minor,
    received_currency, refunded_minor, currency, state, outcome, created_at, received_at) OVERRIDING SYSTEM VALUE
    SELECT i, d, i, 'sandbox', 'sandbox', 'alipay', 'r' || i, 'x' || i, net, net, 'CNY', CASE WHEN back THEN net
    ELSE 0 END,
        'CNY', 'received', CASE WHEN back THEN 'refunded' ELSE 'delivered' END, at, at FROM planted;
INSERT INTO gateway_report_lines (gateway, line_id, kind, external_id, reference, amount_minor, fee_minor,
    currency, occurred_at)
    SELECT 'sandbox', 'p' || i, 'payment', 'x' || i, 'r' || i, net, gateway, 'CNY', at FROM planted
    UNION ALL SELECT 'sandbox', 'r' || i, 'refund', 'y' || i, 'refund-' || i, -net, 0, 'CNY', at FROM planted WHERE
    back;
INSERT INTO refunds (id, shop_id, order_id, payment_id, order_line_id, key, amount_minor, currency, reason, state,
    external_id,
    created_at, succeeded_at) OVERRIDING SYSTEM VALUE
    SELECT i, d, i, i, i, 'refund-' || i, net, 'CNY', 'bench', 'succeeded', 'y' || i, at, at FROM planted WHERE back
"""
DELIVERIES = """
INSERT INTO deliveries (shop_id, order_id, order_line_id, brand_id, kind, state, created_at, delivered_at)
    SELECT d, i, i, b, 'code', 'delivered', at, at FROM planted
"""
# One row per side; five ids are kept for each order.
SIDES = """
CREATE UNLOGGED TABLE sides AS
SELECT i * 5 AS t, 1 AS p, 'gateway_clearing' AS a, NULL::bigint AS b, NULL::bigint AS d, -net AS m, at FROM planted
UNION ALL SELECT i * 5, 2, 'buyer_liability', NULL, NULL, net, at FROM planted
UNION ALL SELECT i * 5 + 1, 1, 'gateway_fees', NULL, NULL, -gateway, at FROM planted
UNION ALL SELECT i * 5 + 1, 2, 'gateway_clearing', NULL, NULL, gateway, at FROM planted
"""
SETTLED_SIDES = """
UNION ALL SELECT i * 5 + 2, s.p, s.a, s.b, s.d, s.m, at FROM planted f CROSS JOIN LATERAL (VALUES
    (1, 'buyer_liability', NULL::bigint, NULL::bigint, -net), (2, 'brand_held', f.b, NULL, supply),
    (3, 'distributor_held', NULL, f.d, seller), (4, 'distributor_held', NULL, upline1, up1),
    (5, 'distributor_held', NULL, upline2, up2), (6, 'platform_revenue', NULL, NULL, platform),
    (7, 'gateway_fees', NULL, NULL, gateway)) AS s(p, a, b, d, m)
UNION ALL SELECT i * 5 + 3, s.p, s.a, NULL, NULL, s.m, at FROM planted CROSS JOIN LATERAL (VALUES
    (1, 'buyer_liability', -net), (2, 'gateway_clearing', net)) AS s(p, a, m) WHERE back
UNION ALL SELECT i * 5 + 4, s.p, s.a, s.b, s.d, s.m, at FROM planted f CROSS JOIN LATERAL (VALUES
    (1, 'buyer_liability', NULL::bigint, NULL::bigint, net), (2, 'brand_held', f.b, NULL, -supply),
    (3, 'distributor_held', NULL, f.d, -seller), (4, 'distributor_held', NULL, upline1, -up1),
    (5, 'distributor_held', NULL, upline2, -up2), (6, 'platform_revenue', NULL, NULL, -platform),
    (7, 'gateway_fees', NULL, NULL, -gateway)) AS s(p, a, b, d, m) WHERE back
"""
NO_NOUGHT = "DELETE FROM sides WHERE m = 0"
TRANSACTIONS = """
INSERT INTO ledger_transactions (id, key, kind, currency, size, moved_minor, shop_id, order_id, order_line_id,
    payment_id, refund_id,
    occurred_at, posted_at) OVERRIDING SYSTEM VALUE
SELECT t, CASE t % 5 WHEN 0 THEN 'payment:' || i WHEN 1 THEN 'gateway_fee:sandbox:p' || i WHEN 2 THEN 'settle:' || i
        WHEN 3 THEN 'refund:' || i ELSE 'return:' || i || ':' || i END,
    (ARRAY['payment', 'gateway_fee', 'settlement', 'refund', 'return'])[1 + t % 5], 'CNY', size, moved, f.d, i,
    CASE WHEN t % 5 IN (2, 4) THEN i END, CASE WHEN t % 5 IN (0, 1, 3, 4) THEN i END, CASE WHEN t % 5 IN (3, 4)
    THEN i END, f.at, f.at
FROM (SELECT t, t / 5 AS i, count(*) AS size, sum(m) FILTER (WHERE m > 0) AS moved FROM sides GROUP BY t) s
JOIN planted f USING (i) ORDER BY t
"""
ENTRIES = """
INSERT INTO ledger_entries (id, transaction_id, position, account, brand_id, distributor_id, currency,
    amount_minor, occurred_at,
    seal) OVERRIDING SYSTEM VALUE
SELECT n, t, q, a, b, d, 'CNY', m, at, money.seal_of(n, t, q::smallint, a, b, d, 'CNY', m, at)
FROM (SELECT row_number() OVER (ORDER BY t, p) + {after} AS n, row_number() OVER (PARTITION BY t ORDER BY p) AS q,
    * FROM sides) s
"""
SETTLEMENTS = """
INSERT INTO settlements (transaction_id, shop_id, distributor_id, brand_id, order_id, order_line_id, currency,
    net_minor,
    base_minor, returned_minor, month, parts)
SELECT i * 5 + 2, d, d, b, i, i, 'CNY', net, net, CASE WHEN back THEN net ELSE 0 END,
    date_trunc('month', at AT TIME ZONE 'Asia/Shanghai')::date,
    jsonb_build_array(jsonb_build_object('role', 'supplier', 'minor', supply), jsonb_build_object('role', 'seller',
    'minor', seller),
        jsonb_build_object('role', 'upline1', 'minor', up1), jsonb_build_object('role', 'upline2', 'minor', up2),
        jsonb_build_object('role', 'platform', 'minor', platform),
        jsonb_build_object('role', 'gateway', 'minor', gateway)) FROM planted;
CREATE UNLOGGED TABLE earned AS
SELECT i * 4 + s.k AS id, i * 5 + 2 AS transaction_id, CASE WHEN s.k = 0 THEN f.b END AS brand_id,
    s.owner AS distributor_id, s.role, f.d AS shop_id, f.d AS seller_id, f.b AS of_brand_id, i AS order_id,
    i AS order_line_id, CASE WHEN s.k < 2 THEN 'B' || i ELSE '' END AS order_number,
    f.b AS product_id, f.b AS sku_id, 'Bench' AS product_name,
    'Bench' AS sku_name, 1 AS quantity, 'CNY' AS currency, net AS net_minor, s.m AS amount_minor,
    CASE WHEN back THEN s.m ELSE 0 END AS taken_back_minor,
    '{{"kind": "margin", "steps": [], "hold_days": 7, "rule": null, "quantity": 1}}'::jsonb AS why, at AS earned_at,
    at + interval '7 days' AS matures_at
FROM planted f CROSS JOIN LATERAL (VALUES (0, 'supplier', NULL::bigint, supply), (1, 'seller', f.d, seller),
    (2, 'upline1', upline1, up1), (3, 'upline2', upline2, up2)) AS s(k, role, owner, m) WHERE s.m > 0;
INSERT INTO earning_returns (earning_id, transaction_id, brand_id, distributor_id, amount_minor, why)
    SELECT e.id, i * 5 + 4, e.brand_id, e.distributor_id, -e.amount_minor, '{{}}' FROM planted JOIN earned e ON
    e.order_line_id = i
    WHERE back;
INSERT INTO volumes (brand_id, distributor_id, currency, month, volume_minor)
    SELECT brand_id, distributor_id, 'CNY', month, sum(net_minor - returned_minor) FROM settlements GROUP BY 1, 2, 4
"""
# What is ripe becomes available, owner by owner and day by day, as the clock would have done it.
RIPE = """
CREATE UNLOGGED TABLE ripening AS
SELECT {next} + row_number() OVER (ORDER BY day, e.brand_id, e.distributor_id) AS t, e.*
FROM (SELECT date_trunc('day', matures_at) AS day, brand_id, distributor_id, sum(amount_minor - taken_back_minor)
    AS m, min(id) AS first
      FROM earned WHERE order_id < {orders} * 0.8 GROUP BY 1, 2, 3 HAVING sum(amount_minor - taken_back_minor) >
      0) e;
INSERT INTO ledger_transactions (id, key, kind, currency, size, moved_minor, occurred_at, posted_at) OVERRIDING
    SYSTEM VALUE
    SELECT t, 'mature:' || first, 'maturity', 'CNY', 2, m, least(day, now()), least(day, now()) FROM ripening;
INSERT INTO earnings (
        id, transaction_id, brand_id, distributor_id, role, shop_id, seller_id, of_brand_id, order_id,
        order_line_id, order_number, product_id, sku_id, product_name, sku_name, quantity, currency,
        net_minor, amount_minor, taken_back_minor, why, earned_at, matures_at, matured_by)
    OVERRIDING SYSTEM VALUE SELECT
        e.id, e.transaction_id, e.brand_id, e.distributor_id, e.role, e.shop_id, e.seller_id, e.of_brand_id,
        e.order_id, e.order_line_id, e.order_number, e.product_id, e.sku_id, e.product_name, e.sku_name,
        e.quantity, e.currency, e.net_minor, e.amount_minor, e.taken_back_minor, e.why, e.earned_at,
        e.matures_at, r.t
    FROM earned e LEFT JOIN ripening r ON e.order_id < {orders} * 0.8 AND r.day = date_trunc('day', e.matures_at)
        AND coalesce(r.brand_id, 0) = coalesce(e.brand_id, 0)
        AND coalesce(r.distributor_id, 0) = coalesce(e.distributor_id, 0) ORDER BY e.id;
TRUNCATE sides;
INSERT INTO sides SELECT t, s.p, CASE WHEN brand_id IS NULL THEN 'distributor_' ELSE 'brand_' END || s.a, brand_id,
    distributor_id,
    s.m, least(day, now()) FROM ripening CROSS JOIN LATERAL (VALUES (1, 'held', -m), (2, 'available', m)) AS s(p,
    a, m);
"""
# Every firm has half of what is available on its way to the bank, or there already.
PAID = """
INSERT INTO payout_accounts (id, brand_id, distributor_id, method, currency, holder, shown, contact_email, status)
    OVERRIDING SYSTEM VALUE SELECT row_number() OVER (), b, d, 'sandbox', 'CNY', 'Bench', 'Bench',
    'bench@example.com', 'verified'
    FROM (SELECT DISTINCT brand_id AS b, distributor_id AS d FROM ripening) o;
CREATE UNLOGGED TABLE paying AS
SELECT a.id, a.brand_id AS b, a.distributor_id AS d, sum(r.m)::bigint / 2 AS m, a.id % 2 = 0 AS paid FROM
    payout_accounts a JOIN ripening r
    ON r.brand_id IS NOT DISTINCT FROM a.brand_id AND r.distributor_id IS NOT DISTINCT FROM a.distributor_id GROUP
    BY 1;
INSERT INTO payouts (id, key, brand_id, distributor_id, account_id, method, currency, amount_minor, net_minor,
    state, due_at)
    OVERRIDING SYSTEM VALUE SELECT id, 'bench-' || id, b, d, id, 'sandbox', 'CNY', m, m, CASE WHEN paid THEN 'paid'
    ELSE 'sent' END,
    now() FROM paying;
INSERT INTO ledger_transactions (id, key, kind, currency, size, moved_minor, payout_id, occurred_at, posted_at)
    OVERRIDING SYSTEM VALUE SELECT {next} + id * 2 + s.k, 'payout:' || id || ':' || s.kind, s.kind, 'CNY', 2, m,
    id, now(), now() FROM paying
    CROSS JOIN LATERAL (VALUES (0, 'payout_reserved'), (1, 'payout_paid')) AS s(k, kind) WHERE paid OR s.k = 0;
TRUNCATE sides;
INSERT INTO sides SELECT {next} + id * 2 + s.k, s.p, s.a, b, d, s.m, now() FROM (SELECT *, CASE WHEN b IS NULL THEN
    'distributor_'
    ELSE 'brand_' END AS who FROM paying) x CROSS JOIN LATERAL (VALUES (0, 1, who || 'available', -m), (0, 2, who
    || 'in_transit', m),
    (1, 3, who || 'in_transit', -m), (1, 4, 'bank_clearing', m)) AS s(k, p, a, m) WHERE paid OR s.k = 0;
UPDATE sides SET b = NULL, d = NULL WHERE a = 'bank_clearing'
"""
TIDY = "DROP TABLE IF EXISTS planted, sides, earned, ripening, paying"
TABLES = (
    "orders", "order_lines", "payments", "refunds", "ledger_transactions", "ledger_entries", "earnings", "brands",
    "distributors", "shops", "skus", "products", "payouts", "payout_accounts",
)  # fmt: skip


def plant(connection: Connection, orders: int, *, settled: bool) -> int:
    """Write so many paid, delivered orders and all their books, settled or waiting to be; how many entries."""
    told: dict[str, Any] = {"orders": orders, "settled": str(settled).lower(), "terms": TERMS}
    connection.exec_driver_sql("SET session_replication_role = replica")
    connection.exec_driver_sql("SET work_mem = '256MB'")
    sides = SIDES + (SETTLED_SIDES if settled else "")
    script = [
        FIRMS,
        FACTS.format(**told),
        SALES.format(**told),
        sides,
        NO_NOUGHT,
        TRANSACTIONS,
        ENTRIES.format(after=0),
    ]
    for part in script:
        _run(connection, part)
    if settled:
        _run(connection, SETTLEMENTS.format())
        _run(connection, RIPE.format(next=orders * 5 + 10, **told))
        _append(connection)
        _run(connection, PAID.format(next=_newest(connection, "ledger_transactions") + 1))
        _append(connection)
    else:
        _run(connection, DELIVERIES)
    _run(connection, TIDY)
    for table in TABLES:
        connection.execute(
            text(
                "SELECT setval(pg_get_serial_sequence(:name, 'id'), (SELECT coalesce(max(id), 0) + 1 FROM "
                + table
                + "))"
            ),
            {"name": table},
        )
    connection.exec_driver_sql("RESET session_replication_role")
    connection.exec_driver_sql("RESET work_mem")
    connection.exec_driver_sql("VACUUM ANALYZE")
    return int(connection.execute(text("SELECT count(*) FROM ledger_entries")).scalar_one())


def _append(connection: Connection) -> None:
    _run(connection, ENTRIES.format(after=_newest(connection, "ledger_entries")))


def _newest(connection: Connection, table: str) -> int:
    return int(connection.exec_driver_sql("SELECT max(id) FROM " + table).scalar_one())


def _run(connection: Connection, script: str) -> None:
    driver: Any = connection.connection.driver_connection  # which reads no placeholder into a modulo
    for statement in script.split(";\n"):
        if statement.strip():
            driver.execute(statement)
