"""Every SELECT of payments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select

from app.domain.payments.models import Payment, Refund
from app.foundation.database import session


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose payment a reference is."""

    shop_id: int
    payment_id: int
    order_id: int


def owner_of(reference: str | None, gateway: str, external_id: str | None) -> Owner | None:
    """The payment a gateway speaks of, by our reference or by its own number; needs the platform's scope."""
    by = []
    if reference:
        by.append(and_(Payment.reference == reference, Payment.gateway == gateway))
    if external_id:
        by.append(and_(Payment.external_id == external_id, Payment.gateway == gateway))
    if not by:
        return None
    row = (
        session()
        .execute(select(Payment.shop_id, Payment.id, Payment.order_id).where(or_(*by)).limit(1))
        .first()
    )
    return Owner(*row) if row else None


def of_order(order_id: int) -> Sequence[Payment]:
    found = select(Payment).where(Payment.order_id == order_id).order_by(Payment.id)
    return session().execute(found).scalars().all()


def open_by(order_id: int, method: str) -> Payment | None:
    """The newest attempt by a method that can still be paid."""
    found = (
        select(Payment)
        .where(Payment.order_id == order_id, Payment.method == method, Payment.state.in_(("created", "open")))
        .order_by(Payment.id.desc())
        .limit(1)
    )
    return session().execute(found).scalar()


def refunds_of(order_id: int) -> Sequence[Refund]:
    found = select(Refund).where(Refund.order_id == order_id).order_by(Refund.id)
    return session().execute(found).scalars().all()


def open_since(start: datetime, end: datetime, limit: int = 200) -> Sequence[tuple[int, int]]:
    """(shop id, payment id) of checkouts opened in a span of time and still open; for the platform."""
    found = (
        select(Payment.shop_id, Payment.id)
        .where(Payment.state == "open", Payment.created_at.between(start, end))
        .order_by(Payment.id)
        .limit(limit)
    )
    return [(shop_id, payment_id) for shop_id, payment_id in session().execute(found)]


def waiting_refunds(before: datetime, limit: int = 200) -> Sequence[tuple[int, int]]:
    """(shop id, refund id) of refunds asked for before a time and not ended; for the platform."""
    found = (
        select(Refund.shop_id, Refund.id)
        .where(Refund.state.in_(("requested", "sent")), Refund.created_at < before)
        .order_by(Refund.created_at)
        .limit(limit)
    )
    return [(shop_id, refund_id) for shop_id, refund_id in session().execute(found)]
