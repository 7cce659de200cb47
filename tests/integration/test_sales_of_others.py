"""A brand's or the platform's sale with stock of its own in chosen shops: made, bought in, settled to who made it."""

from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.domain.groups.errors import GroupOver
from app.domain.promotions import lists, switch_queries
from app.domain.promotions.errors import NoShopTakesPart
from app.flows import chosen_shops, drops, group_offers, grouping, own_flash
from app.flows import promotions as making
from app.flows.priced import Asked
from app.flows.prove import prove
from app.foundation.actor import SYSTEM
from app.foundation.database import session
from app.foundation.errors import NotFound
from tenants.context import shop_scope
from tests.factories import make_goods, make_shop, pay, place, run_jobs
from tests.factories.drops import line_up, order_seat, row_of, seat_of
from tests.factories.groups import past_deadline
from tests.factories.money import Books
from tests.factories.orders import state_of
from tests.factories.others import (
    PLATFORM,
    also_in,
    brand_of,
    deal,
    drop_in,
    flash_sale,
    group_sale,
    launch,
    scope_of,
)

CODES = "SELECT state, count(*)::int FROM codes GROUP BY 1 ORDER BY 1"


@pytest.fixture
def two(app):
    """Two shops that sell the same Sku, and another Sku of another brand."""
    first, second = make_shop(), make_shop()
    goods = make_goods(first, price=2000, floor=1500, supply=1200, codes=6)
    return first, second, goods, also_in(second, goods, price=2200)


@pytest.fixture
def books(owner) -> Books:
    return Books(owner)


@pytest.mark.parametrize("who", ["brand", "platform"])
def test_a_flash_sale_of_another_is_bought_in_each_shop_and_paid_by_who_made_it(two, books, who):
    first, second, goods, there = two
    owner = brand_of(goods) if who == "brand" else PLATFORM
    made = launch(owner, flash_sale(goods, {first.id: 2, second.id: 1}))
    assert [one.error for one in made.shops] == [None, None]
    assert books.ask(CODES) == [("free", 3), ("reserved", 3)], "each shop's own, set aside at once"
    for shop, sold in ((first, goods), (second, there)):
        drop = drop_in(shop, made.promotion_id)
        buyer, _place = line_up(shop, drop)
        placed = order_seat(shop, drop, sold, buyer)
        pay(shop, placed)
        run_jobs()
        assert state_of(shop, placed) == "delivered"
    lines = "SELECT net_minor, funded_brand_minor, funded_platform_minor FROM order_lines ORDER BY id"
    assert books.ask(lines) == [
        (1600, 400, 0) if who == "brand" else (1600, 0, 400),
        (1600, 600, 0) if who == "brand" else (1600, 0, 600),
    ]
    parts = books.parts()
    assert parts["seller"] == (2000 - 1200) + (2200 - 1200), "the distributors earn as without the sale"
    assert parts["supplier"] == 2 * 1200 - (1000 if who == "brand" else 0)
    assert books.accounts().get("promotion_cost", 0) == (0 if who == "brand" else -1000)
    books.check()
    assert prove().differences == []


def test_a_shop_that_cannot_take_part_is_named_and_the_others_go_on(two, books):
    first, second, goods, _there = two
    third = make_shop()
    also_in(third, goods, price=1600)
    made = launch(brand_of(goods), flash_sale(goods, {first.id: 5, second.id: 3, third.id: 1}))
    told = {one.shop_id: one.error and (one.error.code, one.error.facts.get("reason")) for one in made.shops}
    assert told == {
        first.id: None,
        second.id: ("stock_exhausted", None),
        third.id: ("drop_invalid", "not_cheaper"),
    }
    [(shop_ids, limit, settings)] = books.ask("SELECT shop_ids, total_limit, settings FROM promotions")
    assert (shop_ids, limit) == ([first.id], 5)
    assert [one["name"] for one in settings["left_out"]] == [second.name, third.name]
    assert books.ask(CODES) == [("free", 1), ("reserved", 5)], "nothing lies aside where it is not sold"


def test_none_that_can_is_no_sale(two, books):
    first, _second, goods, _there = two
    with pytest.raises(NoShopTakesPart):
        launch(brand_of(goods), flash_sale(goods, {first.id: 7}))
    assert books.ask("SELECT count(*) FROM promotions") == [(0,)]
    assert books.ask(CODES) == [("free", 6)]


