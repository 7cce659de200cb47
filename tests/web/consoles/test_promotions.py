"""The promotion designer: filled in, seen on the shop's own prices, published; watched, changed, ended, reported."""

import re

import pytest
from sqlalchemy import text

from app.flows.priced import Asked
from tests.factories import make_goods, make_shop, pay, place, run_jobs
from tests.web.consoles.conftest import words_of

NEW = "/distributor/shops/corner/promotions/new"
TIMED = {
    "title": "双十一", "title_en": "Eleven", "how": "off", "off": "10", "target": "all", "begins": "now", "with": "all",
    "audience": "all", "limit_of": "orders", "returns": "unpaid", "do": "publish",
}  # fmt: skip
COUPON = {**TIMED, "minor": "5", "from": "", "get": "code", "code": "hello-five"}


@pytest.fixture
def corner(inside, owner):
    """A shop that sells one thing at 20.00, bought at 12.00, with a floor of 15.00."""
    with inside():
        shop = make_shop("corner")
        goods = make_goods(shop, codes=9)
    with owner.connect() as connection:
        firm = connection.execute(text("SELECT distributor_id FROM shops")).scalar_one()
    return shop, goods, firm


@pytest.fixture
def designer(corner, staff):
    return staff("distributor", "staff", distributor_id=corner[2])


def ask(owner, question: str):
    with owner.connect() as connection:
        return [tuple(row) for row in connection.execute(text(question))]


def made(owner) -> int:
    return ask(owner, "SELECT count(*) FROM promotions")[0][0]


def publish(designer, kind="timed_price", **typed):
    answer = designer.post(f"{NEW}/{kind}", {**(TIMED if kind == "timed_price" else COUPON), **typed})
    assert answer.status_code == 303, words_of(answer)
    return answer.headers["Location"].removeprefix("http://console.localhost:8000")


def test_a_promotion_is_seen_on_ones_own_prices_before_it_is_published(designer, owner):
    shown = designer.post(f"{NEW}/timed_price", {**TIMED, "do": "preview"})
    words = words_of(shown)
    assert shown.status_code == 200 and made(owner) == 0
    assert "¥18.00" in words and "¥6.00" in words and "now ¥8.00" in words
    page = publish(designer)
    assert ask(owner, "SELECT status, title, template, automatic FROM promotions") == [
        ("live", "双十一", "", True)
    ]
    assert "Running" in designer.words(page) and "10 % off" in designer.words(page)


def test_every_page_of_promotions_is_there_when_empty(designer):
    for path in ("promotions", "promotions/new", "promotions/calendar", "promotions/calendar?month=x"):
        assert designer.get(f"/distributor/shops/corner/{path}").status_code == 200
    assert "No promotion yet" in designer.words("/distributor/shops/corner/promotions")


@pytest.mark.parametrize(
    "path",
    [
        "timed_price?template=opening_week", "timed_price?template=eleven", "quantity_tiers?template=clear_stock",
        "fixed_coupon?template=welcome", "threshold_coupon?template=spend_and_save", "percentage_coupon?template=weekend",
        "bundle_price", "timed_price?template=none_such",
    ],
)  # fmt: skip
def test_every_kind_and_template_opens_its_form(designer, path):
    assert designer.get(f"{NEW}/{path}").status_code == 200


@pytest.mark.parametrize("name", ["opening_week", "eleven", "welcome", "spend_and_save", "weekend"])
def test_a_template_is_published_as_it_stands(designer, owner, name):
    page = designer.get(NEW).text
    address = re.search(rf'href="([^"]*template={name})"', page).group(1)
    form = designer.get(address).text
    typed = {
        found[0]: found[1]
        for found in re.findall(r'<input class="grow"[^>]* name="([^"]+)"[^>]* value="([^"]*)"', form)
    }
    typed |= dict(re.findall(r'type="radio" name="([^"]+)" value="([^"]+)" checked', form))
    typed |= {"template": name, "do": "publish", "accepts_loss": "1"}
    answer = designer.post(address, typed)
    assert answer.status_code == 303, words_of(answer)
    assert ask(owner, "SELECT status, template FROM promotions") == [("live", name)]


