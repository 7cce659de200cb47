"""A brand's rules of pay: made, followed, ended, refused; orders keep the terms of their moment."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from app.domain.commissions import rule_queries as queries
from app.domain.commissions.drafts import Draft, Ending
from app.domain.commissions.errors import RatesOverWhole, RuleEnded, SupplyAboveFloor, WindowsOverlap
from app.domain.commissions.models import Settlement
from app.domain.distributors.models import Level
from app.domain.pricing.models import Floor
from app.flows import terms
from app.foundation import clock
from app.foundation.actor import Actor
from app.foundation.database import session
from app.foundation.errors import InvalidInput
from app.foundation.unit_of_work import unit_of_work
from tenants.context import brand_scope, platform_scope
from tests.factories import Goods, buy, make_goods, make_shop, pay, place, run_jobs

ACTOR = Actor("staff", name="Lin")
TEN = {"rate_bps": 1000}


@pytest.fixture
def sold(app):
    shop = make_shop()
    return shop, make_goods(shop, price=2000, floor=1500, supply=1200, codes=9)


def make(goods: Goods, draft: Draft) -> str:
    with brand_scope(goods.brand_id):
        return terms.make_rule(draft, reason="a test", actor=ACTOR)


def rows(owner) -> list[tuple]:
    with owner.connect() as connection:
        return [tuple(row) for row in connection.execute(text("SELECT * FROM rate_rules ORDER BY id"))]


def refused(owner, goods: Goods, draft: Draft, error=InvalidInput):
    """The error a draft is refused with; nothing was written, and no audit row either."""
    before = rows(owner)
    with pytest.raises(error) as told:
        make(goods, draft)
    assert rows(owner) == before
    return told.value


def parts_of(placed) -> dict[str, int]:
    with platform_scope():
        found = (
            session().execute(select(Settlement).where(Settlement.order_id == placed.order_id)).scalar_one()
        )
        parts = {part["role"]: part["minor"] for part in found.parts}
        session().rollback()
        return parts


def soon(**by) -> object:
    return clock.now() + timedelta(**by)


def level_of(brand_id: int) -> int:
    with platform_scope():
        found = session().execute(select(Level.id).where(Level.brand_id == brand_id)).scalar_one()
        session().rollback()
        return found


def test_a_rule_counts_for_the_orders_after_it_and_only_those(sold):
    shop, goods = sold
    before = place(shop, goods)
    make(goods, Draft("commission", TEN, sku_id=goods.sku_id))
    after = place(shop, goods)
    for placed in (before, after):
        pay(shop, placed)
    run_jobs()
    assert parts_of(before)["supplier"] == 1200
    assert parts_of(after)["seller"] == 200


def test_an_order_keeps_its_terms_when_the_rule_ends_before_it_is_settled(sold):
    shop, goods = sold
    series = make(goods, Draft("commission", TEN))
    placed = place(shop, goods)
    with brand_scope(goods.brand_id):
        terms.end_rule(Ending(series), reason="over", actor=ACTOR)
    pay(shop, placed)
    run_jobs()
    assert parts_of(placed)["seller"] == 200


def test_the_next_version_ends_the_one_before_at_its_start(sold):
    _shop, goods = sold
    series = make(goods, Draft("commission", TEN))
    begins = soon(days=3)
    make(goods, Draft("commission", {"rate_bps": 1500}, starts_at=begins, series=series))
    with brand_scope(goods.brand_id):
        new, old = queries.series(goods.brand_id, series)
        assert (new.version, new.ends_at, old.version, old.ends_at) == (2, None, 1, begins)


def test_a_version_that_was_coming_gives_way_to_one_that_begins_before_it(sold):
    _shop, goods = sold
    series = make(goods, Draft("commission", TEN))
    make(goods, Draft("commission", {"rate_bps": 1500}, starts_at=soon(days=9), series=series))
    begins = soon(days=3)
    make(goods, Draft("commission", {"rate_bps": 1700}, starts_at=begins, series=series))
    with brand_scope(goods.brand_id):
        third, second, first = queries.series(goods.brand_id, series)
        assert first.ends_at == begins == third.starts_at
        assert second.ends_at == second.starts_at
        assert third.ends_at is None


def test_a_series_ends_from_now_or_later_and_not_twice(sold):
    _shop, goods = sold
    series, at = make(goods, Draft("commission", TEN)), soon(days=2)
    with brand_scope(goods.brand_id):
        assert terms.end_rule(Ending(series, at), reason="over", actor=ACTOR) == at
        with pytest.raises(RuleEnded):
            terms.end_rule(Ending(series, at), reason="over", actor=ACTOR)
        with pytest.raises(InvalidInput):
            terms.end_rule(Ending(series, soon(days=-1)), reason="over", actor=ACTOR)


def test_who_changed_what_and_why_is_written_down(sold, owner):
    _shop, goods = sold
    series = make(goods, Draft("commission", TEN))
    with brand_scope(goods.brand_id):
        terms.end_rule(Ending(series), reason="over", actor=ACTOR)
    with owner.connect() as connection:
        told = connection.execute(
            text(
                "SELECT action, data->>'reason', actor_name FROM audit_entries WHERE subject = :s ORDER BY id"
            ),
            {"s": f"rule:{series}"},
        ).all()
    assert [tuple(row) for row in told] == [("rule.made", "a test", "Lin"), ("rule.ended", "over", "Lin")]


def test_a_change_without_a_reason_is_refused(sold, owner):
    _shop, goods = sold
    with brand_scope(goods.brand_id), pytest.raises(InvalidInput) as told:
        terms.make_rule(Draft("commission", TEN), reason=" ", actor=ACTOR)
    assert told.value.param == "reason"
    assert rows(owner) == []


@pytest.mark.parametrize(
    ("draft", "param"),
    [
        (Draft("commission", {"rate_bps": 10001}), "rate"),
        (Draft("commission", {"rate_bps": -1}), "rate"),
        (Draft("commission", TEN, starts_at=clock.now() - timedelta(days=1)), "starts_at"),
        (Draft("commission", TEN, level_id=999_999), "level"),
        (Draft("commission", TEN, distributor_id=999_999), "distributor"),
        (Draft("commission", TEN, product_id=999_999), "product"),
        (Draft("margin", {"supply_minor": 100, "currency": "CNY"}), "sku"),
        (Draft("boost", {"add_bps": 100}), "ends_at"),
        (Draft("override", {"step1_bps": 9000, "step2_bps": 2000, "pot": "brand"}), "step2"),
        (Draft("override", {"step1_bps": 100, "pot": "moon"}), "pot"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_rule_that_cannot_be_is_refused_at_its_field(sold, owner, draft, param):
    assert refused(owner, sold[1], draft).param == param


def test_a_boost_with_an_inverted_window_is_refused(sold, owner):
    draft = Draft("boost", {"add_bps": 100}, starts_at=soon(days=3), ends_at=soon(days=2))
    assert refused(owner, sold[1], draft).facts["reason"] == "ends_before_start"


def test_rates_that_together_take_more_than_the_price_are_refused_with_their_sum(sold, owner):
    _shop, goods = sold
    make(goods, Draft("commission", {"rate_bps": 9000}))
    make(goods, Draft("override", {"step1_bps": 300, "step2_bps": 200, "pot": "brand"}))
    boost = Draft("boost", {"add_bps": 600}, ends_at=soon(days=2), sku_id=goods.sku_id)
    assert refused(owner, goods, boost, RatesOverWhole).facts["total_bps"] == 10100


def test_a_supply_price_above_the_floor_is_refused(sold, owner):
    _shop, goods = sold
    draft = Draft("margin", {"supply_minor": 1501, "currency": "CNY"}, sku_id=goods.sku_id)
    assert refused(owner, goods, draft, SupplyAboveFloor).facts["floor_minor"] == 1500


def test_a_supply_price_above_a_floor_that_is_only_coming_is_refused_too(sold, owner):
    _shop, goods = sold
    level = level_of(goods.brand_id)
    with platform_scope(), unit_of_work() as work:
        work.session.add(
            Floor(
                brand_id=goods.brand_id, sku_id=goods.sku_id, level_id=level, floor_minor=1300,
                starts_at=soon(days=5), ends_at=soon(days=6),
            )
        )  # fmt: skip
    draft = Draft("margin", {"supply_minor": 1400, "currency": "CNY"}, sku_id=goods.sku_id)
    assert refused(owner, goods, draft, SupplyAboveFloor).facts["floor_minor"] == 1300


def test_a_rule_cannot_end_where_what_follows_it_would_be_above_a_floor(sold, owner):
    _shop, goods = sold
    level = level_of(goods.brand_id)
    series = make(
        goods, Draft("margin", {"supply_minor": 900, "currency": "CNY"}, sku_id=goods.sku_id, level_id=level)
    )
    with platform_scope(), unit_of_work() as work:
        work.session.add(
            Floor(
                brand_id=goods.brand_id,
                sku_id=goods.sku_id,
                level_id=level,
                floor_minor=1000,
                starts_at=clock.now(),
            )
        )
    before = rows(owner)
    with brand_scope(goods.brand_id), pytest.raises(SupplyAboveFloor):
        terms.end_rule(Ending(series), reason="over", actor=ACTOR)
    assert rows(owner) == before


def test_two_windows_of_one_target_are_refused_even_as_margin_and_commission(sold, owner):
    _shop, goods = sold
    make(goods, Draft("commission", TEN, sku_id=goods.sku_id))
    draft = Draft("margin", {"supply_minor": 900, "currency": "CNY"}, sku_id=goods.sku_id)
    assert refused(owner, goods, draft, WindowsOverlap).param == "starts_at"


def test_a_rule_may_follow_an_ended_one_of_the_same_target_at_once(sold):
    _shop, goods = sold
    make(goods, Draft("commission", TEN, ends_at=(ends := soon(days=2))))
    make(goods, Draft("commission", TEN, starts_at=ends))


def test_brackets_in_another_currency_than_the_goods_are_refused(sold, owner):
    _shop, goods = sold
    draft = Draft("commission", {"brackets": [{"from_minor": 0, "rate_bps": 500}], "currency": "USD"})
    assert refused(owner, goods, draft).facts["reason"] == "other_currency"


def test_another_brands_goods_levels_and_partners_are_refused(sold, owner):
    _shop, goods = sold
    other = make_goods(make_shop(), codes=1)
    assert refused(owner, goods, Draft("commission", TEN, sku_id=other.sku_id)).param == "sku"
    assert refused(owner, goods, Draft("commission", TEN, level_id=level_of(other.brand_id))).param == "level"
    with platform_scope():
        theirs = (
            session()
            .execute(
                text("SELECT distributor_id FROM partnerships WHERE brand_id = :b"), {"b": other.brand_id}
            )
            .scalar_one()
        )
        session().rollback()
    assert refused(owner, goods, Draft("commission", TEN, distributor_id=theirs)).param == "distributor"


def test_raw_sql_cannot_name_another_brands_level_or_a_rate_over_the_whole(sold):
    _shop, goods = sold
    other = make_goods(make_shop(), codes=1)
    insert = text(
        "INSERT INTO rate_rules (brand_id, series, version, kind, level_id, value, starts_at)"
        " VALUES (:brand, 'x', 1, 'commission', :level, CAST(:value AS jsonb), now())"
    )
    for level, value in (
        (level_of(other.brand_id), '{"rate_bps": 100}'),
        (None, '{"rate_bps": 10001}'),
        (None, '{"brackets": [{"from_minor": 5, "rate_bps": 1}]}'),
    ):
        with brand_scope(goods.brand_id), pytest.raises(IntegrityError), unit_of_work() as work:
            work.session.execute(insert, {"brand": goods.brand_id, "level": level, "value": value})


def test_a_rule_once_written_keeps_its_rate(sold, owner):
    _shop, goods = sold
    make(goods, Draft("commission", TEN))
    with (
        brand_scope(goods.brand_id),
        pytest.raises(Exception, match="permission denied"),
        unit_of_work() as work,
    ):
        work.session.execute(text("UPDATE rate_rules SET value = '{\"rate_bps\": 1}'"))


def test_an_order_of_a_bracket_rule_is_paid_by_the_slices_of_its_month(sold):
    shop, goods = sold
    table = [{"from_minor": 0, "rate_bps": 500}, {"from_minor": 3000, "rate_bps": 1000}]
    make(goods, Draft("commission", {"brackets": table, "currency": "CNY"}))
    earned = [parts_of(buy(shop, goods))["seller"] for _ in range(3)]
    assert earned == [100, 150, 200]
