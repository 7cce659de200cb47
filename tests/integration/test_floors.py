"""A brand sets floors: what is refused, what closes what, whom it overtakes and who hears of it."""

import random
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.domain.pricing import floor_queries
from app.domain.pricing.errors import (
    BelowFloor,
    FloorAboveListPrice,
    FloorCurrency,
    FloorPromotion,
    FloorStays,
    FloorUnderSupply,
    FloorWindow,
    FloorWindowsOverlap,
)
from app.domain.pricing.floors import resolve
from app.domain.promotions import service as promotions
from app.flows import floors, listings, purchase
from app.foundation import clock
from app.foundation.errors import NotFound, ProductError
from app.foundation.unit_of_work import unit_of_work
from tenants.context import brand_scope, platform_scope, shop_scope
from tenants.directory import Tenant
from tests.concurrency.race import ask
from tests.factories import Goods, make_goods, make_shop, run_jobs
from tests.factories.floors import (
    BRAND_OWNER,
    later,
    let_begin,
    let_end,
    make_level,
    move_to,
    set_floor,
    wanted,
)
from tests.factories.orders import BUYER
from tests.factories.promotions import promote


@pytest.fixture
def shop(app) -> Tenant:
    return make_shop()


@pytest.fixture
def goods(shop: Tenant, owner: Engine) -> Goods:
    made = make_goods(shop, price=2000, floor=1500, supply=1200, codes=5)
    change(owner, "UPDATE skus SET suggested_minor = 5000")
    return made


def change(owner: Engine, statement: str, **values: Any) -> None:
    with owner.connect() as connection:
        connection.execute(text(statement), values)


def firm_of(owner: Engine, shop: Tenant) -> int:
    return ask(owner, "SELECT distributor_id FROM shops WHERE id = :id", id=shop.id)[0][0]


def margin(owner: Engine, goods: Goods, supply: int, **target: Any) -> None:
    change(
        owner,
        "INSERT INTO rate_rules (brand_id, series, version, kind, sku_id, level_id, distributor_id, value, starts_at, ends_at)"
        " VALUES (:brand, :series, 1, 'margin', :sku, :level, :distributor, jsonb_build_object('supply_minor', CAST(:supply AS int)),"
        " now() + CAST(:from AS interval), now() + CAST(:to AS interval))",
        brand=goods.brand_id, series=f"s{supply}", sku=goods.sku_id, supply=supply, level=target.get("level_id"),
        distributor=target.get("distributor_id"), **{"from": target.get("start", "-1 day"), "to": target.get("end")},
    )  # fmt: skip


def prices(owner: Engine) -> list[tuple[Any, ...]]:
    return ask(owner, "SELECT price_minor, status FROM listings ORDER BY id")


def windows(owner: Engine) -> list[tuple[Any, ...]]:
    return ask(owner, "SELECT floor_minor, ends_at IS NULL FROM floors ORDER BY starts_at, id")


def mails(owner: Engine, kind: str) -> list[dict[str, Any]]:
    return [row[0] for row in ask(owner, "SELECT data FROM mails WHERE kind = :kind ORDER BY id", kind=kind)]


def test_a_floor_set_now_raises_what_it_overtakes_and_is_the_skus_own(shop, goods, owner):
    set_floor(goods, 2500, reason="season")
    assert prices(owner) == [(2500, "live")]
    assert ask(owner, "SELECT floor_minor FROM skus") == [(2500,)]
    assert windows(owner) == [(1500, False), (2500, True)]
    assert ask(owner, "SELECT reason, applied_at IS NOT NULL FROM floors WHERE floor_minor = 2500") == [
        ("season", True)
    ]
    assert ask(
        owner,
        "SELECT count(*) FROM audit_entries WHERE action = 'floor.set' AND brand_id = :b",
        b=goods.brand_id,
    ) == [(1,)]
    assert ask(owner, "SELECT count(*) FROM audit_entries WHERE action = 'listings.lifted'") == [(1,)]


def test_a_floor_set_now_pauses_where_the_brand_chose_so(shop, goods, owner):
    set_floor(goods, 2500, overtaken="pause")
    assert prices(owner) == [(2000, "paused")]
    with shop_scope(shop.id), pytest.raises(ProductError):
        floors_resume(goods)


def floors_resume(goods: Goods) -> None:
    listings.set_status([goods.listing_id], "live", actor=BUYER)


def test_the_distributor_hears_of_it_with_its_shops_and_prices(shop, goods, owner):
    set_floor(goods, 2500)
    told = mails(owner, "floor_begun")
    assert [one["listings"] for one in told] == [[[shop.name, 2000, 2500, "raise"]]]
    run_jobs()
    assert ask(owner, "SELECT count(*) FROM mails WHERE state = 'sent' AND kind = 'floor_begun'") == [(1,)]


