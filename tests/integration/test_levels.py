"""Levels move by sales, with grace before a fall, and by hand with a reason."""

import pytest
from sqlalchemy import text

from app.domain.distributors.errors import LadderNotClimbing
from app.domain.distributors.ladder import Pace
from app.flows import levels, partner
from app.flows.levels import Plan, Step
from app.foundation.actor import SYSTEM
from app.foundation.errors import InvalidInput, NotFound
from tests.factories import buy, make_goods, make_shop, run_jobs

WINDOW, GRACE = 30, 7


def one(owner, question, **values):
    with owner.connect() as connection:
        return connection.execute(text(question), values).scalar()


def rows(owner, question, **values):
    with owner.connect() as connection:
        return [tuple(row) for row in connection.execute(text(question), values)]


def ladder(*thresholds, window=WINDOW, grace=GRACE, currency="CNY"):
    names = ("标准", "银牌", "金牌", "钻石")
    steps = [Step(0, "标准", "Standard", 0, 7)]
    steps += [Step(rank, names[rank], "", minor, 5) for rank, minor in enumerate(thresholds, 1)]
    return Plan(tuple(steps), Pace(window, grace), currency)


@pytest.fixture
def seller(app, owner):
    """A partner of a brand with three levels: 0, ¥40 and ¥100 in 30 days; one piece costs ¥20."""
    shop = make_shop("seller")
    goods = make_goods(shop, codes=40)
    levels.change_ladder(goods.brand_id, ladder(4000, 10000), actor=SYSTEM)
    # What the fixture approved was given; what follows is about what is earned.
    with owner.connect() as connection:
        connection.execute(text("UPDATE partnerships SET level_since = now() - interval '90 days'"))
    number = one(owner, "SELECT id FROM partnerships")
    return {"shop": shop, "goods": goods, "brand": goods.brand_id, "partnership": number}


def sell(seller, pieces, **who):
    return buy(seller["shop"], {seller["goods"]: pieces}, **who)


def rank(owner):
    return one(owner, "SELECT l.rank FROM partnerships p JOIN levels l ON l.id = p.level_id")


def mails(owner):
    return [kind for (kind,) in rows(owner, "SELECT kind FROM mails WHERE kind LIKE 'level%' ORDER BY id")]


def test_sales_in_the_window_lift_at_once_and_only_once(seller, owner):
    sell(seller, 2)
    assert levels.move_levels() == 1
    assert rank(owner) == 1
    assert levels.move_levels() == 0
    assert rows(owner, "SELECT moved_by, volume_minor FROM level_moves WHERE moved_by = 'rule'") == [
        ("rule", 4000)
    ]
    assert mails(owner) == ["level_moved"]
    sell(seller, 3)
    levels.move_levels()
    assert rank(owner) == 2


def test_who_is_a_cent_short_stays(seller, owner):
    levels.change_ladder(seller["brand"], ladder(4001, 10000), actor=SYSTEM)
    sell(seller, 2)
    assert levels.move_levels() == 0
    assert rank(owner) == 0


def test_a_fall_begins_with_a_notice_and_comes_after_the_grace(seller, owner, moved_clock):
    sell(seller, 2)
    levels.move_levels()
    moved_clock(days=WINDOW + 1)
    assert levels.move_levels() == 1
    assert (rank(owner), mails(owner)) == (1, ["level_moved", "level_notice"])
    moved_clock(days=GRACE - 1)
    assert levels.move_levels() == 0
    moved_clock(days=1, minutes=1)
    assert levels.move_levels() == 1
    assert (rank(owner), mails(owner)) == (0, ["level_moved", "level_notice", "level_moved"])
    assert levels.move_levels() == 0


def test_who_catches_up_within_the_grace_keeps_its_level(seller, owner, moved_clock):
    sell(seller, 2)
    levels.move_levels()
    moved_clock(days=WINDOW + 1)
    levels.move_levels()
    sell(seller, 2)
    assert levels.move_levels() == 1
    assert one(owner, "SELECT grace_until FROM partnerships") is None
    moved_clock(days=GRACE + 1)
    assert levels.move_levels() == 0
    assert rank(owner) == 1


def test_money_that_went_back_does_not_count(seller, owner):
    sell(seller, 2)
    with owner.connect() as connection:
        connection.execute(text("UPDATE settlements SET returned_minor = 1"))
    assert levels.move_levels() == 0
    assert rank(owner) == 0


def test_own_purchases_lift_nobody(seller, owner):
    with owner.connect() as connection:
        connection.execute(text("UPDATE distributors SET contact_email = 'boss@firm.example'"))
    sell(seller, 5, email="Boss+gift@firm.example")
    assert levels.move_levels() == 0
    assert rank(owner) == 0
    sell(seller, 2, email="stranger@firm.example")
    levels.move_levels()
    assert rank(owner) == 1


def test_sales_in_another_currency_do_not_count(seller, owner):
    sell(seller, 5)
    levels.change_ladder(seller["brand"], ladder(4000, 10000, currency="USD"), actor=SYSTEM)
    assert levels.move_levels() == 0


