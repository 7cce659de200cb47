"""Our Stripe client with the official SDK, over real HTTP, against a strict simulator."""

import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import stripe

from app.domain.payments.errors import (
    AmountNotPayable,
    CheckoutTooLate,
    ForgedEvent,
    GatewayRefused,
    GatewayUnavailable,
    ReferenceReused,
)
from app.domain.payments.gateway import CheckoutLine, CheckoutRequest, EventKind, PaymentState, RefundState
from app.domain.payments.stripe_gateway import API_VERSION, StripeAccount, StripeGateway
from app.foundation import clock
from tests.simulators.stripe import StripeSimulator, signed
from tests.simulators.stripe_objects import example

KEY, WEBHOOK_SECRET = "sk_test_of_the_tests", "whsec_of_the_tests"
NUMBER = iter(range(1, 10_000))


@pytest.fixture(scope="module")
def simulator() -> Iterator[StripeSimulator]:
    simulator = StripeSimulator(secret_key=KEY, webhook_secret=WEBHOOK_SECRET, version=API_VERSION)
    simulator.start()
    yield simulator
    simulator.stop()


@pytest.fixture
def gateway(simulator) -> StripeGateway:
    return StripeGateway(StripeAccount(KEY, [WEBHOOK_SECRET], api_base=simulator.url))


@pytest.fixture
def wanted() -> CheckoutRequest:
    return CheckoutRequest(
        reference=f"pay_{next(NUMBER)}", order_number="261122-ABCDEFGH", amount_minor=3980, currency="CNY",
        method="wechat_pay", description="视频会员 月卡 ×2", return_url="http://lantern.localhost:8000/orders/1",
        cancel_url="http://lantern.localhost:8000/orders/1", expires_at=clock.now() + timedelta(minutes=15),
        email="buyer@example.com", locale="zh_Hans", shop_name="灯笼铺", shop_theme={"primary": "#d7322e"},
    )  # fmt: skip


def refund(gateway: StripeGateway, external_id: str, part: str = "late", **changes):
    asked = {
        "reference": f"{part}:{external_id}",
        "payment_external_id": external_id,
        "amount_minor": 3980,
        "currency": "CNY",
    }
    return gateway.refund(**asked | {"reason": "late"} | changes)


@pytest.fixture
def paid(gateway, simulator, wanted) -> str:
    checkout = gateway.create_checkout(wanted)
    simulator.pay(checkout.external_id)
    return checkout.external_id


def test_the_pinned_version_is_the_one_the_sdk_was_made_for():
    assert stripe.api_version == API_VERSION


def test_a_checkout_offers_card_alipay_and_wechat_pay_for_the_whole_amount(gateway, simulator, wanted):
    checkout = gateway.create_checkout(wanted)
    session = simulator.sessions[checkout.external_id]
    assert checkout.url == session["url"]
    assert session["payment_method_types"] == ["card", "alipay", "wechat_pay"]
    assert (session["amount_total"], session["currency"], session["locale"]) == (3980, "cny", "zh")
    assert session["client_reference_id"] == session["metadata"]["reference"] == wanted.reference


def test_asking_again_gives_the_same_checkout(gateway, wanted):
    assert gateway.create_checkout(wanted) == gateway.create_checkout(wanted)


def test_a_reference_used_for_another_amount_is_a_bug_and_not_a_second_checkout(gateway, wanted):
    gateway.create_checkout(wanted)
    with pytest.raises(ReferenceReused):
        gateway.create_checkout(replace(wanted, amount_minor=1))


def test_an_order_that_is_over_gets_no_checkout(gateway, wanted):
    with pytest.raises(CheckoutTooLate):
        gateway.create_checkout(replace(wanted, expires_at=clock.now()))


@pytest.mark.parametrize("lifetime", [timedelta(seconds=1), timedelta(hours=22), timedelta(days=3)])
def test_stripe_s_shortest_and_longest_time_are_kept(gateway, wanted, lifetime):
    assert gateway.create_checkout(replace(wanted, expires_at=clock.now() + lifetime)).url


def test_lines_that_sum_to_the_amount_are_shown_and_others_are_not(gateway, simulator, wanted):
    lines = (CheckoutLine("月卡", 2, 3000), CheckoutLine("周卡", 1, 980))
    for shown in (lines, lines[:1]):
        checkout = gateway.create_checkout(replace(wanted, reference=f"pay_{next(NUMBER)}", lines=shown))
        assert simulator.sessions[checkout.external_id]["amount_total"] == 3980