def test_a_lower_floor_changes_no_price_and_tells_nobody(shop, goods, owner):
    set_floor(goods, 1300)
    assert prices(owner) == [(2000, "live")]
    assert mails(owner, "floor_begun") == []
    assert ask(owner, "SELECT floor_minor FROM skus") == [(1300,)]


def test_a_level_has_a_floor_of_its_own_and_others_keep_theirs(shop, goods, owner):
    gold = make_level(goods.brand_id, 1, "Gold")
    move_to(goods.brand_id, firm_of(owner, shop), gold)
    set_floor(goods, 2200, level_id=gold)
    assert prices(owner) == [(2200, "live")]
    assert ask(owner, "SELECT floor_minor FROM skus") == [(1500,)]


def test_two_changes_in_one_transaction_are_both_kept(goods, owner):
    with platform_scope(), unit_of_work() as work:
        for floor in (1600, 1700):
            work.session.execute(text("UPDATE skus SET floor_minor = :floor"), {"floor": floor})
    assert [floor for floor, _open in windows(owner)] == [1500, 1600, 1700]


def test_what_was_raised_by_raw_sql_is_carried_out_by_the_clock(goods, owner):
    change(owner, "UPDATE skus SET floor_minor = 2600")
    assert prices(owner) == [(2000, "live")]
    assert floors.keep_floors() == 1
    assert prices(owner) == [(2600, "live")]
    assert floors.keep_floors() == 0


# ------------------------------------------------------------------ refusals, nothing half-written


@pytest.mark.parametrize(
    ("floor", "more", "error"),
    [
        (1199, {}, FloorUnderSupply),
        (5001, {}, FloorAboveListPrice),
        (2000, {"currency": "USD"}, FloorCurrency),
        (2000, {"starts_at": -5}, FloorWindow),
        (2000, {"starts_at": 60, "ends_at": 30}, FloorWindow),
        (2000, {"starts_at": 60, "ends_at": 59.99}, FloorWindow),
        (2000, {"promotion": "winter"}, FloorWindow),
        (2000, {"level_id": 999}, NotFound),
        (2000, {"distributor_id": 999}, NotFound),
    ],
)
def test_a_floor_that_cannot_be_is_refused_and_nothing_is_written(goods, owner, floor, more, error):
    before = windows(owner)
    minutes = {key: later(minutes=value) for key, value in more.items() if key.endswith("_at")}
    with pytest.raises(error):
        set_floor(goods, floor, **(more | minutes))
    assert windows(owner) == before
    assert ask(owner, "SELECT count(*) FROM audit_entries WHERE action = 'floor.set'") == [(0,)]


def test_a_floor_is_never_below_what_a_level_owes_at_any_moment_of_its_window(goods, owner):
    gold = make_level(goods.brand_id, 1, "Gold")
    margin(owner, goods, 1800, level_id=gold, start="3 days", end="4 days")
    with pytest.raises(FloorUnderSupply) as refused:
        set_floor(goods, 1700)
    assert refused.value.facts == {
        "floor_minor": 1700,
        "supply_minor": 1800,
        "currency": "CNY",
        "who": "Gold",
    }
    set_floor(goods, 1700, starts_at=later(hours=1), ends_at=later(days=2))
    with pytest.raises(FloorUnderSupply):
        set_floor(goods, 1700, level_id=gold)
    set_floor(goods, 1800, level_id=gold)


def test_who_has_a_floor_of_its_own_does_not_hold_up_everybodys(goods, owner):
    gold = make_level(goods.brand_id, 1, "Gold")
    margin(owner, goods, 1800, level_id=gold)
    set_floor(goods, 1900, level_id=gold)
    set_floor(goods, 1300)
    assert ask(owner, "SELECT floor_minor FROM skus") == [(1300,)]


def test_a_distributors_own_supply_price_is_covered_too(shop, goods, owner):
    firm = firm_of(owner, shop)
    margin(owner, goods, 1900, distributor_id=firm)
    with pytest.raises(FloorUnderSupply):
        set_floor(goods, 1600, distributor_id=firm)
    set_floor(goods, 1900, distributor_id=firm)


def test_overlapping_windows_are_refused_in_words_and_by_the_database(goods, owner):
    set_floor(goods, 1600, starts_at=later(days=2), ends_at=later(days=4))
    for start, end in ((1, 3), (3, 5), (1, 5), (2.5, 3.5)):
        if (start, end) == (2.5, 3.5):
            continue  # inside: the wider one goes on after it
        with pytest.raises(FloorWindowsOverlap):
            set_floor(goods, 1700, starts_at=later(days=start), ends_at=later(days=end))
    with pytest.raises(FloorWindowsOverlap):
        set_floor(goods, 1700)
    with pytest.raises(DBAPIError, match="ex_floors_one_window"):
        change(
            owner,
            "INSERT INTO floors (brand_id, sku_id, floor_minor, starts_at) VALUES (:brand, :sku, 1, now() + interval '3 days')",
            brand=goods.brand_id, sku=goods.sku_id,
        )  # fmt: skip