def test_a_level_by_hand_stays_until_it_is_let_go(seller, owner, moved_clock):
    gold = one(owner, "SELECT id FROM levels WHERE rank = 2")
    levels.pin(seller["brand"], seller["partnership"], gold, reason="opening a flagship", actor=SYSTEM)
    moved_clock(days=200)
    assert levels.move_levels() == 0
    assert rank(owner) == 2
    levels.let_go(seller["brand"], seller["partnership"], reason="a year is over", actor=SYSTEM)
    assert levels.move_levels() == 0  # it has one window to show what it sells
    moved_clock(days=WINDOW + 1)
    levels.move_levels()
    moved_clock(days=GRACE + 1)
    levels.move_levels()
    assert rank(owner) == 0
    reasons = rows(owner, "SELECT reason FROM level_moves WHERE moved_by = 'hand' ORDER BY id")
    assert reasons == [("opening a flagship",), ("a year is over",)]
    assert (
        one(owner, "SELECT count(*) FROM audit_entries WHERE action IN ('level.pinned', 'level.let_go')") == 2
    )


def test_a_level_by_hand_needs_a_reason_and_is_the_brands_own(seller, owner):
    other = make_goods(seller["shop"]).brand_id
    strange = one(owner, "SELECT id FROM levels WHERE brand_id = :id", id=other)
    with pytest.raises(InvalidInput):
        levels.pin(seller["brand"], seller["partnership"], strange, reason=" ", actor=SYSTEM)
    with pytest.raises(NotFound):
        levels.pin(seller["brand"], seller["partnership"], strange, reason="x", actor=SYSTEM)
    with pytest.raises(NotFound):
        levels.pin(other, seller["partnership"], strange, reason="x", actor=SYSTEM)
    assert rank(owner) == 0


def test_who_is_suspended_does_not_move(seller, owner):
    sell(seller, 2)
    partner.suspend(seller["brand"], seller["partnership"], reason="x", actor=SYSTEM)
    assert levels.move_levels() == 0
    partner.resume(seller["brand"], seller["partnership"], actor=SYSTEM)
    assert levels.move_levels() == 1


@pytest.mark.parametrize("thresholds", [(4000, 4000), (5000, 4000), (4000, 10000, 9999)])
def test_a_ladder_that_does_not_climb_is_refused_with_nothing_half_written(seller, owner, thresholds):
    before = rows(owner, "SELECT rank, threshold_minor, name FROM levels ORDER BY rank")
    with pytest.raises(LadderNotClimbing):
        levels.change_ladder(seller["brand"], ladder(*thresholds, window=5), actor=SYSTEM)
    assert rows(owner, "SELECT rank, threshold_minor, name FROM levels ORDER BY rank") == before
    assert one(owner, "SELECT level_window_days FROM brands") == WINDOW


def test_thresholds_may_pass_each_other_in_one_change(seller, owner):
    levels.change_ladder(seller["brand"], ladder(20000, 30000, 40000), actor=SYSTEM)
    assert rows(owner, "SELECT threshold_minor FROM levels ORDER BY rank") == [
        (0,),
        (20000,),
        (30000,),
        (40000,),
    ]


def test_the_preview_says_who_would_move_and_changes_nothing(seller, owner):
    sell(seller, 3)
    before = rows(owner, "SELECT * FROM levels ORDER BY id")
    foreseen = levels.foresee(seller["brand"], ladder(3000, 6000))
    assert [(one.verdict, one.from_rank, one.to_rank, one.volume_minor) for one in foreseen] == [
        ("up", 0, 2, 6000)
    ]
    assert levels.foresee(seller["brand"], ladder(6001, 9000)) == []
    assert rows(owner, "SELECT * FROM levels ORDER BY id") == before
    levels.change_ladder(seller["brand"], ladder(3000, 6000), actor=SYSTEM)
    levels.move_levels()
    assert rank(owner) == 2


def test_the_mails_of_a_level_can_be_written(seller, owner, moved_clock):
    sell(seller, 2)
    levels.move_levels()
    moved_clock(days=WINDOW + 1)
    levels.move_levels()
    run_jobs()
    assert {state for (state,) in rows(owner, "SELECT state FROM mails")} == {"sent"}


def test_one_brand_in_trouble_does_not_hold_up_the_others(seller, owner):
    sell(seller, 2)
    shop = make_shop("second")
    goods = make_goods(shop, codes=5)
    levels.change_ladder(goods.brand_id, ladder(2000), actor=SYSTEM)
    buy(shop, goods)
    engine = owner.execution_options(isolation_level="READ COMMITTED")
    with engine.connect() as holder, holder.begin():
        holder.execute(
            text("SELECT 1 FROM partnerships WHERE brand_id = :id FOR UPDATE"), {"id": seller["brand"]}
        )
        assert levels.move_levels() == 1
    assert levels.move_levels() == 1


def test_another_levels_floor_lifts_the_price_it_overtakes(seller, owner):
    """A level may have a floor of its own; who comes to it is not left with a price nobody may buy at."""
    goods = seller["goods"]
    silver = one(owner, "SELECT id FROM levels WHERE rank = 1")
    with owner.connect() as connection:
        connection.execute(
            text(
                "INSERT INTO floors (brand_id, sku_id, level_id, floor_minor, starts_at, applied_at, told_at)"
                " VALUES (:brand, :sku, :level, 2500, now() - interval '1 day', now(), now())"
            ),
            {"brand": goods.brand_id, "sku": goods.sku_id, "level": silver},
        )
    sell(seller, 2)
    levels.move_levels()
    run_jobs(kinds={"follow_level"})
    assert rank(owner) == 1
    assert one(owner, "SELECT price_minor FROM listings") == 2500
