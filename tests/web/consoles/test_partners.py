"""The partners' pages: a brand decides, a distributor asks, links bring people in, the platform puts the tree right."""

import io
import re
import time

import pytest
from sqlalchemy import text

from app.domain.distributors import papers
from app.domain.distributors.papers import paper
from app.flows import invite, levels, partner
from app.foundation.actor import SYSTEM
from tests.factories import buy, make_goods, make_shop
from tests.integration.test_levels import ladder
from tests.web.consoles.conftest import words_of

PDF = b"%PDF-1.7\n1 0 obj << >> endobj\n%%EOF\n"


def one(owner, question, **values):
    with owner.connect() as connection:
        return connection.execute(text(question), values).scalar()


@pytest.fixture
def two(inside, owner):
    """A brand by approval with a seller, and a distributor that it does not know."""
    with inside():
        old, _new = make_shop("old-shop"), make_shop("new-shop")
        goods = make_goods(old, codes=9)
        levels.change_ladder(goods.brand_id, ladder(4000, 900000), actor=SYSTEM)
    with owner.connect() as connection:
        connection.execute(
            text("UPDATE brands SET joining = 'by_approval', contact_email = 'b@brand.example'")
        )
    return {
        "brand": goods.brand_id, "goods": goods, "old": old,
        "seller": one(owner, "SELECT distributor_id FROM shops WHERE slug = 'old-shop'"),
        "firm": one(owner, "SELECT distributor_id FROM shops WHERE slug = 'new-shop'"),
        "partnership": one(owner, "SELECT id FROM partnerships"),
    }  # fmt: skip


def status(owner, two):
    return one(owner, "SELECT status FROM partnerships WHERE distributor_id = :id", id=two["firm"])


def test_a_distributor_applies_with_papers_and_the_brand_approves_it_at_a_level(two, staff, owner):
    asking, brand = staff("distributor", distributor_id=two["firm"]), staff("brand", brand_id=two["brand"])
    assert "By application" in asking.words("/distributor/brands")
    sent = {
        "message": "We sell in games groups.",
        "papers": [(io.BytesIO(PDF), "licence.pdf"), (io.BytesIO(PDF), "two.pdf")],
    }
    page = asking.post(f"/distributor/brands/{two['brand']}", sent)
    assert page.status_code == 303
    assert status(owner, two) == "applied"
    assert "Applied, waiting" in asking.words("/distributor/brands")
    number = one(owner, "SELECT id FROM partnerships WHERE status = 'applied'")
    assert "1 distributor waits" in brand.words("/brand/")
    assert re.search(r'Distributors</span><span class="side-count">1<', brand.get("/brand/").text)
    detail = brand.get(f"/brand/distributors/{number}")
    assert "We sell in games groups." in detail.text
    level = one(owner, "SELECT id FROM levels WHERE rank = 1")
    brand.post(f"/brand/distributors/{number}", {"do": "approve", "level": level})
    assert status(owner, two) == "approved"
    words = asking.words(f"/distributor/brands/{two['brand']}")
    assert "Your level: 银牌" in words
    assert "¥9,000.00 more in 30 days for 金牌" in words


def test_a_paper_is_handed_out_as_a_file_and_only_to_the_two_firms(two, staff, owner, inside):
    with inside():
        number = partner.apply(
            two["firm"], two["brand"], message="x", files=[paper("执照 1.pdf", PDF)], actor=SYSTEM
        )
        other = make_goods(make_shop("third-shop"))
    paper_id = one(owner, "SELECT id FROM partnership_papers")
    path = f"/brand/distributors/{number}/papers/{paper_id}"
    found = staff("brand", "viewer", brand_id=two["brand"]).get(path)
    assert (found.status_code, found.data) == (200, PDF)
    assert found.headers["Content-Disposition"].startswith("attachment;")
    assert found.headers["X-Content-Type-Options"] == "nosniff"
    assert found.mimetype == "application/pdf"
    mine = f"/distributor/brands/{two['brand']}/papers/{paper_id}"
    assert staff("distributor", "viewer", distributor_id=two["firm"]).get(mine).data == PDF
    assert staff("brand", brand_id=other.brand_id).get(path).status_code == 404
    assert staff("distributor", distributor_id=two["seller"]).get(mine).status_code == 404
    assert staff("platform").get(path).status_code == 404


