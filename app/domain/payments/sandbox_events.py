"""What the sandbox gateway sends: events, and the troubles a buyer can ask for. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any

from app.domain.payments.gateway import EventKind
from app.domain.payments.webhook_signing import sign

ACCOUNT = "sandbox"
# A lookalike that arrives after the real news must be older than it.
OVERTAKEN_BY = timedelta(seconds=5)
GAP_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class SandboxEvent:
    """One event before it is signed."""

    kind: EventKind
    external_id: str
    reference: str
    amount_minor: int
    currency: str
    occurred_at: datetime
    event_id: str = ""
    refund_reference: str | None = None
    refund_id: str | None = None
    account: str = ACCOUNT
    dispute: Mapping[str, Any] = field(default_factory=dict)
    """`dispute_id`, `status`, `reason` and `fee_minor`, in news of a dispute."""
    payer: str = ""
    """The sandbox's sign for the account that paid."""

    def body(self) -> bytes:
        """The event as it travels."""
        data = {
            "external_id": self.external_id, "reference": self.reference,
            "amount_minor": self.amount_minor, "currency": self.currency,
            "refund_reference": self.refund_reference, "refund_id": self.refund_id, **self.dispute,
            **({"payer": self.payer} if self.payer else {}),
        }  # fmt: skip
        told = {
            "id": self.event_id, "type": self.kind, "account": self.account,
            "occurred_at": self.occurred_at.isoformat(), "data": data,
        }  # fmt: skip
        return json.dumps(told, separators=(",", ":")).encode()


# (seconds after the payment, what the bank says, how the dispute stands, the fee so far), by the knob's value.
FEE_MINOR = 1500
OPENED = (20.0, EventKind.DISPUTE, "needs_response", FEE_MINOR)
TAKEN = (22.0, EventKind.DISPUTE_TAKEN, "needs_response", FEE_MINOR)
RETURNED = (60.0, EventKind.DISPUTE_RETURNED, "won", 0)
WON = (61.0, EventKind.DISPUTE_CLOSED, "won", 0)
DISPUTES = {
    "opened": (OPENED, TAKEN),
    "won": (OPENED, TAKEN, RETURNED, WON),
    "lost": (OPENED, TAKEN, (60.0, EventKind.DISPUTE_CLOSED, "lost", FEE_MINOR)),
    "mixed": ((20.0, *WON[1:]), (25.0, *TAKEN[1:]), (30.0, *OPENED[1:]), (35.0, *RETURNED[1:])),
    "asked": (
        (20.0, EventKind.DISPUTE, "warning_needs_response", None),
        (60.0, EventKind.DISPUTE_CLOSED, "warning_closed", None),
    ),
}


@dataclass(frozen=True, slots=True)
class Knobs:
    """Troubles chosen on the pay page."""

    failure: bool = False  # the payment fails instead
    delay_seconds: float = 0.0  # the news comes late, after expiry if one likes
    duplicates: int = 0  # the same event so many times more
    out_of_order: bool = False  # an older "failed" of the buyer's first try arrives after "paid"
    wrong_amount_minor: int = 0  # this much more (or less) than was asked


@dataclass(frozen=True, slots=True)
class PlannedDelivery:
    """One POST to make, so many seconds from now; its signature is made for that moment."""

    delay_seconds: float
    headers: dict[str, str]
    body: bytes


def new_event(
    kind: EventKind,
    *,
    external_id: str,
    reference: str,
    amount_minor: int,
    currency: str,
    occurred_at: datetime,
    payer: str = "",
) -> SandboxEvent:
    """An event of a payment, with an id of its own."""
    return SandboxEvent(
        kind, external_id, reference, amount_minor, currency, occurred_at, event_id=f"evt_{token_hex(12)}", payer=payer
    )  # fmt: skip


def sign_event(event: SandboxEvent, *, secret: str, seconds: float) -> tuple[dict[str, str], bytes]:
    """The headers and body to POST at that time (Unix seconds)."""
    body = event.body()
    return sign(secret, event_id=event.event_id, body=body, timestamp=int(seconds)), body


def plan_deliveries(
    knobs: Knobs, event: SandboxEvent, *, secret: str, seconds: float
) -> list[PlannedDelivery]:
    """Every POST the chosen troubles lead to, in the order of their time."""
    first = replace(event, amount_minor=event.amount_minor + knobs.wrong_amount_minor)
    if knobs.failure:
        first = replace(first, kind=EventKind.FAILED)
    waits = [(knobs.delay_seconds + GAP_SECONDS * copy, first) for copy in range(knobs.duplicates + 1)]
    if knobs.out_of_order:
        older = replace(
            event,
            kind=EventKind.FAILED,
            event_id=f"{event.event_id}-earlier",
            occurred_at=(event.occurred_at - OVERTAKEN_BY).astimezone(UTC),
        )
        waits.append((knobs.delay_seconds + GAP_SECONDS, older))
    waits.sort(key=lambda wait: wait[0])
    return [
        PlannedDelivery(delay, *sign_event(told, secret=secret, seconds=seconds + delay))
        for delay, told in waits
    ]


def plan_dispute(
    story: str, event: SandboxEvent, *, secret: str, seconds: float, after_seconds: float = 0.0
) -> list[PlannedDelivery]:
    """Every POST of a dispute about a payment: opened, won, lost, told in a mixed order, or only asked about."""
    dispute_id = f"sbd_{event.external_id[-20:]}"
    planned = []
    for at, (wait, kind, status, fee) in enumerate(DISPUTES.get(story, ())):
        told = replace(
            event, kind=kind, event_id=f"{event.event_id}-dispute-{at}",
            dispute={"dispute_id": dispute_id, "status": status, "reason": "fraudulent", "fee_minor": fee},
        )  # fmt: skip
        delay = after_seconds + wait
        planned.append(PlannedDelivery(delay, *sign_event(told, secret=secret, seconds=seconds + delay)))
    return planned
