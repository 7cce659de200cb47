"""Whose a coupon is and who reads its code: chosen in the designer, shown where it is looked for, kept with the order."""

import re

import pytest
from sqlalchemy import text

from app.flows import referrals
from app.flows.priced import Asked
from tenants.context import shop_scope
from tests.factories import make_goods, make_shop, place
from tests.factories.referrals import HAND, click, programme, promoter
from tests.web.conftest import text_of
from tests.web.consoles.conftest import words_of

SHOP = "/distributor/shops/corner"
COUPON = {
    "title": "梅的码", "title_en": "Mei's code", "target": "all", "begins": "now", "with": "all", "audience": "all",
    "limit_of": "orders", "returns": "unpaid", "do": "publish", "minor": "1", "get": "code", "code": "meimei",
    "accepts_loss": "1",
}  # fmt: skip


@pytest.fixture
def corner(inside):
    with inside():
        shop = make_shop("corner")
        return shop, make_goods(shop, codes=9)


@pytest.fixture
def designer(corner, owner, staff):
    with owner.connect() as connection:
        firm = connection.execute(text("SELECT distributor_id FROM shops WHERE slug = 'corner'")).scalar_one()
    return staff("distributor", "staff", distributor_id=firm)


@pytest.fixture
def two(inside, corner):
    """A, whose link is clicked, and B, to whom the coupon is given."""
    with inside():
        programme(corner[0])
        return promoter(corner[0], "a@example.com"), promoter(corner[0], "b@example.com")


def ask(owner, question: str):
    with owner.connect() as connection:
        return [tuple(row) for row in connection.execute(text(question))]


def publish(designer, kind="fixed_coupon", **typed):
    answer = designer.post(f"{SHOP}/promotions/new/{kind}", {**COUPON, **typed})
    assert answer.status_code == 303, words_of(answer)
    return answer.headers["Location"].removeprefix("http://console.localhost:8000")


@pytest.mark.parametrize("typed", ["B@example.com", "its code"])
def test_an_order_with_as_click_and_bs_coupon_is_due_to_b(designer, corner, two, owner, inside, typed):
    a, b = two
    page = publish(designer, belongs=b.code.lower() if typed == "its code" else typed)
    assert "b@example.com" in designer.words(page)
    with inside():
        place(*corner, asked=Asked(codes=("MEIMEI",), due=click(corner[0], a).due))
    told = "SELECT via, promoter_id, click_id FROM attributions"
    assert ask(owner, told) == [("coupon", b.id, None)]
    assert ask(owner, "SELECT DISTINCT promoter_id FROM referral_rewards") == [(b.id,)]


def test_a_coupon_of_a_stopped_promoter_leaves_the_click_its_order(designer, corner, two, owner, inside):
    a, b = two
    publish(designer, belongs="b@example.com")
    with inside():
        from_a = click(corner[0], a)
        with shop_scope(corner[0].id):
            referrals.stop_promoter(b.id, stopped=True, actor=HAND)
        place(*corner, asked=Asked(codes=("MEIMEI",), due=from_a.due))
    assert ask(owner, "SELECT via, promoter_id FROM attributions") == [("click", a.id)]


def test_an_owner_is_a_promoter_of_this_shop_or_the_field_says_so(designer, two, owner, inside):
    with inside():
        programme(other := make_shop("other"))
        promoter(other, "far@example.com")
    for wrong in ("far@example.com", "NOBODYSX"):
        answer = designer.post(f"{SHOP}/promotions/new/fixed_coupon", {**COUPON, "belongs": wrong})
        assert answer.status_code == 422 and "No promoter of this shop" in words_of(answer)
    assert ask(owner, "SELECT count(*) FROM promotions WHERE kind <> 'referral'") == [(0,)]


def test_a_coupons_owner_stands_in_the_list_and_the_coupon_with_its_promoter(designer, two):
    page = publish(designer, belongs="b@example.com")
    assert "b@example.com" in designer.words(f"{SHOP}/promotions")
    promoters = designer.words(f"{SHOP}/referrals/promoters")
    assert re.search(r"b@example\.com \w{8} MEIMEI", promoters)
    form = {**COUPON, "do": "change", "belongs": "a@example.com", "shown": "given"}
    assert designer.post(f"{page}/edit", form).status_code == 303
    assert re.search(r"a@example\.com \w{8} MEIMEI", designer.words(f"{SHOP}/referrals/promoters"))


def test_what_counts_by_itself_belongs_to_nobody(designer, two, owner):
    publish(designer, get="auto", belongs="b@example.com")
    assert ask(owner, "SELECT settings FROM promotions WHERE kind = 'fixed_coupon'") == [({},)]


@pytest.mark.parametrize(
    ("kind", "typed", "told"),
    [
        ("fixed_coupon", {}, False), ("threshold_coupon", {"from": "10"}, True),
        ("percentage_coupon", {"off": "5"}, True), ("fixed_coupon", {"shown": "all"}, True),
        ("threshold_coupon", {"from": "10", "shown": "given"}, False),
    ],
)  # fmt: skip
def test_a_code_is_shown_to_everybody_or_to_nobody_as_its_maker_chose(
    designer, visit, corner, kind, typed, told
):
    form = designer.get(f"{SHOP}/promotions/new/{kind}").text
    usual = re.search(r'name="shown" value="(\w+)" checked', form).group(1)
    publish(designer, kind, **{"shown": usual, **typed})
    for page in ("/offers", "/coupons"):
        assert ("MEIMEI" in text_of(visit(corner[0]).get(page))) is told, page


def test_a_code_can_be_hidden_while_it_runs(designer, visit, corner):
    page = publish(designer, shown="all")
    assert "MEIMEI" in text_of(visit(corner[0]).get("/offers"))
    assert designer.post(f"{page}/edit", {**COUPON, "do": "change", "shown": "given"}).status_code == 303
    assert "MEIMEI" not in text_of(visit(corner[0]).get("/offers?again"))
    assert "who is given it" in designer.words(page)


def test_a_form_without_a_fault_shows_none(designer):
    page = designer.get(f"{SHOP}/promotions/new/fixed_coupon").text
    assert "field-error" not in page and "built-in" not in page
