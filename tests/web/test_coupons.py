"""Coupons as visitors meet them: the centre, links, the box for codes, and what guessing tells."""

import pytest

from app.flows import coupons
from tenants.context import shop_scope
from tests.factories import make_goods, make_shop
from tests.factories.orders import BUYER
from tests.factories.promotions import promote
from tests.web.conftest import text_of


@pytest.fixture
def shop(inside):
    with inside():
        return make_shop("lantern")


@pytest.fixture
def goods(inside, shop):
    with inside():
        return make_goods(shop, price=2000, codes=9)


@pytest.fixture
def on(inside, shop):
    def run(value=None, **facts):
        with inside():
            return promote(shop, "fixed_coupon", value or {"minor": 500}, **facts)

    return run


def test_a_coupon_is_claimed_on_the_page_and_counts_by_itself(visit, shop, goods, on):
    coupon = on(title="开业礼", title_en="Opening gift", claim="page", total_limit=10)
    guest = visit(shop)
    page = guest.get("/coupons")
    assert "Opening gift" in text_of(page) and "¥5" in text_of(page) and "Claim" in text_of(page)
    claimed = guest.follow(guest.post(f"/coupons/{coupon.key}/claim"))
    assert "It is yours" in text_of(claimed) and "My coupons" in text_of(claimed)
    checkout = guest.follow(guest.wish(goods.listing_id))
    assert "¥15.00" in text_of(checkout) and "−¥5.00" in text_of(checkout)
    again = guest.post(f"/coupons/{coupon.key}/claim")
    assert again.status_code == 409 and "in your hand already" in text_of(again)


def test_a_claimed_coupon_can_be_kept_for_later_and_taken_back(visit, shop, goods, on):
    coupon = on(title="开业礼", claim="page")
    guest = visit(shop)
    guest.post(f"/coupons/{coupon.key}/claim")
    guest.wish(goods.listing_id, then="cart")
    kept = guest.follow(guest.post("/coupons/code", {"aside": str(coupon.id), "at": "cart"}))
    assert "Kept for later" in text_of(kept) and "¥20.00" in text_of(kept)
    back = guest.follow(guest.post("/coupons/code", {"back": str(coupon.id), "at": "cart"}))
    assert "−¥5.00" in text_of(back)


def test_a_coupon_by_link_is_found_by_its_link_only(visit, shop, on):
    coupon = on(title="朋友专享", title_en="For friends", claim="link")
    guest = visit(shop)
    assert "For friends" not in text_of(guest.get("/coupons"))
    assert "For friends" in text_of(guest.get(f"/coupons/{coupon.key}"))
    assert guest.get("/coupons/P-22222222").status_code == 404


def test_another_shops_coupon_is_neither_shown_nor_claimed_here(visit, inside, shop, on):
    with inside():
        theirs = promote(make_shop("other"), "fixed_coupon", {"minor": 500}, title="别家", claim="page")
    guest = visit(shop)
    assert "别家" not in text_of(guest.get("/coupons"))
    assert guest.get(f"/coupons/{theirs.key}").status_code == 404
    assert guest.post(f"/coupons/{theirs.key}/claim").status_code == 404


def test_wrong_links_are_counted_like_wrong_codes(visit, shop, on):
    coupon = on(claim="link")
    guest = visit(shop)
    answers = {guest.get(f"/coupons/P-{number:08d}").status_code for number in range(31)}
    assert answers == {404, 429}
    assert guest.get(f"/coupons/{coupon.key}").status_code == 429
    assert visit(shop, ip="198.51.100.9").get(f"/coupons/{coupon.key}").status_code == 200


def test_a_code_in_the_box_is_added_told_and_removed(visit, shop, goods, on):
    on(code="WELCOME")
    guest = visit(shop)
    guest.wish(goods.listing_id, then="cart")
    added = guest.follow(guest.post("/coupons/code", {"code": " wel-come ", "at": "cart"}))
    assert "WELCOME" in text_of(added) and "−¥5.00" in text_of(added)
    gone = guest.follow(guest.post("/coupons/code", {"drop": "WELCOME", "at": "cart"}))
    assert "WELCOME" not in text_of(gone)


def test_a_wrong_code_is_said_at_its_field_and_not_kept(visit, shop, goods, on):
    on()
    guest = visit(shop)
    guest.wish(goods.listing_id, then="cart")
    wrong = guest.follow(guest.post("/coupons/code", {"code": "NOPE1", "at": "cart"}))
    assert "does not count here" in text_of(wrong) and 'value="NOPE1"' in wrong.text
    assert "does not count here" not in text_of(guest.get("/cart"))


def test_what_was_typed_at_the_checkout_is_not_lost_by_adding_a_code(visit, shop, goods, on):
    on(code="WELCOME")
    guest = visit(shop)
    guest.wish(goods.listing_id)
    page = guest.post(
        "/coupons/code?now=1", {"code": "welcome", "at": "checkout", "email": "mei@example.com"}
    )
    assert page.status_code == 200 and 'value="mei@example.com"' in page.text and "¥15.00" in text_of(page)


def test_guessing_is_slowed_down_and_a_right_code_stands_behind_the_same_wall(visit, shop, goods, on):
    on(code="WELCOME")
    guest = visit(shop)
    guest.wish(goods.listing_id, then="cart")
    for number in range(10):
        guest.post("/coupons/code", {"code": f"GUESS{number}", "at": "cart"})
    walled = guest.follow(guest.post("/coupons/code", {"code": "WELCOME", "at": "cart"}))
    assert "−¥5.00" not in text_of(walled) and "does not count here" not in text_of(walled)


def test_a_single_use_code_pays_once_and_the_next_hears_that_it_was_used(visit, inside, shop, goods, on):
    coupon = on(automatic=False)
    with inside(), shop_scope(shop.id):
        batch = coupons.make_batch(coupon.id, size=1, prefix="", actor=BUYER)
        code = coupons.export_batch(batch, coupon.id, actor=BUYER).codes[0]
    first, second = visit(shop), visit(shop, ip="198.51.100.8")
    first.post("/coupons/code", {"code": code, "at": "cart"})
    first.wish(goods.listing_id)
    assert "/pay/" in first.check_out().headers["Location"]
    second.wish(goods.listing_id, then="cart")
    told = second.follow(second.post("/coupons/code", {"code": code, "at": "cart"}))
    assert "was used already" in text_of(told)


def test_what_is_gone_over_or_not_for_this_buyer_says_so(visit, inside, shop, on):
    on(title="领完", title_en="Taken", claim="page", total_limit=1)
    on(title="老客", title_en="Chosen few", claim="page", audience="chosen")
    on(title="自动", title_en="By itself")
    other = visit(shop, ip="198.51.100.9")
    page = text_of(other.get("/coupons"))
    assert "Chosen few" not in page and "By itself" in page and "Applies automatically" in page
    with inside(), shop_scope(shop.id):
        coupon = next(one for one in coupons.centre(coupons.Shopper("x")) if one.promotion.title == "领完")
    other.post(f"/coupons/{coupon.promotion.key}/claim")
    assert "All gone" in text_of(visit(shop).get("/coupons"))


def test_a_shop_without_coupons_says_so(visit, shop):
    assert "No coupons at the moment" in text_of(visit(shop).get("/coupons"))
