"""A delivered line splits to the cent, by the terms of its moment, once."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from app.domain.distributors.models import Distributor
from app.domain.fulfilment import service as suppliers
from app.domain.fulfilment.gateway import Hearing, Outcome
from app.domain.identity.models import Membership, User
from app.flows.mature import mature_earnings
from app.flows.resolve import deliver_by_hand, refund_order
from app.flows.settle import settle_forgotten, settle_order
from app.flows.take_back import follow_refunds
from app.foundation import clock
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope, shop_scope
from tests.factories import buy, make_goods, make_shop, pay, place, run_jobs
from tests.factories.money import (
    STAFF,
    Books,
    add_uplines,
    brackets,
    give,
    line_ids,
    seller_of,
    set_fee,
    set_rule,
)


@pytest.fixture
def books(app, owner) -> Books:
    return Books(owner)


@pytest.fixture
def shop(app):
    return make_shop()


def test_a_margin_sale_leaves_the_supply_price_with_the_brand_and_the_rest_with_the_seller(shop, books):
    buy(shop, {make_goods(shop, codes=3, price=2000, supply=1200): 2})
    assert books.parts() == {"seller": 1600, "supplier": 2400}
    assert books.accounts() == {"gateway_clearing": -4000, "brand_held": 2400, "distributor_held": 1600}
    books.check()


def test_a_margin_seller_pays_the_fees_and_never_more_than_it_has(shop, books):
    set_fee("platform", rate_bps=1000)
    set_fee("gateway", rate_bps=3900)
    buy(shop, make_goods(shop, codes=1, price=2000, supply=1200))
    # The gateway's 780 comes first; of the platform's 200 only 20 are left to take.
    assert books.parts() == {"seller": 0, "supplier": 1200}
    assert books.accounts()["platform_revenue"] == 20
    assert books.accounts()["gateway_fees"] == 780
    books.check()


def test_a_fixed_fee_is_shared_by_the_lines_whichever_is_delivered_first(shop, books):
    set_fee("gateway", rate_bps=60, fixed_minor=30)
    set_fee("platform", fixed_minor=7)
    codes, manual = make_goods(shop, codes=1), make_goods(shop, kind="manual", unlimited=True, price=3000)
    placed = buy(shop, {manual: 1, codes: 1})
    assert books.accounts()["buyer_liability"] == 3000
    books.check(finished=False)
    (line,) = [
        line for line in line_ids(shop, placed)
        if books.ask("SELECT delivery_kind FROM order_lines WHERE id = :id", id=line) == [("manual",)]
    ]  # fmt: skip
    with shop_scope(shop.id):
        deliver_by_hand(placed.order_id, line, secret=None, note="done", actor=STAFF)
    run_jobs()
    assert books.accounts()["gateway_fees"] == 5000 * 60 // 10_000 + 30
    assert books.accounts()["platform_revenue"] == 7
    books.check()


def test_a_commission_sale_gives_the_seller_its_rate_rounded_down_and_the_brand_pays_the_fees(shop, books):
    goods = make_goods(shop, codes=1, price=1999)
    set_rule(goods, "commission", rate_bps=825)
    set_fee("gateway", rate_bps=100)
    buy(shop, goods)
    assert books.parts() == {"seller": 164, "supplier": 1999 - 164 - 19}
    books.check()


def test_a_boost_adds_to_the_sellers_part_while_it_lasts(shop, books):
    goods = make_goods(shop, codes=2)
    set_rule(goods, "commission", rate_bps=1000)
    set_rule(goods, "boost", ends_in_days=3, add_bps=500)
    buy(shop, goods)
    assert books.parts() == {"seller": 300, "supplier": 1700}
    clock.travel(timedelta(days=4))
    buy(shop, goods)
    clock.travel_back()
    assert books.parts() == {"seller": 500, "supplier": 3500}
    books.check()


@pytest.mark.parametrize(
    ("pot", "left"),
    [
        ("brand", {"seller": 800, "supplier": 1200 - 90, "platform": 200}),
        ("distributor", {"seller": 800 - 90, "supplier": 1200, "platform": 200}),
        ("platform", {"seller": 800, "supplier": 1200, "platform": 200 - 90}),
    ],
)
def test_an_override_of_two_steps_is_paid_from_the_pot_its_rule_names(shop, books, pot, left):
    one, two = add_uplines(shop, 2)
    goods = make_goods(shop, codes=1, price=2200, supply=1200)
    set_fee("platform", fixed_minor=200)
    set_rule(goods, "override", step1_bps=300, step2_bps=110, pot=pot)
    buy(shop, goods)
    parts = books.parts()
    assert (parts["upline1"], parts["upline2"]) == (66, 24)
    assert {role: parts.get(role, books.accounts().get("platform_revenue")) for role in left} == left
    owners = books.ask("SELECT role, distributor_id FROM earnings WHERE role LIKE 'upline%' ORDER BY role")
    assert owners == [("upline1", one), ("upline2", two)]
    books.check()


def test_an_override_with_one_upline_pays_one_step(shop, books):
    (one,) = add_uplines(shop, 1)
    goods = make_goods(shop, codes=1)
    set_rule(goods, "override", step1_bps=300, step2_bps=200, pot="brand")
    buy(shop, goods)
    assert books.parts() == {"seller": 800, "supplier": 1140, "upline1": 60}
    assert books.ask("SELECT distributor_id FROM earnings WHERE role = 'upline1'") == [(one,)]
    books.check()


def test_each_slice_of_a_month_earns_its_own_rate_and_a_new_month_begins_at_the_bottom(shop, books):
    goods = make_goods(shop, codes=5)
    set_rule(goods, "commission", brackets=brackets((0, 500), (3000, 1000)))
    end = datetime(2027, 3, 31, 15, 59, 50, tzinfo=UTC)  # ten seconds before April in Shanghai
    clock.travel(end - datetime.now(UTC))
    buy(shop, goods)
    buy(shop, goods)
    clock.travel(timedelta(seconds=30))
    buy(shop, goods)
    clock.travel_back()
    rows = books.ask("SELECT amount_minor FROM earnings WHERE role = 'seller' ORDER BY id")
    # 2,000 at 5 %; 1,000 at 5 % and 1,000 at 10 %; and in April 2,000 at 5 % again.
    assert rows == [(100,), (150,), (100,)]
    assert books.ask("SELECT month::text, volume_minor FROM volumes ORDER BY month") == [
        ("2027-03-01", 4000), ("2027-04-01", 2000),
    ]  # fmt: skip
    books.check()


def test_a_firm_that_buys_from_itself_does_not_climb(shop, books):
    goods = make_goods(shop, codes=2)
    set_rule(goods, "commission", brackets=brackets((0, 500), (1000, 1000)))
    seller = seller_of(shop)
    with platform_scope(), unit_of_work() as work:
        user = User(email="mei@example.com", name="Mei", password_hash="-")
        work.session.add(user)
        work.session.flush()
        work.session.add(Membership(user_id=user.id, kind="distributor", distributor_id=seller, role="owner"))
    buy(shop, goods, email="Mei+shop@example.com")
    assert books.ask("SELECT volume_minor FROM volumes") in ([], [(0,)])
    assert books.ask("SELECT counted FROM settlements") == [(False,)]
    buy(shop, goods)
    assert books.ask("SELECT volume_minor FROM volumes") == [(2000,)]
    books.check()


def test_a_half_delivered_topup_is_split_whole_and_its_failed_units_are_taken_back(shop, books, monkeypatch):
    class Half:
        name = "alpha"
        placed = 0

        def place(self, request):
            Half.placed += 1
            ok = Half.placed != 2
            return Outcome(
                Hearing.SUCCEEDED if ok else Hearing.FAILED, at=clock.now(), number="S" if ok else None
            )

    monkeypatch.setattr(suppliers, "_suppliers", {"alpha": Half()})
    topup, codes = (
        make_goods(shop, kind="topup", unlimited=True, price=1000, floor=700, supply=600),
        make_goods(shop, codes=1),
    )
    placed = buy(shop, {topup: 3, codes: 1})
    assert books.ask("SELECT state FROM order_lines ORDER BY net_minor") == [("delivered",), ("delivered",)]
    assert books.ask("SELECT amount_minor, order_line_id IS NOT NULL FROM refunds") == [(1000, True)]
    # Two of three top-ups, and the codes line untouched by it.
    assert books.parts() == {"seller": 800 + 800, "supplier": 1200 + 1200}
    books.check()
    give(
        shop,
        placed,
        2000,
        line=[net for (net,) in books.ask("SELECT net_minor FROM order_lines ORDER BY id")].index(3000),
    )
    assert books.parts() == {"seller": 800, "supplier": 1200}
    books.check()


def test_brand_and_platform_pay_for_the_discounts_they_fund(shop, books, owner):
    goods = make_goods(shop, kind="manual", unlimited=True, price=2000, supply=1200)
    set_rule(goods, "commission", rate_bps=1000)
    placed = buy(shop, goods)
    with owner.connect() as connection:  # promotions are not built yet: as one of them would have written it
        connection.execute(text("SET session_replication_role = replica"))
        connection.execute(
            text(
                "UPDATE order_lines SET list_minor = 3000, funded_brand_minor = 400, funded_platform_minor = 300"
            )
        )
        connection.execute(text("SET session_replication_role = DEFAULT"))
    with shop_scope(shop.id):
        deliver_by_hand(placed.order_id, line_ids(shop, placed)[0], secret=None, note="done", actor=STAFF)
    run_jobs()
    # 10 % of 2,700, the brand bears its own 400, the platform puts its 300 in.
    assert books.parts() == {"seller": 270, "supplier": 2700 - 270 - 400}
    assert books.accounts()["promotion_cost"] == -300
    books.check()
    for minor in (333, 667, 1):
        give(shop, placed, minor)
        books.check()
    give(shop, placed, 999)
    assert books.accounts() == {}
    books.check()


def test_settling_again_changes_nothing(shop, books):
    placed = buy(shop, make_goods(shop, codes=1))
    before = books.ask("SELECT count(*), max(id) FROM ledger_entries")
    with shop_scope(shop.id):
        assert settle_order(placed.order_id) == 0
    assert books.ask("SELECT count(*), max(id) FROM ledger_entries") == before


def test_what_is_held_becomes_available_by_the_clock_once(shop, books):
    placed = buy(shop, make_goods(shop, codes=1))
    assert mature_earnings() == 0
    clock.travel(timedelta(days=7, seconds=5))
    assert mature_earnings() == 2
    assert mature_earnings() == 0
    clock.travel_back()
    assert books.accounts() == {
        "gateway_clearing": -2000, "brand_available": 1200, "distributor_available": 800,
    }  # fmt: skip
    books.check()
    give(shop, placed, 500)
    assert books.accounts() == {
        "gateway_clearing": -1500, "brand_available": 900, "distributor_available": 600,
    }  # fmt: skip
    books.check()


def test_what_was_wholly_taken_back_matures_without_an_entry(shop, books):
    placed = buy(shop, make_goods(shop, codes=1))
    give(shop, placed, 2000)
    before = books.ask("SELECT count(*) FROM ledger_entries")
    clock.travel(timedelta(days=8))
    assert mature_earnings() == 2
    assert mature_earnings() == 0
    clock.travel_back()
    assert books.ask("SELECT count(*) FROM ledger_entries") == before
    assert books.accounts() == {}
    books.check()


def test_earnings_that_somebody_holds_wait_for_the_next_tick(shop, books, owner):
    buy(shop, make_goods(shop, codes=1))
    clock.travel(timedelta(days=8))
    with owner.execution_options(isolation_level="READ COMMITTED").begin() as held:
        held.execute(text("SELECT id FROM earnings WHERE role = 'seller' FOR UPDATE"))
        assert mature_earnings() == 1
    assert mature_earnings() == 1
    clock.travel_back()
    books.check()


def test_a_line_whose_job_was_lost_is_settled_by_the_clock(shop, books, owner):
    placed = place(shop, make_goods(shop, codes=1))
    pay(shop, placed)
    run_jobs(kinds={"confirm_payment", "deliver_order"})
    with owner.connect() as connection:
        connection.execute(text("DELETE FROM outbox WHERE kind = 'settle_order'"))
    assert settle_forgotten() == 0  # it may still be on its way
    clock.travel(timedelta(minutes=6))
    assert settle_forgotten() == 1
    run_jobs()
    assert settle_forgotten() == 0
    clock.travel_back()
    assert books.parts() == {"seller": 800, "supplier": 1200}
    books.check()


def test_a_line_that_cannot_be_settled_is_not_asked_for_without_end(shop, owner):
    placed = place(shop, make_goods(shop, codes=1))
    pay(shop, placed)
    run_jobs(kinds={"confirm_payment", "deliver_order"})
    clock.travel(timedelta(minutes=6))
    assert settle_forgotten() == 1
    with owner.connect() as connection:
        connection.execute(
            text("UPDATE outbox SET failed_at = now() WHERE kind = 'settle_order' AND key LIKE '%again'")
        )
    assert settle_forgotten() == 0
    clock.travel_back()


def test_a_refund_whose_job_was_lost_is_taken_back_by_the_clock(shop, books, owner):
    placed = buy(shop, make_goods(shop, codes=1))
    give(shop, placed, 500, run=False)
    run_jobs(kinds={"send_refund"})
    with owner.connect() as connection:
        connection.execute(text("DELETE FROM outbox WHERE kind = 'take_back_refund'"))
    assert books.accounts()["buyer_liability"] == -500
    assert follow_refunds() == 0
    clock.travel(timedelta(minutes=6))
    assert follow_refunds() == 1
    run_jobs()
    assert follow_refunds() == 0
    clock.travel_back()
    assert books.parts() == {"seller": 600, "supplier": 900}
    books.check()


def test_what_was_never_delivered_goes_back_without_touching_anybodys_part(shop, books):
    codes, manual = make_goods(shop, codes=2), make_goods(shop, kind="manual", unlimited=True, price=3000)
    placed = buy(shop, {codes: 1, manual: 1})
    with shop_scope(shop.id):
        refund_order(placed.order_id, reason="asked", actor=STAFF)
    run_jobs()
    assert books.parts() == {"seller": 800, "supplier": 1200}
    books.check()


def test_money_that_bought_nothing_goes_back_past_everybody(shop, books):
    placed = place(shop, make_goods(shop, codes=1))
    pay(shop, placed, amount=1999)
    run_jobs()
    with shop_scope(shop.id):
        refund_order(placed.order_id, reason="wrong amount", actor=STAFF)
    run_jobs()
    assert books.accounts() == {}
    books.check()


def test_a_suspended_upline_earns_nothing(shop, books):
    (one,) = add_uplines(shop, 1)
    goods = make_goods(shop, codes=1)
    set_rule(goods, "override", step1_bps=300, step2_bps=0, pot="brand")
    with platform_scope(), unit_of_work() as work:
        work.session.get_one(Distributor, one).status = "suspended"
    buy(shop, goods)
    assert books.parts() == {"seller": 800, "supplier": 1200}
    books.check()
