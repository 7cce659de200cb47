"""Stripe's events, on its own examples of the objects."""

import pytest

from app.domain.payments.gateway import EventKind
from app.domain.payments.stripe_events import as_event, read
from tests.simulators.stripe_objects import COPY, SHARED, example

PAID = {
    "id": "cs_1", "amount_total": 1990, "currency": "cny", "client_reference_id": "pay_1", "payment_status": "paid",
    "payment_intent": "pi_1", "status": "complete",
}  # fmt: skip


def told(kind: str, thing: dict, **changes: object) -> dict:
    return example("event", type=kind, data={"object": thing}, **changes)


def session(**changes: object) -> dict:
    return example("checkout.session", **PAID | changes)


def test_a_completed_session_that_is_paid_is_paid():
    event = told("checkout.session.completed", session())
    read_event = as_event(event, read(event), "own/test")
    assert (read_event.kind, read_event.reference, read_event.external_id) == (
        EventKind.PAID,
        "pay_1",
        "cs_1",
    )
    assert (read_event.amount_minor, read_event.currency) == (1990, "CNY")


@pytest.mark.parametrize("status", ["unpaid", "no_payment_required"])
def test_a_completed_session_that_is_not_paid_is_not_money(status):
    assert read(told("checkout.session.completed", session(payment_status=status))).kind is EventKind.OTHER


@pytest.mark.parametrize(
    ("kind", "status", "meaning"),
    [
        ("checkout.session.async_payment_succeeded", "paid", EventKind.PAID),
        ("checkout.session.async_payment_succeeded", "unpaid", EventKind.OTHER),
        ("checkout.session.async_payment_failed", "unpaid", EventKind.FAILED),
        ("checkout.session.expired", "unpaid", EventKind.EXPIRED),
        ("payment_intent.succeeded", "paid", EventKind.OTHER),
    ],
)
def test_each_kind_of_session_event_has_its_meaning(kind, status, meaning):
    assert read(told(kind, session(payment_status=status))).kind is meaning


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        ("succeeded", EventKind.REFUNDED),
        ("failed", EventKind.REFUND_FAILED),
        ("canceled", EventKind.REFUND_FAILED),
        ("pending", EventKind.OTHER),
        ("requires_action", EventKind.OTHER),
    ],
)
def test_a_refund_counts_by_its_status(status, meaning):
    refund = example(
        "refund", status=status, payment_intent="pi_1", metadata={"reference": "late:7", "checkout": "cs_1"}
    )
    reading = read(told("refund.updated", refund))
    assert (reading.kind, reading.external_id) == (meaning, "cs_1")
    assert reading.raw["refund_reference"] == "late:7"
    assert not reading.needs_checkout


def test_a_dispute_names_the_payment_so_that_its_checkout_can_be_asked_for():
    reading = read(told("charge.dispute.created", example("dispute", payment_intent="pi_1")))
    assert (reading.kind, reading.payment_intent, reading.needs_checkout) == (EventKind.DISPUTE, "pi_1", True)


@pytest.mark.parametrize(
    ("kind", "meaning"),
    [
        ("charge.dispute.created", EventKind.DISPUTE),
        ("charge.dispute.funds_withdrawn", EventKind.DISPUTE_TAKEN),
        ("charge.dispute.funds_reinstated", EventKind.DISPUTE_RETURNED),
        ("charge.dispute.closed", EventKind.DISPUTE_CLOSED),
        ("charge.dispute.updated", EventKind.OTHER),
    ],
)
def test_each_news_of_a_dispute_has_its_meaning(kind, meaning):
    assert read(told(kind, example("dispute", payment_intent="pi_1"))).kind is meaning


@pytest.mark.parametrize(
    ("moves", "fee"),
    [
        ([], None),
        ([("cny", 1500)], 1500),
        ([("cny", 1500), ("cny", -1500)], 0),
        ([("usd", 1500)], None),
    ],
)
def test_the_fee_of_a_dispute_is_what_its_own_balance_says(moves, fee):
    transactions = [example("balance_transaction", currency=currency, fee=taken) for currency, taken in moves]
    dispute = example("dispute", payment_intent="pi_1", currency="cny", balance_transactions=transactions)
    assert read(told("charge.dispute.closed", dispute)).raw["fee_minor"] == fee


def test_what_is_kept_of_an_event_holds_no_mail_no_link_and_no_secret():
    thing = session(
        customer_email="buyer@example.com", url="https://example.com/c/pay/secret", client_secret="cs_x"
    )
    event = told("checkout.session.completed", thing)
    kept = repr(as_event(event, read(event), "own/test"))
    assert not any(word in kept for word in ("example.com", "cs_x", "@"))


def test_our_copy_of_the_examples_is_the_official_one():
    if not SHARED.exists():
        pytest.skip("the official file is laid beside the checkout on the build machine only")
    names = (
        "checkout.session",
        "refund",
        "event",
        "payment_intent",
        "dispute",
        "charge",
        "balance_transaction",
    )
    assert {name: example(name, source=SHARED) for name in names} == {
        name: example(name, source=COPY) for name in names
    }