def test_an_amount_stripe_cannot_take_never_reaches_it(gateway, simulator, wanted):
    before = len(simulator.calls)
    with pytest.raises(AmountNotPayable):
        gateway.create_checkout(replace(wanted, amount_minor=1234, currency="KWD"))
    assert len(simulator.calls) == before


def test_yen_are_whole(gateway, simulator, wanted):
    checkout = gateway.create_checkout(replace(wanted, amount_minor=500, currency="JPY"))
    assert simulator.sessions[checkout.external_id]["amount_total"] == 500
    assert simulator.sessions[checkout.external_id]["payment_method_types"] == ["card"]


def test_a_paid_event_says_what_was_paid(gateway, simulator, wanted):
    checkout = gateway.create_checkout(wanted)
    session = simulator.pay(checkout.external_id)
    [event] = gateway.parse_event(*simulator.event("checkout.session.completed", session))
    assert event.kind is EventKind.PAID
    assert (event.reference, event.external_id) == (wanted.reference, checkout.external_id)
    assert (event.amount_minor, event.currency, event.account) == (3980, "CNY", gateway.account)


def test_a_finished_page_without_money_is_no_payment_until_the_money_comes(gateway, simulator, wanted):
    checkout = gateway.create_checkout(wanted)
    session = simulator.pay(checkout.external_id, paid=False)
    [event] = gateway.parse_event(*simulator.event("checkout.session.completed", session))
    assert event.kind is EventKind.OTHER
    assert gateway.close_checkout(checkout.external_id) is PaymentState.PROCESSING
    session["payment_status"] = "paid"
    [event] = gateway.parse_event(*simulator.event("checkout.session.async_payment_succeeded", session))
    assert event.kind is EventKind.PAID


@pytest.mark.parametrize("changes", [{"livemode": True}, {"account": "acct_stranger"}])
def test_an_event_of_another_account_or_mode_is_refused(gateway, simulator, paid, changes):
    with pytest.raises(ForgedEvent, match="other_account"):
        gateway.parse_event(
            *simulator.event("checkout.session.completed", simulator.sessions[paid], **changes)
        )


def test_an_event_under_either_of_two_secrets_is_read(simulator, paid):
    rolling = StripeGateway(StripeAccount(KEY, ["whsec_newer", WEBHOOK_SECRET], api_base=simulator.url))
    assert rolling.parse_event(*simulator.event("checkout.session.completed", simulator.sessions[paid]))


def test_a_webhook_secret_left_empty_signs_for_nobody(simulator, paid):
    careless = StripeGateway(StripeAccount(KEY, [""], api_base=simulator.url))
    body = simulator.event("checkout.session.completed", simulator.sessions[paid])[1]
    with pytest.raises(ForgedEvent):
        careless.parse_event(signed("", body, int(time.time())), body)


def test_closing_an_open_checkout_ends_it(gateway, wanted):
    checkout = gateway.create_checkout(wanted)
    assert gateway.close_checkout(checkout.external_id) is PaymentState.EXPIRED
    assert gateway.close_checkout(checkout.external_id) is PaymentState.EXPIRED


def test_closing_a_checkout_that_was_paid_says_so(gateway, paid):
    assert gateway.close_checkout(paid) is PaymentState.PAID


def test_a_payment_is_found_by_its_number_and_once_paid_by_our_reference(gateway, simulator, wanted):
    checkout = gateway.create_checkout(wanted)
    opened = gateway.find_payment(reference=wanted.reference, external_id=checkout.external_id)
    assert opened is not None
    assert opened.state is PaymentState.OPEN
    assert gateway.find_payment(reference=wanted.reference, external_id=None) is None
    simulator.pay(checkout.external_id)
    found = gateway.find_payment(reference=wanted.reference, external_id=None)
    assert found is not None
    assert (found.state, found.external_id, found.amount_minor) == (
        PaymentState.PAID,
        checkout.external_id,
        3980,
    )


def test_an_unknown_checkout_is_not_found(gateway):
    assert gateway.find_payment(reference="pay_none", external_id="cs_none") is None


def test_a_refund_happens_once_per_reference_even_after_stripe_forgot_the_key(gateway, simulator, paid):
    first = refund(gateway, paid, amount_minor=1000)
    simulator.answers.clear()
    second = refund(gateway, paid, amount_minor=1000)
    assert first == second
    assert first.state is RefundState.SUCCEEDED
    assert sum(one["amount"] for one in simulator.refunds.values() if one["id"] == first.external_id) == 1000


def test_two_refunds_of_parts_are_two(gateway, paid):
    parts = [refund(gateway, paid, f"line{number}", amount_minor=1990) for number in range(2)]
    assert [part.state for part in parts] == [RefundState.SUCCEEDED] * 2


