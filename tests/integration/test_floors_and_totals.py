"""What the database itself refuses, whoever writes and in whatever language."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.domain.catalog.models import Listing
from app.domain.pricing.errors import BelowFloor, QuoteExpired, QuoteInvalid
from app.flows import purchase
from app.flows.purchase import PlaceOrder
from app.foundation import clock
from app.foundation.database import fresh_session
from app.foundation.unit_of_work import unit_of_work
from tenants.context import Scope, open_scope, platform_scope, shop_scope
from tenants.directory import Tenant
from tests.concurrency.race import ask
from tests.factories import Goods, make_goods, make_shop, place
from tests.factories.orders import BUYER

FLOOR = 1500
LINE = """
    INSERT INTO order_lines (shop_id, order_id, listing_id, sku_id, product_id, brand_id, product_name, product_name_en, sku_name,
        sku_name_en, delivery_kind, counted, quantity, list_minor, offer_minor, discount_minor, net_minor, floor_minor, terms)
    SELECT shop_id, order_id, listing_id, :sku, product_id, (SELECT k.brand_id FROM skus k WHERE k.id = :sku), product_name, product_name_en, sku_name, sku_name_en,
        delivery_kind, counted, 1, 2000, :offer, :discount, :net, :floor, terms FROM order_lines LIMIT 1
