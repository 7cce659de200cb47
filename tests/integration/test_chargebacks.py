"""A buyer's bank takes money back at any moment, says so often and in any order, and perhaps gives it again."""

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from app.domain.payments.gateway import EventKind
from app.flows.resolve import acknowledge, refund_order
from app.foundation.errors import StaleState
from tenants.context import shop_scope
from tenants.directory import Tenant
from tests.factories import buy, make_goods, make_shop, pay, place, run_jobs
from tests.factories.money import STAFF, Books, brackets, dispute, give, mature, pay_out, set_rule
from tests.factories.orders import state_of
from tests.integration.test_resolve import refund_event


@pytest.fixture
def books(app: Flask, owner: Engine) -> Books:
    return Books(owner)


@pytest.fixture
def shop(app: Flask) -> Tenant:
    return make_shop()


def test_a_chargeback_takes_the_parties_parts_calls_a_person_and_writes_to_the_distributor(shop, books):
    placed = buy(shop, make_goods(shop, codes=1))
    dispute(shop, placed, fee=1500)
    assert books.parts() == {"seller": 0, "supplier": 0}
    # The bank has 2,000 and the gateway took 15.00 for its trouble; that is the platform's.
    assert books.accounts() == {"gateway_clearing": 1500, "chargebacks": -1500}
    assert books.ask("SELECT kind, state, amount_minor, fee_minor FROM refunds") == [
        ("chargeback", "succeeded", 2000, 1500)
    ]
    assert state_of(shop, placed) == "attention"
    assert books.ask("SELECT recipient, state FROM mails WHERE kind = 'dispute'") == [
        ("d@example.com", "sent")
    ]
    books.check()


def test_a_chargeback_takes_no_more_than_is_left(shop, books):
    placed = buy(shop, make_goods(shop, codes=1))
    give(shop, placed, 700)
    dispute(shop, placed)
    assert books.ask("SELECT amount_minor FROM refunds WHERE kind = 'chargeback'") == [(1300,)]
    assert books.accounts() == {}
    books.check()


def test_a_chargeback_of_what_went_back_already_is_a_persons(shop, books):
    placed = buy(shop, make_goods(shop, codes=1))
    give(shop, placed, 2000)
    dispute(shop, placed)
    assert books.ask("SELECT count(*) FROM refunds") == [(1,)]
    assert books.ask("SELECT attention_reason FROM orders") == [("dispute_of_refunded",)]
    books.check()


@pytest.mark.parametrize("moment", ["unsettled", "held", "available", "paid out"])
def test_a_chargeback_at_any_moment_and_its_win_leave_everything_as_it_was(shop, books, moment):
    placed = place(shop, make_goods(shop, codes=1))
    pay(shop, placed)
    run_jobs(kinds={"confirm_payment"})
    if moment != "unsettled":
        run_jobs()
    if moment in {"available", "paid out"}:
        mature()
    if moment == "paid out":
        pay_out(shop, books)
    dispute(shop, placed)
    assert set(books.parts().values()) == {0}
    dispute(shop, placed, EventKind.DISPUTE_RETURNED, status="won")
    assert books.parts() == {"seller": 800, "supplier": 1200}
    assert books.ask("SELECT state FROM refunds") == [("failed",)]
    assert books.ask("SELECT refunded_minor FROM payments") == [(0,)]
    with shop_scope(shop.id):
        acknowledge(placed.order_id, note="won", actor=STAFF)
    assert state_of(shop, placed) == "delivered"
    if moment != "paid out":
        books.check()


def test_a_won_dispute_earns_by_where_the_month_stands_then(shop, books):
    goods = make_goods(shop, codes=3)
    set_rule(goods, "commission", brackets=brackets((0, 500), (2000, 1000)))
    first, second = buy(shop, goods), buy(shop, goods)
    assert books.parts()["seller"] == 300
    dispute(shop, first)
    assert books.parts()["seller"] == 100
    give(shop, second, 2000)
    assert books.parts()["seller"] == 0
    dispute(shop, first, EventKind.DISPUTE_CLOSED, status="won")
    assert books.parts()["seller"] == 100
    books.check()


def test_a_lost_dispute_stays_and_a_person_closes_it(shop, books):
    placed = buy(shop, make_goods(shop, codes=1))
    dispute(shop, placed, fee=1500)
    dispute(shop, placed, EventKind.DISPUTE_TAKEN, fee=1500)
    dispute(shop, placed, EventKind.DISPUTE_CLOSED, status="lost", fee=1500)
    assert books.ask("SELECT state, amount_minor FROM refunds") == [("succeeded", 2000)]
    assert books.ask("SELECT outcome FROM payment_events WHERE kind LIKE 'dispute%' ORDER BY id") == [
        ("applied",), ("repeated",), ("applied",),
    ]  # fmt: skip
    with shop_scope(shop.id):
        acknowledge(placed.order_id, note="lost", actor=STAFF)
    assert books.ask("SELECT outcome FROM payments") == [("refunded",)]
    assert books.accounts() == {"gateway_clearing": 1500, "chargebacks": -1500}
    books.check()


def test_a_win_gives_the_fee_back_where_the_gateway_does(shop, books):
    placed = buy(shop, make_goods(shop, codes=1))
    dispute(shop, placed, fee=1500)
    dispute(shop, placed, EventKind.DISPUTE_RETURNED, status="won", fee=0)
    assert "chargebacks" not in books.accounts()
    books.check()


