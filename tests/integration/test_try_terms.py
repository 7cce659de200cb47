"""A rule or a fee tried on what was really sold: unchanged it changes nothing, changed it moves money and makes none."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.domain.commissions import fee_queries, fee_trial, fees, trial
from app.domain.commissions import rule_queries as queries
from app.domain.commissions.drafts import Draft, Ending
from app.domain.commissions.fee_trial import FeeDraft
from app.flows import fees as fee_flows
from app.flows import terms
from app.foundation import clock
from app.foundation.actor import Actor
from app.foundation.database import session
from app.foundation.errors import InvalidInput
from tenants.context import brand_scope, platform_scope, shop_scope
from tests.factories import buy, make_goods, make_shop

ACTOR = Actor("staff", name="Lin")
BRACKETS = {
    "brackets": [{"from_minor": 0, "rate_bps": 333}, {"from_minor": 3000, "rate_bps": 777}], "currency": "CNY",
}  # fmt: skip


@pytest.fixture
def busy(app, owner):
    """A shop with an upline that has sold on every kind of terms, with fees, in the last minutes."""
    shop, boss = make_shop(), make_shop()
    with owner.connect() as connection:
        connection.execute(
            text(
                "UPDATE distributors SET upline_id = (SELECT distributor_id FROM shops WHERE id = :boss)"
                " WHERE id = (SELECT distributor_id FROM shops WHERE id = :shop)"
            ),
            {"boss": boss.id, "shop": shop.id},
        )
    fee_flows.set_fee(FeeDraft("platform", 133), reason="t", actor=ACTOR)
    fee_flows.set_fee(FeeDraft("gateway", 60, 7, currency="CNY"), reason="t", actor=ACTOR)
    first = make_goods(shop, price=1999, codes=9)
    brand = first.brand_id
    more = [make_goods(shop, price=1777, codes=9, brand_id=brand) for _ in range(2)]
    with brand_scope(brand):
        terms.make_rule(
            Draft("commission", {"rate_bps": 1234}, sku_id=more[0].sku_id), reason="t", actor=ACTOR
        )
        terms.make_rule(Draft("commission", BRACKETS, product_id=more[1].product_id), reason="t", actor=ACTOR)
        terms.make_rule(
            Draft("override", {"step1_bps": 155, "step2_bps": 50, "pot": "brand"}), reason="t", actor=ACTOR
        )
        ends = clock.now() + timedelta(days=1)
        terms.make_rule(
            Draft("boost", {"add_bps": 111}, sku_id=more[0].sku_id, ends_at=ends), reason="t", actor=ACTOR
        )
    for _ in range(3):
        buy(shop, {first: 2, more[0]: 1, more[1]: 1})
    return brand, [first, *more], shop


def looked_back(brand: int):
    with brand_scope(brand):
        lines = queries.sold_lines(clock.now() - timedelta(days=30), clock.now() + timedelta(seconds=1))
        rules = queries.all_rules(brand)
        session().rollback()
    return lines, rules


def test_what_was_settled_recomputes_to_the_cent(busy):
    lines, rules = looked_back(busy[0])
    assert len(lines) == 9
    for line in lines:
        assert trial.recomputed(line, trial.terms_after(line, rules, rules)) == line.earned()


def test_a_rule_as_it_is_makes_a_difference_of_nothing(busy):
    lines, rules = looked_back(busy[0])
    for rule in rules:
        same = Draft(
            rule.kind, rule.value, product_id=rule.product_id, sku_id=rule.sku_id, level_id=rule.level_id,
            distributor_id=rule.distributor_id, series=rule.series,
        )  # fmt: skip
        assert [one for one in trial.tried(lines, rules, same) if one.differs] == []


def test_a_higher_rate_moves_money_from_brand_to_distributor_and_makes_none(busy):
    brand, goods, _shop = busy
    lines, rules = looked_back(brand)
    results = trial.tried(lines, rules, Draft("commission", {"rate_bps": 2000}, sku_id=goods[1].sku_id))
    sums = trial.by_party(results)["CNY"]
    assert sums["distributors"].more_minor == 3 * (1777 * 2000 // 10000 - 1777 * 1234 // 10000)
    assert sum(one.more_minor for one in sums.values()) == 0
    assert sum(one.differs for one in results) == 3


def test_a_wider_rule_leaves_alone_what_a_narrower_one_decides(busy):
    brand, goods, _shop = busy
    lines, rules = looked_back(brand)
    results = trial.tried(lines, rules, Draft("commission", {"rate_bps": 2000}))
    assert {one.line.sku_id for one in results if one.differs} == {goods[0].sku_id}


def test_brackets_tried_on_lines_of_a_flat_rate_go_by_the_running_month(busy):
    brand, goods, _shop = busy
    lines, rules = looked_back(brand)
    draft = Draft("commission", BRACKETS, sku_id=goods[1].sku_id)
    results = [one for one in trial.tried(lines, rules, draft) if one.line.sku_id == goods[1].sku_id]
    from_nothing = min(results, key=lambda one: one.line.running_minor)
    assert from_nothing.line.running_minor == 2 * 1999
    assert from_nothing.differs


def test_an_end_falls_back_to_what_is_wider(busy):
    brand, goods, _shop = busy
    lines, rules = looked_back(brand)
    series = next(rule.series for rule in rules if rule.kind == "commission" and rule.sku_id)
    results = [one for one in trial.tried(lines, rules, Ending(series)) if one.differs]
    assert {one.line.sku_id for one in results} == {goods[1].sku_id}
    assert all(one.would["supplier"] <= 1200 for one in results)


def test_the_real_settlement_after_a_change_is_what_the_trial_foretold(busy):
    brand, goods, shop = busy
    draft = Draft("commission", {"rate_bps": 1500}, sku_id=goods[0].sku_id)
    lines, rules = looked_back(brand)
    foretold = next(one for one in trial.tried(lines, rules, draft) if one.line.sku_id == goods[0].sku_id)
    with brand_scope(brand):
        terms.make_rule(draft, reason="t", actor=ACTOR)
    buy(shop, {goods[0]: 2, goods[1]: 1, goods[2]: 1})
    newest = next(line for line in looked_back(brand)[0] if line.sku_id == goods[0].sku_id)
    assert newest.earned() == dict(foretold.would)


def test_a_brand_looks_back_at_its_own_lines_only(busy):
    other = make_goods(make_shop(), codes=1)
    assert looked_back(other.brand_id)[0] == []
    with shop_scope(busy[2].id), pytest.raises(Exception, match="permission denied"):
        session().execute(text("SELECT * FROM money.settled_lines(now() - interval '1 day', now(), 10)"))
    session().rollback()


def fee_tried(draft: FeeDraft):
    with platform_scope():
        since, until = clock.now() - timedelta(days=30), clock.now() + timedelta(seconds=1)
        lines = fee_queries.sold_lines(since, until)
        orders = fee_queries.order_facts({line.order_id for _brand, line in lines})
        results = fee_trial.tried(lines, orders, fees.all_rules(), draft)
        session().rollback()
        return results


def test_a_fee_as_it_is_makes_a_difference_of_nothing(busy):
    for draft in (FeeDraft("platform", 133), FeeDraft("gateway", 60, 7, currency="CNY")):
        assert [one for _brand, one in fee_tried(draft) if one.differs] == []


def test_a_fee_is_recomputed_with_the_shares_of_its_order(busy):
    results = fee_tried(FeeDraft("gateway", 60, 107, currency="CNY"))
    assert sum(one.more("gateway") for _brand, one in results) == 3 * 100
    assert all(sum(one.was.values()) == sum(one.would.values()) for _brand, one in results)


def test_a_fee_that_ends_gives_way_to_the_wider_one(busy):
    brand = busy[0]
    fee_flows.set_fee(FeeDraft("platform", 500, brand_id=brand), reason="t", actor=ACTOR)
    at = clock.now()
    fee_flows.end_fee(
        FeeDraft("platform", brand_id=brand, starts_at=at + timedelta(days=1)), reason="t", actor=ACTOR
    )
    with platform_scope():
        rules = fees.all_rules()
        later = at + timedelta(days=2)
        found = [
            fees.in_force(rules, "platform", when, currency="CNY", brand_id=brand) for when in (at, later)
        ]
        assert [rule.rate_bps for rule in found if rule] == [500, 133]
        session().rollback()


@pytest.mark.parametrize(
    ("draft", "param"),
    [
        (FeeDraft("platform", 10001), "rate"), (FeeDraft("platform", -1), "rate"), (FeeDraft("tax", 1), "kind"),
        (FeeDraft("platform", 1, 5), "currency"), (FeeDraft("payout", 1, gateway="stripe"), "gateway"),
        (FeeDraft("platform", 1, brand_id=999_999), "brand"),
        (FeeDraft("platform", 1, starts_at=clock.now() - timedelta(days=1)), "starts_at"),
        (FeeDraft("payout", lapsed=True), "starts_at"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)  # fmt: skip
def test_a_fee_that_cannot_be_is_refused_at_its_field(app, owner, draft, param):
    with pytest.raises(InvalidInput) as told:
        fee_flows.set_fee(draft, reason="t", actor=ACTOR)
    assert told.value.param == param
    with owner.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM fee_rules")).scalar_one() == 0


def test_a_fee_is_written_down_with_its_reason(app, owner):
    fee_flows.set_fee(FeeDraft("payout", 0, 100, currency="CNY"), reason="bank prices", actor=ACTOR)
    with owner.connect() as connection:
        told = connection.execute(text("SELECT action, data->>'reason' FROM audit_entries")).one()
    assert tuple(told) == ("fee.set", "bank prices")
