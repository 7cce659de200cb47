"""A gateway tells us something: believed only if signed, stored once, worked on afterwards."""

from collections.abc import Iterable, Mapping

from sqlalchemy.dialects.postgresql import insert

from app.domain.payments import gateways, queries
from app.domain.payments.gateway import PaymentEvent as Event
from app.domain.payments.models import PaymentEvent
from app.foundation.unit_of_work import Work, unit_of_work
from tenants.context import platform_scope

# Kinds that something must happen for; the others are kept and left.
WORK = {
    "paid": "confirm_payment",
    "refunded": "hear_refund",
    "refund_failed": "hear_refund",
    "dispute": "hear_dispute",
    "dispute_taken": "hear_dispute",
    "dispute_returned": "hear_dispute",
    "dispute_closed": "hear_dispute",
}


def hear_gateway(name: str, headers: Mapping[str, str], body: bytes) -> int:
    """Store what a gateway sent, each event once, and return how many were new.

    Raises ForgedEvent where the signature does not hold: then nothing is stored.
    """
    events = gateways.gateway(name).parse_event(headers, body)
    return store_events(name, events)


def store_events(name: str, events: Iterable[Event]) -> int:
    """Put what is known to come from a gateway into the inbox, each event once; how many were new."""
    with platform_scope(), unit_of_work() as work:
        return sum(_store(work, name, event) for event in events)


def _store(work: Work, name: str, event: Event) -> bool:
    owner = queries.owner_of(event.reference, name, event.external_id)
    row = insert(PaymentEvent).values(
        gateway=name, event_id=event.event_id, kind=event.kind, reference=event.reference,
        external_id=event.external_id, account=event.account, amount_minor=event.amount_minor,
        currency=event.currency, occurred_at=event.occurred_at, payload=dict(event.raw),
        shop_id=owner.shop_id if owner else None, outcome=_known_end(event, found=owner is not None),
    )  # fmt: skip
    event_id = work.session.execute(row.on_conflict_do_nothing().returning(PaymentEvent.id)).scalar()
    if event_id is None:
        return False
    if owner is not None and event.kind in WORK:
        work.enqueue(
            WORK[event.kind], for_shop=owner.shop_id, key=f"event:{event_id}", event_id=event_id,
            payment_id=owner.payment_id, order_id=owner.order_id,
        )  # fmt: skip
    return True


def _known_end(event: Event, *, found: bool) -> str | None:
    if event.kind not in WORK:
        return "ignored"
    return None if found else "unmatched"
