"""Terms and fees as people set them: seen first, then saved; read by those they are for."""

import pytest
from sqlalchemy import text

from tests.factories import buy, make_goods, make_shop
from tests.web.consoles.conftest import words_of

RULE = {
    "kind": "commission", "goods": "brand", "for": "all", "rates": "flat", "rate": "10", "begins": "now",
    "reason": "a start", "do": "preview",
}  # fmt: skip
TABLE = {
    **RULE, "rates": "brackets", "from0": "0", "to0": "100", "bps0": "5", "from1": "100", "bps1": "8.5",
}  # fmt: skip
FEE = {"kind": "platform", "rate": "1.5", "begins": "now", "reason": "prices of the year", "do": "preview"}


@pytest.fixture
def sold(inside, owner):
    with inside():
        shop = make_shop("corner")
        goods = make_goods(shop, codes=5)
        buy(shop, {goods: 2})
    with owner.connect() as connection:
        firm = connection.execute(text("SELECT distributor_id FROM shops")).scalar_one()
    return goods, firm


@pytest.fixture
def brand(sold, staff):
    return staff("brand", "manager", brand_id=sold[0].brand_id)


def rules(owner, table="rate_rules") -> int:
    with owner.connect() as connection:
        return connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()


def test_a_rule_is_seen_before_it_is_saved(brand, owner):
    shown = brand.post("/brand/terms/new", RULE)
    words = words_of(shown)
    assert shown.status_code == 200
    assert rules(owner) == 0
    # Two at 20.00: the seller kept 16.00 over its supply price, and would have earned 10 % of 40.00.
    assert "¥16.00" in words and "¥4.00" in words and "-¥12.00" in words
    saved = brand.post("/brand/terms/new", {**RULE, "do": "save"})
    assert saved.status_code == 303
    assert rules(owner) == 1
    assert "Commission 10 %" in brand.words("/brand/terms")


def test_the_preview_opens_down_to_lines(brand, sold):
    words = words_of(brand.post("/brand/terms/new", {**RULE, "show": str(sold[1])}))
    assert "Lines of" in words
    assert "¥16.00 → ¥4.00" in words


def test_a_table_is_kept_and_shown_row_by_row(brand):
    saved = brand.post("/brand/terms/new", {**TABLE, "do": "save"})
    words = brand.words(saved.headers["Location"])
    assert "¥0.00 – ¥100.00" in words and "8.5 %" in words


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"from1": "120"}, "gap"), ({"from1": "80"}, "cover the same sales"), ({"from0": "10"}, "begin at 0"),
        ({"bps1": "100.01"}, "At most 100%."), ({"bps1": "x"}, "A percentage such as"), ({"to1": "500"}, "gap"),
        ({"to0": "-1"}, "not an amount"), ({"reason": ""}, "fill this in"), ({"begins": "at", "starts_at": "soon"}, "date and time"),
        ({"begins": "at", "starts_at": "2020-01-01T00:00"}, "has passed"), ({"for": "level", "level": "999"}, "no such thing"),
        ({"goods": "sku", "sku": "999"}, "no such thing"), ({"goods": "product", "product": "x"}, "choose one"),
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_is_said_where_it_was_typed_and_nothing_is_saved(brand, owner, wrong, told):
    for do in ("preview", "save"):
        answer = brand.post("/brand/terms/new", {**TABLE, **wrong, "do": do})
        assert answer.status_code == 422
        assert told in words_of(answer)
    assert rules(owner) == 0


def test_a_supply_price_above_the_floor_names_the_floor(brand, sold):
    draft = {**RULE, "kind": "margin", "goods": "sku", "sku": str(sold[0].sku_id), "supply": "15.01"}
    assert "floor of ¥15.00" in words_of(brand.post("/brand/terms/new", draft))


def test_a_next_version_and_an_end_are_seen_first_too(brand, owner):
    made = brand.post("/brand/terms/new", {**RULE, "do": "save"}).headers["Location"]
    following = {**RULE, "rate": "12", "begins": "at", "starts_at": "2099-01-01T00:00"}
    assert "instead of" in words_of(brand.post(f"{made}/next", following))
    assert brand.post(f"{made}/next", {**following, "do": "save"}).status_code == 303
    assert "Commission 12 %" in brand.words("/brand/terms?show=coming")
    ending = {"begins": "now", "reason": "over", "do": "preview"}
    assert "This rule ends" in words_of(brand.post(f"{made}/end", ending))
    assert brand.post(f"{made}/end", {**ending, "do": "save"}).status_code == 303
    words = brand.words(made)
    assert "Never began" in words and "has ended" in words
    assert rules(owner) == 2