@pytest.mark.parametrize(("name", "content", "words"), [
    ("virus.pdf", b"MZ", "not a PDF, JPEG or PNG"), ("big.pdf", b"%PDF-" + b"x" * 2000 + b"%%EOF", "at most 5 MB"),
])  # fmt: skip
def test_what_is_no_paper_is_said_at_its_field_and_the_words_stay(
    two, staff, owner, name, content, words, monkeypatch
):
    monkeypatch.setattr(papers, "MOST_BYTES", 1000)  # the test client leaves large bodies open
    asking = staff("distributor", distributor_id=two["firm"])
    page = asking.post(
        f"/distributor/brands/{two['brand']}",
        {"message": "kept words", "papers": [(io.BytesIO(content), name)]},
    )
    assert page.status_code == 422
    assert words in words_of(page)
    assert "kept words" in page.text
    assert status(owner, two) is None


def test_a_decline_is_read_by_the_distributor_who_may_ask_again(two, staff, owner, inside):
    with inside():
        number = partner.apply(two["firm"], two["brand"], message="x", files=[], actor=SYSTEM)
    brand, asking = staff("brand", brand_id=two["brand"]), staff("distributor", distributor_id=two["firm"])
    brand.post(f"/brand/distributors/{number}", {"do": "decline", "reason": " "})
    assert "Please give a reason" in brand.words("/brand/distributors")
    brand.post(f"/brand/distributors/{number}", {"do": "decline", "reason": "No licence."})
    words = asking.words(f"/distributor/brands/{two['brand']}")
    assert "No licence." in words and "Apply again" in words
    asking.post(f"/distributor/brands/{two['brand']}", {"message": "here it is"})
    assert status(owner, two) == "applied"


def test_suspending_shows_off_sale_in_the_shop_within_a_second(two, staff, visit, owner):
    shopper, brand = visit(two["old"]), staff("brand", brand_id=two["brand"])
    path = f"/p/{two['goods'].slug}"
    assert shopper.get(path).status_code == 200
    assert "1 listing goes off sale at once" in brand.words(f"/brand/distributors/{two['partnership']}")
    brand.post(f"/brand/distributors/{two['partnership']}", {"do": "suspend", "reason": "undercuts"})
    time.sleep(1)
    assert shopper.get(path).status_code == 404
    assert two["goods"].slug not in shopper.get("/").text
    seller = staff("distributor", distributor_id=two["seller"])
    assert "undercuts" in seller.words("/distributor/brands")
    assert "Taken off sale by the brand" in seller.words("/distributor/shops/old-shop/listings")
    assert "Taken off sale by the brand" in brand.words("/brand/sellers")
    brand.post(f"/brand/distributors/{two['partnership']}", {"do": "resume"})
    time.sleep(1)
    assert shopper.get(path).status_code == 200


def test_the_joining_switch_opens_the_brand_to_everybody(two, staff, owner):
    brand, asking = staff("brand", brand_id=two["brand"]), staff("distributor", distributor_id=two["firm"])
    assert "Joining by approval" in brand.words("/brand/distributors")
    brand.post("/brand/distributors/joining", {"joining": "open"})
    assert "Sell its goods" in asking.words("/distributor/brands")
    asking.post(f"/distributor/brands/{two['brand']}", {"do": "join"})
    assert status(owner, two) == "approved"


def test_only_a_manager_decides(two, staff, owner):
    clerk = staff("brand", "staff", brand_id=two["brand"])
    assert (
        clerk.post(f"/brand/distributors/{two['partnership']}", {"do": "suspend", "reason": "x"}).status_code
        == 403
    )
    assert clerk.post("/brand/levels", {"do": "save"}).status_code == 403
    assert clerk.post("/brand/invites", {}).status_code == 403
    assert "console.localhost" not in clerk.get("/brand/invites").text.replace(
        "http://console.localhost:8000/", ""
    )


LEVELS = {
    "window": "30", "grace": "7", "currency": "CNY", "name-0": "起步", "hold-0": "7", "name-1": "银牌", "threshold-1": "20.00",
    "hold-1": "5", "name-2": "金牌", "threshold-2": "9000", "hold-2": "3",
}  # fmt: skip


