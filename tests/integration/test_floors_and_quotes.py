"""Open quotes are honoured while they live, and nothing else is sold below a floor, whoever writes and in whatever words."""

from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.domain.pricing.errors import PriceChanged, QuoteExpired
from app.flows import purchase
from app.flows.purchase import PlaceOrder
from app.foundation.unit_of_work import unit_of_work
from tenants.context import shop_scope
from tenants.directory import Tenant
from tests.concurrency.race import ask, changed_function
from tests.factories import Goods, make_goods, make_shop
from tests.factories.floors import set_floor
from tests.factories.orders import BUYER


@pytest.fixture
def shop(app) -> Tenant:
    return make_shop()


@pytest.fixture
def goods(shop: Tenant, owner: Engine) -> Goods:
    made = make_goods(shop, price=2000, floor=1500, supply=1200, codes=5)
    change(owner, "UPDATE skus SET suggested_minor = 5000")
    return made


def change(owner: Engine, statement: str, **values: Any) -> None:
    with owner.connect() as connection:
        connection.execute(text(statement), values)


def sealed_quote(shop: Tenant, goods: Goods) -> str:
    with shop_scope(shop.id):
        return purchase.seal(purchase.quote(shop, {goods.listing_id: 1})[0])


def hand_in(shop: Tenant, sealed: str) -> None:
    with shop_scope(shop.id):
        command = PlaceOrder(quote=sealed, email="a@example.com", method="alipay", device="d", locale="en")
        purchase.place_order(command, shop=shop, actor=BUYER)


def test_an_open_quote_honours_its_price_while_it_lives(shop, goods, owner):
    sealed = sealed_quote(shop, goods)
    set_floor(goods, 2500)
    hand_in(shop, sealed)
    assert ask(owner, "SELECT total_minor FROM orders") == [(2000,)]


def test_a_quote_that_has_expired_is_not_honoured(shop, goods, owner, moved_clock):
    sealed = sealed_quote(shop, goods)
    set_floor(goods, 2500)
    moved_clock(minutes=15, seconds=1)
    with pytest.raises(QuoteExpired):
        hand_in(shop, sealed)
    assert ask(owner, "SELECT count(*) FROM orders") == [(0,)]


def backdated(owner: Engine, shop: Tenant, goods: Goods, minutes: int) -> None:
    """A line of an order that says it was quoted so long ago, by raw SQL in the shop's own scope."""
    hand_in(shop, sealed_quote(shop, make_goods(shop, codes=1, brand_id=goods.brand_id)))
    # What was 1500 at the time of the quote has been 1900 for ten minutes.
    set_floor(goods, 1900)
    for statement in (
        "UPDATE floors SET starts_at = now() - interval '1 day' WHERE floor_minor = 1500 AND sku_id = :sku",
        "UPDATE floors SET ends_at = now() - interval '10 minutes' WHERE floor_minor = 1500 AND sku_id = :sku",
        "UPDATE floors SET starts_at = now() - interval '10 minutes' WHERE floor_minor = 1900 AND sku_id = :sku",
    ):
        change(owner, statement, sku=goods.sku_id)
    change(owner, "UPDATE orders SET quoted_at = now() - make_interval(mins => :minutes)", minutes=minutes)
    line = text(
        "INSERT INTO order_lines (shop_id, order_id, listing_id, sku_id, product_id, brand_id, product_name,"
        " product_name_en, sku_name, sku_name_en, delivery_kind, counted, quantity, list_minor, offer_minor,"
        " discount_minor, net_minor, floor_minor, terms) SELECT shop_id, order_id, listing_id, :sku, product_id,"
        " brand_id, product_name, product_name_en, sku_name, sku_name_en, delivery_kind, counted, 1, 2000, 1600, 0, 1600,"
        " 1500, terms FROM order_lines LIMIT 1"
    )
    with shop_scope(shop.id), unit_of_work() as work:
        work.session.execute(line, {"sku": goods.sku_id})
        raise Written


class Written(Exception):
    """The line was taken; the transaction is rolled back."""


def test_raw_sql_within_the_life_of_a_quote_is_taken_at_the_quotes_floor(shop, goods, owner):
    with pytest.raises(Written):
        backdated(owner, shop, goods, 12)


@pytest.mark.parametrize("minutes", [0, 5, 17, 600])
def test_raw_sql_below_the_floor_of_the_quotes_moment_is_refused(shop, goods, owner, minutes: int):
    with pytest.raises(DBAPIError, match="the line says floor 1500, in force is 1900"):
        backdated(owner, shop, goods, minutes)


def test_without_the_trigger_raw_sql_sells_below_the_floor(shop, goods, owner):
    """The twin."""
    loose = (r"IF v_floor IS NULL OR NEW\.floor_minor < v_floor THEN", "IF false THEN")
    with changed_function(owner, "money.order_line_covers_floor", loose), pytest.raises(Written):
        backdated(owner, shop, goods, 5)


def test_an_order_that_the_database_refuses_is_agreed_to_again_and_remembered(shop, goods, owner):
    """A floor that began before the quote but was written after it was made."""
    sealed = sealed_quote(shop, goods)
    set_floor(goods, 2500)
    change(
        owner,
        "UPDATE floors SET ends_at = ends_at - interval '1 hour', starts_at = starts_at - interval '2 hours' WHERE floor_minor = 1500",
    )
    change(owner, "UPDATE floors SET starts_at = starts_at - interval '1 hour' WHERE floor_minor = 2500")
    with shop_scope(shop.id), unit_of_work() as work:
        work.session.execute(text("SELECT 1"))
    hand = PlaceOrder(quote=sealed, email="a@example.com", method="alipay", device="d", locale="en")
    with shop_scope(shop.id), pytest.raises(PriceChanged):
        purchase.place_order(hand, shop=shop, actor=BUYER)
    assert ask(owner, "SELECT count(*) FROM orders") == [(0,)]
    assert ask(owner, "SELECT stage, wanted_minor, floor_minor FROM floor_attempts") == [
        ("database", 2000, 2500)
    ]
