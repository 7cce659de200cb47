"""What Stripe's events mean to us. Pure: a verified event in, our words out.

"Completed" is not "paid": with Alipay and others the money may come later, or not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from app.domain.payments.gateway import EventKind, PaymentEvent
from app.domain.payments.stripe_amounts import from_stripe

SESSION_KINDS = {
    "checkout.session.completed": EventKind.PAID,
    "checkout.session.async_payment_succeeded": EventKind.PAID,
    "checkout.session.async_payment_failed": EventKind.FAILED,
    "checkout.session.expired": EventKind.EXPIRED,
}
REFUND_TYPES = frozenset({"refund.created", "refund.updated", "refund.failed"})
REFUND_KINDS = {
    "succeeded": EventKind.REFUNDED,
    "failed": EventKind.REFUND_FAILED,
    "canceled": EventKind.REFUND_FAILED,
}
DISPUTE_KINDS = {
    "charge.dispute.created": EventKind.DISPUTE,
    "charge.dispute.funds_withdrawn": EventKind.DISPUTE_TAKEN,
    "charge.dispute.funds_reinstated": EventKind.DISPUTE_RETURNED,
    "charge.dispute.closed": EventKind.DISPUTE_CLOSED,
}


@dataclass(frozen=True, slots=True)
class Reading:
    """An event before we know which checkout a bare `payment_intent` belongs to."""

    kind: EventKind
    external_id: str | None = None
    reference: str | None = None
    payment_intent: str | None = None
    amount: int | None = None
    currency: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)

    @property
    def needs_checkout(self) -> bool:
        """True when Stripe named the payment and not the checkout."""
        return self.external_id is None and self.payment_intent is not None


def read(told: Mapping[str, Any]) -> Reading:
    """Say what an event means; KeyError or TypeError when it is no event."""
    kind_of_event, thing = told["type"], told["data"]["object"]
    if kind_of_event in SESSION_KINDS:
        return _read_session(kind_of_event, thing)
    if kind_of_event in REFUND_TYPES:
        return _read_refund(kind_of_event, thing)
    if kind_of_event in DISPUTE_KINDS:
        return _read_dispute(kind_of_event, thing)
    return Reading(EventKind.OTHER, raw={"type": kind_of_event, "object_id": thing.get("id")})


def as_event(told: Mapping[str, Any], reading: Reading, account: str) -> PaymentEvent:
    """The event in our words and our minor units."""
    currency = reading.currency.upper() if reading.currency else None
    known = reading.amount is not None and currency is not None
    return PaymentEvent(
        event_id=told["id"],
        kind=reading.kind,
        account=account,
        occurred_at=datetime.fromtimestamp(told["created"], UTC),
        external_id=reading.external_id,
        reference=reading.reference,
        amount_minor=from_stripe(reading.amount or 0, currency or "") if known else None,
        currency=currency,
        raw={**reading.raw, "livemode": told["livemode"], "api_version": told.get("api_version")},
    )


def _read_session(kind_of_event: str, session: Mapping[str, Any]) -> Reading:
    kind = SESSION_KINDS[kind_of_event]
    if kind is EventKind.PAID and session["payment_status"] != "paid":
        kind = EventKind.OTHER
    return Reading(
        kind,
        external_id=session["id"],
        reference=session["client_reference_id"],
        payment_intent=_id(session["payment_intent"]),
        amount=session["amount_total"],
        currency=session["currency"],
        raw={
            "type": kind_of_event,
            "status": session["status"],
            "payment_status": session["payment_status"],
            "payment_intent": _id(session["payment_intent"]),
        },
    )


def _read_refund(kind_of_event: str, refund: Mapping[str, Any]) -> Reading:
    status, metadata = refund["status"], refund["metadata"] or {}
    return Reading(
        REFUND_KINDS.get(status, EventKind.OTHER),
        external_id=metadata.get("checkout"),
        payment_intent=_id(refund["payment_intent"]),
        amount=refund["amount"],
        currency=refund["currency"],
        raw={
            "type": kind_of_event,
            "status": status,
            "refund_id": refund["id"],
            "refund_reference": metadata.get("reference"),
            "failure_reason": refund.get("failure_reason"),
        },
    )


def _read_dispute(kind_of_event: str, dispute: Mapping[str, Any]) -> Reading:
    return Reading(
        DISPUTE_KINDS[kind_of_event],
        payment_intent=_id(dispute["payment_intent"]),
        amount=dispute["amount"],
        currency=dispute["currency"],
        raw={
            "type": kind_of_event,
            "dispute_id": dispute["id"],
            "reason": dispute["reason"],
            "status": dispute["status"],
            "answer_by": (dispute.get("evidence_details") or {}).get("due_by"),
            "fee_minor": _fees(dispute),
        },
    )


def _fees(dispute: Mapping[str, Any]) -> int | None:
    """What Stripe took for the dispute so far, in our minor units, where it says so in the dispute's own currency.

    A balance in another currency is left to the gateway's report.
    """
    moves = dispute.get("balance_transactions") or []
    if not moves or any(move.get("currency") != dispute["currency"] for move in moves):
        return None
    return from_stripe(sum(int(move["fee"]) for move in moves), dispute["currency"].upper())


def _id(thing: str | Mapping[str, str] | None) -> str | None:
    # Stripe gives the id, or the whole object where it was expanded.
    return thing["id"] if isinstance(thing, Mapping) else thing