def test_a_new_ladder_says_who_would_move_before_it_is_saved(two, staff, owner, inside):
    with inside():
        buy(two["old"], two["goods"])
    brand = staff("brand", brand_id=two["brand"])
    page = brand.post("/brand/levels", LEVELS | {"do": "preview"})
    assert page.status_code == 200
    assert "起步 → 银牌" in words_of(page)
    assert one(owner, "SELECT threshold_minor FROM levels WHERE rank = 1") == 4000
    assert brand.post("/brand/levels", LEVELS | {"do": "save"}).status_code == 303
    assert one(owner, "SELECT threshold_minor FROM levels WHERE rank = 1") == 2000
    again = brand.post("/brand/levels", LEVELS | {"do": "edit", "name-1": "改过"})
    assert 'value="改过"' in again.text


@pytest.mark.parametrize(("wrong", "words"), [
    ({"threshold-2": "20.00"}, "Each level asks for more sales than the one below it."),
    ({"threshold-1": "abc"}, "This is not an amount"), ({"window": "0"}, "A whole number from 1 to 366."),
    ({"name-3": "钻石"}, "A level above the first asks for some sales."), ({"currency": "XXX"}, "Please choose one."),
])  # fmt: skip
def test_a_ladder_that_cannot_be_is_said_at_its_field(two, staff, owner, wrong, words):
    page = staff("brand", brand_id=two["brand"]).post("/brand/levels", LEVELS | wrong | {"do": "save"})
    assert page.status_code == 422
    assert words in words_of(page)
    assert one(owner, "SELECT threshold_minor FROM levels WHERE rank = 1") == 4000


def test_a_level_by_hand_is_shown_with_its_reason_to_both(two, staff, owner):
    brand = staff("brand", brand_id=two["brand"])
    gold = one(owner, "SELECT id FROM levels WHERE rank = 2")
    address = f"/brand/distributors/{two['partnership']}"
    brand.post(f"{address}/level", {"do": "pin", "level": gold, "reason": "flagship"})
    assert "flagship" in brand.words(address)
    assert "flagship" in staff("distributor", distributor_id=two["seller"]).words(
        f"/distributor/brands/{two['brand']}"
    )
    brand.post(f"{address}/level", {"do": "let_go", "reason": "over"})
    assert one(owner, "SELECT level_pinned FROM partnerships") is False


def test_own_purchases_are_listed_to_the_brand_with_the_reason_and_no_buyer(two, staff, inside, hire):
    hire("distributor", "staff", email="clerk@firm.example", distributor_id=two["seller"])
    with inside():
        buy(two["old"], two["goods"], email="clerk+x@firm.example")
    words = staff("brand", brand_id=two["brand"]).words(f"/brand/distributors/{two['partnership']}")
    assert "The buyer's mailbox belongs to the distributor" in words
    assert "clerk+x" not in words


def link_on(page):
    return re.search(r"http://console\.localhost:8000(/join/[\w-]+)", page.text).group(1)


def test_a_brands_link_is_followed_by_who_is_here_already(two, staff, owner):
    brand, asking = staff("brand", brand_id=two["brand"]), staff("distributor", distributor_id=two["firm"])
    level = one(owner, "SELECT id FROM levels WHERE rank = 1")
    brand.post("/brand/invites", {"level": level, "most": "1", "days": "7", "note": "fair"})
    page = brand.get("/brand/invites")
    assert "<svg" in page.text
    path = link_on(page)
    assert "invites you to sell its goods" in asking.words(path)
    assert status(owner, two) is None  # looking changes nothing
    assert asking.post(path).headers["Location"] == f"/distributor/brands/{two['brand']}"
    assert status(owner, two) == "approved"
    over = asking.get(path)
    assert over.status_code == 410
    assert "used up" in words_of(over)