def test_a_price_that_the_brands_part_or_the_floor_does_not_bear_is_refused_before_anybody_waits(two):
    first, _second, goods, _there = two
    dear = make_goods(first, price=9000, floor=1000, supply=1000, codes=2)
    (one,) = _tried(dear, flash_sale(dear, {first.id: 1}, price_minor=7999), "brand")
    assert one.error and (one.error.facts["reason"], one.error.facts["least_minor"]) == ("funder", 8000)
    (one,) = _tried(dear, flash_sale(dear, {first.id: 1}, price_minor=7999), "platform")
    assert one.error is None, "what the platform pays needs no part of the brand's"
    (one,) = _tried(goods, flash_sale(goods, {first.id: 1}, price_minor=1400), "platform")
    assert one.error and one.error.facts["reason"] == "sale_below_floor"


def test_a_budget_is_divided_before_the_sale_and_stops_it_there(two, books):
    first, second, goods, _there = two
    made = launch(brand_of(goods), flash_sale(goods, {first.id: 2, second.id: 1}, budget_minor=1000))
    told = {one.shop_id: one.error and one.error.facts["reason"] for one in made.shops}
    assert sorted(map(str, told.values())) == ["None", "budget_short"]
    assert books.ask("SELECT sum(minor_left)::int FROM promotion_slots") == [(1000,)]


def test_a_limit_for_each_buyer_counts_in_all_shops_before_a_unit_is_given(two, books):
    first, second, goods, _there = two
    made = launch(brand_of(goods), flash_sale(goods, {first.id: 2, second.id: 2}))
    buyer, _place = line_up(first, drop := drop_in(first, made.promotion_id))
    pay(first, order_seat(first, drop, goods, buyer))
    run_jobs()
    again, _place = line_up(second, there := drop_in(second, made.promotion_id), replace(buyer, position=0))
    assert seat_of(second, there, again) is None
    _again, place = line_up(second, there, again)
    assert place.seat and place.seat["state"] == "limit"
    assert books.ask("SELECT count(*) FROM drop_seats WHERE shop_id <> :shop", shop=first.id) == [(0,)]


def test_its_end_is_everywhere_at_once_and_a_shop_ends_only_its_own(two, books):
    first, second, goods, _there = two
    owner = brand_of(goods)
    made = launch(owner, flash_sale(goods, {first.id: 2, second.id: 2}))
    here = drop_in(first, made.promotion_id)
    with shop_scope(first.id):
        drops.end(here.id, actor=SYSTEM)
    assert books.ask("SELECT status FROM promotions") == [("live",)], "it goes on in the other shop"
    assert books.ask(CODES) == [("free", 4), ("reserved", 2)]
    with scope_of(owner):
        own_flash.end(owner, made.promotion_id, actor=SYSTEM)
    assert books.ask("SELECT status FROM promotions") == [("ended",)]
    assert books.ask(CODES) == [("free", 6)]


def test_stock_of_a_sale_that_was_never_published_comes_back(two, books, owner):
    first, _second, goods, _there = two
    made = launch(brand_of(goods), flash_sale(goods, {first.id: 2}))
    drop = drop_in(first, made.promotion_id)
    with owner.begin() as connection:
        connection.execute(text("UPDATE promotions SET status = 'draft'"))
    drops.keep_drops()
    assert row_of(first, drop.id).state == "scheduled", "somebody is at it"
    with owner.begin() as connection:
        connection.execute(text("UPDATE drops SET created_at = now() - interval '11 minutes'"))
    drops.keep_drops()
    assert row_of(first, drop.id).state == "ended" and books.ask(CODES) == [("free", 6)]


def test_nobody_gets_the_price_without_a_seat_in_that_shop(two, books):
    first, second, goods, there = two
    made = launch(brand_of(goods), flash_sale(goods, {first.id: 2}))
    place(second, there, asked=Asked(granted=frozenset({made.promotion_id})))
    place(first, goods)
    assert books.ask("SELECT net_minor FROM order_lines ORDER BY id") == [(2200,), (2000,)]


@pytest.mark.parametrize("who", ["brand", "platform"])
def test_only_ones_own_goods_and_the_shops_that_sell_them_can_be_named(two, books, who):
    first, _second, goods, _there = two
    elsewhere = make_shop()
    foreign = make_goods(elsewhere, codes=3)
    owner = brand_of(goods) if who == "brand" else PLATFORM
    with pytest.raises(NotFound):
        launch(owner, flash_sale(replace(goods, sku_id=10**9), {first.id: 1}))
    with pytest.raises(NotFound):
        launch(owner, flash_sale(goods, {first.id: 1, 10**9: 1}))
    if who == "brand":
        with pytest.raises(NotFound):
            launch(owner, flash_sale(foreign, {elsewhere.id: 1}))
        with pytest.raises(NotFound):
            launch(owner, flash_sale(goods, {first.id: 1, elsewhere.id: 1}))
    assert books.ask("SELECT count(*) FROM promotions") == [(0,)]
    assert books.ask("SELECT count(*) FROM codes WHERE state <> 'free'") == [(0,)]


