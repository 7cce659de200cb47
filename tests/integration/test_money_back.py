"""Money that goes back, at any moment and in any number of steps, is taken from those who had earned it, to the cent."""

import pytest

from app.domain.payments import gateways
from app.domain.payments.gateway import EventKind, RefundOutcome, RefundState
from app.flows.give_back import give_back
from app.flows.resolve import acknowledge, deliver_by_hand
from app.flows.take_back import preview, take_back_refund
from app.foundation.errors import InvalidInput, StaleState
from tenants.context import shop_scope
from tests.factories import buy, make_goods, make_shop, pay, place, run_jobs
from tests.factories.money import (
    STAFF,
    Books,
    add_uplines,
    brackets,
    dispute,
    give,
    left_of,
    line_ids,
    mature,
    pay_out,
    set_fee,
    set_rule,
)
from tests.factories.orders import state_of
from tests.integration.test_resolve import refund_event


@pytest.fixture
def books(app, owner) -> Books:
    return Books(owner)


@pytest.fixture
def shop(app):
    return make_shop()


# ------------------------------------------------------------------ a part of a line


def test_a_part_of_a_line_comes_from_everybody_by_share_and_the_line_stays_delivered(shop, books):
    placed = buy(shop, make_goods(shop, codes=1))
    give(shop, placed, 500)
    assert books.parts() == {"seller": 600, "supplier": 900}
    assert books.ask("SELECT state FROM order_lines") == [("delivered",)]
    assert state_of(shop, placed) == "delivered"
    assert books.ask("SELECT outcome, refunded_minor FROM payments") == [("partly_refunded", 500)]
    books.check()


def test_many_small_parts_end_exactly_at_nothing(shop, books):
    add_uplines(shop, 2)
    set_fee("gateway", rate_bps=61)
    set_fee("platform", rate_bps=233, fixed_minor=3)
    goods = make_goods(shop, codes=1, price=1777, floor=1500, supply=1111)
    set_rule(goods, "override", step1_bps=313, step2_bps=97, pot="distributor")
    placed = buy(shop, goods)
    left = 1777
    for minor in (1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610):
        give(shop, placed, minor)
        left -= minor
        books.check()
    give(shop, placed, left)
    assert books.accounts() == {}
    assert set(books.parts().values()) == {0}
    assert books.ask("SELECT state FROM order_lines") == [("refunded",)]
    assert state_of(shop, placed) == "refunded"
    assert books.ask("SELECT outcome FROM payments") == [("refunded",)]
    books.check()


@pytest.mark.parametrize("pot", ["brand", "distributor", "platform"])
def test_uplines_give_their_share_back_with_the_rest(shop, books, pot):
    add_uplines(shop, 2)
    goods = make_goods(shop, codes=1)
    set_fee("platform", rate_bps=500)
    set_rule(goods, "commission", brackets=brackets((0, 1000)))
    set_rule(goods, "override", step1_bps=300, step2_bps=100, pot=pot)
    placed = buy(shop, goods)
    assert (books.parts()["upline1"], books.parts()["upline2"]) == (60, 20)
    give(shop, placed, 1000)
    assert (books.parts()["upline1"], books.parts()["upline2"]) == (30, 10)
    books.check()
    give(shop, placed, 1000)
    assert set(books.parts().values()) == {0}
    assert books.accounts() == {}
    books.check()


def test_a_return_comes_from_the_top_of_the_months_brackets(shop, books):
    goods = make_goods(shop, codes=3)
    table = brackets((0, 500), (3000, 1000))
    set_rule(goods, "commission", brackets=table)
    first, second = buy(shop, goods), buy(shop, goods)
    assert books.parts()["seller"] == 250
    give(shop, first, 1500)
    # The month stands at 2,500 now, all of it in the lower bracket.
    assert books.parts()["seller"] == 125
    give(shop, second, 2000)
    assert books.parts()["seller"] == 25
    give(shop, first, 500)
    assert books.parts() == {"seller": 0, "supplier": 0}
    assert books.accounts() == {}
    books.check()


# ------------------------------------------------------------------ at any moment


def test_before_settlement_what_was_delivered_is_split_first_and_then_taken_back(shop, books):
    placed = place(shop, make_goods(shop, codes=1))
    pay(shop, placed)
    run_jobs(kinds={"confirm_payment"})
    assert books.ask("SELECT settled FROM order_lines") == [(False,)]
    give(shop, placed, 500, run=False)
    run_jobs(kinds={"send_refund", "take_back_refund"})
    assert books.parts() == {"seller": 600, "supplier": 900}
    books.check()
    run_jobs()
    assert books.parts() == {"seller": 600, "supplier": 900}
    books.check()


def test_after_a_payout_the_balance_is_negative_and_the_next_sale_makes_up_for_it(shop, books):
    goods = make_goods(shop, codes=2)
    placed = buy(shop, goods)
    mature()
    pay_out(shop, books)
    give(shop, placed, 2000)
    assert books.accounts()["distributor_available"] == -800
    buy(shop, goods)
    mature()
    assert books.accounts().get("distributor_available", 0) == 0
    assert books.ask("SELECT sum(amount_minor) FROM ledger_entries") == [(0,)]


