"""From a promoter's page to a friend's price: links, posters, and what a stranger is not told."""

import io
import re

import pytest
from PIL import Image
from sqlalchemy import text

from app.domain.referrals import service
from app.flows.sign_in_buyer import token_of
from app.foundation.unit_of_work import unit_of_work
from app.web.storefront import visitor
from tenants.context import platform_scope
from tests.factories import make_goods, make_shop
from tests.factories.promotions import promote
from tests.factories.referrals import programme, promoter


@pytest.fixture
def shop(inside):
    with inside():
        made = make_shop("lantern")
        programme(made, friend={"minor": 200})
        return made


@pytest.fixture
def goods(inside, shop):
    with inside():
        return make_goods(shop, price=2380, codes=9)


def signed_in(visit, owner, shop, inside, email="mei@example.com"):
    """A browser that has come by the link that was mailed to it."""
    browser = visit(shop)
    assert "on its way" in browser.post("/promote", {"email": email}).get_data(as_text=True)
    with owner.connect() as connection:
        data = "SELECT data ->> 'sign_in' FROM mails WHERE recipient = :email ORDER BY id DESC LIMIT 1"
        nonce = connection.execute(text(data), {"email": email}).scalar_one()
    with inside():
        token = token_of(shop.id, nonce)
    assert browser.post("/sign-in/confirm", {"token": token}).headers["Location"] == "/promote"
    browser.post("/promote", {})
    return browser


def test_a_promoter_has_a_link_and_a_poster_and_a_friend_pays_less(visit, owner, shop, goods, inside):
    mine = signed_in(visit, owner, shop, inside)
    page = mine.get("/promote").get_data(as_text=True)
    code = re.search(r"/r/(\w{8})", page).group(1)
    for address, size in (("", (1080, 1440)), (f"?product={goods.slug}", (1080, 1800))):
        poster = mine.get(f"/promote/poster.png{address}")
        assert poster.mimetype == "image/png" and Image.open(io.BytesIO(poster.data)).size == size
    friend = visit(shop)
    landing = friend.get(f"/r/{code}?to=/p/{goods.slug}").get_data(as_text=True)
    assert "¥2.00 off" in landing and f'href="/p/{goods.slug}"' in landing
    friend.wish(goods.listing_id, 1)
    assert "21.80" in friend.get("/checkout?now=1").get_data(as_text=True)
    own = mine.get(f"/r/{code}").get_data(as_text=True)
    assert "your own link" in own
    mine.wish(goods.listing_id, 1)
    assert "21.80" not in mine.get("/checkout?now=1").get_data(as_text=True)


def test_a_link_leads_nowhere_outside_and_a_wrong_one_home(visit, shop, inside):
    with inside():
        code = promoter(shop).code
    page = visit(shop).get(f"/r/{code}?to=https://evil.example/").get_data(as_text=True)
    assert 'href="https://evil' not in page and 'href="/"' in page
    assert visit(shop).get("/r/NOBODYSX").headers["Location"] == "/"


def test_a_strangers_poster_and_money_are_nobody_elses(visit, shop):
    stranger = visit(shop)
    assert stranger.get("/promote/poster.png").status_code == 404
    assert stranger.post("/promote/payout", {"method": "alipay"}).headers["Location"] == "/promote"


def test_a_friends_sign_of_one_shop_is_none_in_another(visit, shop, goods, inside):
    with inside():
        code = promoter(shop).code
        other = make_shop("other")
        programme(other)
        listing = make_goods(other, price=2380, codes=2).listing_id
    friend = visit(shop)
    friend.get(f"/r/{code}")
    sign = friend.client.get_cookie("friend", domain=friend.origin.split("//")[1].split(":")[0])
    assert sign is not None
    elsewhere = visit(other)
    elsewhere.client.set_cookie("friend", sign.value, domain=elsewhere.origin.split("//")[1].split(":")[0])
    elsewhere.wish(listing, 1)
    assert "23.80" in elsewhere.get("/checkout?now=1").get_data(as_text=True)


