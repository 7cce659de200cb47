"""A small world to test in: a brand with goods, shops that list them, buyers who order."""

from tests.factories.goods import Goods, add_codes, make_goods, set_slots
from tests.factories.orders import buy, pay, place, run_jobs
from tests.factories.shops import make_shop

__all__ = ["Goods", "add_codes", "buy", "make_goods", "make_shop", "pay", "place", "run_jobs", "set_slots"]
