"""Every SELECT of payments that staff browse."""

from typing import Any

from sqlalchemy import func, or_, select

from app.domain.payments.models import Payment, PaymentEvent, Refund
from app.foundation.database import session
from app.foundation.paging import Asked, Page, cut

NEED_EYES = ("mismatched", "unmatched")


def payments_of(order_id: int) -> list[Payment]:
    found = select(Payment).where(Payment.order_id == order_id).order_by(Payment.id)
    return list(session().execute(found).scalars())


def refunds_of(order_id: int) -> list[Refund]:
    return list(
        session().execute(select(Refund).where(Refund.order_id == order_id).order_by(Refund.id)).scalars()
    )


def events_page(asked: Asked) -> Page[Any]:
    """What gateways told us; without a filter only what fits nothing."""
    found = select(PaymentEvent)
    outcome = asked.get("outcome")
    if outcome == "open":
        found = found.where(PaymentEvent.outcome.is_(None))
    elif outcome and outcome != "all":
        found = found.where(PaymentEvent.outcome == outcome)
    elif not outcome:
        found = found.where(PaymentEvent.outcome.in_(NEED_EYES))
    if asked.words:
        like = f"%{asked.words}%"
        found = found.where(
            or_(
                PaymentEvent.reference.ilike(like),
                PaymentEvent.event_id.ilike(like),
                PaymentEvent.external_id.ilike(like),
            )
        )
    sorts = {
        "received": PaymentEvent.received_at,
        "amount": PaymentEvent.amount_minor,
        "kind": PaymentEvent.kind,
    }
    return cut(found, asked, sorts=sorts, usual="-received", tie=PaymentEvent.id)


def events_in_doubt() -> int:
    """How many events fit no payment of ours."""
    found = select(func.count()).select_from(PaymentEvent).where(PaymentEvent.outcome.in_(NEED_EYES))
    return session().execute(found).scalar_one()
