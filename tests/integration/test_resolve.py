"""What a person may do for an order that cannot go on by itself, and what never happens twice."""

import pytest
from sqlalchemy import select, text

from app.domain.fulfilment import service as suppliers
from app.domain.fulfilment.gateway import Hearing, Outcome
from app.domain.inventory.models import Code
from app.domain.orders.queries import lines_of
from app.domain.payments import gateways
from app.domain.payments.gateway import EventKind, PaymentEvent, RefundOutcome, RefundState
from app.domain.payments.models import Payment, Refund
from app.domain.payments.sandbox_token import external_id_for
from app.flows.hear_gateway import store_events
from app.flows.purchase import cancel_order
from app.flows.refund import send_waiting_refunds
from app.flows.resolve import acknowledge, deliver_by_hand, refund_order
from app.flows.reveal import reveal
from app.foundation import clock
from app.foundation.actor import Actor
from app.foundation.database import session
from app.foundation.errors import StaleState
from app.foundation.vault import Secret
from tenants.context import platform_scope, shop_scope
from tests.factories import add_codes, buy, make_goods, make_shop, pay, place, run_jobs
from tests.factories.orders import BUYER, state_of

STAFF = Actor("staff", 1, "林夏")


def read(shop, statement):
    with shop_scope(shop.id):
        try:
            return session().execute(statement).scalars().all()
        finally:
            session().rollback()


def line_id(shop, placed) -> int:
    with shop_scope(shop.id):
        try:
            return lines_of(placed.order_id)[0].id
        finally:
            session().rollback()


def test_an_agent_hands_over_a_manual_line_and_the_buyer_reads_it(app):
    shop = make_shop()
    placed = buy(shop, make_goods(shop, kind="manual", unlimited=True))
    assert state_of(shop, placed) == "paid"
    line = line_id(shop, placed)
    with shop_scope(shop.id):
        deliver_by_hand(placed.order_id, line, secret=Secret("HAND-1"), note="", actor=STAFF)
        (unit,) = reveal(placed.order_id, line, actor=BUYER)
    assert unit.secret.card == "HAND-1"
    assert state_of(shop, placed) == "delivered"
    assert read(shop, select(Payment.outcome)) == ["delivered"]


def test_what_was_given_back_is_not_delivered_any_more(app):
    shop = make_shop()
    placed = buy(shop, make_goods(shop, kind="manual", unlimited=True))
    line = line_id(shop, placed)
    with shop_scope(shop.id):
        refund_order(placed.order_id, reason="asked", actor=STAFF)
        with pytest.raises(StaleState):
            deliver_by_hand(placed.order_id, line, secret=None, note="done", actor=STAFF)
    run_jobs()
    assert state_of(shop, placed) == "refunded"
    assert read(shop, select(Payment.outcome)) == ["refunded"]


def test_a_refund_takes_back_only_the_lines_that_were_not_delivered(app):
    shop = make_shop()
    codes, manual = make_goods(shop, codes=2), make_goods(shop, kind="manual", unlimited=True, price=3000)
    placed = buy(shop, {codes: 1, manual: 1})
    with shop_scope(shop.id):
        assert refund_order(placed.order_id, reason="asked", actor=STAFF) == 1
    run_jobs()
    assert read(shop, select(Refund.amount_minor)) == [3000]
    assert state_of(shop, placed) == "delivered"
    assert read(shop, select(Payment.outcome)) == ["partly_refunded"]


def test_a_topup_that_waits_to_be_sent_is_not_sent_after_a_refund(app, monkeypatch):
    class Eager:
        name = "alpha"
        placed = 0

        def place(self, request):
            Eager.placed += 1
            return Outcome(Hearing.SUCCEEDED, at=clock.now(), number="S")

    monkeypatch.setattr(suppliers, "_suppliers", {"alpha": Eager()})
    shop = make_shop()
    placed = place(shop, make_goods(shop, kind="topup", unlimited=True))
    pay(shop, placed)
    run_jobs(kinds={"confirm_payment", "deliver_order"})
    with shop_scope(shop.id):
        refund_order(placed.order_id, reason="asked", actor=STAFF)
    run_jobs()
    assert Eager.placed == 0
    assert state_of(shop, placed) == "refunded"


def test_codes_of_a_refunded_undelivered_order_are_free_again(app):
    shop = make_shop()
    goods = make_goods(shop, codes=1)
    placed = place(shop, {goods: 1, make_goods(shop, kind="manual", unlimited=True): 1})
    pay(shop, placed)
    run_jobs(kinds={"confirm_payment"})
    with shop_scope(shop.id):
        refund_order(placed.order_id, reason="asked", actor=STAFF)
    with platform_scope():
        assert session().execute(select(Code.state)).scalars().all() == ["free"]
        session().rollback()
    run_jobs()
    assert state_of(shop, placed) == "refunded"
    assert state_of(shop, buy(shop, goods)) == "delivered"


def test_a_refund_that_failed_can_be_asked_for_again(app, monkeypatch):
    shop = make_shop()
    placed = buy(shop, make_goods(shop, kind="manual", unlimited=True))
    gateway = gateways.gateway("sandbox")
    with monkeypatch.context() as patch:
        patch.setattr(
            type(gateway), "refund", lambda self, **asked: RefundOutcome(RefundState.FAILED, None, "no")
        )
        with shop_scope(shop.id):
            refund_order(placed.order_id, reason="asked", actor=STAFF)
        run_jobs()
        assert state_of(shop, placed) == "attention"
        assert read(shop, select(Payment.outcome)) == ["attention"]
    with shop_scope(shop.id):
        assert refund_order(placed.order_id, reason="again", actor=STAFF) == 1
    run_jobs()
    assert state_of(shop, placed) == "refunded"
    assert read(shop, select(Payment.outcome)) == ["refunded"]


