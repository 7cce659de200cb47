"""News from a gateway can be lost: then we ask."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app.domain.payments.models import Payment
from app.domain.payments.sandbox_token import external_id_for
from app.flows.ask_gateway import ask_about_open_payments
from app.flows.expire import expire_checkouts
from app.flows.sandbox_book import Book
from app.foundation import clock
from app.foundation.database import session
from tenants.context import shop_scope
from tests.factories import add_codes, buy, make_goods, make_shop, place, run_jobs
from tests.factories.orders import state_of


@pytest.fixture
def later(owner):
    """Let time pass for the clock and for what the database remembers."""

    def pass_by(minutes: int) -> None:
        clock.travel(timedelta(minutes=minutes))
        with owner.connect() as connection:
            connection.execute(text("UPDATE outbox SET due_at = due_at - interval '1 hour'"))

    yield pass_by
    clock.travel_back()


def paid_at_the_gateway(shop, placed) -> None:
    """The buyer paid, and the event was lost on its way."""
    with shop_scope(shop.id):
        payment = session().get_one(Payment, placed.payment_id)
        reference, amount, currency = payment.reference, payment.amount_minor, payment.currency
        session().rollback()
    Book().remember(
        external_id_for(reference),
        reference=reference,
        amount_minor=amount,
        currency=currency,
        state="paid",
        knobs={},
    )


def test_a_payment_whose_event_was_lost_is_asked_about_and_delivered(app, later):
    shop = make_shop()
    placed = place(shop, make_goods(shop, codes=1))
    paid_at_the_gateway(shop, placed)
    later(3)
    assert ask_about_open_payments() == 1
    run_jobs()
    assert state_of(shop, placed) == "delivered"


def test_a_lost_payment_is_found_when_the_checkout_is_closed_and_the_stock_is_still_there(app, later):
    shop = make_shop()
    placed = place(shop, make_goods(shop, codes=1))
    paid_at_the_gateway(shop, placed)
    later(16)
    assert expire_checkouts() == 1
    assert state_of(shop, placed) == "expired"
    run_jobs()
    assert state_of(shop, placed) == "delivered"


def test_a_lost_payment_found_after_the_stock_went_to_somebody_else_is_refunded(app, later):
    shop = make_shop()
    goods = make_goods(shop)
    add_codes(goods, 1)
    placed = place(shop, goods)
    paid_at_the_gateway(shop, placed)
    later(16)
    expire_checkouts()
    with shop_scope(shop.id):  # the other buyer is faster than the question
        session().rollback()
    other = place(shop, goods)
    run_jobs()
    assert state_of(shop, placed) == "refunded"
    assert state_of(shop, other) == "pending"
    with shop_scope(shop.id):
        outcome = select(Payment.outcome).where(Payment.id == placed.payment_id)
        assert session().execute(outcome).scalar_one() == "refunded"


def test_an_unpaid_checkout_is_closed_with_its_order(app, later):
    shop = make_shop()
    goods = make_goods(shop, codes=1)
    placed = place(shop, goods)
    later(16)
    expire_checkouts()
    run_jobs()
    with shop_scope(shop.id):
        assert session().get_one(Payment, placed.payment_id).state == "expired"
        session().rollback()
    clock.travel_back()
    assert state_of(shop, buy(shop, goods)) == "delivered"
