"""`perkline bench coupons`: 100,000 single-use codes made in one go, then 64 buyers who redeem them over HTTP.

Purchases with a code and without one take turns in one house; what is compared are the medians of their rates. At the
end all buyers want the same few codes. The reference of the making is one INSERT of as many rows by raw SQL.
"""

import time
from collections import defaultdict
from typing import Any

from sqlalchemy import create_engine, text

from app.bench import ledger, machine
from app.bench.goods import plant_goods, plant_shop
from app.bench.house import BenchHouse, bench_house
from app.bench.purchase import BUYERS, SKUS, round_of
from app.domain.promotions import service
from app.domain.promotions.batches import MOST_CODES
from app.flows import coupons
from app.foundation.actor import Actor
from app.foundation.unit_of_work import unit_of_work
from tenants.context import shop_scope

ROUNDS, WARM_UP, SHARED, PER_SECOND = 4, 4.0, 10, 120
OFF, HAND = 100, Actor("system")
REFERENCE = text("""
    INSERT INTO coupon_codes (promotion_id, batch_id, fingerprint)
    SELECT :promotion, :batch, uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
    FROM generate_series(1, :codes)
""")
# A code in two orders, a use that an order does not tell of, and limits that are not what was taken of them.
OVERUSED = text("""
    SELECT (SELECT count(*) FROM (SELECT code_id FROM promotion_uses WHERE state IN ('held', 'used')
            GROUP BY 1 HAVING count(*) > 1) t)
        + (SELECT abs(count(*) - (SELECT count(DISTINCT order_id) FROM order_promotions)) FROM promotion_uses
           WHERE state IN ('held', 'used'))
        + (SELECT abs(p.total_limit - coalesce(sum(s.uses_left), 0) - (SELECT count(*) FROM promotion_uses
               WHERE state IN ('claimed', 'held', 'used')))
           FROM promotions p JOIN promotion_slots s ON s.promotion_id = p.id AND s.day = '-infinity' GROUP BY p.id)
""")


def run(seconds: float = 40.0) -> dict[str, Any]:
    """Measure, and return the figures."""
    with bench_house(None, TRUSTED_PROXIES="1") as house:
        shop_id = plant_shop()
        goods = plant_goods(shop_id, skus=SKUS, codes=max(200, int(seconds * 16)))
        promotion_id = _promote(shop_id)
        made, exported, codes = _make(shop_id, promotion_id)
        by_itself = _by_itself(house, promotion_id)
        house.tidy()
        house.open_doors()
        round_of(house, goods, WARM_UP / 2)
        round_of(house, goods, WARM_UP / 2, codes=_some(codes, WARM_UP))
        rounds: dict[str, list[dict[str, Any]]] = {"without": [], "with": []}
        each = seconds / ROUNDS / 2
        for turn in range(ROUNDS):
            for name in ("without", "with") if turn % 2 else ("with", "without"):
                more = {"codes": _some(codes, each)} if name == "with" else {}
                rounds[name].append(round_of(house, goods, each, **more))
        crowd = round_of(house, goods, 60.0, codes=_some(codes, 0, SHARED), shared=True)
        ledger.settle(shop_id)
        return _figures(house, rounds, crowd, made=made, exported=exported, by_itself=by_itself)


def _promote(shop_id: int) -> int:
    with shop_scope(shop_id), unit_of_work():
        row = service.make(
            owner="shop", shop_id=shop_id, kind="fixed_coupon", value={"minor": OFF}, title="测量券", currency="CNY",
            automatic=False, total_limit=MOST_CODES, budget_minor=MOST_CODES * OFF,
        )  # fmt: skip
        service.become(row, "live")
        return row.id


def _make(shop_id: int, promotion_id: int) -> tuple[float, float, list[str]]:
    """Seconds to make and to export a whole batch, and its codes."""
    with shop_scope(shop_id):
        began = time.perf_counter()
        batch = coupons.make_batch(promotion_id, size=MOST_CODES, prefix="", actor=HAND)
        made = time.perf_counter()
        codes = list(coupons.export_batch(batch, promotion_id, actor=HAND).codes)
        return made - began, time.perf_counter() - made, codes


def _by_itself(house: BenchHouse, promotion_id: int) -> float:
    """Seconds for as many rows of the same size by raw SQL, taken back afterwards."""
    owner = create_engine(house.settings.database_url)
    with owner.connect() as connection:
        batch = connection.execute(text("SELECT max(id) FROM coupon_batches")).scalar_one()
        began = time.perf_counter()
        connection.execute(REFERENCE, {"promotion": promotion_id, "batch": batch, "codes": MOST_CODES})
        took = time.perf_counter() - began
        connection.rollback()
    owner.dispose()
    return took


def _some(codes: list[str], seconds: float, least: int = 0) -> list[str]:
    """Enough codes for a round, used by no other."""
    many = max(least, int(seconds * PER_SECOND))
    taken, codes[:] = codes[:many], codes[many:]
    return taken


def _figures(
    house: BenchHouse, rounds: dict[str, list[dict[str, Any]]], crowd: dict[str, Any], *, made: float, exported: float,
    by_itself: float,
) -> dict[str, Any]:  # fmt: skip
    rates = {
        name: machine.middle([one["in_time"] / one["seconds"] for one in some])
        for name, some in rounds.items()
    }
    owner = create_engine(house.settings.database_url)
    with owner.connect() as connection:
        overused = int(connection.execute(OVERUSED).scalar_one())
    owner.dispose()
    every = [*rounds["without"], *rounds["with"], crowd]
    return {
        "made_seconds": round(made, 2),
        "reference_made_seconds": round(by_itself, 2),
        "exported_seconds": round(exported, 2),
        "codes": MOST_CODES,
        "orders_per_second_without": rates["without"],
        "orders_per_second_with": rates["with"],
        "purchase_slowdown": round(rates["without"] / max(rates["with"], 0.001), 3),
        "cpu_slowdown": round(_cpu(rounds["with"]) / max(_cpu(rounds["without"]), 0.001), 3),
        "overused": overused,
        "redeemed": sum(len(one["codes"]) for one in rounds["with"]),
        "wanted_the_same": SHARED,
        "had_it": len(crowd["codes"]),
        "were_told": crowd["gone"],
        "went_wrong": sum(len(one["wrong"]) for one in every),
        "buyers": BUYERS,
        "step_ms": _steps(rounds["with"]),
        "cpu_ms_per_order": {name: some[-1]["cpu_ms"] for name, some in rounds.items()},
        "machine": machine.notes(),
        "broken": machine.broken(overused=overused, shared=max(0, len(crowd["codes"]) - SHARED)),
    }


def _cpu(rounds: list[dict[str, Any]]) -> float:
    """Processor time of one order in the whole house, which other work on the machine lengthens least."""
    return float(machine.middle([sum(one["cpu_ms"].values()) for one in rounds]))


def _steps(rounds: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    times: dict[str, list[float]] = defaultdict(list)
    for one in rounds:
        for step, took in one["steps"].items():
            times[step] += took
    return {step: machine.percentiles_ms(took) for step, took in times.items()}
