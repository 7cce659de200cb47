"""The gateway of our own for running without keys: a pay page, signed events, no money."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from app.domain.payments.errors import CheckoutTooLate, ForgedEvent
from app.domain.payments.gateway import (
    Checkout,
    CheckoutRequest,
    EventKind,
    FoundPayment,
    PaymentEvent,
    PaymentState,
    RefundOutcome,
    RefundState,
    ReportLine,
)
from app.domain.payments.sandbox_events import ACCOUNT
from app.domain.payments.sandbox_token import external_id_for, make_token
from app.domain.payments.webhook_signing import BadSignature, verify
from app.foundation import clock

FEE_BPS = 60
"""What the sandbox keeps of a payment, as a wallet would: 0.6 %, rounded down. Refunds cost nothing."""


@dataclass(frozen=True, slots=True)
class SandboxRefund:
    """A refund asked of the sandbox; `refund_id` follows from the reference."""

    reference: str
    refund_id: str
    external_id: str
    amount_minor: int
    currency: str


class SandboxBook(Protocol):
    """What the sandbox remembers of payments, where somebody keeps it."""

    def find(self, external_id: str) -> FoundPayment | None: ...

    def refund(self, refund: SandboxRefund) -> RefundOutcome:
        """Once per reference; the same answer when asked again."""

    def movements(self, since: datetime, until: datetime) -> Iterable[ReportLine]:
        """What was paid and given back in that time, without fees."""


class NoBook:
    """Remembers nothing: every refund succeeds at once."""

    def find(self, external_id: str) -> FoundPayment | None:  # noqa: ARG002 - it remembers nothing
        return None

    def refund(self, refund: SandboxRefund) -> RefundOutcome:
        return RefundOutcome(RefundState.SUCCEEDED, refund.refund_id)

    def movements(self, since: datetime, until: datetime) -> Iterable[ReportLine]:  # noqa: ARG002 - as above
        return ()


class SandboxGateway:
    """A PaymentGateway whose checkouts live in their links.

    `secrets`: the first signs, all verify. `pay_url` is the pay page's origin,
    such as `http://pay.localhost:8000`.
    """

    def __init__(
        self,
        secrets: Sequence[str],
        pay_url: str,
        *,
        book: SandboxBook | None = None,
        seconds: Callable[[], float] = time.time,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._secrets, self._pay_url = tuple(secrets), pay_url.rstrip("/")
        self._book: SandboxBook = book or NoBook()
        # Signatures need the wall clock; a rehearsal may move the house's.
        self._seconds, self._now = seconds, now

    @property
    def name(self) -> str:
        return "sandbox"

    @property
    def account(self) -> str:
        return ACCOUNT

    def create_checkout(self, request: CheckoutRequest) -> Checkout:
        if self._now() >= request.expires_at:
            raise CheckoutTooLate(reference=request.reference)
        token = make_token(self._secrets[0], request)
        return Checkout(f"{self._pay_url}/pay/{token}", external_id_for(request.reference))

    def close_checkout(self, external_id: str) -> PaymentState:
        # A link cannot be taken back; it closes by its own time, and money that
        # comes late is dealt with as from any gateway.
        found = self._book.find(external_id)
        return found.state if found else PaymentState.EXPIRED

    def refund(
        self,
        *,
        reference: str,
        payment_external_id: str,
        amount_minor: int,
        currency: str,
        reason: str,  # noqa: ARG002 - no bank asks the sandbox why
    ) -> RefundOutcome:
        refund_id = "sbr_" + hashlib.sha256(reference.encode()).hexdigest()[:24]
        wanted = SandboxRefund(reference, refund_id, payment_external_id, amount_minor, currency)
        return self._book.refund(wanted)

    def find_payment(self, *, reference: str, external_id: str | None) -> FoundPayment | None:
        return self._book.find(external_id or external_id_for(reference))

    def report(self, since: datetime, until: datetime) -> Iterable[ReportLine]:
        for line in self._book.movements(since, until):
            fee = line.amount_minor * FEE_BPS // 10_000 if line.kind == "payment" else 0
            yield replace(line, fee_minor=fee)

    def parse_event(self, headers: Mapping[str, str], body: bytes) -> tuple[PaymentEvent, ...]:
        try:
            event_id = verify(self._secrets, headers, body, now=self._seconds())
        except BadSignature as error:
            raise ForgedEvent(gateway=self.name, reason=error.reason) from error
        try:
            event = _read(json.loads(body))
        except (ValueError, KeyError, TypeError) as error:
            raise ForgedEvent(gateway=self.name, reason="unreadable") from error
        if event.event_id != event_id:
            raise ForgedEvent(gateway=self.name, reason="other_id")
        if event.account != self.account:
            raise ForgedEvent(gateway=self.name, reason="other_account")
        return (event,)


def _read(told: Any) -> PaymentEvent:
    kind = told["type"] if told["type"] in set(EventKind) else EventKind.OTHER
    data = told["data"]
    amount = data["amount_minor"]
    if type(amount) is not int:
        raise ValueError("an amount is a whole number")
    return PaymentEvent(
        event_id=told["id"],
        kind=EventKind(kind),
        account=told["account"],
        occurred_at=datetime.fromisoformat(told["occurred_at"]),
        external_id=data["external_id"],
        reference=data["reference"],
        amount_minor=amount,
        currency=data["currency"],
        raw=data | {"type": told["type"]},
    )
