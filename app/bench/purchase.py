"""`perkline bench purchase`: 64 buyers over HTTP, from the product page to the code; on 50 Skus, and on one."""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from app.bench import ledger, machine, reference
from app.bench.goods import SHOP, Target, plant_goods, plant_shop
from app.bench.house import BenchHouse, bench_house
from app.launcher.plan import PYTHON, ROOT

BUYERS, SKUS, ROUNDS = 64, 50, 2
WARM_UP, REFERENCE = 4.0, 5.0


def run(seconds: float = 20.0) -> dict[str, Any]:
    """Measure, and return the figures."""
    with bench_house(None, TRUSTED_PROXIES="1") as house:
        shop_id = plant_shop()
        spread = plant_goods(shop_id, skus=SKUS, codes=max(200, int(seconds * 16)))
        hot = plant_goods(shop_id, skus=1, codes=int(seconds * 400))
        # The reference sells in a shop of its own, so that nothing is counted twice.
        other_id = plant_shop(slug=f"{SHOP}-reference")
        aside = plant_goods(other_id, skus=SKUS, codes=int(REFERENCE * ROUNDS * 4500 / SKUS), real=False)
        house.tidy()
        house.open_doors()
        round_of(house, spread, WARM_UP)
        rounds: dict[str, list[dict[str, Any]]] = {"spread": [], "hot": []}
        by_itself = []
        for _ in range(ROUNDS):
            rounds["spread"].append(round_of(house, spread, seconds / ROUNDS))
            rounds["hot"].append(round_of(house, hot, seconds / ROUNDS))
            drained = ledger.settle(shop_id)
            by_itself.append(reference.orders_per_second(house, other_id, aside, seconds=REFERENCE))
        return _figures(shop_id, rounds, by_itself, drained)


def round_of(house: BenchHouse, targets: list[Target], seconds: float, **more: Any) -> dict[str, Any]:
    """What a crowd of buyers bought in so many seconds; `more` as `app.bench.buyers` reads it."""
    told = {
        "port": house.settings.port, "shop_host": f"{SHOP}.{house.settings.base_host}:{house.settings.port}",
        "base_host": f"127.0.0.1:{house.settings.port}", "secret": house.settings.sandbox_secret, "buyers": BUYERS,
        "seconds": seconds, "targets": [[target.slug, target.listing_id] for target in targets], **more,
    }  # fmt: skip
    before = house.cpu_seconds()
    crowd = [PYTHON, "-m", "app.bench.buyers"]
    said = subprocess.run(
        crowd, input=json.dumps(told), capture_output=True, text=True, cwd=ROOT, check=False
    )
    if said.returncode != 0:
        raise RuntimeError(f"the buyers gave up: {said.stderr[-2000:]}")
    after = house.cpu_seconds()
    figures: dict[str, Any] = json.loads(said.stdout)
    if figures["wrong"]:
        print(
            f"{len(figures['wrong'])} purchases went wrong, the first: {figures['wrong'][0]}", file=sys.stderr
        )
    bought = max(1, len(figures["codes"]))
    figures["cpu_ms"] = {
        name: round((used - before.get(name, 0)) * 1000 / bought, 2) for name, used in after.items()
    }
    return figures


def _figures(
    shop_id: int,
    rounds: Mapping[str, list[dict[str, Any]]],
    by_itself: list[float],
    drained: Mapping[str, Any],
) -> dict[str, Any]:
    rates = {
        name: machine.middle([one["in_time"] / one["seconds"] for one in some])
        for name, some in rounds.items()
    }
    every = [one for some in rounds.values() for one in some]
    waits = [wait for one in rounds["spread"] for wait in one["delivered"]]
    reference_rate = machine.middle(by_itself)
    return {
        "orders_per_second": rates["spread"],
        "reference_per_second": reference_rate,
        "ratio": round(rates["spread"] / reference_rate, 4),
        "hot_orders_per_second": rates["hot"],
        "hot_sku_ratio": round(rates["hot"] / max(rates["spread"], 0.001), 3),
        "delivered_p99_ms": machine.percentiles_ms(waits)["p99"],
        "delivered_ms": machine.percentiles_ms(waits),
        "delivered_in_database_ms": ledger.waits_ms(shop_id),
        **ledger.faults(shop_id, [code for one in every for code in one["codes"]]),
        "orders": sum(len(one["codes"]) for one in every),
        "went_wrong": sum(len(one["wrong"]) for one in every),
        "buyers": BUYERS,
        "looks_per_order": round(
            sum(one["looks"] for one in every) / max(1, sum(len(one["codes"]) for one in every)), 2
        ),
        "step_ms": _steps(rounds["spread"]),
        "cpu_ms_per_order": rounds["spread"][-1]["cpu_ms"],
        **drained,
        "machine": machine.notes(),
    }


def _steps(rounds: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    times: dict[str, list[float]] = defaultdict(list)
    for one in rounds:
        for step, seconds in one["steps"].items():
            times[step] += seconds
    return {step: machine.percentiles_ms(seconds) for step, seconds in times.items()}