def test_staff_and_viewers_look_at_terms_and_set_none(sold, staff, owner):
    visitor = staff("brand", "staff", brand_id=sold[0].brand_id)
    assert visitor.get("/brand/terms").status_code == 200
    assert visitor.post("/brand/terms/new", {**RULE, "do": "save"}).status_code == 403
    assert rules(owner) == 0


def test_who_gets_what_is_explained(brand, sold):
    brand.post("/brand/terms/new", {**RULE, "do": "save"})
    narrow = {**RULE, "rate": "20", "for": "distributor", "distributor": str(sold[1]), "do": "save"}
    brand.post("/brand/terms/new", narrow)
    words = brand.words(f"/brand/terms/check?distributor={sold[1]}&sku={sold[0].sku_id}")
    assert "Commission 20 %" in words and "A narrower one counts" in words


def test_every_page_of_terms_is_there_when_there_is_nothing(brand):
    for page in ("terms", "terms?show=coming", "terms?show=ended", "terms/table", "terms/check"):
        assert brand.get(f"/brand/{page}").status_code == 200
    for kind in ("margin", "commission", "boost", "override"):
        assert brand.get(f"/brand/terms/new?kind={kind}").status_code == 200
    assert brand.get("/brand/terms/new?kind=gift").status_code == 404


def test_a_distributor_reads_its_own_terms_and_where_its_month_stands(brand, sold, staff, inside):
    brand.post("/brand/terms/new", {**TABLE, "to0": "50", "from1": "50", "do": "save"})
    words = staff("distributor", distributor_id=sold[1]).words("/distributor/terms")
    assert "¥40.00" in words and "¥10.00 more this month for 8.5 %" in words


def test_a_distributor_does_not_read_what_another_gets(brand, sold, staff, inside, owner):
    narrow = {**RULE, "rate": "31", "for": "distributor", "distributor": str(sold[1]), "do": "save"}
    assert brand.post("/brand/terms/new", narrow).status_code == 303
    with inside():
        make_goods(make_shop("other"), brand_id=sold[0].brand_id)
    with owner.connect() as connection:
        other = connection.execute(text("SELECT max(distributor_id) FROM shops")).scalar_one()
    assert "31 %" in staff("distributor", distributor_id=sold[1]).words("/distributor/terms")
    assert "31 %" not in staff("distributor", distributor_id=other).words("/distributor/terms")


def test_a_distributor_without_a_brand_is_told_what_to_wait_for(house, inside, staff, owner):
    with inside():
        make_shop("lonely")
    with owner.connect() as connection:
        firm = connection.execute(text("SELECT distributor_id FROM shops")).scalar_one()
    assert "No brand has approved you yet" in staff("distributor", distributor_id=firm).words(
        "/distributor/terms"
    )


def test_a_fee_is_seen_before_it_is_saved_and_can_end(sold, staff, owner):
    visitor = staff("platform", "manager")
    words = words_of(visitor.post("/platform/fees/new", FEE))
    assert "+¥0.60" in words  # 1.5 % of 40.00
    assert rules(owner, "fee_rules") == 0
    assert visitor.post("/platform/fees/new", {**FEE, "do": "save"}).status_code == 303
    assert "1.5 %" in visitor.words("/platform/fees")
    visitor.post("/platform/fees/new", {**FEE, "lapsed": "1", "do": "save"})
    assert "nothing of its own" in visitor.words("/platform/fees")
    assert rules(owner, "fee_rules") == 2


@pytest.mark.parametrize(
    "wrong",
    [{"rate": "101"}, {"fixed": "1"}, {"currency": "XXX"}, {"reason": " "}, {"brand": "999"}],
    ids=str,
)
def test_a_fee_that_cannot_be_is_refused(house, staff, owner, wrong):
    for do in ("preview", "save"):
        assert staff("platform").post("/platform/fees/new", {**FEE, **wrong, "do": do}).status_code == 422
    assert rules(owner, "fee_rules") == 0


def test_every_kind_of_fee_has_its_form_and_its_preview(sold, staff):
    visitor = staff("platform")
    for kind in ("platform", "gateway", "payout"):
        assert visitor.get(f"/platform/fees/new?kind={kind}").status_code == 200
        draft = {**FEE, "kind": kind, "fixed": "0.10", "currency": "CNY"}
        assert visitor.post("/platform/fees/new", draft).status_code == 200


def test_a_viewer_of_the_platform_sets_no_fee(house, staff, owner):
    assert staff("platform", "viewer").post("/platform/fees/new", {**FEE, "do": "save"}).status_code == 403
    assert rules(owner, "fee_rules") == 0