def test_another_brand_neither_sees_nor_ends_it(two, books):
    first, _second, goods, _there = two
    made = launch(brand_of(goods), flash_sale(goods, {first.id: 1}))
    other = brand_of(make_goods(first, codes=1))
    with scope_of(other), pytest.raises(NotFound):
        own_flash.end(other, made.promotion_id, actor=SYSTEM)
    with scope_of(other):
        assert lists.own(other, made.promotion_id) is None
        assert switch_queries.one(made.promotion_id) is None
        session().rollback()


def test_the_database_hangs_nothing_of_a_shop_on_a_promotion_that_is_not_made_for_it(two, owner):
    first, second, goods, there = two
    made = launch(brand_of(goods), flash_sale(goods, {first.id: 1}))
    drop = drop_in(first, made.promotion_id)
    copied = text(
        "INSERT INTO drops (shop_id, promotion_id, listing_id, sku_id, reservation_id, units, per_buyer, starts_at,"
        " ends_at) SELECT :shop, promotion_id, :listing, sku_id, reservation_id, 1, 1, starts_at, ends_at FROM drops"
        " WHERE id = :drop"
    )
    with (
        pytest.raises(IntegrityError, match="not made for shop"),
        owner.begin() as connection,
    ):
        connection.execute(copied, {"shop": second.id, "listing": there.listing_id, "drop": drop.id})


def _tried(goods, sale, who):
    owner = brand_of(goods) if who == "brand" else PLATFORM
    with scope_of(owner):
        return chosen_shops.try_out(owner, sale)


# ------------------------------------------------------------------ group buys


@pytest.mark.parametrize("who", ["brand", "platform"])
def test_a_group_buy_of_another_fills_from_its_own_units_and_is_paid_by_who_made_it(two, books, who):
    first, second, goods, there = two
    owner = brand_of(goods) if who == "brand" else PLATFORM
    made = launch(owner, group_sale(goods, {first.id: 3, second.id: 2}))
    assert [one.error for one in made.shops] == [None, None]
    assert books.ask(CODES) == [("free", 1), ("reserved", 5)]
    here, other = deal(first, goods, made.promotion_id), deal(second, there, made.promotion_id)
    opened = here.open(device="one", email="one@example.com")
    with pytest.raises(GroupOver):
        here.open(device="two", email="two@example.com")  # one unit is left here: not enough for two
    group = books.ask("SELECT id FROM groups")[0][0]
    joined = here.join(group, device="two", email="two@example.com")
    here.pay(opened, joined)
    assert [state_of(first, one) for one in (opened, joined)] == ["delivered", "delivered"]
    assert books.ask(CODES) == [("free", 1), ("reserved", 3), ("sold", 2)]
    alone = other.open(device="three", email="three@example.com")
    other.pay(alone)
    past_deadline(books.owner)
    grouping.end_groups()
    run_jobs()
    assert state_of(second, alone) == "refunded"
    funded = "funded_brand_minor" if who == "brand" else "funded_platform_minor"
    assert books.ask(f"SELECT net_minor, {funded} FROM order_lines ORDER BY id LIMIT 2") == [(1600, 400)] * 2
    assert books.parts()["seller"] == 2 * 800
    assert books.parts()["supplier"] == 2 * (1200 - (400 if who == "brand" else 0))
    books.check()
    assert prove().differences == []
    with scope_of(owner):
        making.end(owner, made.promotion_id, actor=SYSTEM)
    grouping.end_groups()
    assert books.ask(CODES) == [("free", 4), ("sold", 2)], "what was aside is on the shelf again"


def test_a_shop_moves_no_group_offer_of_another_and_too_few_units_are_named(two, books):
    first, second, goods, _there = two
    made = launch(brand_of(goods), group_sale(goods, {first.id: 2, second.id: 1}))
    told = {one.shop_id: one.error and one.error.facts["reason"] for one in made.shops}
    assert told == {first.id: None, second.id: "fewer_than_people"}
    with shop_scope(first.id), pytest.raises(NotFound):
        group_offers.move_offer(made.promotion_id, "ended", actor=SYSTEM)
    assert books.ask("SELECT status FROM promotions") == [("live",)]