def test_more_than_was_paid_does_not_go_back(gateway, paid):
    refund(gateway, paid)
    again = refund(gateway, paid, "again", amount_minor=1)
    assert (again.state, again.reason) == (RefundState.FAILED, "charge_already_refunded")


def test_a_checkout_that_was_never_paid_has_nothing_to_give_back(gateway, wanted):
    outcome = refund(gateway, gateway.create_checkout(wanted).external_id)
    assert (outcome.state, outcome.reason) == (RefundState.FAILED, "not_paid")


def test_a_refund_whose_answer_was_lost_is_found_and_not_made_twice(gateway, simulator, paid):
    # Stripe keeps its first answer, a 500 too, so the retry under the same key hears it again.
    simulator.fail_next = [500]
    with pytest.raises(GatewayUnavailable):
        refund(gateway, paid)
    again = refund(gateway, paid)
    assert again.state is RefundState.SUCCEEDED
    intent = simulator.sessions[paid]["payment_intent"]
    assert len([one for one in simulator.refunds.values() if one["payment_intent"] == intent]) == 1


def test_a_refund_that_takes_time_is_pending_until_its_event(gateway, simulator, paid):
    simulator.refund_status = "pending"
    outcome = refund(gateway, paid)
    simulator.refund_status = "succeeded"
    assert outcome.state is RefundState.PENDING
    made = simulator.refunds[outcome.external_id] | {"status": "succeeded"}
    [event] = gateway.parse_event(*simulator.event("refund.updated", made))
    assert (event.kind, event.external_id) == (EventKind.REFUNDED, paid)
    assert event.raw["refund_reference"] == f"late:{paid}"


def test_a_refund_made_on_stripe_s_own_pages_finds_its_payment(gateway, simulator, paid, wanted):
    intent = simulator.sessions[paid]["payment_intent"]
    by_hand = example("refund", id="re_hand", payment_intent=intent, status="succeeded", metadata={})
    [event] = gateway.parse_event(*simulator.event("refund.created", by_hand))
    assert (event.kind, event.reference, event.external_id) == (EventKind.REFUNDED, wanted.reference, paid)


def test_a_dispute_finds_its_payment(gateway, simulator, paid, wanted):
    dispute = example("dispute", payment_intent=simulator.sessions[paid]["payment_intent"])
    [event] = gateway.parse_event(*simulator.event("charge.dispute.created", dispute))
    assert (event.kind, event.reference, event.external_id) == (EventKind.DISPUTE, wanted.reference, paid)


def test_a_wrong_key_says_nothing_about_the_payment_and_is_tried_again_later(simulator, paid):
    stranger = StripeGateway(StripeAccount("sk_test_wrong", [WEBHOOK_SECRET], api_base=simulator.url))
    with pytest.raises(GatewayUnavailable):
        refund(stranger, paid)


def test_what_stripe_cannot_read_is_a_certain_no(gateway, wanted):
    with pytest.raises(GatewayRefused):
        gateway.create_checkout(replace(wanted, locale="klingon"))


def test_nobody_answering_means_try_again_with_the_same_reference(wanted):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(GatewayUnavailable):
        StripeGateway(StripeAccount(KEY, [WEBHOOK_SECRET], api_base=url)).create_checkout(wanted)


def test_a_printed_account_shows_no_key():
    assert "sk_test" not in repr(StripeAccount(KEY, [WEBHOOK_SECRET]))
    assert "whsec" not in repr(StripeAccount(KEY, [WEBHOOK_SECRET]))


def test_who_paid_is_told_in_the_one_answer_about_a_paid_checkout(gateway, simulator, wanted):
    checkout = gateway.create_checkout(wanted)
    asked = {"reference": wanted.reference, "external_id": checkout.external_id}
    assert gateway.find_payment(**asked).payer == ""
    simulator.pay(checkout.external_id)
    before = len(simulator.calls)
    assert gateway.find_payment(**asked).payer == "card:AOB934RVNwzk6xtn"
    assert len(simulator.calls) == before + 1
    assert gateway.find_payment(reference=wanted.reference, external_id=None).payer == "card:AOB934RVNwzk6xtn"


def test_news_of_a_paid_checkout_are_believed_without_asking_who_paid(gateway, simulator, wanted):
    checkout = gateway.create_checkout(wanted)
    headers, body = simulator.event("checkout.session.completed", simulator.pay(checkout.external_id))
    before = len(simulator.calls)
    (event,) = gateway.parse_event(headers, body)
    assert event.kind is EventKind.PAID and len(simulator.calls) == before
