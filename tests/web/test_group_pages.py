"""Group pages as a visitor meets them: open, share, join, wait, leave."""

import re
from datetime import timedelta

import pytest

from app.foundation import clock
from tests.factories import make_goods, make_shop
from tests.factories.groups import ask, offer_group
from tests.factories.promotions import promote
from tests.web.conftest import number_at, text_of


@pytest.fixture
def shop(inside):
    with inside():
        return make_shop("lantern")


@pytest.fixture
def deal(inside, shop):
    with inside():
        return offer_group(shop, make_goods(shop, price=2380, codes=9), people=2, minor=1500, title="周末团")


def opened(visit, deal, email="anna@example.com", **where):
    """A buyer who opens a group and pays: two taps and the gateway's."""
    buyer = visit(deal.shop, **where)
    page = buyer.get(f"/p/{deal.goods.slug}")
    assert "Buy in a group of 2" in text_of(page)
    to = buyer.post("/groups", {"group": deal.promotion.id, "sku": deal.goods.listing_id})
    assert to.headers["Location"] == "/checkout?now=1"
    leave = buyer.check_out(email)
    assert leave.status_code == 303, text_of(leave)
    at_gateway = buyer.follow_to_pay(leave)
    return buyer, number_at(at_gateway), at_gateway


def test_three_taps_open_a_group_and_its_page_names_nobody(visit, deal, owner, work, wire):
    buyer, number, at_gateway = opened(visit, deal)
    buyer.pay(at_gateway)
    work()
    order = buyer.get(f"/orders/{number}")
    assert "Waiting for 1 more person" in text_of(order) and "You are in the group" in text_of(order)
    token = re.search(r"/g/([0-9A-Z]{10})", order.text).group(1)
    page = visit(deal.shop).get(f"/g/{token}")
    assert page.status_code == 200 and "1 person missing" in text_of(page) and "A***" in page.text
    assert "anna" not in page.text and "<svg" in page.text and f"/g/{token}" in page.text
    assert f"/g/{token}" in visit(deal.shop, language="zh").get(f"/p/{deal.goods.slug}").text, (
        "others find it at the product"
    )
    assert ask(owner, "SELECT total_minor FROM orders") == [(1500,)]


def test_a_friend_joins_by_the_link_and_both_are_delivered(visit, deal, owner, work, wire):
    buyer, number, at_gateway = opened(visit, deal)
    buyer.pay(at_gateway)
    work()
    [(token,)] = ask(owner, "SELECT token FROM groups")
    friend = visit(deal.shop, ip="198.51.100.9")
    assert friend.post(f"/g/{token.lower()}/join").headers["Location"] == "/checkout?now=1"
    friend.pay(friend.follow_to_pay(friend.check_out("ben@example.com")))
    work()
    assert "Here you are" in text_of(buyer.get(f"/orders/{number}"))
    assert "The group is full" in text_of(friend.get(f"/g/{token}"))
    late = visit(deal.shop).post(f"/g/{token}/join")
    assert late.status_code == 409 and "full or over" in text_of(late)


def test_a_member_leaves_by_the_button_and_the_money_goes_back(visit, deal, owner, work, wire):
    buyer, number, at_gateway = opened(visit, deal)
    buyer.pay(at_gateway)
    work()
    assert buyer.post(f"/orders/{number}/leave").status_code == 303
    work()
    page = text_of(buyer.get(f"/orders/{number}"))
    assert "Refunded" in page and "no longer in the group" in page
    assert buyer.post(f"/orders/{number}/leave").status_code == 409
    assert visit(deal.shop).post(f"/orders/{number}/leave").status_code == 404, "nobody leaves for another"


def test_a_plain_purchase_beside_a_group_pays_the_list_price(visit, deal, owner):
    buyer = visit(deal.shop)
    buyer.post("/groups", {"group": deal.promotion.id, "sku": deal.goods.listing_id})
    buyer.wish(deal.goods.listing_id)
    assert buyer.check_out().status_code == 303
    assert ask(owner, "SELECT total_minor FROM orders") == [(2380,)]
    assert ask(owner, "SELECT count(*) FROM groups") == [(0,)]


def test_a_group_whose_stock_is_gone_is_told_at_the_product(visit, inside, shop):
    with inside():
        few = offer_group(shop, make_goods(shop, price=2380, codes=1), people=2)
    buyer = visit(shop)
    buyer.post("/groups", {"group": few.promotion.id, "sku": few.goods.listing_id})
    told = buyer.check_out()
    assert told.status_code == 409 and "group" in text_of(told)


def test_what_is_no_group_is_not_found(visit, deal):
    assert visit(deal.shop).get("/g/NOSUCHGRP2").status_code == 404
    assert visit(deal.shop).post("/groups", {"group": 99}).status_code == 404


def test_who_would_pay_more_in_a_group_is_told_why_and_buys_for_less_with_one_tap(visit, shop, inside):
    with inside():
        deal = offer_group(
            shop, make_goods(shop, price=2380, floor=1000, supply=800, codes=9), people=2, minor=1500
        )
        promote(
            deal.shop, "timed_price", {"minor": 1200}, title="周末价", title_en="Weekend",
            starts_at=clock.now(), ends_at=clock.now() + timedelta(hours=2),
        )  # fmt: skip
    buyer = visit(deal.shop)
    told = buyer.post("/groups", {"group": deal.promotion.id, "sku": deal.goods.listing_id})
    assert told.status_code == 409
    assert (
        "“Weekend” costs you ¥12.00, the group ¥15.00" in text_of(told)
        and 'name="then" value="buy"' in told.text
    )
    to = buyer.wish(deal.goods.listing_id, 1)
    assert "¥12.00" in text_of(buyer.follow(to)), "and there is no group in it"


def test_a_group_that_is_the_cheaper_way_opens_beside_a_dearer_offer(visit, deal, inside):
    with inside():
        promote(deal.shop, "timed_price", {"minor": 2000}, title_en="Weekend")
    to = visit(deal.shop).post("/groups", {"group": deal.promotion.id, "sku": deal.goods.listing_id})
    assert to.headers["Location"] == "/checkout?now=1"