def test_won_before_opened_takes_nothing(shop, books):
    placed = buy(shop, make_goods(shop, codes=1))
    dispute(shop, placed, EventKind.DISPUTE_CLOSED, status="won")
    dispute(shop, placed, EventKind.DISPUTE)
    dispute(shop, placed, EventKind.DISPUTE_TAKEN)
    dispute(shop, placed, EventKind.DISPUTE_RETURNED, status="won")
    assert books.ask("SELECT state FROM refunds") == [("failed",)]
    assert books.parts() == {"seller": 800, "supplier": 1200}
    assert state_of(shop, placed) == "delivered"
    books.check()


def test_an_event_that_comes_again_or_all_at_once_counts_once(shop, books):
    placed = buy(shop, make_goods(shop, codes=1))
    for _ in range(3):
        dispute(shop, placed, event_id="evt_same", run=False)
    for _ in range(3):
        dispute(shop, placed, EventKind.DISPUTE_TAKEN, run=False)
    run_jobs()
    assert books.ask("SELECT state, amount_minor FROM refunds") == [("succeeded", 2000)]
    assert books.ask("SELECT count(*) FROM mails WHERE kind = 'dispute'") == [(1,)]
    books.check()


def test_a_bank_that_only_asks_takes_nothing_but_a_person_looks(shop, books):
    placed = buy(shop, make_goods(shop, codes=1))
    dispute(shop, placed, status="warning_needs_response")
    assert books.ask("SELECT count(*) FROM refunds") == [(0,)]
    assert books.ask("SELECT attention_reason FROM orders") == [("dispute_inquiry",)]
    dispute(shop, placed, EventKind.DISPUTE_CLOSED, status="warning_closed")
    assert books.parts() == {"seller": 800, "supplier": 1200}
    books.check()


def test_a_dispute_in_another_currency_changes_no_book(shop, books):
    placed = buy(shop, make_goods(shop, codes=1))
    dispute(shop, placed, currency="JPY")
    assert books.ask("SELECT count(*) FROM refunds") == [(0,)]
    assert books.ask("SELECT outcome, note FROM payment_events WHERE kind = 'dispute'") == [
        ("mismatched", "currency")
    ]
    assert state_of(shop, placed) == "attention"
    books.check()


def test_a_dispute_of_one_payment_never_touches_another(shop, books):
    goods = make_goods(shop, codes=2)
    one, other = buy(shop, goods), buy(shop, goods)
    dispute(shop, one)
    dispute(shop, other)  # the same number, said of another payment
    assert books.ask("SELECT order_id FROM refunds") == [(one.order_id,)]
    assert books.ask("SELECT outcome, note FROM payment_events WHERE kind = 'dispute' ORDER BY id") == [
        ("applied", None), ("mismatched", "dispute_of_another_payment"),
    ]  # fmt: skip
    books.check()


def test_an_order_whose_money_was_taken_before_it_was_delivered_can_be_closed(shop, books):
    placed = buy(shop, make_goods(shop, kind="manual", unlimited=True))
    dispute(shop, placed)
    with shop_scope(shop.id), pytest.raises(StaleState):
        acknowledge(placed.order_id, note="?", actor=STAFF)
    with shop_scope(shop.id):
        assert refund_order(placed.order_id, reason="bank took it", actor=STAFF) == 0
    run_jobs()
    assert state_of(shop, placed) == "refunded"
    assert books.ask("SELECT outcome FROM payments") == [("refunded",)]
    assert books.accounts() == {}
    books.check()
    # And when the money comes back after all, it can be given to the buyer.
    dispute(shop, placed, EventKind.DISPUTE_RETURNED, status="won")
    assert state_of(shop, placed) == "attention"
    with shop_scope(shop.id):
        assert refund_order(placed.order_id, reason="won", actor=STAFF) == 1
    run_jobs()
    assert state_of(shop, placed) == "refunded"
    assert books.accounts() == {}
    books.check()


def test_a_chargeback_after_one_line_went_back_is_borne_by_the_other(shop, books):
    codes, manual = make_goods(shop, codes=1), make_goods(shop, kind="manual", unlimited=True, price=3000)
    placed = buy(shop, {codes: 1, manual: 1})
    with shop_scope(shop.id):
        refund_order(placed.order_id, reason="asked", actor=STAFF)
    run_jobs()
    dispute(shop, placed)
    assert books.ask("SELECT amount_minor FROM refunds WHERE kind = 'chargeback'") == [(2000,)]
    assert books.parts() == {"seller": 0, "supplier": 0}
    assert books.accounts() == {}
    books.check()


def test_a_partial_chargeback_is_shared_by_what_the_lines_have_left(shop, books):
    placed = buy(shop, {make_goods(shop, codes=1): 1, make_goods(shop, codes=1, price=3000): 1})
    give(shop, placed, 1000)
    dispute(shop, placed, amount=1000)
    assert books.ask("SELECT sum(returned_minor) FROM settlements") == [(2000,)]
    books.check()
    dispute(shop, placed, EventKind.DISPUTE_RETURNED, status="won")
    give(shop, placed, 1000)
    give(shop, placed, 3000, line=1)
    assert books.accounts() == {}
    books.check()


def test_a_dispute_without_its_own_number_only_calls_a_person(shop, books, owner):
    placed = buy(shop, make_goods(shop, codes=1))
    refund_event(shop, placed, EventKind.DISPUTE, "evt_nameless")
    run_jobs()
    assert state_of(shop, placed) == "attention"
    with owner.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM refunds")).scalar_one() == 0
    books.check()
