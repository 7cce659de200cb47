"""`perkline bench flash`: 2,000 buyers by HTTP in the first 5 s for 300 units of one Sku, beside a calm shop."""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from app.bench import ledger, machine
from app.bench.goods import PRICE, SHOP, plant_goods, plant_shop
from app.bench.house import BenchHouse, bench_house
from app.domain.flash.service import Plan
from app.flows import drops
from app.foundation.actor import SYSTEM
from app.foundation.database import session
from app.launcher.plan import PYTHON, ROOT
from tenants.context import platform_scope, shop_scope

BUYERS, UNITS, SPREAD = 2_000, 300, 5.0
LEAD = 45.0
"""Seconds from planting to the start: pages are opened, challenges solved, and the calm shop is measured alone."""
CALM, RUSH = (-9.0, -1.0), (0.0, 10.0)
EVERY = 0.04
THINK = (1.0, 40.0)
"""How long a buyer with a unit takes to fill in the checkout and to pay."""
PATIENCE = 90.0
DIFFICULTY = 4
CALM_SHOP = "calm"
# The end of the times beside it: by the clock of the database, which is this machine's.
LAST_UNIT = text("""
    SELECT max(granted_at) FROM (
        SELECT granted_at FROM drop_seats WHERE drop_id = :drop ORDER BY id LIMIT :units) first
""")
SOLD = text("SELECT count(*) FROM order_lines WHERE shop_id = :shop AND state = 'delivered'")
OVERSOLD = text("""
    SELECT greatest(0, (SELECT count(*) FROM codes WHERE shop_id = :shop AND state IN ('reserved', 'sold')) - :units)
         + greatest(0, (SELECT count(*) FROM drop_seats WHERE drop_id = :drop
                          AND state IN ('granted', 'ordered', 'bought')) - :units)
""")
OVER_LIMIT = text("""
    SELECT count(*) FROM (
        SELECT who FROM orders, LATERAL (VALUES ('d:' || device), ('e:' || email)) AS known(who)
        WHERE shop_id = :shop AND paid_at IS NOT NULL GROUP BY who HAVING count(*) > 1) twice
""")


def run(seconds: float = 0.0) -> dict[str, Any]:  # noqa: ARG001 - the sale lasts as long as it lasts
    """Measure, and return the figures."""
    with bench_house(None, TRUSTED_PROXIES="1") as house:
        shop_id = plant_shop()
        [hot] = plant_goods(shop_id, skus=1, codes=UNITS * 2)
        calm_id = plant_shop(slug=CALM_SHOP)
        calm = plant_goods(calm_id, skus=20, codes=20, real=False)
        house.tidy()
        house.open_doors()
        starts = datetime.now(UTC) + timedelta(seconds=LEAD)
        plan = Plan(
            hot.listing_id,
            "测量秒杀",
            PRICE - 300,
            UNITS,
            starts,
            starts + timedelta(hours=1),
            difficulty=DIFFICULTY,
        )
        with shop_scope(shop_id):
            drop_id = drops.schedule(plan, currency="CNY", actor=SYSTEM)
        began = starts.timestamp()
        with ThreadPoolExecutor(2) as hands:
            crowd = hands.submit(_process, "crowd", _crowd(house, drop_id, began))
            beside = hands.submit(_process, "neighbour", _neighbour(house, calm[0].slug, began))
            before = _cpu_at(house, began)
            seen, calmly = crowd.result(), beside.result()
        used = {name: round(took - before.get(name, 0), 2) for name, took in house.cpu_seconds().items()}
        drained = ledger.settle(shop_id)
        told = {"cpu_seconds": used, **drained, "machine": machine.notes()}
        return _figures(shop_id, drop_id, began, seen, calmly) | told


def _cpu_at(house: BenchHouse, moment: float) -> dict[str, float]:
    time.sleep(max(0.0, moment - time.time()))
    return house.cpu_seconds()


def _crowd(house: BenchHouse, drop_id: int, began: float) -> dict[str, Any]:
    port = house.settings.port
    return {
        "port": port, "shop_host": f"{SHOP}.{house.settings.base_host}:{port}", "base_host": f"127.0.0.1:{port}",
        "secret": house.settings.sandbox_secret, "drop": drop_id, "starts_at": began, "buyers": BUYERS,
        "spread": SPREAD, "think": THINK, "until": began + 30,
    }  # fmt: skip


