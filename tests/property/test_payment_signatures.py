"""No changed byte of an event or a link gets through, and no old event either."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.payments.errors import ForgedEvent
from app.domain.payments.gateway import CheckoutRequest, EventKind
from app.domain.payments.sandbox_events import new_event, sign_event
from app.domain.payments.sandbox_gateway import SandboxGateway
from app.domain.payments.sandbox_token import make_token, read_token
from app.domain.payments.stripe_gateway import StripeAccount, StripeGateway
from tests.simulators.stripe import signed
from tests.simulators.stripe_objects import example

SECRET, STRIPE_SECRET = "sandbox-secret", "whsec_of_the_tests"
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
flips = st.tuples(st.integers(0, 10_000), st.integers(1, 255))
drifts = st.integers(301, 10**7) | st.integers(-(10**7), -301)
EVENT = new_event(
    EventKind.PAID, external_id="sbx_1", reference="pay_1", amount_minor=1990, currency="CNY", occurred_at=NOW
)
HEADERS, BODY = sign_event(EVENT, secret=SECRET, seconds=SECONDS)
SESSION = example("checkout.session", payment_status="paid", client_reference_id="pay_1", amount_total=1990)
STRIPE_BODY = json.dumps(
    example("event", type="checkout.session.completed", data={"object": SESSION | {"currency": "cny"}})
).encode()
STRIPE_HEADERS = signed(STRIPE_SECRET, STRIPE_BODY, SECONDS)


def flipped(value: bytes, flip: tuple[int, int]) -> bytes:
    at, mask = flip[0] % len(value), flip[1]
    return value[:at] + bytes([value[at] ^ mask]) + value[at + 1 :]


def sandbox(seconds: float = SECONDS) -> SandboxGateway:
    return SandboxGateway([SECRET], "http://pay.localhost", seconds=lambda: seconds)


def stripe(seconds: float = SECONDS) -> StripeGateway:
    return StripeGateway(StripeAccount("sk_test_1", [STRIPE_SECRET]), seconds=lambda: seconds)


STRIPE = stripe()


def test_the_untouched_events_are_read():
    assert sandbox().parse_event(HEADERS, BODY)[0].reference == "pay_1"
    assert STRIPE.parse_event(STRIPE_HEADERS, STRIPE_BODY)[0].reference == "pay_1"


@given(flips)
def test_a_flipped_byte_of_a_sandbox_event_is_refused(flip):
    with pytest.raises(ForgedEvent):
        sandbox().parse_event(HEADERS, flipped(BODY, flip))


@given(flips, st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]))
def test_a_flipped_byte_of_a_sandbox_header_is_refused(flip, name):
    changed = {name: flipped(HEADERS[name].encode(), flip).decode("latin-1")}
    with pytest.raises(ForgedEvent):
        sandbox().parse_event(HEADERS | changed, BODY)


@given(drifts)
def test_a_sandbox_event_outside_the_tolerance_is_refused(drift):
    with pytest.raises(ForgedEvent):
        sandbox(SECONDS + drift).parse_event(HEADERS, BODY)


@given(flips)
def test_a_flipped_byte_of_a_stripe_event_is_refused(flip):
    with pytest.raises(ForgedEvent):
        STRIPE.parse_event(STRIPE_HEADERS, flipped(STRIPE_BODY, flip))


@given(flips)
def test_a_flipped_byte_of_a_stripe_signature_is_refused(flip):
    changed = flipped(STRIPE_HEADERS["Stripe-Signature"].encode(), flip).decode("latin-1")
    with pytest.raises(ForgedEvent):
        STRIPE.parse_event({"Stripe-Signature": changed}, STRIPE_BODY)


@given(drifts)
def test_a_stripe_event_outside_the_tolerance_is_refused(drift):
    with pytest.raises(ForgedEvent):
        stripe(SECONDS + drift).parse_event(STRIPE_HEADERS, STRIPE_BODY)


@given(st.dictionaries(st.sampled_from([*HEADERS, "Stripe-Signature"]), st.text()), st.binary())
def test_any_nonsense_is_a_refusal_and_not_a_crash(headers, body):
    for gateway in (sandbox(), STRIPE):
        with pytest.raises(ForgedEvent):
            gateway.parse_event(headers, body)


texts = st.text(max_size=60)
requests = st.builds(
    CheckoutRequest,
    reference=st.text(min_size=1, max_size=40), order_number=texts, amount_minor=st.integers(1, 10**12),
    currency=st.just("CNY"), method=st.sampled_from(["card", "alipay", "wechat_pay"]), description=texts,
    return_url=texts, cancel_url=texts, expires_at=st.integers(0, 10**6).map(lambda s: NOW + timedelta(seconds=s)),
    email=st.none(), locale=st.just("en"), shop_name=texts, shop_theme=st.dictionaries(texts, texts, max_size=4),
)  # fmt: skip


@given(requests)
def test_a_link_gives_back_what_went_in(request):
    shown = read_token([SECRET], make_token(SECRET, request))
    assert shown is not None
    assert (shown.reference, shown.amount_minor, shown.expires_at) == (
        request.reference, request.amount_minor, request.expires_at
    )  # fmt: skip
    assert (shown.return_url, shown.shop_name, shown.shop_theme) == (
        request.return_url, request.shop_name, request.shop_theme
    )  # fmt: skip


@given(requests, flips)
def test_a_flipped_byte_of_a_link_opens_nothing(request, flip):
    token = make_token(SECRET, request).encode()
    assert read_token([SECRET], flipped(token, flip).decode("latin-1")) is None


@given(st.text())
def test_nonsense_opens_nothing(token):
    assert read_token([SECRET], token) is None