"""
PLATFORM = Scope("perkline_platform")


@pytest.fixture
def shop(app) -> Tenant:
    return make_shop()


@pytest.fixture
def goods(shop: Tenant) -> Goods:
    return make_goods(shop, price=2000, floor=FLOOR, codes=5)


def refused(scope: Scope, statement: str, rule: str, **values: object) -> None:
    with open_scope(scope), pytest.raises(DBAPIError, match=rule):
        write(statement, values)


def write(statement: str, values: dict[str, object]) -> None:
    with fresh_session() as opened:
        opened.execute(text(statement), values)
        opened.commit()


def of(shop: Tenant) -> Scope:
    return Scope("perkline_shop", "perkline.shop_id", shop.id)


@pytest.mark.parametrize("price", [FLOOR - 1, 1, 0, -1])
def test_raw_sql_cannot_list_below_the_floor(shop, goods, price: int):
    for scope in (of(shop), PLATFORM):
        refused(scope, "UPDATE listings SET price_minor = :price", "floor", price=price)


def test_a_table_of_the_same_name_does_not_hide_the_floor(shop, goods, owner: Engine):
    with owner.connect() as connection:  # a shop's scope makes no tables; if it did, they would hide nothing
        connection.execute(
            text("CREATE TEMP TABLE skus (id bigint, product_id bigint, floor_minor bigint, currency text)")
        )
        connection.execute(
            text("INSERT INTO pg_temp.skus SELECT id, product_id, 0, currency FROM public.skus")
        )
        connection.execute(text("GRANT SELECT ON pg_temp.skus TO perkline_shop"))
        connection.execute(text("SELECT set_config('perkline.shop_id', :id, false)"), {"id": str(shop.id)})
        connection.execute(text("SET ROLE perkline_shop"))
        with pytest.raises(DBAPIError, match="below the floor"):
            connection.execute(text("UPDATE listings SET price_minor = 1"))
        connection.execute(text("RESET ROLE"))
        connection.invalidate()


def test_the_floor_itself_may_be_asked(shop, goods, owner: Engine):
    with shop_scope(shop.id), unit_of_work() as work:
        work.session.execute(text("UPDATE listings SET price_minor = :price"), {"price": FLOOR})
    assert ask(owner, "SELECT price_minor FROM listings") == [(FLOOR,)]


def test_a_listing_in_another_currency_is_refused(shop, goods):
    euros = make_shop(currency="EUR")
    insert = "INSERT INTO listings (shop_id, sku_id, product_id, price_minor) VALUES (:shop, :sku, 0, 9999)"
    refused(of(euros), insert, "listing in EUR of a Sku in CNY", shop=euros.id, sku=goods.sku_id)


@pytest.mark.parametrize(
    ("offer", "discount", "net", "floor", "rule"),
    [
        (FLOOR - 1, 0, FLOOR - 1, FLOOR, "net_covers_floor"),
        (2000, 501, 1499, FLOOR, "net_covers_floor"),
        (2000, 600, 1400, 1400, "the line says floor 1400"),
        (2000, 0, 1999, FLOOR, "net_adds_up"),
        (2000, -1, 2001, FLOOR, "amounts"),
        (2000, 2000, 0, 0, "the line says floor 0"),
    ],
)
def test_raw_sql_cannot_sell_a_line_below_the_floor(shop, goods, offer, discount, net, floor, rule: str):
    place(shop, goods)
    other = make_goods(shop, price=2000, floor=FLOOR)
    for scope in (of(shop), PLATFORM):
        refused(scope, LINE, rule, sku=other.sku_id, offer=offer, discount=discount, net=net, floor=floor)


@pytest.mark.parametrize(
    "column", ["floor_minor", "net_minor", "offer_minor", "discount_minor", "quantity", "order_id", "sku_id"]
)
def test_what_was_agreed_on_a_line_stays(shop, goods, column: str):
    place(shop, goods)
    refused(of(shop), f"UPDATE order_lines SET {column} = {column}", "permission denied")
    refused(PLATFORM, f"UPDATE order_lines SET {column} = {column}", "what was agreed on a line stays")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE orders SET total_minor = total_minor - 1",
        "UPDATE orders SET total_minor = 1",
        "DELETE FROM order_lines",
    ],
)
def test_an_order_always_adds_up(shop, goods, change: str):
    place(shop, goods)
    refused(PLATFORM, change, "its lines say")
    refused(of(shop), change, "permission denied")


def test_a_line_more_is_refused_where_the_total_does_not_follow(shop, goods):
    place(shop, goods)
    other = make_goods(shop, price=2000, floor=FLOOR)
    refused(of(shop), LINE, "its lines say", sku=other.sku_id, offer=2000, discount=0, net=2000, floor=FLOOR)


# ------------------------------------------------------------------ the same, said by the product


def raise_floor(goods: Goods, floor: int) -> None:
    with platform_scope(), unit_of_work() as work:
        work.session.execute(
            text("UPDATE skus SET floor_minor = :floor, suggested_minor = :floor WHERE id = :id"),
            {"floor": floor, "id": goods.sku_id},
        )


def test_a_listing_that_a_new_floor_overtook_is_not_quoted(shop, goods):
    raise_floor(goods, 2500)
    with shop_scope(shop.id), pytest.raises(BelowFloor):
        purchase.quote(shop, {goods.listing_id: 1})


def test_a_quote_that_a_new_floor_overtook_is_honoured_while_it_lives(shop, goods, owner: Engine):
    with shop_scope(shop.id):
        sealed = purchase.seal(purchase.quote(shop, {goods.listing_id: 1})[0])
    raise_floor(goods, 2500)
    with shop_scope(shop.id):
        purchase.place_order(_command(sealed), shop=shop, actor=BUYER)
        with pytest.raises(BelowFloor):
            purchase.quote(shop, {goods.listing_id: 1})
    assert ask(owner, "SELECT net_minor, floor_minor FROM order_lines") == [(2000, 1500)]


def test_after_its_quarter_of_an_hour_nothing_is_sold_below_the_new_floor(shop, goods, owner: Engine):
    with shop_scope(shop.id):
        sealed = purchase.seal(purchase.quote(shop, {goods.listing_id: 1})[0])
    raise_floor(goods, 2500)
    clock.travel(timedelta(minutes=16))
    try:
        with shop_scope(shop.id), pytest.raises(QuoteExpired):
            purchase.place_order(_command(sealed), shop=shop, actor=BUYER)
    finally:
        clock.travel_back()
    assert ask(owner, "SELECT count(*) FROM orders") == [(0,)]


@pytest.mark.parametrize(
    "tamper",
    [
        # Not the last sign: base64 leaves some of its bits unused.
        lambda s: s[:-5] + ("A" if s[-5] != "A" else "B") + s[-4:],
        lambda s: "x" + s,
        lambda s: "",
        lambda s: s.split(".")[0],
    ],
)
def test_a_quote_that_was_changed_is_not_read(shop, goods, tamper: Callable[[str], str]):
    with shop_scope(shop.id):
        sealed = purchase.seal(purchase.quote(shop, {goods.listing_id: 1})[0])
        with pytest.raises(QuoteInvalid):
            purchase.place_order(_command(tamper(sealed)), shop=shop, actor=BUYER)


def test_a_quote_of_one_shop_is_worth_nothing_in_another(shop, goods):
    other = make_shop()
    with shop_scope(shop.id):
        sealed = purchase.seal(purchase.quote(shop, {goods.listing_id: 1})[0])
    with shop_scope(other.id), pytest.raises(QuoteInvalid):
        purchase.place_order(_command(sealed), shop=other, actor=BUYER)


def test_a_price_that_rises_after_the_quote_is_honoured_as_quoted(shop, goods, owner: Engine):
    with shop_scope(shop.id):
        sealed = purchase.seal(purchase.quote(shop, {goods.listing_id: 1})[0])
        with unit_of_work() as work:
            work.session.get_one(Listing, goods.listing_id).price_minor = 3000
        purchase.place_order(_command(sealed), shop=shop, actor=BUYER)
    assert ask(owner, "SELECT total_minor FROM orders") == [(2000,)]


def _command(sealed: str) -> PlaceOrder:
    return PlaceOrder(quote=sealed, email="a@example.com", method="alipay", device="d", locale="en")
