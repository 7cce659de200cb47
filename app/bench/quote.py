"""`perkline bench quote`: a cart of five lines under ten rules, ten floors and six promotions, explained; on one core.

The reference is the same cart by hand: its rules and promotions looked up beforehand and its
arithmetic written out as straight code, nothing asked and nothing explained. Whether a quote asks
the database more often for more lines or more rules is counted on the real flow.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import create_engine, event, text

from app.bench import machine
from app.bench.goods import Target, plant_goods, plant_shop
from app.bench.house import BenchHouse, bench_house
from app.domain.commissions.rules import Rule, Sale, terms_of
from app.domain.distributors.models import Shop
from app.domain.distributors.queries import as_tenant
from app.domain.pricing.floors import FloorRow, resolve
from app.domain.pricing.rules import Offer, Priced, price_cart
from app.domain.promotions.rules import Bundle, Cut, Off, Promotion, Tiers
from app.domain.promotions.rules import Target as For
from app.flows import purchase
from app.foundation.database import db, session
from app.foundation.money import split
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope, shop_scope
from tenants.directory import Tenant

NOW = datetime(2026, 11, 11, tzinfo=UTC)
SINCE, UNTIL = NOW - timedelta(days=30), NOW + timedelta(days=30)
SELLER, LEVEL, LIST, FLOOR, SUPPLY = 7, 3, 2000, 1500, 1200
QUANTITIES = {1: 1, 2: 1, 3: 12, 4: 2, 5: 1}
ROUNDS = 5
FLASH, BUNDLE, TIERS = 1799, 1850, 1900
PROMOTIONS = (
    Promotion(
        1,
        "flash",
        "flash_price",
        Cut(FLASH),
        target=For("sku", frozenset({1})),
        starts_at=SINCE,
        ends_at=UNTIL,
    ),
    Promotion(2, "pair", "bundle_price", Bundle({1: (1, Cut(BUNDLE)), 2: (1, Cut(BUNDLE))})),
    Promotion(3, "many", "quantity_tiers", Tiers(((5, Cut(1950)), (10, Cut(TIERS))))),
    Promotion(4, "over 200", "threshold_coupon", Off(minor=2000, from_minor=20_000), funder="platform"),
    Promotion(5, "eleven", "percentage_coupon", Off(rate_bps=1100, most_minor=3000), funder="brand"),
    Promotion(6, "friends", "referral", Off(minor=500)),
)
OF_PAY: tuple[tuple[str, dict[str, Any], dict[str, int]], ...] = (
    ("commission", {"rate_bps": 800}, {}),
    ("commission", {"rate_bps": 900}, {"product_id": 1}),
    ("commission", {"rate_bps": 950}, {"level_id": LEVEL}),
    ("margin", {"supply_minor": SUPPLY}, {"sku_id": 1}),
    ("margin", {"supply_minor": 1150}, {"sku_id": 2, "distributor_id": SELLER}),
    ("commission", {"brackets": [{"from_minor": 0, "rate_bps": 500}, {"from_minor": 10**6, "rate_bps": 900}]},
     {"product_id": 2, "level_id": LEVEL}),
    ("boost", {"add_bps": 200}, {"product_id": 1}),
    ("boost", {"add_bps": 300}, {"distributor_id": 99}),
    ("override", {"step1_bps": 200, "step2_bps": 100, "pot": "brand"}, {}),
    ("override", {"step1_bps": 100, "step2_bps": 50, "pot": "brand"}, {"level_id": 99}),
)  # fmt: skip
RULES = tuple(
    Rule(number, f"s{number}", 1, kind, value, SINCE, UNTIL, **target)
    for number, (kind, value, target) in enumerate(OF_PAY, 1)
)
OF_FLOORS: tuple[tuple[int, dict[str, Any]], ...] = (
    (1450, {}), (1450, {"level_id": LEVEL}), (FLOOR, {"distributor_id": SELLER}), (1400, {"level_id": 98}),
    (1400, {"level_id": 99}), (1400, {"distributor_id": 98}), (1400, {"distributor_id": 99}),
    (1300, {"promotion": "clearance"}), (1300, {"promotion": "opening"}),
    (1300, {"promotion": "single day", "distributor_id": 99}),
)  # fmt: skip
FLOORS = tuple(
    FloorRow(number, minor, SINCE, UNTIL, **target) for number, (minor, target) in enumerate(OF_FLOORS, 1)
)
PLANTED = (
    """
    INSERT INTO rate_rules (brand_id, sku_id, series, version, kind, value, starts_at)
    SELECT brand_id, id, 'sku ' || id, 1, 'commission', '{"rate_bps": 800}', now() - interval '1 day' FROM skus
    """,
    """
    INSERT INTO rate_rules (brand_id, sku_id, series, version, kind, value, starts_at, ends_at)
    SELECT brand_id, id, 'more ' || id, 1, 'boost', '{"add_bps": 100}', now() - interval '1 day',
        now() + interval '1 day'
    FROM skus
    """,
    """
    INSERT INTO floors (brand_id, sku_id, level_id, floor_minor, starts_at)
    SELECT k.brand_id, k.id, l.id, 1400, now() - interval '1 day' FROM skus k JOIN levels l ON l.brand_id = k.brand_id
    """,
    """
    INSERT INTO floors (brand_id, sku_id, distributor_id, floor_minor, starts_at)
    SELECT k.brand_id, k.id, d.id, 1450, now() - interval '1 day' FROM skus k CROSS JOIN distributors d
    """,
)


def run(seconds: float = 10.0) -> dict[str, Any]:
    """Measure both in turns, so that whatever else the machine does slows both; count queries; return the figures."""
    if [line.net_minor for line in quote().lines] != by_hand():
        raise AssertionError(f"{quote()} is not {by_hand()}")
    each = seconds / ROUNDS / 2
    counted = queries()
    rounds = [(per_second(quote, each), per_second(by_hand, each)) for _ in range(ROUNDS)]
    ours, reference = (machine.middle([one[way] for one in rounds]) for way in (0, 1))
    return {
        "quotes_per_second": round(ours),
        "reference_per_second": round(reference),
        "ratio": round(ours / reference, 3),
        "lines": len(QUANTITIES),
        "rules": len(RULES),
        "floors": len(FLOORS),
        "promotions": len(PROMOTIONS),
        **counted,
        "broken": machine.broken(queries_grow=counted["queries_grow"]),
        "machine": machine.notes(),
    }


def quote() -> Priced:
    """One quote: the floor and the terms of each line found among all that could count, then the cart priced."""
    lines = []
    for sku, quantity in QUANTITIES.items():
        product = sku % 3
        terms = terms_of(RULES, Sale(sku, product, SELLER, LEVEL, NOW, SUPPLY))
        floor = resolve(FLOORS, sku_floor_minor=FLOOR, at=NOW, distributor_id=SELLER, level_id=LEVEL)
        supply = terms.get("supply_price_minor", SUPPLY)
        lines.append(
            Offer(
                sku, sku, quantity, LIST, floor.floor_minor, product, 1, brand_bears_minor=supply * quantity
            )
        )
    return price_cart(lines, PROMOTIONS, at=NOW)


def by_hand() -> list[int]:
    """The nets of that cart, by somebody who knows what counts."""
    offers = [FLASH, BUNDLE, TIERS, LIST, LIST]
    quantities = list(QUANTITIES.values())
    nets = [offer * quantity for offer, quantity in zip(offers, quantities, strict=True)]
    least = [FLOOR * quantity for quantity in quantities]
    for wanted, is_rate in ((2000, False), (min(sum(nets) * 1100 // 10_000, 3000), True), (500, False)):
        shares = split(wanted, nets)
        parts = [min(share, net - low) for share, net, low in zip(shares, nets, least, strict=True)]
        short = wanted - sum(parts)
        if short and not is_rate:
            spare = [net - low - part for net, low, part in zip(nets, least, parts, strict=True)]
            parts = [a + b for a, b in zip(parts, split(min(short, sum(spare)), spare), strict=True)]
        nets = [net - part for net, part in zip(nets, parts, strict=True)]
    return nets


def per_second(work: Callable[[], object], seconds: float) -> float:
    """How often it can be done a second, of this process's own processor time."""
    done, began = 0, time.process_time()
    while time.process_time() < began + seconds:
        for _ in range(50):
            work()
        done += 50
    return done / (time.process_time() - began)


