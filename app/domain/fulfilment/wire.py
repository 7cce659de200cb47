"""What a supplier's words mean to us. Pure: bytes and numbers in, Outcome out.

A "no" counts as certain only when it is written in the protocol and carries the
supplier's signature; the caller has checked the signature before it comes here.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.fulfilment.errors import ForgedCallback
from app.domain.fulfilment.gateway import Hearing, Outcome, TopupRequest, Voucher
from app.domain.fulfilment.signing import BadSignature, check_request

STATES = {
    "accepted": Hearing.ACCEPTED,
    "succeeded": Hearing.SUCCEEDED,
    "failed": Hearing.FAILED,
}
# Documented refusals of an order: the supplier promises that nothing was or will be credited.
# "nonce_used" is not among them: a copy of the same request came first, and may have been accepted.
REFUSALS = frozenset({
    "bad_signature", "currency_not_sold", "invalid_field", "out_of_funds", "outside_window",
    "product_not_sold", "rejected", "too_many_requests",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Callback:
    """A verified message. Keep the nonce for two minutes and ignore it a second time."""

    reference: str
    nonce: str
    outcome: Outcome


def order_body(request: TopupRequest, callback_url: str) -> bytes:
    """The order as it is signed and sent; the same request gives the same bytes."""
    told = {
        "reference": request.reference,
        "product": request.product,
        "face_value_minor": request.face_value_minor,
        "currency": request.currency,
        "fields": dict(request.fields),
        "callback_url": callback_url,
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def read_placed(status: int, body: bytes, reference: str) -> Outcome:
    """What a signed answer to an order means."""
    if status in (200, 201, 202):
        return _read_order(body, reference)
    code = _error_code(body)
    if status == 409 and code == "reference_conflict":
        return Outcome(Hearing.CONFLICT, reason=code)
    if 400 <= status < 500 and code in REFUSALS:
        return Outcome(Hearing.FAILED, reason=code)
    return Outcome(Hearing.UNKNOWN, reason=f"http_{status}")


def read_asked(status: int, body: bytes, reference: str) -> Outcome:
    """What a signed answer to a question means."""
    if status == 200:
        return _read_order(body, reference)
    if status == 404 and _error_code(body) == "order_not_found":
        return Outcome(Hearing.NOT_FOUND)
    return Outcome(Hearing.UNKNOWN, reason=f"http_{status}")


def read_callback(
    headers: Mapping[str, str],
    body: bytes,
    *,
    path: str,
    query: str,
    secrets: Sequence[str],
    now: float,
) -> Callback:
    """Verify a callback and read it, or raise ForgedCallback.

    Secrets never travel in a callback: it says `voucher_waiting` and we ask.
    """
    try:
        nonce = check_request(secrets, headers, method="POST", path=path, query=query, body=body, now=now)
    except BadSignature as error:
        raise ForgedCallback(reason=error.reason) from error
    reference = _object(body).get("reference")
    outcome = _read_order(body, reference) if isinstance(reference, str) else None
    if outcome is None or outcome.at is None:
        raise ForgedCallback(reason="unreadable")
    return Callback(str(reference), nonce, outcome)


def _read_order(body: bytes, reference: str) -> Outcome:
    told = _object(body)
    hearing, at = STATES.get(str(told.get("state"))), _time(told.get("at"))
    if hearing is None or at is None:
        return Outcome(Hearing.UNKNOWN, reason="unreadable")
    if told.get("reference") != reference:
        return Outcome(Hearing.UNKNOWN, reason="wrong_reference")
    return Outcome(
        hearing,
        at=at,
        number=_text(told.get("number")),
        reason=_text(told.get("reason")),
        voucher=_voucher(told.get("voucher")),
        voucher_waiting=told.get("voucher_waiting") is True,
    )


def _object(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _error_code(body: bytes) -> str | None:
    error = _object(body).get("error")
    return _text(error.get("code")) if isinstance(error, dict) else None


def _voucher(told: object) -> Voucher | None:
    if not isinstance(told, dict) or not isinstance(told.get("number"), str):
        return None
    return Voucher(told["number"], _text(told.get("password")))


def _time(told: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(told) if isinstance(told, str) else None
    except ValueError:
        return None
    # A time without a zone orders nothing.
    return at if at is not None and at.tzinfo is not None else None


def _text(told: object) -> str | None:
    return told if isinstance(told, str) else None