def test_nothing_to_give_back_is_said_and_changes_nothing(app):
    shop = make_shop()
    placed = buy(shop, make_goods(shop, kind="manual", unlimited=True))
    with shop_scope(shop.id):
        refund_order(placed.order_id, reason="asked", actor=STAFF)
        with pytest.raises(StaleState):
            refund_order(placed.order_id, reason="twice", actor=STAFF)
    run_jobs()
    with shop_scope(shop.id), pytest.raises(StaleState):
        refund_order(placed.order_id, reason="thrice", actor=STAFF)


def test_a_wrong_amount_for_an_order_that_is_over_goes_back_by_itself(app):
    shop = make_shop()
    placed = place(shop, make_goods(shop, codes=1))
    with shop_scope(shop.id):
        cancel_order(placed.order_id, actor=BUYER)
    pay(shop, placed, amount=1999)
    run_jobs()
    assert read(shop, select(Refund.amount_minor)) == [1999]
    assert read(shop, select(Payment.outcome)) == ["refunded"]


def test_a_wrong_amount_waits_for_a_person_who_can_give_it_back(app):
    shop = make_shop()
    placed = place(shop, make_goods(shop, codes=1))
    pay(shop, placed, amount=1999)
    run_jobs()
    assert state_of(shop, placed) == "attention"
    with shop_scope(shop.id):
        refund_order(placed.order_id, reason="wrong amount", actor=STAFF)
    run_jobs()
    assert state_of(shop, placed) == "refunded"
    assert read(shop, select(Payment.refunded_minor)) == [1999]


def test_a_zero_amount_is_no_money_at_all(app):
    shop = make_shop()
    placed = place(shop, make_goods(shop, codes=1))
    pay(shop, placed, amount=0)
    run_jobs()
    assert state_of(shop, placed) == "pending"
    assert read(shop, select(Payment.state)) == ["open"]


def refund_event(shop, placed, kind: EventKind, event_id: str, **raw: object) -> None:
    with shop_scope(shop.id):
        payment = session().get_one(Payment, placed.payment_id)
        reference = payment.reference
        session().rollback()
    event = PaymentEvent(
        event_id=event_id, kind=kind, account="sandbox", occurred_at=clock.now(), reference=reference,
        external_id=external_id_for(reference), amount_minor=1, currency="CNY", raw=raw,
    )  # fmt: skip
    store_events("sandbox", [event])


def test_a_refund_somebody_else_made_never_counts_as_ours(app):
    shop = make_shop()
    placed = buy(shop, make_goods(shop, kind="manual", unlimited=True))
    with shop_scope(shop.id):
        refund_order(placed.order_id, reason="asked", actor=STAFF)
    refund_event(shop, placed, EventKind.REFUNDED, "evt_foreign", refund_id="re_else")
    run_jobs(kinds={"hear_refund"})
    assert read(shop, select(Refund.state)) == ["requested"]
    assert state_of(shop, placed) == "attention"
    run_jobs()
    assert read(shop, select(Refund.state)) == ["succeeded"]


def test_a_refund_without_an_answer_is_asked_about_again(app, owner, monkeypatch):
    shop = make_shop()
    placed = buy(shop, make_goods(shop, kind="manual", unlimited=True))
    gateway = gateways.gateway("sandbox")
    with monkeypatch.context() as patch:
        patch.setattr(
            type(gateway), "refund", lambda self, **asked: RefundOutcome(RefundState.PENDING, "re_1")
        )
        with shop_scope(shop.id):
            refund_order(placed.order_id, reason="asked", actor=STAFF)
        run_jobs()
    assert read(shop, select(Refund.state)) == ["sent"]
    with owner.connect() as connection:
        connection.execute(text("UPDATE refunds SET created_at = created_at - interval '10 minutes'"))
    assert send_waiting_refunds() == 1
    run_jobs()
    assert state_of(shop, placed) == "refunded"


def test_a_second_dispute_is_noted_and_a_person_can_close_it(app):
    shop = make_shop()
    goods = make_goods(shop)
    add_codes(goods, 1)
    placed = buy(shop, goods)
    for number in (1, 2):
        refund_event(shop, placed, EventKind.DISPUTE, f"evt_dispute_{number}")
        run_jobs()
    assert state_of(shop, placed) == "attention"
    with shop_scope(shop.id):
        acknowledge(placed.order_id, note="won", actor=STAFF)
    assert state_of(shop, placed) == "delivered"
    assert read(shop, select(Payment.outcome)) == ["delivered"]


def test_a_job_that_was_given_up_runs_again_when_it_is_asked_for_anew(app, owner):
    shop = make_shop()
    placed = place(shop, make_goods(shop, codes=1))
    with owner.connect() as connection:
        connection.execute(
            text(
                "INSERT INTO outbox (kind, shop_id, key, payload, failed_at)"
                " VALUES ('close_checkout', :shop, :key, '{}', now())"
            ),
            {"shop": shop.id, "key": f"close:{placed.payment_id}"},
        )
    with shop_scope(shop.id):
        cancel_order(placed.order_id, actor=BUYER)
    run_jobs()
    assert read(shop, select(Payment.state)) == ["expired"]
