"""What the database alone can do: the rows of a whole purchase in one transaction an order, by pgbench."""

import re
import subprocess
import tempfile
from pathlib import Path

from app.bench.goods import Target
from app.bench.house import BenchHouse
from app.foundation.embedded import cluster

CLIENTS, THREADS = 16, 2
DONE = re.compile(r"tps = ([0-9.]+)")

# Every row that an order has left behind when its buyer has read the code.
SCRIPT = """
\\set sku random(0, {last}) + {first}
BEGIN;
INSERT INTO reservations (shop_id, reference, state, until)
    VALUES ({shop}, gen_random_uuid()::text, 'sold', now() + interval '15 minutes') RETURNING id AS held \\gset
INSERT INTO orders (shop_id, number, quote_id, reservation_id, email, device, ip, locale, currency, total_minor, state,
    expires_at, paid_at, delivered_at, ended_at)
    VALUES ({shop}, left(gen_random_uuid()::text, 20), gen_random_uuid()::text, :held, gen_random_uuid()::text,
    gen_random_uuid()::text, '127.0.0.1', 'zh_Hans', 'CNY', {price}, 'delivered', now() + interval '15 minutes', now(),
    now(), now()) RETURNING id AS bought \\gset
INSERT INTO order_lines (shop_id, order_id, listing_id, sku_id, product_id, brand_id, product_name, product_name_en,
    sku_name, sku_name_en, delivery_kind, counted, quantity, list_minor, offer_minor, net_minor, floor_minor, terms,
    state)
    VALUES ({shop}, :bought, :sku - {first} + {listing}, :sku, {product}, {brand}, '星幕视频 VIP 会员', 'Starmu VIP',
    '1 个月', '1 months', 'code', true, 1, {price}, {price}, {price}, 1500,
    '{{"kind": "margin", "supply_price_minor": 1200}}', 'delivered') RETURNING id AS line \\gset
INSERT INTO order_steps (shop_id, order_id, step)
    VALUES ({shop}, :bought, 'placed'), ({shop}, :bought, 'paid'), ({shop}, :bought, 'delivered');
INSERT INTO payments (shop_id, order_id, gateway, account, method, reference, external_id, url, amount_minor,
    received_minor, received_currency, currency, state, outcome, received_at)
    VALUES ({shop}, :bought, 'sandbox', 'sandbox', 'alipay', gen_random_uuid()::text, gen_random_uuid()::text,
    repeat('x', 600), {price}, {price}, 'CNY', 'CNY', 'received', 'delivered', now());
INSERT INTO payment_events (shop_id, gateway, event_id, kind, reference, external_id, account, amount_minor, currency,
    occurred_at, payload, outcome)
    VALUES ({shop}, 'sandbox', gen_random_uuid()::text, 'paid', gen_random_uuid()::text, gen_random_uuid()::text,
    'sandbox', {price}, 'CNY', now(), '{{"external_id": "x", "reference": "y", "amount_minor": 1990}}', 'applied');
UPDATE codes SET state = 'sold', reservation_id = :held, order_line_id = :line, shop_id = {shop}, sold_at = now()
    WHERE id = (SELECT id FROM codes WHERE sku_id = :sku AND state = 'free' ORDER BY pick LIMIT 1
    FOR UPDATE SKIP LOCKED);
INSERT INTO deliveries (shop_id, order_id, order_line_id, brand_id, kind, state, delivered_at)
    VALUES ({shop}, :bought, :line, {brand}, 'code', 'delivered', now());
INSERT INTO mails (shop_id, key, kind, recipient, locale, data, state, sent_at)
    VALUES ({shop}, gen_random_uuid()::text, 'delivered', gen_random_uuid()::text, 'zh_Hans',
    '{{"number": "x", "order_id": 1}}', 'sent', now());
INSERT INTO reveals (shop_id, order_line_id, actor_kind, ip, device, codes)
    VALUES ({shop}, :line, 'buyer', '127.0.0.1', gen_random_uuid()::text, 1);
COMMIT;
"""


def orders_per_second(house: BenchHouse, shop_id: int, targets: list[Target], *, seconds: float) -> float:
    """So many orders a second as the database writes by itself, on the same server, schema and indexes."""
    first = targets[0]
    script = SCRIPT.format(
        shop=shop_id, first=first.sku_id, last=len(targets) - 1, listing=first.listing_id, product=first.product_id,
        brand=first.brand_id, price=1990,
    )  # fmt: skip
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        said = subprocess.run(
            _command(house, Path(file.name), seconds), capture_output=True, text=True, check=False
        )
    found = DONE.search(said.stdout)
    if found is None:
        raise RuntimeError(f"pgbench: {said.stderr.strip() or said.stdout.strip()}")
    return float(found[1])


def _command(house: BenchHouse, script: Path, seconds: float) -> list[str]:
    bench = cluster.programs(house.home) / "pgbench"
    server = ["-h", str(house.postgres_folder), "-U", cluster.SUPERUSER]
    many = ["-c", str(CLIENTS), "-j", str(THREADS), "-T", f"{seconds:.0f}", "-M", "prepared", "-n"]
    return [str(bench), *server, *many, "-f", str(script), "perkline"]
