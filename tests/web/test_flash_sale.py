"""A flash sale as browsers meet it: one page for everybody, a place, a seat, the checkout at the sale's price."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.flows import drops
from app.foundation import clock
from app.web.storefront import line as door
from tests.factories import make_goods, make_shop
from tests.factories.drops import make_drop
from tests.factories.groups import offer_group
from tests.web.conftest import text_of


@pytest.fixture(autouse=True)
def nothing_kept():
    """Another test's drops had the same numbers."""
    door._kept.clear()


@pytest.fixture
def sale(inside):
    with inside():
        shop = make_shop("lantern")
        goods = make_goods(shop, codes=4)
        return shop, goods, make_drop(shop, goods, units=1)


def enter(visitor, drop, email: str) -> dict[str, object]:
    return visitor.post(f"/flash/{drop.id}/enter", {"email": email}).get_json()


def look(visitor, drop, ticket: str = "") -> dict[str, object]:
    return visitor.client.get(
        f"/flash/{drop.id}/place", base_url=visitor.origin, headers={"X-Ticket": ticket} if ticket else {}
    ).get_json()


def test_from_the_page_to_the_checkout_at_the_sales_price(sale, visit, owner):
    shop, _goods, drop = sale
    mei, li = visit(shop), visit(shop)
    page = mei.get(f"/flash/{drop.id}")
    assert page.status_code == 200 and "¥ 16 .00" in text_of(page) and "Set-Cookie" not in page.headers
    assert look(mei, drop)["state"] == "open"
    said = enter(mei, drop, "mei@example.com")
    assert said["state"] == "granted" and said["ticket"]
    waits = enter(li, drop, "li@example.com")
    assert (waits["state"], waits["nth"], waits["sold_out"]) == ("standby", 1, True) and waits["odds"] < 50
    assert look(visit(shop), drop)["state"] == "spoken"
    # Somebody else's ticket opens nothing.
    assert (
        li.post(f"/flash/{drop.id}/take", {"ticket": said["ticket"]}).headers["Location"]
        == f"/flash/{drop.id}"
    )
    checkout = mei.follow(mei.post(f"/flash/{drop.id}/take", {"ticket": said["ticket"]}))
    assert "¥16" in text_of(checkout).replace(" ", "") and 'value="mei@example.com"' in checkout.text
    placed = mei.check_out("mei@example.com")
    assert placed.status_code == 303, text_of(placed)
    with owner.connect() as connection:
        assert connection.execute(text("SELECT state, order_id IS NOT NULL FROM drop_seats")).one() == (
            "ordered",
            True,
        )
        assert connection.execute(text("SELECT total_minor FROM orders")).scalar() == 1600


def test_before_the_start_nobody_enters_and_after_the_end_nobody_does(inside, visit, owner):
    with inside():
        shop = make_shop("lantern")
        goods = make_goods(shop, codes=4)
        now = clock.now()
        drop = make_drop(
            shop, goods, units=1, starts_at=now + timedelta(hours=1), ends_at=now + timedelta(hours=2)
        )
    mei = visit(shop)
    assert look(mei, drop)["state"] == "early"
    said = enter(mei, drop, "mei@example.com")
    assert (said["code"], said["reason"]) == ("drop_not_open", "early")
    with inside():
        with owner.begin() as connection:
            connection.execute(
                text("UPDATE drops SET starts_at = now() - interval '2 h', ends_at = now() - interval '1 s'")
            )
        drops.keep_drops()
    door._kept.clear()
    assert look(mei, drop)["state"] == "over"
    assert enter(mei, drop, "mei@example.com")["reason"] == "over"


def test_a_seat_whose_time_is_over_buys_at_no_special_price(sale, visit, owner, inside):
    shop, _goods, drop = sale
    mei = visit(shop)
    said = enter(mei, drop, "mei@example.com")
    mei.follow(mei.post(f"/flash/{drop.id}/take", {"ticket": said["ticket"]}))
    quote = mei.pages[-1]
    with owner.begin() as connection:
        connection.execute(text("UPDATE drop_seats SET until = now() - interval '1 s'"))
    with inside():
        drops.keep_drops()
    sealed = re.search(r'name="quote" value="([^"]+)"', quote.text)[1]
    placed = mei.post("/checkout?now=1", {"quote": sealed, "email": "mei@example.com", "method": "alipay"})
    assert placed.status_code == 409 and "next in line" in text_of(placed)
    assert "¥20" in text_of(placed).replace(" ", "")


def test_a_sale_for_signed_in_buyers_says_so(inside, visit):
    with inside():
        shop = make_shop("lantern")
        drop = make_drop(shop, make_goods(shop, codes=4), units=1, sign_in=True)
    assert enter(visit(shop), drop, "mei@example.com")["code"] == "drop_needs_sign_in"


def test_a_place_costs_its_proof_of_work(inside, visit):
    with inside():
        shop = make_shop("lantern")
        drop = make_drop(shop, make_goods(shop, codes=4), units=1, difficulty=20)
    assert enter(visit(shop), drop, "mei@example.com")["code"] == "challenge_failed"


def test_many_places_from_one_connection_are_refused(sale, visit):
    shop, _goods, drop = sale
    codes = [enter(visit(shop), drop, f"b{number}@example.com").get("code") for number in range(31)]
    assert codes[:30] == [None] * 30 and codes[30] == "line_crowded"


def test_no_other_door_asks_for_less_work_than_the_sale_does(inside, visit, monkeypatch):
    with inside():
        shop = make_shop("lantern")
        drop = make_drop(shop, make_goods(shop, codes=4), units=1, difficulty=50_000)
    asked = []
    monkeypatch.setattr(
        "app.foundation.challenge.issue", lambda *_, difficulty, **__: asked.append(difficulty) or {}
    )
    mei = visit(shop)
    for path in (f"/flash/{drop.id}/task", f"/challenge/drop-{drop.id}"):
        assert mei.get(path).status_code == 200
    assert asked == [50_000, 50_000]
    assert mei.get(f"/challenge/drop-0{drop.id}").status_code == 200 and asked[-1] == 50_000


def test_a_buyer_with_a_seat_who_joins_a_group_and_comes_back_buys_the_seat(inside, visit, owner):
    with inside():
        shop = make_shop("lantern")
        goods = make_goods(shop, codes=8)
        drop = make_drop(shop, goods, units=1)
        deal = offer_group(shop, goods, people=2, minor=1500)
    mei = visit(shop)
    ticket = enter(mei, drop, "mei@example.com")["ticket"]
    mei.follow(mei.post(f"/flash/{drop.id}/take", {"ticket": ticket}))
    group = mei.follow(mei.post("/groups", {"group": deal.promotion.id}))
    assert "¥15" in text_of(group).replace(" ", "")
    seat = mei.follow(mei.post(f"/flash/{drop.id}/take", {"ticket": ticket}))
    assert "¥16" in text_of(seat).replace(" ", "")
    assert mei.check_out("mei@example.com").status_code == 303
    with owner.connect() as connection:
        assert connection.execute(text("SELECT state FROM drop_seats")).scalar() == "ordered"
        assert connection.execute(text("SELECT total_minor FROM orders")).scalars().all() == [1600]
        assert connection.execute(text("SELECT count(*) FROM groups")).scalar() == 0