def test_a_refund_that_bounces_later_is_given_again_and_can_be_asked_for_anew(shop, books):
    placed = buy(shop, make_goods(shop, codes=1))
    give(shop, placed, 2000)
    assert state_of(shop, placed) == "refunded"
    ((key,),) = books.ask("SELECT key FROM refunds")
    refund_event(shop, placed, EventKind.REFUND_FAILED, "evt_bounced", refund_reference=key)
    run_jobs()
    assert books.parts() == {"seller": 800, "supplier": 1200}
    assert books.ask("SELECT state FROM order_lines") == [("delivered",)]
    assert state_of(shop, placed) == "attention"
    books.check()
    give(shop, placed, 2000)
    assert set(books.parts().values()) == {0}
    assert books.accounts() == {}
    with shop_scope(shop.id):
        acknowledge(placed.order_id, note="seen", actor=STAFF)
    assert state_of(shop, placed) == "refunded"
    books.check()


def test_a_line_delivered_after_its_money_was_taken_is_taken_back_by_itself(shop, books):
    codes, manual = make_goods(shop, codes=1), make_goods(shop, kind="manual", unlimited=True, price=3000)
    placed = buy(shop, {codes: 1, manual: 1})
    dispute(shop, placed)
    assert books.parts() == {"seller": 0, "supplier": 0}
    line = books.ask("SELECT id FROM order_lines WHERE delivery_kind = 'manual'")[0][0]
    with shop_scope(shop.id):
        deliver_by_hand(placed.order_id, line, secret=None, note="too late", actor=STAFF)
    run_jobs()
    assert set(books.parts().values()) == {0}
    books.check()


def test_taking_back_twice_takes_once(shop, books):
    placed = buy(shop, make_goods(shop, codes=1))
    refund_id = give(shop, placed, 500)
    before = books.ask("SELECT count(*) FROM ledger_entries")
    with shop_scope(shop.id):
        assert take_back_refund(refund_id) == 0
    assert books.ask("SELECT count(*) FROM ledger_entries") == before


# ------------------------------------------------------------------ asking for it


def test_never_more_than_was_paid_for_the_line(shop, books):
    placed = buy(shop, {make_goods(shop, codes=1): 1, make_goods(shop, codes=1, price=3000): 1})
    line = line_ids(shop, placed)[0]
    with pytest.raises(InvalidInput):
        give(shop, placed, 2001)
    give(shop, placed, 1500)
    with pytest.raises(InvalidInput):
        give(shop, placed, 501)
    give(shop, placed, 500)
    with pytest.raises(StaleState):
        give(shop, placed, 1)
    with shop_scope(shop.id):
        assert left_of(placed.order_id, line) == 0
    books.check()


def test_a_reason_must_be_given_and_is_recorded(shop, books):
    placed = buy(shop, make_goods(shop, codes=1))
    with shop_scope(shop.id), pytest.raises(InvalidInput):
        give_back(
            placed.order_id,
            line_ids(shop, placed)[0],
            1,
            reason=" ",
            key="k" * 8,
            seen_left_minor=2000,
            actor=STAFF,
        )
    give(shop, placed, 500)
    assert books.ask("SELECT reason FROM refunds") == [("不能用",)]
    assert books.ask("SELECT data ->> 'reason' FROM audit_entries WHERE action = 'give_back'") == [
        ("不能用",)
    ]


def test_one_key_is_one_refund(shop, books):
    placed = buy(shop, make_goods(shop, codes=1))
    line = line_ids(shop, placed)[0]
    with shop_scope(shop.id):
        asked = [
            give_back(
                placed.order_id, line, 500, reason="x", key="key-00000001", seen_left_minor=2000, actor=STAFF
            )
            for _ in range(2)
        ]
    assert asked[0] == asked[1]
    run_jobs()
    assert books.ask("SELECT amount_minor FROM refunds") == [(500,)]
    books.check()


def test_who_looked_before_somebody_else_gave_back_is_told(shop, books):
    placed = buy(shop, make_goods(shop, codes=1))
    give(shop, placed, 500)
    with shop_scope(shop.id), pytest.raises(StaleState):
        give_back(
            placed.order_id, line_ids(shop, placed)[0], 500, reason="x", key="key-00000002", seen_left_minor=2000, actor=STAFF,
        )  # fmt: skip


def test_a_preview_says_what_will_be_taken_and_changes_nothing(shop, books):
    placed = place(shop, make_goods(shop, codes=1))
    pay(shop, placed)
    run_jobs(kinds={"confirm_payment"})
    line = line_ids(shop, placed)[0]
    with shop_scope(shop.id):
        shares = preview(placed.order_id, line, 500)
    assert dict(shares.parts) == {"supplier": 300, "seller": 200}
    assert books.ask("SELECT settled FROM order_lines") == [(False,)]
    give(shop, placed, 500)
    assert books.parts() == {"seller": 600, "supplier": 900}


def test_what_the_gateway_refuses_waits_for_a_person_and_takes_nothing(shop, books, monkeypatch):
    placed = buy(shop, make_goods(shop, codes=1))
    gateway = gateways.gateway("sandbox")
    with monkeypatch.context() as patch:
        patch.setattr(
            type(gateway), "refund", lambda self, **asked: RefundOutcome(RefundState.FAILED, None, "no")
        )
        give(shop, placed, 500)
    assert state_of(shop, placed) == "attention"
    assert books.parts() == {"seller": 800, "supplier": 1200}
    books.check()