def _neighbour(house: BenchHouse, slug: str, began: float) -> dict[str, Any]:
    port = house.settings.port
    return {
        "port": port, "host": f"{CALM_SHOP}.{house.settings.base_host}:{port}", "every": EVERY,
        "paths": ["/", f"/p/{slug}", "/?v={fresh}", f"/p/{slug}?v={{fresh}}"],
        "times": [["before", began + CALM[0], began + CALM[1]], ["during", began + RUSH[0], began + RUSH[1]]],
    }  # fmt: skip


def _process(name: str, told: dict[str, Any]) -> dict[str, Any]:
    said = subprocess.run(
        [PYTHON, "-m", f"app.bench.{name}"], input=json.dumps(told), capture_output=True, text=True, cwd=ROOT,
        check=False,
    )  # fmt: skip
    if said.returncode != 0:
        raise RuntimeError(f"the {name} gave up: {said.stderr[-2000:]}")
    figures: dict[str, Any] = json.loads(said.stdout)
    return figures


def _figures(
    shop_id: int, drop_id: int, began: float, seen: dict[str, Any], calmly: dict[str, Any]
) -> dict[str, Any]:
    if seen["wrong"]:
        print(f"{len(seen['wrong'])} buyers gave up, the first: {seen['wrong'][0]}", file=sys.stderr)
    if calmly["wrong"]:
        print(
            f"{len(calmly['wrong'])} of the calm shop's pages failed: {calmly['wrong'][0]}", file=sys.stderr
        )
    until = time.monotonic() + PATIENCE
    while _asked(SOLD, shop=shop_id) < len(seen["paid"]) and time.monotonic() < until:
        time.sleep(0.25)
    facts = {"shop": shop_id, "drop": drop_id, "units": UNITS}
    last = _asked(LAST_UNIT, drop=drop_id, units=UNITS).timestamp()
    sold, oversold, over_limit = (
        _asked(SOLD, shop=shop_id),
        _asked(OVERSOLD, **facts),
        _asked(OVER_LIMIT, shop=shop_id),
    )
    first = set(sorted(seen["positions"])[: len(seen["granted"])])
    out_of_order = len(set(seen["granted"]) - first)
    notices = [max(0.0, told - max(last, sent)) for sent, told in seen["notices"]]
    answers = [took for step, some in seen["steps"].items() if step != "event" for took in some]
    before, during = machine.percentiles_ms(calmly["before"]), machine.percentiles_ms(calmly["during"])
    return {
        "sold": sold,
        "oversold": oversold,
        "over_limit": over_limit,
        "out_of_order": out_of_order,
        "sell_out_seconds": round(last - began, 2),
        "sold_out_notice_p99_ms": machine.percentiles_ms(notices).get("p99", 0.0),
        "answer_p99_ms": machine.percentiles_ms(answers)["p99"],
        "neighbour_p95_ratio": round(during["p95"] / before["p95"], 2),
        "neighbour_ms": {"before": before, "during": during},
        "entered": len(seen["positions"]),
        "told_sold_out": len(seen["notices"]),
        "gave_up": len(seen["wrong"]),
        "neighbour_wrong": len(calmly["wrong"]),
        "told_to_wait": seen["told_to_wait"],
        "looks_each": round(seen["looks"] / BUYERS, 2),
        "paid_after_seconds": round(max(seen["paid"], default=began) - began, 1),
        "step_ms": {step: machine.percentiles_ms(times) for step, times in seen["steps"].items()},
        "broken": machine.broken(
            sold=sold != UNITS, oversold=oversold, over_limit=over_limit, out_of_order=out_of_order,
            neighbour_wrong=len(calmly["wrong"]),
            never_told=len(seen["positions"]) - len(seen["notices"]) - len(seen["granted"]),
        ),
    }  # fmt: skip


def _asked(question: Any, **values: Any) -> Any:
    with platform_scope():
        answer = session().execute(question, values).scalar_one()
        session().rollback()
        return answer
