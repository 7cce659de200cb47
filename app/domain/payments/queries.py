"""Every SELECT of payments."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select

from app.domain.payments.models import Payment, Refund
from app.domain.payments.rules import Paid
from app.foundation.database import session

COUNTED = ("requested", "sent", "succeeded")


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


def back_by_line(payment_id: int, *, states: Collection[str] = COUNTED) -> dict[int, int]:
    """What of a payment belongs to each line and has gone back, or is on its way, by the line's id."""
    found = select(Refund).where(Refund.payment_id == payment_id, Refund.state.in_(states))
    back: dict[int, int] = defaultdict(int)
    for refund in session().execute(found).scalars():
        for line_id, minor in line_shares(refund).items():
            back[line_id] += minor
    return back


def line_shares(refund: Refund) -> dict[int, int]:
    """How much of a refund belongs to which line, as it was decided when it was asked for."""
    if refund.order_line_id is not None:
        return {int(refund.order_line_id): int(refund.amount_minor)}
    return {int(line_id): int(minor) for line_id, minor in (refund.shares or {}).items()}


def paid(payment: Payment) -> Paid:
    """A payment with what has gone back of it, or is on its way, by where it went."""
    found = (
        select(Refund.kind, func.sum(Refund.amount_minor))
        .where(Refund.payment_id == payment.id, Refund.state != "failed").group_by(Refund.kind)
    )  # fmt: skip
    back = {kind: int(minor) for kind, minor in session().execute(found)}
    return Paid(
        payment.received_minor or 0, payment.credit_minor, back.get("credit", 0), back.get("refund", 0),
        back.get("chargeback", 0),
    )  # fmt: skip


def as_credit(refund: Refund) -> Refund | None:
    """The part of a refund that goes back as store credit beside it."""
    return refund_by_key(f"{refund.key}:credit") if refund.kind == "refund" else None


def credit_on_its_way(order_id: int) -> int:
    """What was asked back of an order as store credit and is not given yet. Minor units."""
    found = select(func.coalesce(func.sum(Refund.amount_minor), 0)).where(
        Refund.order_id == order_id, Refund.kind == "credit", Refund.state.in_(("requested", "sent"))
    )
    return int(session().execute(found).scalar_one())


def whole_of(refund: Refund) -> int:
    """What a refund comes to with the part that goes back as store credit. Minor units."""
    beside = as_credit(refund)
    return int(refund.amount_minor) + (int(beside.amount_minor) if beside else 0)


def refund_by_key(key: str) -> Refund | None:
    """The refund or chargeback of one business fact."""
    return session().execute(select(Refund).where(Refund.key == key)).scalar_one_or_none()


def unmirrored(before: datetime, limit: int = 200) -> Sequence[tuple[int, int, str]]:
    """(shop id, refund id, state) of ended refunds that nobody has followed in the books; for the platform."""
    found = (
        select(Refund.shop_id, Refund.id, Refund.state)
        .where(
            Refund.state.in_(("succeeded", "failed")), Refund.mirrored.is_distinct_from(Refund.state),
            func.coalesce(Refund.succeeded_at, Refund.created_at) < before,
        )
        .order_by(Refund.id)
        .limit(limit)
    )  # fmt: skip
    return [(shop_id, refund_id, state) for shop_id, refund_id, state in session().execute(found)]


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