def test_another_spelling_of_a_promoters_address_is_not_the_promoter(visit, owner, shop, goods, inside):
    """Where `mei+x@…` is somebody else's mailbox, its owner is mailed a link, and has proven only that."""
    mine = signed_in(visit, owner, shop, inside)
    code = re.search(r"/r/(\w{8})", mine.get("/promote").get_data(as_text=True)).group(1)
    with owner.connect() as connection:
        connection.execute(text("UPDATE promoters SET balance_minor = 5000"))
        known = connection.execute(text("SELECT buyer_id FROM promoters")).scalar_one()
    other = signed_in(visit, owner, shop, inside, email="mei+x@example.com")
    page = other.get("/promote").get_data(as_text=True)
    assert code not in page and "50.00" not in page
    told = other.post("/promote", {})
    assert told.status_code == 409 and "another spelling" in told.get_data(as_text=True)
    assert other.get("/promote/poster.png").status_code == 404
    typed = {"method": "alipay", "holder": "Mallory", "number": "mallory@example.com"}
    other.post("/promote/payout", typed)
    with owner.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM promoter_payouts")).scalar_one() == 0
        assert connection.execute(text("SELECT buyer_id FROM promoters")).scalar_one() == known


def test_one_mailbox_is_sent_few_links_however_it_is_spelt(visit, owner, shop):
    for at in range(6):
        visit(shop).post("/promote", {"email": f"mei+{at}@example.com"})
    with owner.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM mails WHERE kind = 'sign_in'")).scalar_one() == 4


def test_a_coupon_in_hand_is_not_used_by_whoever_types_its_holders_address(visit, shop, goods, inside):
    with inside():
        who = promoter(shop, "mei@example.com")
        coupon = promote(shop, "fixed_coupon", {"minor": 500}, automatic=False, settings={"given": True})
        with platform_scope(), unit_of_work():
            service.give_coupon(coupon.id, who, days=9)
    stranger = visit(shop)
    stranger.wish(goods.listing_id, 1)
    price = stranger.post("/checkout?now=1", {"email": "mei@example.com", "back": str(coupon.id)}).get_data(
        as_text=True
    )
    assert "23.80" in price and "18.80" not in price


def test_a_browser_that_signed_in_long_ago_takes_no_money_out(visit, owner, shop, goods, inside, monkeypatch):
    mine = signed_in(visit, owner, shop, inside)
    with owner.connect() as connection:
        connection.execute(text("UPDATE promoters SET balance_minor = 5000"))
    typed = {"method": "alipay", "holder": "Mei", "number": "mei@example.com"}
    monkeypatch.setattr(visitor, "FRESH_SECONDS", -1)
    told = mine.post("/promote/payout", typed)
    assert told.status_code == 403 and "mailed a link to mei@example.com" in told.get_data(as_text=True)
    with owner.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM promoter_payouts")).scalar_one() == 0
        assert connection.execute(text("SELECT count(*) FROM mails WHERE kind = 'sign_in'")).scalar_one() == 2
    monkeypatch.setattr(visitor, "FRESH_SECONDS", 60)
    assert mine.post("/promote/payout", typed).headers["Location"] == "/promote?asked=1"


def test_a_promoter_sees_the_codes_that_are_theirs_and_nobody_elses(visit, owner, shop, goods, inside):
    mine = signed_in(visit, owner, shop, inside)
    with inside():
        me, other = promoter(shop, "mei@example.com"), promoter(shop, "other@example.com")
        for code, whose in (("MEIMEI", me), ("OTHERS", other)):
            promote(shop, "fixed_coupon", {"minor": 100}, code=code, settings={"promoter_id": whose.id})
    page = mine.get("/promote").get_data(as_text=True)
    assert "Your own codes" in page and "MEIMEI" in page and "OTHERS" not in page


def test_a_product_leads_to_ones_own_link_and_poster_for_it(visit, owner, shop, goods, inside):
    to = f"/promote?product={goods.slug}"
    assert f'href="{to}"' in visit(shop).get(f"/p/{goods.slug}").get_data(as_text=True)
    mine = signed_in(visit, owner, shop, inside)
    page = mine.get(to).get_data(as_text=True)
    assert re.search(rf"/r/\w{{8}}\?to=/p/{goods.slug}", page)
    assert (
        f'src="/promote/poster.png?product={goods.slug}"' in page and "Share the whole shop instead" in page
    )
    assert "To share" not in mine.get("/promote?product=nothing-like-it").get_data(as_text=True)
    stranger = visit(shop).get(to).get_data(as_text=True)
    assert f'name="product" value="{goods.slug}"' in stranger, "who signs in comes back to it"


def test_a_shop_without_a_programme_offers_nobody_to_share_and_earn(visit, inside):
    with inside():
        plain = make_shop("plain")
        sold = make_goods(plain, codes=2)
    assert "/promote?product" not in visit(plain).get(f"/p/{sold.slug}").get_data(as_text=True)
