"""Store credit on the pages: seen and spent by who came by a mailed link, offered to nobody by typing an address."""

import re

import pytest
from sqlalchemy import text

from tests.factories import make_goods, make_shop
from tests.factories.credit import MEI, credited
from tests.web.test_referral_pages import signed_in


@pytest.fixture
def shop(inside, owner):
    with inside():
        made = make_shop("lantern")
        credited(made, owner, 700)
        return made


@pytest.fixture
def goods(inside, shop):
    with inside():
        return make_goods(shop, price=2380, codes=9)


@pytest.fixture
def mei(visit, owner, shop, inside):
    return signed_in(visit, owner, shop, inside, MEI)


def sent(page: str, **more: str) -> dict[str, str]:
    quote = re.search(r'name="quote" value="([^"]+)"', page).group(1)
    return {"quote": quote, "email": MEI, "method": "alipay", "credit_seen": "1", **more}


def orders(owner) -> list[tuple[object, ...]]:
    with owner.connect() as connection:
        found = "SELECT o.credit_minor, p.gateway, o.state FROM orders o JOIN payments p ON p.order_id = o.id ORDER BY o.id"
        return [tuple(row) for row in connection.execute(text(found))][1:]


def test_the_holder_sees_what_there_is_and_where_it_came_from(mei):
    page = mei.get("/promote").get_data(as_text=True)
    assert "Store credit" in page and "¥7.00" in page and "Spend it" in page
    assert "¥7.00" in mei.get("/account").get_data(as_text=True)


def test_credit_is_used_unless_its_holder_says_no(mei, goods, owner, work):
    mei.wish(goods.listing_id, 1)
    page = mei.get("/checkout?now=1").get_data(as_text=True)
    assert (
        "Use ¥7.00 of store credit" in page
        and "¥16.80" in page
        and "checked" in page.split('name="credit"')[1][:40]
    )
    answer = mei.post("/checkout?now=1", sent(page, credit="700"))
    assert answer.status_code == 303 and orders(owner) == [(700, "sandbox", "pending")]
    mei.wish(goods.listing_id, 1)
    assert "of store credit" not in mei.get("/checkout?now=1").get_data(as_text=True)


def test_without_the_tick_it_stays(mei, goods, owner):
    mei.wish(goods.listing_id, 1)
    page = mei.get("/checkout?now=1").get_data(as_text=True)
    assert mei.post("/checkout?now=1", sent(page)).status_code == 303
    assert orders(owner) == [(0, "sandbox", "pending")]


def test_all_by_credit_leads_to_the_order_and_not_to_a_gateway(mei, inside, shop, owner, work):
    with inside():
        cheap = make_goods(shop, price=600, floor=300, supply=200, codes=2)
    mei.wish(cheap.listing_id, 1)
    page = mei.get("/checkout?now=1").get_data(as_text=True)
    assert "Pay with store credit" in page and "data-whole" in page
    answer = mei.post("/checkout?now=1", sent(page, credit="600"))
    assert re.fullmatch(r"/orders/[\w-]+", answer.headers["Location"])
    assert orders(owner) == [(600, "credit", "delivered")]
    shown = mei.get(answer.headers["Location"]).get_data(as_text=True)
    assert "With store credit" in shown and "Here you are" in shown
    work()
    with owner.connect() as connection:
        facts = connection.execute(
            text("SELECT data FROM mails WHERE kind = 'delivered' ORDER BY id DESC")
        ).scalar()
    assert facts["receipt"]["credit_minor"] == 600


def test_typing_an_address_shows_and_spends_nothing(visit, shop, goods, owner):
    stranger = visit(shop)
    stranger.wish(goods.listing_id, 1)
    page = stranger.get("/checkout?now=1").get_data(as_text=True)
    assert "store credit" not in page
    assert stranger.post("/checkout?now=1", sent(page, credit="700")).status_code == 303
    assert orders(owner) == [(0, "sandbox", "pending")]


def test_an_order_for_another_address_is_told_so(mei, goods, owner):
    mei.wish(goods.listing_id, 1)
    page = mei.get("/checkout?now=1").get_data(as_text=True)
    answer = mei.post("/checkout?now=1", sent(page, credit="700") | {"email": "friend@example.com"})
    words = answer.get_data(as_text=True)
    assert answer.status_code == 409 and MEI in words and "its own address" in words
    assert orders(owner) == []


def test_credit_that_changed_is_looked_at_again(mei, goods, owner):
    mei.wish(goods.listing_id, 1)
    page = mei.get("/checkout?now=1").get_data(as_text=True)
    answer = mei.post("/checkout?now=1", sent(page, credit="900"))
    assert answer.status_code == 409 and "has changed" in answer.get_data(as_text=True)
    assert orders(owner) == []
