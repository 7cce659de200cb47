"""Fill a house with the demo: everything in one transaction, or nothing."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import create_engine, text

from app.demo.history import past_orders
from app.demo.planting.houses import OPEN_FOR, plant_houses
from app.demo.planting.past import plant_past
from app.demo.planting.promotions import MEMBER_SHOP, plant_promotions, remember_member_week
from app.demo.planting.selling import plant_selling
from app.demo.planting.settled import DAYS, settle_past
from app.demo.planting.shelves import plant_shelves
from app.demo.planting.stock import plant_keys, plant_stock
from app.demo.planting.terms import plant_terms
from app.demo.planting.watch import plant_watch
from app.foundation import clock
from app.foundation.database import session
from app.foundation.runtime import settings
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope, shop_scope

ORDERS = 3600
ANYBODY = text("SELECT EXISTS (SELECT FROM brands) OR EXISTS (SELECT FROM shops)")


@dataclass(frozen=True, slots=True)
class Seeded:
    """What was planted."""

    shops: int
    listings: int
    codes: int
    orders: int

    def __str__(self) -> str:
        return (
            f"{self.shops} shops, {self.listings} listings, {self.codes} codes and {self.orders} past orders"
        )


def seed(
    *,
    if_empty: bool = False,
    orders: int = ORDERS,
    most_stock: int | None = None,
    now: datetime | None = None,
    days: int = DAYS,
) -> Seeded | None:
    """Plant the demo; None where `if_empty` finds that somebody lives here already.

    `days`: how many of the past days are lived through, with payouts and all. A second demo in one
    house is refused by the database: its shops' names are taken.
    """
    at = now or clock.now()
    with platform_scope(), unit_of_work() as work:
        if if_empty and session().execute(ANYBODY).scalar_one():
            return None
        houses = plant_houses(at)
        shelves = plant_shelves(houses, at)
        keys = plant_keys(houses)
        agreed = plant_terms(houses, shelves, at - OPEN_FOR, at)
        past = list(past_orders(now=at, count=orders))
        sold = plant_past(past, houses, shelves, agreed)
        plant_watch(houses, shelves, at)
        plant_promotions(houses, at)
        codes = plant_stock(shelves, keys, sold, at, most=most_stock)
        work.record("demo.planted", "house", orders=len(past), codes=codes)
        planted = Seeded(len(houses.shops), len(shelves.listings), codes, len(past))
    with shop_scope(houses.shops[MEMBER_SHOP]), unit_of_work():
        remember_member_week()
    _take_stock()
    settle_past(houses, days=days)
    plant_selling(houses, clock.now(), most=most_stock or 20)
    return planted


def _take_stock() -> None:
    """Let the planner know what is there before the first visitor comes; only the owner may tell it."""
    owner = create_engine(settings().database_url, isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        connection.execute(text("ANALYZE"))
    owner.dispose()