@pytest.mark.parametrize(
    ("kind", "wrong", "told"),
    [
        ("timed_price", {"off": "101"}, "At most 100%."), ("timed_price", {"off": "0"}, "A percentage above 0."),
        ("timed_price", {"how": "price", "price": "0"}, "More than nothing."),
        ("timed_price", {"title": ""}, "Please fill this in."),
        ("timed_price", {"begins": "at", "starts_at": "2030-01-02T00:00", "ends_at": "2030-01-01T00:00"}, "after the start"),
        ("timed_price", {"ends_at": "2020-01-01T00:00"}, "has passed"),
        ("timed_price", {"target": "sku"}, "Choose at least one."),
        ("timed_price", {"target": "sku", "sku": "99999"}, "no such thing"),
        ("timed_price", {"audience": "chosen"}, "Please fill this in."),
        ("timed_price", {"audience": "chosen", "emails": "nobody"}, "is not an e-mail address"),
        ("timed_price", {"holdout": "95"}, "From 0 to 90"),
        ("timed_price", {"with": "some"}, "Choose at least one."),
        ("timed_price", {"total_limit": "0"}, "whole number"), ("timed_price", {"budget": "0"}, "More than nothing"),
        ("quantity_tiers", {"from0": "5", "amount0": "5", "from1": "5", "amount1": "8"}, "more pieces"),
        ("quantity_tiers", {"from0": "5", "amount0": "200"}, "Row 1: At most 100%."),
        ("quantity_tiers", {}, "Fill in at least one row."),
        ("bundle_price", {"sku0": "SKU", "units0": "1", "amount0": "5"}, "two things or more"),
        ("bundle_price", {"sku0": "SKU", "units0": "1", "amount0": "5", "sku1": "SKU", "units1": "1", "amount1": "5"}, "Each thing once"),
        ("bundle_price", {"sku0": "9999", "amount0": "5"}, "no such thing"),
        ("fixed_coupon", {"minor": "5", "get": "code", "code": "ab"}, "letters and digits"),
        ("fixed_coupon", {"minor": "5", "from": "4", "get": "auto"}, "Not less than what is taken off"),
        ("threshold_coupon", {"minor": "5", "from": "", "get": "auto"}, "not an amount"),
        ("percentage_coupon", {"off": "120", "get": "auto"}, "At most 100%."),
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_is_said_where_it_was_typed_and_nothing_is_saved(
    designer, corner, owner, kind, wrong, told
):
    typed = {name: str(corner[1].sku_id) if value == "SKU" else value for name, value in wrong.items()}
    for do in ("preview", "publish", "draft"):
        answer = designer.post(f"{NEW}/{kind}", {**TIMED, **typed, "do": do})
        assert answer.status_code == 422, do
        assert told in words_of(answer)
    assert made(owner) == 0


def test_a_code_is_of_one_promotion_at_a_time(designer, owner):
    publish(designer, "fixed_coupon")
    answer = designer.post(f"{NEW}/fixed_coupon", {**COUPON, "code": "HELLO FIVE"})
    assert answer.status_code == 422 and "has this code" in words_of(answer)
    assert made(owner) == 1


def test_what_could_earn_nothing_is_published_only_when_one_agrees(designer, inside, corner, owner):
    with inside():
        make_goods(corner[0], price=1250, floor=1000, supply=1000)
    refused = designer.post(f"{NEW}/timed_price", {**TIMED, "off": "20"})
    words = words_of(refused)
    assert refused.status_code == 422 and "I agree" in words and "earns nothing" in words and made(owner) == 0
    publish(designer, off="20", accepts_loss="1")
    assert made(owner) == 1


def test_a_floor_holds_it_up_is_told_and_is_remembered_once_a_sku(designer, owner, corner):
    shown = words_of(designer.post(f"{NEW}/timed_price", {**TIMED, "off": "50", "do": "preview"}))
    assert "the floor ¥15.00 allows ¥5.00 of ¥10.00" in shown
    page = publish(designer, off="50")
    told = designer.words(page)
    key = ask(owner, "SELECT key FROM promotions")[0][0]
    assert key in told and "exemption" in told
    assert ask(
        owner, "SELECT sku_id, stage, wanted_minor, floor_minor, stack -> 0 ->> 'key' FROM floor_attempts"
    ) == [(corner[1].sku_id, "promotion", 1000, 1500, key)]


def test_a_draft_is_seen_by_nobody_is_changed_as_a_whole_and_published(designer, owner):
    page = publish(designer, do="draft")
    assert "Draft" in designer.words(page)
    assert 'value="10"' in designer.get(f"{page}/edit").text
    answer = designer.post(f"{page}/edit", {**TIMED, "off": "15", "do": "publish"})
    assert answer.status_code == 303, words_of(answer)
    assert ask(owner, "SELECT status, value ->> 'off_bps' FROM promotions") == [("live", "1500")]
    assert ask(owner, "SELECT action FROM audit_entries WHERE action LIKE 'promotion.%' ORDER BY id") == [
        ("promotion.drafted",), ("promotion.changed",), ("promotion.live",),
    ]  # fmt: skip


def test_while_it_runs_words_end_and_limits_change_and_nothing_else(designer, owner):
    page = publish(designer)
    words = designer.words(f"{page}/edit")
    assert "What it gives" not in words and "Buyers have seen it" in words
    answer = designer.post(
        f"{page}/edit", {**TIMED, "title": "新名", "off": "90", "total_limit": "5", "do": "change"}
    )
    assert answer.status_code == 303
    assert ask(owner, "SELECT title, value ->> 'off_bps', total_limit FROM promotions") == [
        ("新名", "1000", 5)
    ]
    assert ask(owner, "SELECT sum(uses_left)::int FROM promotion_slots") == [(5,)]


def test_a_limit_below_what_is_used_is_refused_at_its_field(designer, corner, owner, inside):
    page = publish(designer, total_limit="5")
    with inside():
        for _one in range(2):
            place(corner[0], corner[1])
    answer = designer.post(f"{page}/edit", {**TIMED, "total_limit": "1", "do": "change"})
    assert answer.status_code == 422 and "used already" in words_of(answer)
    assert ask(owner, "SELECT total_limit FROM promotions") == [(5,)]


def test_it_is_paused_gone_on_with_ended_and_copied(designer, owner):
    page = publish(designer, "fixed_coupon")
    for do, state in (("pause", "paused"), ("go_on", "live"), ("end", "ended")):
        assert designer.post(f"{page}/state", {"do": do}).status_code == 303
        assert ask(owner, "SELECT status FROM promotions") == [(state,)]
    designer.post(f"{page}/state", {"do": "go_on"})
    assert ask(owner, "SELECT status FROM promotions") == [("ended",)], "what has ended is over"
    number = page.rsplit("/", 1)[1]
    copy = designer.get(f"{NEW}/fixed_coupon?copy={number}")
    assert copy.status_code == 200 and 'value="双十一"' in copy.text and "HELLOFIVE" not in copy.text
    assert designer.get(f"{NEW}/timed_price?copy={number}").status_code == 404


def test_numbers_and_report_open_down_to_the_orders(designer, corner, owner, inside, staff):
    page = publish(designer, budget="50", total_limit="9")
    shop, goods, firm = corner
    with inside():
        for email in ("a@example.com", "b@example.com", "a@example.com"):
            pay(shop, place(shop, goods, email=email))
        place(shop, goods)
        run_jobs()
    figures = designer.words(f"{page}/figures")
    assert "Paid orders 3" in figures and "1 waits for payment" in figures
    assert "¥54.00" in figures and "Given away ¥6.00" in figures and "¥18.00" in figures, (
        "3 × (18 - 12) was earned"
    )
    assert "Uses left 5 / 9" in figures and "¥42.00 / ¥50.00" in figures
    report = designer.words(f"{page}/report")
    assert "New buyers 2 (100 %)" in report and "Orders a buyer 1.50" in report
    assert "月卡" in report or "1 month" in report
    assert designer.words(f"{page}/orders?which=paid").count("¥18.00") == 3
    assert "3 in all" in designer.words(f"{page}/orders?which=paid")
    assert "1 in all" in designer.words(f"{page}/orders?which=waiting")
    assert "2 in all" in designer.words(f"{page}/orders?which=new")
    file = designer.get(f"{page}/report?export=csv").data.decode("utf-8-sig").splitlines()
    assert file[0] == "Day,Orders,Pieces,Given away,Sold,Currency" and file[1].endswith(",3,3,6.00,54.00,CNY")
    assert len(designer.get(f"{page}/orders?export=csv").data.decode("utf-8-sig").splitlines()) == 5
    assert "Running" in designer.words("/distributor/shops/corner/promotions")
    viewer = staff("distributor", "viewer", distributor_id=firm)
    assert viewer.get(f"{page}/report").status_code == 200
    assert viewer.get(f"{page}/report?export=csv").status_code == 403
    assert viewer.post(f"{page}/state", {"do": "end"}).status_code == 403
    assert viewer.post(f"{NEW}/timed_price", TIMED).status_code == 403


def test_those_held_out_are_compared(designer, corner, inside):
    page = publish(designer, holdout="50")
    with inside():
        for number in range(8):
            pay(corner[0], place(corner[0], corner[1], device=f"device-{number}", asked=Asked()))
        run_jobs()
    words = designer.words(f"{page}/report")
    assert "Compared with those held out" in words and "Fewer than 30 orders" in words
    had, out = (int(re.search(rf"{side} (\d+) ", words).group(1)) for side in ("Could have it", "Held out"))
    assert had + out == 8 and out


def test_the_calendar_shows_what_runs_and_what_meets(designer):
    publish(designer)
    publish(designer, title="更低", how="price", price="19")
    publish(designer, "fixed_coupon", **{"with": "none"})
    page = designer.get("/distributor/shops/corner/promotions/calendar")
    words = words_of(page)
    assert "the lower price counts" in words and "only one counts" in words
    assert page.text.count("month-bar-running") >= 3


def test_the_form_speaks_chinese(browser, hire, corner):
    visitor = browser(language="zh-Hans")
    visitor.sign_in(hire("distributor", "owner", distributor_id=corner[2]))
    words = visitor.words(f"{NEW}/fixed_coupon?template=welcome")
    assert "优惠码" in words or "领取" in words
    assert "What it gives" not in words
