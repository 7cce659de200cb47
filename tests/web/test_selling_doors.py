"""What the doors of coupons, sales, groups and friends answer to what nobody should send."""

import pytest
from werkzeug.test import TestResponse

from app.web.storefront.line import LONGEST_TICKET
from tests.factories import make_goods, make_shop
from tests.factories.drops import make_drop
from tests.factories.groups import offer_group
from tests.factories.promotions import promote
from tests.factories.referrals import programme, promoter

HUGE = "9" * 19
NUL = "a\x00b"


@pytest.fixture
def shop(inside):
    with inside():
        made = make_shop("lantern")
        goods = make_goods(made, codes=9)
        programme(made)
        offer_group(made, goods)
        make_drop(made, goods, units=1)
        promote(made, "fixed_coupon", {"minor": 100}, claim="link")
        return made


GETS = [
    "/g/%00", "/g/" + "A" * 300, "/r/%00?to=/%00", "/r/" + "A" * 300, "/coupons/%00", "/coupons/" + "A" * 3000,
    f"/flash/{HUGE}", f"/flash/{HUGE}/place", f"/flash/{HUGE}/task", f"/challenge/drop-{HUGE}", "/challenge/%00",
    "/promote/poster.png?product=%00", "/offers?x=%00",
]  # fmt: skip
POSTS = [
    ("/coupons/code", {"code": NUL}), ("/coupons/code", {"aside": HUGE}), ("/coupons/code", {"back": "-1"}),
    ("/coupons/code", {"drop": NUL}), ("/coupons/%00/claim", {}), ("/groups", {"group": HUGE}),
    ("/groups", {"group": "-1"}), ("/g/%00/join", {}), ("/flash/1/enter", {"email": NUL, "challenge": NUL}),
    ("/flash/1/take", {"ticket": NUL}), ("/flash/1/take", {"ticket": "1.1.1.zz." + "0" * 32}),
    ("/flash/1/take", {"ticket": "1" * (LONGEST_TICKET + 1)}), ("/promote", {"email": f"{NUL}@example.com"}),
    ("/promote/payout", {"method": NUL, "holder": NUL, "number": NUL}), ("/checkout?now=1", {"aside": HUGE}),
    ("/cart/offers", {"back": HUGE}), ("/cart/together", {"promotion": HUGE, "sku": HUGE}),
]  # fmt: skip


def status(told: TestResponse) -> int:
    """Its status, when it was read to its end: an answer that nobody reads keeps its hand in the house."""
    told.get_data()
    return told.status_code


def test_no_address_and_no_form_is_a_fault_of_ours(shop, visit):
    visitor = visit(shop)
    for path in GETS:
        assert status(visitor.get(path)) < 500, path
    for path, form in POSTS:
        assert status(visitor.post(path, form)) < 500, (path, form)


def test_no_page_of_another_origin_sends_a_form(shop, visit):
    visitor = visit(shop)
    for path in sorted({path for path, _ in POSTS}):
        for origin in ("http://evil.example", "http://other.localhost:8000", "null"):
            assert status(visitor.post(path, {}, Origin=origin)) == 403, (path, origin)
        assert status(visitor.post(path, {}, Sec_Fetch_Site="same-site")) == 403, path


def test_what_is_one_visitors_is_kept_by_nobody(shop, visit, inside):
    with inside():
        code = promoter(shop).code
    visitor = visit(shop)
    for path in (
        "/coupons",
        "/cart",
        "/promote",
        f"/r/{code}",
        "/checkout",
        "/flash/1/place",
        "/flash/1/task",
    ):
        told = visitor.get(path)
        kept = told.headers.get("Cache-Control", "")
        assert "no-store" in kept or status(told) == 302, path
        assert "public" not in kept
