"""From a wish to an order: what goes wrong comes back where the buyer can act, and nothing typed is lost."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.domain.catalog.models import Listing, Sku
from app.domain.inventory.models import Code
from app.domain.orders.models import Order, OrderLine
from app.domain.payments.errors import GatewayUnavailable
from app.domain.payments.models import Payment
from app.flows import purchase
from app.foundation import clock
from app.foundation.database import session
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope, shop_scope
from tests.factories import add_codes, make_goods, make_shop
from tests.web.conftest import text_of, value_of

MOBILE = {
    "name": "mobile",
    "label": "手机号",
    "label_en": "Mobile number",
    "pattern": r"1[3-9]\d{9}",
    "required": True,
}


@pytest.fixture
def shop(inside):
    with inside():
        return make_shop("lantern")


@pytest.fixture
def goods(inside, shop):
    with inside():
        return make_goods(shop, price=2380, codes=9)


@pytest.fixture
def change(inside):
    def run(statement):
        with inside(), platform_scope(), unit_of_work() as work:
            work.session.execute(statement)

    return run


@pytest.fixture
def order_rows(inside):
    def read(shop):
        with inside(), shop_scope(shop.id):
            return session().execute(select(Order).order_by(Order.id)).scalars().all()

    return read


def unreachable(*_, **__):
    raise GatewayUnavailable(gateway="sandbox")


@pytest.fixture(autouse=True)
def _clock():
    yield
    clock.travel_back()


def test_three_taps_lead_a_guest_from_the_product_to_the_code(visit, shop, goods, work):
    buyer = visit(shop)
    assert buyer.wish(goods.listing_id).headers["Location"] == "/checkout?now=1"  # one
    leave = buyer.check_out()  # two
    back = buyer.pay(buyer.follow_to_pay(leave))  # three
    assert back.status_code == 303
    assert back.headers["Location"].startswith(buyer.origin + "/orders/")


def test_buy_now_leaves_the_cart_as_it_was(visit, inside, shop, goods):
    with inside():
        other = make_goods(shop, codes=3)
    buyer = visit(shop)
    buyer.wish(other.listing_id, 2, then="cart")
    buyer.order(goods.listing_id)
    cart = text_of(buyer.get("/cart"))
    assert "¥ 40 .00" in cart


def test_the_cart_counts_in_a_cookie_that_pages_can_read(visit, shop, goods):
    buyer = visit(shop)
    buyer.wish(goods.listing_id, 2, then="cart")
    kept = buyer.client.get_cookie("cart_count", domain="lantern.localhost")
    assert (kept.value, kept.http_only) == ("2", False)
    buyer.post("/cart/update", {"line": goods.listing_id, "remove": "1"})
    assert buyer.client.get_cookie("cart_count", domain="lantern.localhost") is None


def test_a_cart_across_skus_is_one_order_with_a_line_each(visit, inside, shop, goods, order_rows):
    with inside():
        other = make_goods(shop, price=5000, codes=3)
    buyer = visit(shop)
    buyer.wish(goods.listing_id, 2, then="cart")
    buyer.wish(other.listing_id, then="cart")
    assert buyer.check_out(now=False).status_code == 303
    assert [order.total_minor for order in order_rows(shop)] == [2 * 2380 + 5000]
    assert "Your cart is empty" in text_of(buyer.get("/cart"))


def test_the_checkout_explains_each_line(visit, shop, goods):
    buyer = visit(shop)
    buyer.wish(goods.listing_id, 2)
    words = text_of(buyer.get("/checkout?now=1"))
    assert "1 month × 2" in words
    assert "¥23.80 each" in words
    assert "¥ 47 .60" in words


def test_pressing_pay_twice_makes_one_order(visit, shop, goods, order_rows):
    buyer = visit(shop)
    buyer.wish(goods.listing_id)
    sealed = value_of(buyer.get("/checkout?now=1"), "quote")
    form = {"quote": sealed, "email": "lin@example.com", "method": "alipay"}
    first, second = buyer.post("/checkout?now=1", form), buyer.post("/checkout?now=1", form)
    assert first.status_code == second.status_code == 303
    assert len(order_rows(shop)) == 1


def test_a_wrong_e_mail_is_said_at_its_field_and_what_was_typed_stays(visit, shop, goods):
    buyer = visit(shop)
    buyer.wish(goods.listing_id)
    page = buyer.check_out("not an address", method="wechat_pay", passphrase="blue door")
    assert page.status_code == 422
    assert "This does not look like an e-mail address." in text_of(page)
    assert 'value="not an address"' in page.text
    assert 'value="blue door"' in page.text
    assert 'value="wechat_pay" checked' in page.text


def test_a_price_that_rose_above_the_quote_is_still_the_agreed_one(visit, shop, goods, change, order_rows):
    buyer = visit(shop)
    buyer.wish(goods.listing_id)
    page = buyer.get("/checkout?now=1")
    change(update(Listing).where(Listing.id == goods.listing_id).values(price_minor=9900))
    buyer.post(
        "/checkout?now=1", {"quote": value_of(page, "quote"), "email": "a@b.example", "method": "card"}
    )
    assert [order.total_minor for order in order_rows(shop)] == [2380]


def test_a_floor_that_rose_above_the_quote_lets_it_through_while_it_lives(
    visit, shop, goods, change, order_rows
):
    buyer = visit(shop)
    buyer.wish(goods.listing_id)
    page = buyer.get("/checkout?now=1")
    change(update(Listing).where(Listing.id == goods.listing_id).values(price_minor=3000))
    change(update(Sku).where(Sku.id == goods.sku_id).values(suggested_minor=3000, floor_minor=2900))
    agreed = buyer.post(
        "/checkout?now=1", {"quote": value_of(page, "quote"), "email": "a@b.example", "method": "card"}
    )
    assert agreed.status_code == 303
    assert [row.total_minor for row in order_rows(shop)] == [2380]


def test_a_quote_whose_time_is_over_asks_to_agree_again(visit, shop, goods):
    buyer = visit(shop)
    buyer.wish(goods.listing_id)
    page = buyer.get("/checkout?now=1")
    clock.travel(timedelta(minutes=16))
    again = buyer.post(
        "/checkout?now=1", {"quote": value_of(page, "quote"), "email": "a@b.example", "method": "card"}
    )
    assert again.status_code == 409
    assert "has expired" in text_of(again)
    assert 'value="a@b.example"' in again.text
    assert value_of(again, "quote") != value_of(page, "quote")


@pytest.mark.parametrize("sealed", ["", "forged", "eyJhIjoxfQ.c2lnbmF0dXJl"])
def test_a_quote_that_is_not_ours_is_never_an_order(visit, shop, goods, order_rows, sealed):
    buyer = visit(shop)
    buyer.wish(goods.listing_id)
    page = buyer.post("/checkout?now=1", {"quote": sealed, "email": "a@b.example", "method": "card"})
    assert page.status_code == 422
    assert order_rows(shop) == []


def test_another_shops_quote_is_no_quote_here(visit, inside, shop, goods, order_rows):
    with inside():
        other = make_shop("other")
        foreign = make_goods(other, codes=3)
    stranger = visit(other)
    stranger.wish(foreign.listing_id)
    sealed = value_of(stranger.get("/checkout?now=1"), "quote")
    buyer = visit(shop)
    buyer.wish(goods.listing_id)
    assert (
        buyer.post("/checkout?now=1", {"quote": sealed, "email": "a@b.example", "method": "card"}).status_code
        == 422
    )
    assert order_rows(shop) == []


def test_sold_out_under_ones_hands_is_told_on_the_product_page(visit, shop, goods, change, order_rows):
    buyer = visit(shop)
    buyer.wish(goods.listing_id, 3)
    page = buyer.get("/checkout?now=1")
    change(update(Code).where(Code.sku_id == goods.sku_id).values(state="withheld"))
    gone = buyer.post(
        "/checkout?now=1", {"quote": value_of(page, "quote"), "email": "a@b.example", "method": "card"}
    )
    assert gone.status_code == 410
    assert "there is not enough stock" in text_of(gone)
    assert f'value="{goods.listing_id}"' in gone.text
    assert order_rows(shop) == []


def test_sold_out_in_a_cart_is_told_at_its_line(visit, inside, shop, goods, change):
    with inside():
        other = make_goods(shop, codes=3)
    buyer = visit(shop)
    buyer.wish(goods.listing_id, then="cart")
    buyer.wish(other.listing_id, then="cart")
    page = buyer.get("/checkout")
    change(update(Code).where(Code.sku_id == other.sku_id).values(state="withheld"))
    gone = buyer.post(
        "/checkout", {"quote": value_of(page, "quote"), "email": "a@b.example", "method": "card"}
    )
    assert gone.status_code == 410
    assert text_of(gone).count("has just sold out") == 1
    buyer.post("/cart/update", {"line": other.listing_id, "remove": "1"})
    assert buyer.check_out(now=False).status_code == 303


def test_a_listing_taken_off_is_told_and_can_be_removed(visit, shop, goods, change):
    buyer = visit(shop)
    buyer.wish(goods.listing_id, then="cart")
    change(update(Listing).where(Listing.id == goods.listing_id).values(status="paused"))
    cart = buyer.get("/cart")
    assert "not on sale here any more" in text_of(cart)
    assert 'href="/checkout"' not in cart.text
    checkout = buyer.get("/checkout")
    assert checkout.status_code == 409


def test_more_than_an_order_may_hold_is_refused_with_the_number(visit, shop, goods):
    buyer = visit(shop)
    buyer.wish(goods.listing_id, 51)
    assert "up to 50" in text_of(buyer.get("/checkout?now=1"))


@pytest.mark.parametrize("quantity", ["0", "-3", "x", "", "99999999999999999999"])
def test_a_strange_quantity_does_no_harm(visit, shop, goods, quantity):
    buyer = visit(shop)
    assert (
        buyer.post("/cart", {"sku": goods.listing_id, "quantity": quantity, "then": "cart"}).status_code
        == 303
    )
    assert buyer.get("/cart").status_code == 200


def test_another_shops_listing_cannot_be_wished_for(visit, inside, shop, goods):
    with inside():
        foreign = make_goods(make_shop("other"), codes=3)
    assert visit(shop).wish(foreign.listing_id).status_code == 409


def test_a_buyer_field_that_does_not_fit_is_said_at_its_field(visit, inside, shop):
    with inside():
        topup = make_goods(shop, kind="topup", unlimited=True, buyer_fields=[MOBILE])
    page = visit(shop).wish(topup.listing_id, mobile="12345")
    assert page.status_code == 422
    assert "Please check “Mobile number”" in text_of(page)
    assert 'value="12345"' in page.text
    chinese = visit(shop, language="zh-CN").wish(topup.listing_id, mobile="12345")
    assert "手机号" in text_of(chinese)


def test_what_the_buyer_told_is_on_the_line(visit, inside, shop):
    with inside():
        topup = make_goods(shop, kind="topup", unlimited=True, buyer_fields=[MOBILE])
    visit(shop).order(topup.listing_id, mobile="13800138000")
    with inside(), shop_scope(shop.id):
        assert session().execute(select(OrderLine.buyer_fields)).scalar_one() == {"mobile": "13800138000"}


def test_one_device_cannot_hoard(visit, shop, goods, order_rows):
    buyer = visit(shop)
    for at in range(3):
        buyer.order(goods.listing_id, email=f"other{at}@example.com")
    buyer.wish(goods.listing_id)
    page = buyer.check_out("fourth@example.com")
    assert page.status_code == 410
    assert "You have 3 unpaid orders" in text_of(page)
    assert order_rows(shop)[0].number in page.text
    assert 'value="fourth@example.com"' in page.text
    buyer.post(f"/orders/{order_rows(shop)[0].number}/cancel")
    assert buyer.check_out("fourth@example.com").status_code == 303


def test_one_address_cannot_hoard_from_many_devices(visit, shop, goods):
    for _ in range(3):
        visit(shop).order(goods.listing_id, email="same@example.com")
    late = visit(shop)
    late.wish(goods.listing_id)
    assert late.check_out("SAME@example.com ").status_code == 410


def test_cancelling_gives_the_stock_back_at_once(visit, inside, shop, goods):
    buyer = visit(shop)
    number = buyer.order(goods.listing_id, 9)
    assert "Sold out" in text_of(visit(shop).get(f"/p/{goods.slug}?1"))
    assert buyer.post(f"/orders/{number}/cancel").status_code == 303
    assert "In stock" in text_of(visit(shop).get(f"/p/{goods.slug}?2"))


def test_an_unpaid_order_can_be_paid_another_way(visit, shop, goods):
    buyer = visit(shop)
    number = buyer.order(goods.listing_id)
    leave = buyer.post(f"/orders/{number}/pay", {"method": "wechat_pay"})
    assert leave.status_code == 303
    assert "till-top-wechat_pay" in buyer.follow_to_pay(leave).text


def test_an_ended_order_cannot_be_paid(visit, shop, goods):
    buyer = visit(shop)
    number = buyer.order(goods.listing_id)
    buyer.post(f"/orders/{number}/cancel")
    page = buyer.post(f"/orders/{number}/pay", {"method": "card"})
    assert page.status_code == 409
    assert "cannot be paid any more" in text_of(page)


def test_a_gateway_that_is_away_leaves_an_order_that_can_be_paid_later(visit, shop, goods, monkeypatch):
    buyer = visit(shop)
    buyer.wish(goods.listing_id)
    monkeypatch.setattr(purchase, "open_payment", unreachable)
    leave = buyer.check_out()
    page = buyer.follow(leave)
    assert "does not answer right now" in text_of(page)
    monkeypatch.undo()
    number = leave.headers["Location"].split("/")[2].split("?")[0]
    assert buyer.post(f"/orders/{number}/pay", {"method": "card"}).status_code == 303


def test_a_form_from_another_origin_is_refused(visit, shop, goods):
    buyer = visit(shop)
    for origin in ("http://other.localhost:8000", "https://evil.example", "null"):
        assert buyer.post("/cart", {"sku": goods.listing_id}, Origin=origin).status_code == 403


def test_twenty_lines_are_the_most_a_cart_holds(visit, inside, shop):
    with inside():
        many = [make_goods(shop, codes=1) for _ in range(21)]
    buyer = visit(shop)
    for goods in many[:20]:
        assert buyer.wish(goods.listing_id, then="cart").status_code == 303
    page = buyer.wish(many[20].listing_id, then="cart")
    assert page.status_code == 422
    assert "The cart is full" in text_of(page)


def test_what_is_in_the_cart_survives_a_restock(visit, inside, shop):
    with inside():
        goods = make_goods(shop)
    buyer = visit(shop)
    buyer.wish(goods.listing_id, then="cart")
    assert "has just sold out" in text_of(buyer.get("/cart"))
    with inside():
        add_codes(goods, 3)
    assert "has just sold out" not in text_of(buyer.get("/cart"))


def test_going_back_to_pay_the_same_way_goes_on_with_the_same_attempt(visit, inside, shop, goods):
    buyer = visit(shop)
    number = buyer.order(goods.listing_id)
    for _ in range(3):
        assert buyer.post(f"/orders/{number}/pay", {"method": "alipay"}).status_code == 303
    with inside(), shop_scope(shop.id):
        assert len(session().execute(select(Payment.id)).all()) == 1
