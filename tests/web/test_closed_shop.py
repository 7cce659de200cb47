"""A closed shop sells nothing; what was bought there stays within reach."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from sqlalchemy import select

from app.domain.distributors.errors import ShopClosed
from app.domain.distributors.models import Shop
from app.flows import oversee, purchase, shop_settings
from app.flows.purchase import PlaceOrder
from app.foundation import ids
from app.foundation.actor import SYSTEM
from app.foundation.database import session
from tenants.context import platform_scope, shop_scope
from tenants.directory import Tenant
from tests.factories import Goods, make_goods, make_shop
from tests.factories.orders import BUYER, place
from tests.web.conftest import Shopper, text_of

Inside = Callable[[], AbstractContextManager[object]]


def close(shop: Tenant) -> None:
    shop_settings.set_open(shop.id, is_open=False, actor=SYSTEM)


def suspend(shop: Tenant) -> None:
    with platform_scope():
        distributor_id = session().execute(select(Shop.distributor_id).where(Shop.id == shop.id)).scalar_one()
    oversee.suspend("distributor", distributor_id, reason="a test", actor=SYSTEM)


@pytest.fixture(params=[close, suspend], ids=["closed by its distributor", "of a suspended distributor"])
def shut(request, built_app) -> Callable[[Tenant], None]:
    def now(shop: Tenant) -> None:
        request.param(shop)
        built_app.extensions["tenant_directory"].forget()

    return now


def test_a_quote_an_order_and_another_payment_are_refused_at_once(app, shut):
    shop = make_shop()
    goods = make_goods(shop, codes=3)
    before = place(shop, goods)
    with shop_scope(shop.id):
        quoted, _ = purchase.quote(shop, {goods.listing_id: 1})
    shut(shop)
    command = PlaceOrder(purchase.seal(quoted), "lin@example.com", "alipay", ids.token(), "en")
    with shop_scope(shop.id):
        for refused in (
            lambda: purchase.quote(shop, {goods.listing_id: 1}),
            lambda: purchase.place_order(
                command, shop=shop, actor=BUYER
            ),  # `shop` still says live, as a cache would
            lambda: purchase.try_again(before.order_id, "card", actor=BUYER),
        ):
            with pytest.raises(ShopClosed):
                refused()


def bought(shop: Tenant, goods: Goods, shopper: Shopper, work: Callable[[], None]) -> str:
    number = shopper.order(goods.listing_id)
    leave = shopper.post(f"/orders/{number}/pay", {"method": "alipay"})
    shopper.pay(shopper.follow_to_pay(leave))
    work()
    return number


def test_a_buyer_still_reads_the_order_looks_it_up_and_reveals_it(
    house, inside: Inside, visit, work, wire, shut
):
    with inside():
        shop = make_shop()
        goods = make_goods(shop, codes=3)
    shopper = visit(shop)
    number = bought(shop, goods, shopper, work)
    with inside():
        shut(shop)
    page = shopper.get(f"/orders/{number}")
    assert page.status_code == 200
    line = page.text.split('name="line" value="')[1].split('"')[0]
    assert "SECRET-" in shopper.post(f"/orders/{number}/reveal", {"line": line}).text
    other = visit(shop)
    found = other.post("/orders", {"number": number, "email": "lin@example.com"})
    assert other.follow(found).status_code == 200


def test_every_page_says_that_the_shop_is_closed_and_the_checkout_refuses(house, inside: Inside, visit, shut):
    with inside():
        shop = make_shop()
        goods = make_goods(shop, codes=3)
    shopper = visit(shop)
    shopper.wish(goods.listing_id)
    assert "closed at the moment" not in text_of(shopper.get("/"))
    with inside():
        shut(shop)
    time.sleep(1)  # as long as a page is kept
    assert "closed at the moment" in text_of(shopper.get("/"))
    checkout = shopper.get("/checkout?now=1")
    assert checkout.status_code == 409
    assert "closed at the moment" in text_of(checkout)
    chinese = visit(shop, language="zh")
    assert "本店暂停营业" in text_of(chinese.get("/"))
