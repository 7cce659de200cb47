"""Nobody takes a shop's stock without paying, and nobody keeps another from buying."""

from contextlib import suppress
from dataclasses import replace

import pytest
from redis.exceptions import TimeoutError as RedisTimeout
from sqlalchemy import text

from app.domain.orders.errors import OrderNotPayable, TooManyFromAddress, TooManyOpenOrders
from app.flows import purchase
from app.flows.purchase import Placed, PlaceOrder
from app.foundation import ids
from app.foundation.database import session
from app.foundation.errors import TooManyRequests
from app.foundation.runtime import runtime
from tenants.context import shop_scope
from tenants.directory import Tenant
from tests.factories import Goods, make_goods, make_shop
from tests.factories.orders import BUYER, pay, run_jobs

ADDRESS, ELSEWHERE = "198.51.100.7", "203.0.113.9"


def order(shop: Tenant, goods: Goods, *, quantity: int = 1, ip: str = ADDRESS, **who: object) -> Placed:
    """A fresh quote and a fresh device, unless told otherwise: what a script would send."""
    with shop_scope(shop.id):
        quoted, _ = purchase.quote(shop, {goods.listing_id: quantity})
        command = PlaceOrder(
            quote=purchase.seal(quoted), email=f"{ids.token().lower()}@example.com", method="alipay",
            device=ids.token(), locale="en", ip=ip,
        )  # fmt: skip
        return purchase.place_order(replace(command, **who), shop=shop, actor=BUYER)  # type: ignore[arg-type]


@pytest.fixture
def caps(app):
    """Change settings for one test."""
    kept = runtime().settings
    yield lambda **values: setattr(runtime(), "settings", replace(kept, **values))
    runtime().settings = kept


def test_a_script_with_fresh_devices_and_emails_holds_ten_orders_and_no_more(app):
    shop = make_shop()
    goods = make_goods(shop, codes=30)
    for _ in range(10):
        order(shop, goods)
    with pytest.raises(TooManyFromAddress):
        order(shop, goods)
    assert order(shop, goods, ip=ELSEWHERE).payment_id


def test_all_addresses_of_one_ipv6_line_count_as_one(app):
    shop = make_shop()
    goods = make_goods(shop, codes=30)
    for at in range(10):
        order(shop, goods, ip=f"2001:db8:7:7::{at:x}")
    with pytest.raises(TooManyFromAddress):
        order(shop, goods, ip="2001:db8:7:7:ffff::1")


def test_a_paid_order_holds_nothing_any_more(app, caps):
    caps(max_open_orders_per_address=1)
    shop = make_shop(max_open_orders=1)
    goods = make_goods(shop, codes=3)
    placed = order(shop, goods)
    with pytest.raises(TooManyFromAddress):
        order(shop, goods)
    with shop_scope(shop.id):
        purchase.open_payment(placed.payment_id or 0, shop=shop, return_url="http://shop.localhost/orders/x")
    pay(shop, placed)
    run_jobs()
    assert order(shop, goods).payment_id


def test_orders_from_one_address_hold_no_more_than_so_many_pieces_of_a_sku(app, caps):
    caps(max_pieces_per_address=8)
    shop = make_shop()
    goods, other = make_goods(shop, codes=40), make_goods(shop, codes=40)
    order(shop, goods, quantity=12)  # alone it is the brand's own limit that counts
    with pytest.raises(TooManyFromAddress):
        order(shop, goods)
    order(shop, other, quantity=5)
    order(shop, other, quantity=3)
    with pytest.raises(TooManyFromAddress):
        order(shop, other)


def test_three_orders_under_somebodys_email_do_not_lock_that_somebody_out(app):
    shop = make_shop()
    goods = make_goods(shop, codes=9)
    for _ in range(3):
        order(shop, goods, ip=ELSEWHERE, email="victim@example.com")
    assert order(shop, goods, email="victim@example.com").payment_id


def test_clearing_cookies_does_not_lift_a_buyers_own_cap(app):
    shop = make_shop()
    goods = make_goods(shop, codes=9)
    for _ in range(3):
        order(shop, goods, email="lin@example.com")
    with pytest.raises(TooManyOpenOrders):
        order(shop, goods, email="lin@example.com")


def test_a_crowd_of_tries_is_stopped_before_the_costly_hash(app, caps, monkeypatch):
    caps(checkouts_per_address=2)
    shop = make_shop()
    goods = make_goods(shop, codes=9)
    for _ in range(2):
        order(shop, goods)

    class NotNow:
        def hash(self, _: str) -> str:
            raise AssertionError("hashed for somebody who should wait")

    monkeypatch.setattr(purchase, "hasher", NotNow())
    with pytest.raises(TooManyRequests):
        order(shop, goods, passphrase="open sesame")


def test_paying_again_and_again_is_counted_too(app, caps):
    shop = make_shop()
    placed = order(shop, make_goods(shop, codes=9))
    caps(checkouts_per_address=2)
    with shop_scope(shop.id):
        for _ in range(2):
            purchase.try_again(placed.order_id, "card", actor=BUYER)
        with pytest.raises(TooManyRequests):
            purchase.try_again(placed.order_id, "card", actor=BUYER)


def test_selling_goes_on_while_redis_does_not_answer(app, monkeypatch):
    shop = make_shop()
    goods = make_goods(shop, codes=2)

    def hangs(*_: object, **__: object) -> None:
        raise RedisTimeout

    monkeypatch.setattr("redis.client.Pipeline.execute", hangs)
    assert order(shop, goods).payment_id


def attempts(shop: Tenant, placed: Placed) -> int:
    with shop_scope(shop.id):
        return (
            session()
            .execute(text("SELECT count(*) FROM payments WHERE order_id = :id"), {"id": placed.order_id})
            .scalar_one()
        )


def test_paying_again_the_same_way_goes_on_with_the_open_attempt(app):
    shop = make_shop()
    placed = order(shop, make_goods(shop, codes=1))
    with shop_scope(shop.id):
        again = purchase.try_again(placed.order_id, "alipay", actor=BUYER)
        other = purchase.try_again(placed.order_id, "card", actor=BUYER)
    assert again.payment_id == placed.payment_id
    assert other.payment_id != placed.payment_id
    assert attempts(shop, placed) == 2


def test_an_order_has_ten_attempts_to_be_paid(app, owner, caps):
    caps(checkouts_per_address=0)
    shop = make_shop()
    placed = order(shop, make_goods(shop, codes=1))
    for _ in range(12):
        with owner.connect() as connection:
            connection.execute(text("UPDATE payments SET state = 'failed'"))
        with shop_scope(shop.id), suppress(OrderNotPayable):
            purchase.try_again(placed.order_id, "alipay", actor=BUYER)
    assert attempts(shop, placed) == 10
