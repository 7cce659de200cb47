"""`perkline bench tenants`: the storefront bench with 10 shops, then with 10,000 shops and 1,000,000 listings."""

from random import Random
from typing import Any

from sqlalchemy import create_engine, text

from app.bench import machine
from app.bench.goods import Target, plant_goods, plant_shop
from app.bench.house import BenchHouse, bench_house
from app.bench.storefront import FRESH, shop_host, visit

FEW, MANY, LISTINGS_EACH, ROUNDS = 10, 10_000, 100, 3

SHOPS = """
    INSERT INTO shops (distributor_id, slug, name, name_en, status, theme, settings)
    SELECT distributor_id, 'bench-' || n, '测量小铺 ' || n, 'Bench shop ' || n, 'live', theme, settings
    FROM shops, generate_series(CAST(:first AS int), CAST(:last AS int)) AS n WHERE slug = 'bench'
"""
LISTINGS = """
    INSERT INTO listings (shop_id, sku_id, product_id, price_minor, position)
    SELECT s.id, k.id, k.product_id, 1990, k.position FROM shops s CROSS JOIN skus k
    WHERE s.slug ~ '^bench-[0-9]+$' AND NOT EXISTS (SELECT FROM listings l WHERE l.shop_id = s.id)
"""


def run(seconds: float = 18.0) -> dict[str, Any]:
    """Measure, and return the figures."""
    with bench_house() as house:
        shop_id = plant_shop()
        targets = plant_goods(shop_id, skus=LISTINGS_EACH, codes=20)
        fill(house, 1, FEW)
        house.open_doors()
        few = [shop_host(house, f"bench-{number}") for number in range(1, FEW + 1)]
        each = seconds / (ROUNDS * 3)
        small = _rounds(house, targets, few, each)
        fill(house, FEW + 1, MANY)
        dice = Random(0)  # noqa: S311 - which shops to visit
        many = [shop_host(house, f"bench-{number}") for number in dice.sample(range(1, MANY + 1), 2000)]
        same, large = _rounds(house, targets, few, each), _rounds(house, targets, many, each)
        return {
            "p50_ratio": round(large["p50"] / small["p50"], 3),
            "same_shops_p50_ratio": round(same["p50"] / small["p50"], 3),
            "p99_ratio": round(large["p99"] / small["p99"], 3),
            "few_ms": small,
            "many_ms": large,
            "same_shops_ms": same,
            "shops": [FEW, MANY],
            "listings": _count(house, "listings"),
            "machine": machine.notes(),
        }


def fill(house: BenchHouse, first: int, last: int) -> None:
    """Open shops of these numbers, each with everything on its shelves."""
    owner = create_engine(house.settings.database_url, isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        connection.execute(text(SHOPS), {"first": first, "last": last})
        connection.execute(text(LISTINGS))
        connection.execute(text("VACUUM ANALYZE"))
    owner.dispose()


def _rounds(house: BenchHouse, targets: list[Target], hosts: list[str], seconds: float) -> dict[str, float]:
    """Times of pages drawn for this visit alone, in milliseconds; medians of a few short rounds."""
    paths = [f"/{FRESH}", f"/p/{targets[0].slug}{FRESH}"]
    visit(house, house.settings.port, paths, seconds=1.0, hosts=hosts)
    seen = [
        visit(house, house.settings.port, paths, seconds=seconds, hosts=hosts)["times"] for _ in range(ROUNDS)
    ]
    every = [machine.percentiles_ms(times) for times in seen]
    return {name: machine.middle([one[name] for one in every]) for name in every[0]}


def _count(house: BenchHouse, table: str) -> int:
    owner = create_engine(house.settings.database_url)
    with owner.connect() as connection:
        many = int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608 - our own word
    owner.dispose()
    return many
