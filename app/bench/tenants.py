"""`perkline bench tenants`: the storefront bench with 10 shops, then with 10,000 shops and 1,000,000 listings."""

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

from sqlalchemy import create_engine, text

from app.bench import machine
from app.bench.goods import Target, plant_goods, plant_shop
from app.bench.house import BenchHouse, bench_house
from app.bench.storefront import FRESH, shop_host, visit

FEW, MANY, LISTINGS_EACH, ROUNDS = 10, 10_000, 100, 5

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
    """Measure both houses in turns, so that whatever else the machine does slows both; return the figures."""
    with _house(FEW) as (small, targets), _house(MANY) as (large, _):
        paths = [f"/{FRESH}", f"/p/{targets[0].slug}{FRESH}"]
        dice = Random(0)  # noqa: S311 - which shops to visit
        few, some = range(1, FEW + 1), dice.sample(range(1, MANY + 1), 2000)
        ways = {"few": (small, few), "same_shops": (large, few), "many": (large, some)}
        rounds: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
        for turn in range(ROUNDS + 1):
            for name, (house, numbers) in ways.items():
                hosts = [shop_host(house, f"bench-{number}") for number in numbers]
                seen = visit(
                    house, house.settings.port, paths, seconds=seconds / ROUNDS / len(ways), hosts=hosts
                )
                if turn:  # the first one warms up
                    rounds[name].append(machine.percentiles_ms(seen["times"]))
        middles = {name: _middle(found) for name, found in rounds.items()}
        return {
            "p50_ratio": round(middles["many"]["p50"] / middles["few"]["p50"], 3),
            "same_shops_p50_ratio": round(middles["same_shops"]["p50"] / middles["few"]["p50"], 3),
            "p99_ratio": round(middles["many"]["p99"] / middles["few"]["p99"], 3),
            "page_ms": middles,
            "shops": [FEW, MANY],
            "listings": [_count(house, "listings") for house in (small, large)],
            "machine": machine.notes(),
        }


def _middle(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {key: machine.middle([one[key] for one in rounds]) for key in rounds[0]}


@contextmanager
def _house(shops: int) -> Iterator[tuple[BenchHouse, list[Target]]]:
    """An open house with so many shops."""
    with bench_house() as house:
        targets = plant_goods(plant_shop(), skus=LISTINGS_EACH, codes=20)
        fill(house, 1, shops)
        house.open_doors()
        yield house, targets


def fill(house: BenchHouse, first: int, last: int) -> None:
    """Open shops of these numbers, each with everything on its shelves."""
    owner = create_engine(house.settings.database_url, isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        connection.execute(text(SHOPS), {"first": first, "last": last})
        connection.execute(text(LISTINGS))
        connection.execute(text("VACUUM ANALYZE"))
    owner.dispose()


def _count(house: BenchHouse, table: str) -> int:
    owner = create_engine(house.settings.database_url)
    with owner.connect() as connection:
        many = int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608 - our own word
    owner.dispose()
    return many