def queries() -> dict[str, Any]:
    """Statements of one real quote, with one line and five, without rules and with ten."""
    with bench_house() as house:
        shop_id = plant_shop()
        goods = plant_goods(shop_id, skus=5, codes=1)
        shop = _tenant(shop_id)
        found = {f"{many}_lines": _counted(shop, goods[:many]) for many in (1, 5)}
        _plant_rules(house)
        found |= {f"{many}_lines_10_rules": _counted(shop, goods[:many]) for many in (1, 5)}
    return {
        "queries_per_quote": found["5_lines_10_rules"],
        "queries": found,
        "queries_grow": len(set(found.values())) > 1,
    }


def _tenant(shop_id: int) -> Tenant:
    with platform_scope(), unit_of_work():
        return as_tenant(session().get_one(Shop, shop_id))


def _counted(shop: Tenant, goods: list[Target]) -> int:
    cart = {one.listing_id: 1 for one in goods}
    with shop_scope(shop.id), counting() as told:
        purchase.quote(shop, cart)
    return told["statements"]


@contextmanager
def counting() -> Iterator[Mapping[str, int]]:
    """Count the statements that leave meanwhile."""
    told = {"statements": 0}

    def count(*_told: object) -> None:
        told["statements"] += 1

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        yield told
    finally:
        event.remove(db.engine, "before_cursor_execute", count)


def _plant_rules(house: BenchHouse) -> None:
    """Ten rules of pay and ten floors that hold for the five Skus."""
    owner = create_engine(house.settings.database_url)
    with owner.begin() as connection:
        for statement in PLANTED:
            connection.execute(text(statement))
    owner.dispose()
