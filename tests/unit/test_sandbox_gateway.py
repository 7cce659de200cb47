"""The gateway of our own: its links, its events and the troubles it can make."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.payments.errors import CheckoutTooLate, ForgedEvent
from app.domain.payments.gateway import CheckoutLine, CheckoutRequest, EventKind, PaymentState, RefundState
from app.domain.payments.sandbox_events import (
    DISPUTES,
    Knobs,
    SandboxEvent,
    new_event,
    plan_deliveries,
    plan_dispute,
    sign_event,
)
from app.domain.payments.sandbox_gateway import SandboxGateway
from app.domain.payments.sandbox_token import external_id_for, make_token, read_token

SECRET = "sandbox-secret-of-the-tests"
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
SECONDS = NOW.timestamp()
THEME = {"primary": "#d7322e", "accent": "#f0a92b", "logo": "/media/12"}
REQUEST = CheckoutRequest(
    reference="pay_1", order_number="261122-ABCDEFGH", amount_minor=1990, currency="CNY", method="alipay",
    description="视频会员 月卡 ×1", return_url="http://lantern.localhost:8000/orders/1",
    cancel_url="http://lantern.localhost:8000/orders/1", expires_at=NOW + timedelta(minutes=15),
    email="buyer@example.com", locale="zh_Hans", shop_name="灯笼铺", shop_theme=THEME,
    lines=(CheckoutLine("视频会员 月卡", 1, 1990),),
)  # fmt: skip


@pytest.fixture
def gateway() -> SandboxGateway:
    return SandboxGateway([SECRET], "http://pay.localhost:8000/", seconds=lambda: SECONDS, now=lambda: NOW)


def event(kind: EventKind = EventKind.PAID, **changes: object) -> SandboxEvent:
    values = {
        "external_id": external_id_for("pay_1"), "reference": "pay_1", "amount_minor": 1990, "currency": "CNY",
        "occurred_at": NOW,
    }  # fmt: skip
    return new_event(kind, **values | changes)


def test_the_link_holds_the_checkout_and_the_shop_s_look(gateway):
    checkout = gateway.create_checkout(REQUEST)
    origin, _, token = checkout.url.partition("/pay/")
    shown = read_token([SECRET], token)
    assert origin == "http://pay.localhost:8000"
    assert shown is not None
    assert (shown.external_id, shown.amount_minor, shown.currency) == (checkout.external_id, 1990, "CNY")
    assert (shown.shop_name, shown.shop_theme, shown.lines) == ("灯笼铺", THEME, REQUEST.lines)
    assert not shown.is_over(NOW)
    assert shown.is_over(REQUEST.expires_at)


def test_the_same_request_gives_the_same_checkout(gateway):
    assert gateway.create_checkout(REQUEST) == gateway.create_checkout(REQUEST)


def test_the_link_does_not_hold_the_buyer_s_mail(gateway):
    token = gateway.create_checkout(REQUEST).url.partition("/pay/")[2]
    assert "example.com" not in repr(read_token([SECRET], token))


def test_a_link_made_under_the_older_secret_still_opens(gateway):
    token = gateway.create_checkout(REQUEST).url.partition("/pay/")[2]
    assert read_token(["newer", SECRET], token) is not None
    assert read_token(["newer"], token) is None


def test_a_secret_left_empty_signs_for_nobody(gateway):
    careless = SandboxGateway([SECRET, "", " "], "http://pay.localhost", seconds=lambda: SECONDS)
    for empty in ("", " "):
        with pytest.raises(ForgedEvent):
            careless.parse_event(*sign_event(event(), secret=empty, seconds=SECONDS))
        assert read_token(["", " "], make_token(empty, REQUEST)) is None


def test_an_order_that_is_over_gets_no_page(gateway):
    late = SandboxGateway([SECRET], "http://pay.localhost", now=lambda: REQUEST.expires_at)
    with pytest.raises(CheckoutTooLate):
        late.create_checkout(REQUEST)


def test_a_signed_event_is_read(gateway):
    headers, body = sign_event(event(), secret=SECRET, seconds=SECONDS)
    [read] = gateway.parse_event(headers, body)
    assert (read.kind, read.reference, read.amount_minor, read.currency) == (
        EventKind.PAID,
        "pay_1",
        1990,
        "CNY",
    )
    assert (read.account, read.occurred_at) == (gateway.account, NOW)


def test_an_event_under_the_older_secret_is_read_while_one_replaces_the_other():
    headers, body = sign_event(event(), secret=SECRET, seconds=SECONDS)
    both = SandboxGateway(["newer", SECRET], "http://pay.localhost", seconds=lambda: SECONDS)
    assert both.parse_event(headers, body)
    with pytest.raises(ForgedEvent):
        SandboxGateway(["newer"], "http://pay.localhost", seconds=lambda: SECONDS).parse_event(headers, body)


def test_a_signed_event_of_another_account_is_refused(gateway):
    told = SandboxEvent(EventKind.PAID, "sbx_1", "pay_1", 1990, "CNY", NOW, "evt_1", account="somebody")
    with pytest.raises(ForgedEvent, match="other_account"):
        gateway.parse_event(*sign_event(told, secret=SECRET, seconds=SECONDS))


def test_an_event_without_a_whole_amount_is_refused(gateway):
    told = event(amount_minor="1990")
    with pytest.raises(ForgedEvent, match="unreadable"):
        gateway.parse_event(*sign_event(told, secret=SECRET, seconds=SECONDS))


def planned(gateway, **knobs: object) -> list[tuple[float, EventKind, str]]:
    plan = plan_deliveries(Knobs(**knobs), event(), secret=SECRET, seconds=SECONDS)
    told = []
    for delivery in plan:
        moment = SECONDS + delivery.delay_seconds
        there = SandboxGateway([SECRET], "http://pay.localhost", seconds=lambda moment=moment: moment)
        [read] = there.parse_event(delivery.headers, delivery.body)
        told.append((delivery.delay_seconds, read))
    return told


def test_without_knobs_one_event_is_sent_at_once(gateway):
    [(delay, read)] = planned(gateway)
    assert (delay, read.kind) == (0, EventKind.PAID)


def test_a_failure_is_sent_as_a_failure(gateway):
    assert [read.kind for _, read in planned(gateway, failure=True)] == [EventKind.FAILED]


def test_duplicates_carry_one_id(gateway):
    told = planned(gateway, duplicates=2)
    assert len(told) == 3
    assert len({read.event_id for _, read in told}) == 1


def test_news_delayed_beyond_the_tolerance_is_signed_for_its_own_moment(gateway):
    [(delay, read)] = planned(gateway, delay_seconds=1200)
    assert (delay, read.kind) == (1200, EventKind.PAID)


def test_out_of_order_means_an_older_failure_after_the_payment(gateway):
    (_, paid), (_, older) = planned(gateway, out_of_order=True)
    assert (paid.kind, older.kind) == (EventKind.PAID, EventKind.FAILED)
    assert older.occurred_at < paid.occurred_at
    assert older.event_id != paid.event_id


def test_a_wrong_amount_is_what_the_gateway_says_it_took(gateway):
    [(_, read)] = planned(gateway, wrong_amount_minor=-1989)
    assert read.amount_minor == 1


def test_a_refund_without_a_book_succeeds_at_once_and_has_one_number_per_reference(gateway):
    asked = {
        "reference": "late:7", "payment_external_id": "sbx_1", "amount_minor": 1990, "currency": "CNY", "reason": "late"
    }  # fmt: skip
    first, second = gateway.refund(**asked), gateway.refund(**asked)
    assert first == second
    assert first.state is RefundState.SUCCEEDED


def test_a_sandbox_without_a_book_knows_no_payment(gateway):
    assert gateway.find_payment(reference="pay_1", external_id=None) is None
    assert gateway.close_checkout("sbx_1") is PaymentState.EXPIRED


@pytest.mark.parametrize("story", sorted(DISPUTES))
def test_a_dispute_is_told_signed_and_believed_with_its_number_and_fee(story: str):
    planned = plan_dispute(story, event(), secret=SECRET, seconds=SECONDS)
    assert len(planned) == len(DISPUTES[story])
    for delivery, (wait, kind, status, fee) in zip(planned, DISPUTES[story], strict=True):
        then = SandboxGateway(
            [SECRET], "http://pay.localhost:8000/", seconds=lambda wait=wait: SECONDS + wait
        )
        (heard,) = then.parse_event(delivery.headers, delivery.body)
        assert (heard.kind, heard.raw["status"], heard.raw["fee_minor"]) == (kind, status, fee)
        assert heard.raw["dispute_id"] == f"sbd_{external_id_for('pay_1')[-20:]}"
