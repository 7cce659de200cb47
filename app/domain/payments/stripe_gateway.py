"""Stripe: Checkout Sessions for cards, Alipay and WeChat Pay; Refunds; signed events."""

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import stripe
from stripe.checkout import Session
from stripe.params import RefundCreateParams

from app.domain.payments import stripe_events, stripe_report
from app.domain.payments.errors import (
    CheckoutTooLate,
    ForgedEvent,
    GatewayRefused,
    GatewayUnavailable,
    ReferenceReused,
)
from app.domain.payments.gateway import (
    Checkout,
    CheckoutRequest,
    FoundPayment,
    PaymentEvent,
    PaymentState,
    RefundOutcome,
    RefundState,
    ReportLine,
)
from app.domain.payments.stripe_amounts import from_stripe, to_stripe
from app.domain.payments.stripe_payer import EXPAND, EXPAND_LIST, payer_of
from app.domain.payments.stripe_session import session_params
from app.foundation import clock

# Changed on purpose only, together with the fixtures and the webhook endpoint's version.
API_VERSION = "2026-10-28.endive"
TOLERANCE_SECONDS = 300
REFERENCE = re.compile(r"[A-Za-z0-9_:.-]{1,200}")
REFUND_STATES = {
    "succeeded": RefundState.SUCCEEDED,
    "failed": RefundState.FAILED,
    "canceled": RefundState.FAILED,
}


@dataclass(frozen=True, slots=True)
class StripeAccount:
    """The keys of one account. `connected` is the account we act for, where it is not our own."""

    secret_key: str = field(repr=False)
    webhook_secrets: Sequence[str] = field(repr=False)
    connected: str = ""
    api_base: str = ""

    @property
    def live(self) -> bool:
        return self.secret_key.startswith(("sk_live_", "rk_live_"))

    @property
    def name(self) -> str:
        return account_name(self.connected, live=self.live)


def account_name(connected: str, *, live: bool) -> str:
    """What a payment and its events must agree on: whose account, and test or live."""
    return f"{connected or 'own'}/{'live' if live else 'test'}"