def test_a_floor_with_an_end_gives_way_to_the_one_before_it(goods, owner):
    set_floor(goods, 1800, starts_at=later(days=1), ends_at=later(days=2))
    assert windows(owner) == [(1500, False), (1800, False), (1500, True)]


def test_another_brands_sku_does_not_exist(goods, owner):
    theirs = make_goods(make_shop())
    with brand_scope(theirs.brand_id), pytest.raises(NotFound):
        floors.set_floor(wanted(goods, 2000), actor=BRAND_OWNER)


# ------------------------------------------------------------------ a scheduled raise


def test_a_coming_floor_is_previewed_told_before_and_carried_out_at_its_time(shop, goods, owner):
    start = later(days=3)
    with brand_scope(goods.brand_id):
        seen = floors.preview(wanted(goods, 2400, starts_at=start))
    assert [
        (one.listing.shop, one.listing.price_minor, one.floor_minor, one.becomes) for one in seen.affected
    ] == [(shop.name, 2000, 2400, "raise")]
    assert windows(owner) == [(1500, True)]
    floor_id = set_floor(goods, 2400, starts_at=start)
    assert [one["listings"] for one in mails(owner, "floor_coming")] == [[[shop.name, 2000, 2400, "raise"]]]
    assert floors.keep_floors() == 0
    assert prices(owner) == [(2000, "live")]
    let_begin(owner, floor_id)
    assert floors.keep_floors() == 1
    assert prices(owner) == [(2400, "live")]
    assert ask(owner, "SELECT floor_minor FROM skus") == [(2400,)]
    assert floors.keep_floors() == 0
    assert len(mails(owner, "floor_coming")) == len(mails(owner, "floor_begun")) == 1


def test_telling_that_was_lost_is_made_up_for_by_the_clock(shop, goods, owner):
    floor_id = set_floor(goods, 2400, starts_at=later(days=3))
    change(owner, "DELETE FROM mails")
    change(owner, "UPDATE floors SET told_at = NULL WHERE id = :id", id=floor_id)
    floors.keep_floors()
    floors.keep_floors()
    assert len(mails(owner, "floor_coming")) == 1


def test_between_the_start_and_the_clock_nothing_is_sold_below(shop, goods, owner):
    let_begin(owner, set_floor(goods, 2400, starts_at=later(days=3)))
    with shop_scope(shop.id), pytest.raises(BelowFloor):
        purchase.quote(shop, {goods.listing_id: 1})
    assert ask(owner, "SELECT stage, wanted_minor, floor_minor, actor_name FROM floor_attempts") == [
        ("quote", 2000, 2400, "perkline")
    ]


def test_when_a_floor_of_ones_own_ends_the_price_below_everybodys_is_raised(shop, goods, owner):
    firm = firm_of(owner, shop)
    own = set_floor(goods, 1300, distributor_id=firm, ends_at=later(days=2))
    change(owner, "UPDATE listings SET price_minor = 1350")
    let_end(owner, own)
    assert floors.keep_floors() == 1
    assert prices(owner) == [(1500, "live")]
    assert floors.keep_floors() == 0


def test_a_coming_floor_can_be_taken_back_and_a_running_one_ended(shop, goods, owner):
    coming = set_floor(goods, 2400, starts_at=later(days=3))
    with brand_scope(goods.brand_id):
        floors.end_floor(goods.sku_id, coming, actor=BRAND_OWNER)
    assert windows(owner) == [(1500, True)]
    own = set_floor(goods, 2200, distributor_id=firm_of(owner, shop))
    with brand_scope(goods.brand_id):
        floors.end_floor(goods.sku_id, own, actor=BRAND_OWNER)
        base = ask(owner, "SELECT id FROM floors WHERE distributor_id IS NULL")[0][0]
        with pytest.raises(FloorStays):
            floors.end_floor(goods.sku_id, base, actor=BRAND_OWNER)
    assert ask(
        owner,
        "SELECT money.floor_in_force(:sku, :firm, clock_timestamp())",
        sku=goods.sku_id,
        firm=firm_of(owner, shop),
    ) == [(1500,)]


def test_ending_a_floor_with_an_end_brings_the_one_that_follows_at_once(shop, goods, owner):
    now = set_floor(goods, 2200, ends_at=later(days=2))
    assert prices(owner) == [(2200, "live")]
    with brand_scope(goods.brand_id):
        floors.end_floor(goods.sku_id, now, actor=BRAND_OWNER)
    assert ask(owner, "SELECT floor_minor FROM skus") == [(1500,)]
    assert ask(owner, "SELECT money.floor_in_force(:sku, 0, clock_timestamp())", sku=goods.sku_id) == [
        (1500,)
    ]