def test_a_link_is_carried_through_sign_in_and_sign_up(two, browser, hire, inside, owner):
    with inside():
        token = invite.make_brand_link(two["brand"], level_id=None, most=5, days=1, note="", actor=SYSTEM)
    visitor = browser()
    page = visitor.get(f"/join/{token}")
    assert f"/sign-up?invite={token}" in page.text
    assert "has invited you" in visitor.words(f"/sign-up?invite={token}")
    email = hire("distributor", distributor_id=two["firm"])
    known = browser()
    came = known.post(f"/sign-in?next=/join/{token}", {"email": email, "password": "quiet river 42"})
    assert came.headers["Location"] == f"/join/{token}"
    firm = {
        "kind": "distributor",
        "firm": "Fresh",
        "name": "Lin",
        "email": "lin@fresh.example",
        "password": "morning light 77",
    }
    assert visitor.post(f"/sign-up?invite={token}", firm).status_code == 303
    joined = "SELECT p.status FROM partnerships p JOIN distributors d ON d.id = p.distributor_id WHERE d.name = 'Fresh'"
    assert one(owner, joined) == "approved"


def test_a_sign_up_by_a_link_that_has_ended_says_so(two, browser, inside, owner):
    with inside():
        token = invite.make_brand_link(two["brand"], level_id=None, most=1, days=1, note="", actor=SYSTEM)
        invite.end_link(one(owner, "SELECT id FROM invites"), brand_id=two["brand"], actor=SYSTEM)
    page = browser().get(f"/sign-up?invite={token}")
    assert "not valid any more" in words_of(page)
    firm = {
        "kind": "distributor",
        "firm": "Fresh",
        "name": "Lin",
        "email": "lin@fresh.example",
        "password": "morning light 77",
    }
    page = browser().post(f"/sign-up?invite={token}", firm)
    assert page.status_code == 422
    assert "ended by who made it" in words_of(page)
    assert one(owner, "SELECT count(*) FROM users") == 0


def test_a_recruit_link_brings_a_firm_below_and_its_page_tells_names_and_sums_only(
    two, staff, browser, owner, inside
):
    above = staff("distributor", distributor_id=two["seller"])
    assert "Nobody stands below you yet" in above.words("/distributor/recruit")
    above.post("/distributor/recruit", {"most": "2", "days": "9", "note": ""})
    path = link_on(above.get("/distributor/recruit"))
    firm = {
        "kind": "distributor",
        "firm": "Below Ltd",
        "name": "Lin",
        "email": "lin@below.example",
        "password": "morning light 77",
    }
    browser().post(path.replace("/join/", "/sign-up?invite="), firm)
    words = above.words("/distributor/recruit")
    assert "Below Ltd" in words
    assert "lin@below.example" not in words
    above.post(f"/distributor/recruit/{one(owner, 'SELECT id FROM invites')}/end")
    assert browser().get(path).status_code == 410


def test_the_platform_changes_an_upline_and_hears_of_a_circle(two, staff, owner):
    ops = staff("platform", "manager")
    page = f"/platform/distributors/{two['firm']}"
    assert "It sells no brand yet" in ops.words(page)
    ops.post(f"{page}/upline", {"upline": two["seller"], "reason": ""})
    assert "needs a reason" in ops.words(page)
    ops.post(f"{page}/upline", {"upline": two["seller"], "reason": "asked for"})
    assert one(owner, "SELECT upline_id FROM distributors WHERE id = :id", id=two["firm"]) == two["seller"]
    other = f"/platform/distributors/{two['seller']}"
    ops.post(f"{other}/upline", {"upline": two["firm"], "reason": "x"})
    assert "make a circle" in ops.words(other)
    assert (
        staff("platform", "viewer").post(f"{page}/upline", {"upline": "", "reason": "x"}).status_code == 403
    )


def test_the_wizard_and_add_goods_tell_of_brands_one_can_apply_to(two, staff):
    asking = staff("distributor", distributor_id=two["firm"])
    words = asking.words("/distributor/shops/new-shop/catalogue")
    assert "1 brand takes you after an application" in words
    assert asking.post("/distributor/open/name", {"name": "晨光", "slug": "daybreak"}).status_code == 303
    assert "1 brand takes you after an application" in asking.words("/distributor/open/goods")


def test_nothing_yet_is_said_kindly(inside, staff, owner):
    with inside():
        make_shop("lonely")
    lonely = staff("distributor", distributor_id=one(owner, "SELECT id FROM distributors"))
    assert "No brand yet" in lonely.words("/distributor/brands")
    assert "No recruit link yet" in lonely.words("/distributor/recruit")
