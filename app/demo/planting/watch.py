"""What a brand sees of its prices in the past: what listings have cost, and who tried to go below a floor."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from app.demo import chance
from app.demo.goods import on_sale
from app.demo.people import PEOPLE
from app.demo.planting.houses import Houses
from app.demo.planting.rows import plant_quietly
from app.demo.planting.shelves import Shelves
from app.demo.planting.terms import sellers
from app.demo.shapes import DemoProduct, DemoSku
from app.demo.shops import SHOPS, listings
from app.domain.distributors.models import Partnership
from app.domain.pricing.models import FloorAttempt, ListingPrice

ATTEMPTS = 23
Offered = tuple[str, DemoProduct, DemoSku, int]


def plant_watch(houses: Houses, shelves: Shelves, now: datetime) -> None:
    """Price history of many listings, attempts of the last month, and somebody who asks to become a partner."""
    dice = chance.dice("watch")
    brands = {product.brand for product in on_sale()}
    shelf: list[Offered] = [
        (shop.slug, each.product, each.sku, each.list_price_minor)
        for shop in SHOPS for each in listings(shop.slug) if each.product.brand in brands
    ]  # fmt: skip
    plant_quietly(
        ListingPrice,
        [
            row
            for each in dice.sample(shelf, min(160, len(shelf)))
            for row in _prices(each, houses, shelves, dice, now)
        ],
    )
    plant_quietly(
        FloorAttempt, [_attempt(each, houses, shelves, dice, now) for each in dice.sample(shelf, ATTEMPTS)]
    )
    plant_quietly(
        Partnership,
        [
            {
                "brand_id": houses.brands["yunqi"], "distributor_id": houses.distributors["qiaotou"],
                "status": "applied", "applied_at": now - timedelta(hours=5),
                "message": "我们在老城有三家便利店，想在线上卖话费和网盘会员，资料随后补上。",
            }
        ],
    )  # fmt: skip


def _prices(
    each: Offered, houses: Houses, shelves: Shelves, dice: Random, now: datetime
) -> list[dict[str, Any]]:
    slug, product, sku, price = each
    steps = sorted(dice.sample(range(2, 85), dice.randint(1, 4)), reverse=True)
    return [
        {
            "shop_id": houses.shops[slug], "brand_id": houses.brands[product.brand], "sku_id": shelves.skus[sku.key],
            "listing_id": shelves.listings[slug, sku.key], "floor_minor": sku.floor_minor, "status": "live",
            "price_minor": max(sku.floor_minor, price + dice.choice((-300, -200, -100, 0, 100, 200, 400))),
            "created_at": now - timedelta(days=days, minutes=dice.randint(0, 700)),
        }
        for days in steps
    ]  # fmt: skip


def _attempt(each: Offered, houses: Houses, shelves: Shelves, dice: Random, now: datetime) -> dict[str, Any]:
    slug, product, sku, _price = each
    seller = sellers(houses)[slug]
    keys = {shop.slug: shop.distributor for shop in SHOPS}
    who = next(each.name for each in PEOPLE if each.house == keys[slug])
    below = max(1, sku.floor_minor * dice.randint(1, 18) // 100)
    return {
        "shop_id": houses.shops[slug], "brand_id": houses.brands[product.brand], "distributor_id": seller,
        "sku_id": shelves.skus[sku.key], "listing_id": shelves.listings[slug, sku.key], "stage": "listing",
        "wanted_minor": sku.floor_minor - below, "floor_minor": sku.floor_minor, "currency": sku.currency,
        "stack": [{"what": "list_price", "minor": sku.floor_minor - below}], "actor_name": who,
        "created_at": now - timedelta(days=dice.randint(0, 29), minutes=dice.randint(1, 1400)),
    }  # fmt: skip