def test_who_falls_to_a_level_with_a_higher_floor_is_raised_and_nobody_else(shop, goods, owner):
    gold, firm = make_level(goods.brand_id, 1, "Gold"), firm_of(owner, shop)
    set_floor(goods, 2600, level_id=gold)
    assert prices(owner) == [(2000, "live")]
    move_to(goods.brand_id, firm, gold)
    assert floors.follow_level(goods.brand_id, firm) == 1
    assert prices(owner) == [(2600, "live")]
    assert floors.follow_level(goods.brand_id, firm) == 0
    assert mails(owner, "floor_begun")[0]["listings"] == [[shop.name, 2000, 2600, "raise"]]


def test_an_exemption_counts_for_its_promotion_only_and_raises_nothing(shop, goods, owner):
    winter = promote(shop, "timed_price", {"off_bps": 4000}).key
    set_floor(goods, 1300, promotion=winter, ends_at=later(days=3))
    assert prices(owner) == [(2000, "live")]
    asked = "SELECT money.floor_in_force(:sku, :firm, clock_timestamp(), :name)"
    firm = firm_of(owner, shop)
    for name, floor in ((winter, 1300), ("summer", 1500), (None, 1500)):
        assert ask(owner, asked, sku=goods.sku_id, firm=firm, name=name) == [(floor,)]
    with pytest.raises(FloorWindowsOverlap):
        set_floor(goods, 1400, promotion=winter, starts_at=later(days=1), ends_at=later(days=2))


@pytest.mark.parametrize("named", ["free words", "another shop's goods", "an ended one"])
def test_an_exemption_for_no_promotion_of_this_sku_is_refused(shop, goods, named):
    key = "双十一"
    if named == "another shop's goods":
        key = promote(
            shop, "timed_price", {"off_bps": 1000}, target_of="sku", target_ids=[goods.sku_id + 99]
        ).key
    if named == "an ended one":
        row = promote(shop, "timed_price", {"off_bps": 1000})
        key = row.key
        with shop_scope(shop.id), unit_of_work() as work:
            promotions.become(work.session.get_one(type(row), row.id), "ended")
    with pytest.raises(FloorPromotion) as refused:
        set_floor(goods, 1300, promotion=key, ends_at=later(days=3))
    assert refused.value.facts["reason"] == "unknown"


def test_an_exemption_lies_within_its_promotions_window(shop, goods):
    key = promote(shop, "timed_price", {"off_bps": 1000}, ends_at=later(days=2)).key
    with pytest.raises(FloorPromotion):
        set_floor(goods, 1300, promotion=key, ends_at=later(days=3))
    set_floor(goods, 1300, promotion=key, ends_at=later(days=1))


def test_python_and_the_database_say_the_same_of_which_floor_counts(shop, goods, owner):
    elsewhere = make_shop()
    make_goods(elsewhere, brand_id=goods.brand_id)
    other = firm_of(owner, elsewhere)
    firm, gold = firm_of(owner, shop), make_level(goods.brand_id, 1, "Gold")
    move_to(goods.brand_id, firm, gold)
    dice, now = random.Random(7), clock.now()
    winter = promote(shop, "timed_price", {"off_bps": 4000}).key
    targets = [{}, {"level_id": gold}, {"distributor_id": firm}, {"distributor_id": other}, {"promotion": winter},
               {"promotion": winter, "level_id": gold}, {"promotion": winter, "distributor_id": firm}]  # fmt: skip
    for target in targets:
        for hour in range(1, 40, 8):
            start, end = later(hours=hour + dice.random() * 3), later(hours=hour + 4 + dice.random() * 3)
            set_floor(goods, dice.randrange(1200, 5000), starts_at=start, ends_at=end, **target)
    with brand_scope(goods.brand_id), unit_of_work():
        rows = [floor_queries.as_row(one) for one in floor_queries.floors_of(goods.sku_id)]
    asked = "SELECT money.floor_in_force(:sku, :firm, :at, :name)"
    for _ in range(200):
        at, name = now + timedelta(hours=dice.random() * 48), dice.choice([None, winter, "summer"])
        told = resolve(
            rows, sku_floor_minor=1500, at=at, distributor_id=firm, level_id=gold,
            promotions=(name,) if name else (),
        )  # fmt: skip
        assert ask(owner, asked, sku=goods.sku_id, firm=firm, at=at, name=name) == [(told.floor_minor,)]


def test_a_window_that_lies_far_ahead_is_a_slip_of_the_pen(goods):
    with pytest.raises(FloorWindow):
        set_floor(goods, 2000, starts_at=later(days=7300))