class StripeGateway:
    """A PaymentGateway on the official SDK."""

    def __init__(
        self,
        account: StripeAccount,
        *,
        seconds: Callable[[], float] = time.time,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._account, self._seconds, self._now = account, seconds, now
        self._stripe = stripe.StripeClient(
            account.secret_key,
            stripe_account=account.connected or None,
            stripe_version=API_VERSION,
            base_addresses={"api": account.api_base} if account.api_base else None,
            max_network_retries=1,
            http_client=stripe.RequestsClient(timeout=(3, 10)),
        ).v1

    @property
    def name(self) -> str:
        return "stripe"

    @property
    def account(self) -> str:
        return self._account.name

    def create_checkout(self, request: CheckoutRequest) -> Checkout:
        if self._now() >= request.expires_at:
            raise CheckoutTooLate(reference=request.reference)
        params = session_params(request, self._now())
        with _told(request.reference):
            session = self._stripe.checkout.sessions.create(
                params, {"idempotency_key": f"checkout-{request.reference}"}
            )
        if session.url is None:
            raise GatewayRefused(gateway=self.name, reason="no_url")
        return Checkout(session.url, session.id)

    def close_checkout(self, external_id: str) -> PaymentState:
        try:
            with _told(external_id):
                return _state(self._stripe.checkout.sessions.expire(external_id))
        except GatewayRefused:
            # It is not open any more: paid, on its way, or over already.
            with _told(external_id):
                return _state(self._stripe.checkout.sessions.retrieve(external_id))

    def refund(
        self, *, reference: str, payment_external_id: str, amount_minor: int, currency: str, reason: str
    ) -> RefundOutcome:
        amount = to_stripe(amount_minor, currency)
        try:
            made = self._refund_once(reference, payment_external_id, amount, reason)
        except GatewayRefused as refused:
            return RefundOutcome(RefundState.FAILED, None, reason=str(refused.facts["reason"]))
        if made is None:
            return RefundOutcome(RefundState.FAILED, None, reason="not_paid")
        state = REFUND_STATES.get(made.status or "", RefundState.PENDING)
        return RefundOutcome(state, made.id, reason=getattr(made, "failure_reason", None))

    def find_payment(self, *, reference: str, external_id: str | None) -> FoundPayment | None:
        """As promised; without an external id only what was paid is found, a minute or so afterwards."""
        with _told(reference):
            session = self._session(external_id) if external_id else self._search(reference)
        if session is None:
            return None
        currency = (session.currency or "").upper()
        amount = from_stripe(session.amount_total or 0, currency)
        return FoundPayment(
            _state(session), session.id, session.client_reference_id, amount or 0, currency, _payer(session)
        )

    def report(self, since: datetime, until: datetime) -> Iterable[ReportLine]:
        """As promised, from the account's balance transactions, which are asked for page by page."""
        created: Any = {"gte": int(since.timestamp()), "lt": int(until.timestamp())}
        with _told("report"):
            found = self._stripe.balance_transactions.list(
                {"created": created, "limit": 100, "expand": ["data.source"]}
            )
            for moved in found.auto_paging_iter():
                yield from stripe_report.read(moved.to_dict())

    def parse_event(self, headers: Mapping[str, str], body: bytes) -> tuple[PaymentEvent, ...]:
        """As promised. News of a dispute name only the payment, so Stripe is asked for its checkout."""
        self._verify(headers, body)
        try:
            told = json.loads(body)
            account = account_name(told.get("account") or "", live=told["livemode"])
            reading = stripe_events.read(told)
            event = stripe_events.as_event(told, reading, account)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ForgedEvent(gateway=self.name, reason="unreadable") from error
        if event.account != self.account:
            raise ForgedEvent(gateway=self.name, reason="other_account")
        if reading.needs_checkout:
            with _told(event.event_id):
                session = self._session_of(reading.payment_intent or "")
            if session is not None:
                event = replace(event, external_id=session.id, reference=session.client_reference_id)
        return (event,)

    def _verify(self, headers: Mapping[str, str], body: bytes) -> None:
        header = next((value for name, value in headers.items() if name.lower() == "stripe-signature"), "")
        if not any(_is_signed(header, body, secret) for secret in self._account.webhook_secrets):
            raise ForgedEvent(gateway=self.name, reason="signature")
        # The SDK looks at the past only, and at a clock that tests cannot move.
        signed_at = int(header.split("t=", 1)[1].split(",", 1)[0])
        if abs(self._seconds() - signed_at) > TOLERANCE_SECONDS:
            raise ForgedEvent(gateway=self.name, reason="outside_tolerance")

    def _intent_of(self, external_id: str) -> str | None:
        if external_id.startswith("pi_"):
            return external_id
        with _told(external_id):
            session = self._stripe.checkout.sessions.retrieve(external_id)
        if session.payment_status != "paid":
            return None
        intent = session.payment_intent
        return intent.id if isinstance(intent, stripe.PaymentIntent) else intent

    def _refund_once(
        self, reference: str, external_id: str, amount: int, reason: str
    ) -> stripe.Refund | None:
        intent = self._intent_of(external_id)
        if intent is None:
            return None
        # Stripe forgets idempotency keys after a day; the refund itself it never forgets.
        made = self._find_refund(intent, reference)
        if made is not None:
            return made
        params: RefundCreateParams = {
            "payment_intent": intent,
            "amount": amount,
            "metadata": {"reference": reference, "checkout": external_id, "why": reason},
        }
        with _told(reference):
            return self._stripe.refunds.create(params, {"idempotency_key": f"refund-{reference}"})

    def _find_refund(self, intent: str, reference: str) -> stripe.Refund | None:
        with _told(reference):
            made = self._stripe.refunds.list({"payment_intent": intent, "limit": 100})
            for refund in made.auto_paging_iter():
                if _metadata(refund).get("reference") == reference:
                    return refund
        return None

    def _session(self, external_id: str) -> Session | None:
        try:
            return self._stripe.checkout.sessions.retrieve(external_id, {"expand": EXPAND})
        except stripe.InvalidRequestError as error:
            if error.http_status == 404:
                return None
            raise

    def _search(self, reference: str) -> Session | None:
        if not REFERENCE.fullmatch(reference):
            return None
        found = self._stripe.payment_intents.search(
            {"query": f"metadata['reference']:'{reference}'", "limit": 1}
        )
        return self._session_of(found.data[0].id) if found.data else None

    def _session_of(self, intent: str) -> Session | None:
        asked: Any = {"payment_intent": intent, "limit": 1, "expand": EXPAND_LIST}
        found = self._stripe.checkout.sessions.list(asked)
        return found.data[0] if found.data else None


def _state(session: Session) -> PaymentState:
    if session.status == "complete":
        return PaymentState.PAID if session.payment_status == "paid" else PaymentState.PROCESSING
    return PaymentState.EXPIRED if session.status == "expired" else PaymentState.OPEN


def _payer(session: Session) -> str:
    intent = session.payment_intent
    return payer_of(intent.to_dict() if isinstance(intent, stripe.PaymentIntent) else intent)


def _is_signed(header: str, body: bytes, secret: str) -> bool:
    try:
        return bool(stripe.WebhookSignature.verify_header(body, header, secret, None))
    except (stripe.SignatureVerificationError, ValueError, TypeError):
        return False  # a body that is no text and a header that is no ASCII raise their own errors


def _metadata(refund: stripe.Refund) -> dict[str, Any]:
    return refund.metadata.to_dict() if refund.metadata else {}


@contextmanager
def _told(reference: str) -> Iterator[None]:
    """Turn the SDK's errors into ours: not knowing, a certain no, a key used for something else."""
    try:
        yield
    except stripe.IdempotencyError as error:
        raise ReferenceReused(gateway="stripe", reference=reference) from error
    except (stripe.InvalidRequestError, stripe.CardError) as error:
        raise GatewayRefused(gateway="stripe", reason=error.code or "invalid_request") from error
    except stripe.StripeError as error:
        # A wrong key too: it says nothing about the payment, and will be put right.
        raise GatewayUnavailable(gateway="stripe", reason=type(error).__name__) from error
