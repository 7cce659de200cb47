"""Changes of payments and refunds, inside the caller's transaction."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, case, func, select, update
from sqlalchemy.dialects.postgresql import insert

from app.domain.payments import queries
from app.domain.payments.models import Payment, PaymentEvent, Refund
from app.domain.payments.rules import credit_part
from app.foundation import clock
from app.foundation.database import session
from app.foundation.errors import NotFound

CREDIT = ":credit"
"""Ends the key of a refund's part that goes back as store credit."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a gateway says was paid."""

    external_id: str | None
    amount_minor: int | None
    currency: str | None
    account: str | None


def lock(payment_id: int) -> Payment:
    """The payment, locked; after its order's lock."""
    found = select(Payment).where(Payment.id == payment_id).with_for_update(key_share=True)
    payment = session().execute(found.execution_options(populate_existing=True)).scalar_one_or_none()
    if payment is None:
        raise NotFound(what="payment")
    return payment


def note_checkout(payment_id: int, url: str, external_id: str | None) -> str:
    """Write down where an attempt is paid, and return its state: open now, or what it has become meanwhile."""
    state = session().execute(
        update(Payment)
        .where(Payment.id == payment_id)
        .values(
            state=case((Payment.state == "created", "open"), else_=Payment.state),
            url=url,
            external_id=func.coalesce(Payment.external_id, external_id),
        )
        .returning(Payment.state)
        .execution_options(synchronize_session=False)
    )
    return str(state.scalar_one())


def lock_event(event_id: int) -> PaymentEvent | None:
    """An event nobody has worked on yet, locked; None where somebody has."""
    found = (
        select(PaymentEvent)
        .where(PaymentEvent.id == event_id, PaymentEvent.outcome.is_(None))
        .with_for_update()
    )
    return session().execute(found).scalar_one_or_none()


def difference(payment: Payment, told: Told) -> str | None:
    """In what an event differs from the payment it names, or None. A missing or zero amount differs."""
    if told.account != payment.account:
        return "account"
    if payment.external_id and told.external_id and told.external_id != payment.external_id:
        return "external_id"
    if (told.currency or "").upper() != payment.currency:
        return "currency"
    if told.amount_minor != payment.asked_minor:
        return "amount"
    return None


def receive(payment: Payment, told: Told) -> None:
    """Note that the money is here: what came, which may differ from what was asked for, and its store credit.

    The credit must be held for its order: a trigger spends it.
    """
    payment.state = "received"
    payment.received_minor = max(told.amount_minor or 0, 0) + payment.credit_minor
    payment.received_currency = told.currency
    payment.received_at = clock.now()
    payment.external_id = payment.external_id or told.external_id


def settle_outcome(order_id: int, outcome: str) -> None:
    """Write how the order's received money ended, where it has not ended already and is not on its way back."""
    on_its_way = (
        select(func.coalesce(func.sum(Refund.amount_minor), 0))
        .where(Refund.payment_id == Payment.id, Refund.state.in_(("requested", "sent")))
        .scalar_subquery()
    )
    going_back = and_(on_its_way > 0, on_its_way + Payment.refunded_minor == Payment.received_minor)
    waiting = select(Payment).where(
        Payment.order_id == order_id, Payment.state == "received", Payment.outcome.is_(None), ~going_back
    )
    for payment in session().execute(waiting).scalars():
        payment.outcome = "partly_refunded" if outcome == "delivered" and payment.refunded_minor else outcome


def reopen_outcome(order_id: int) -> None:
    """An order that waited for a person goes on by itself: its exact money has no end yet."""
    waiting = select(Payment).where(
        Payment.order_id == order_id, Payment.outcome == "attention", Payment.attention_reason.is_(None)
    )
    for payment in session().execute(waiting).scalars():
        payment.outcome = None


def request_refund(
    payment: Payment, *, key: str, amount_minor: int, reason: str, order_line_id: int | None = None
) -> int | None:
    """Ask for money to go back, once per key; None where it has been asked before or nothing is left.

    Of a payment with store credit a part goes back as credit: a refund of its own, beside the one that goes through
    the gateway and under that one's key with `:credit`. Where all of it is credit, that is the one under the key.
    """
    paid = queries.paid(payment)
    amount = min(amount_minor, paid.credit_left_minor + paid.gateway_left_minor)
    if amount <= 0:
        return None
    credit = credit_part(paid, amount)
    values: dict[str, Any] = {
        "shop_id": payment.shop_id, "order_id": payment.order_id, "payment_id": payment.id, "key": key,
        "order_line_id": order_line_id, "amount_minor": amount - credit,
        "currency": payment.received_currency or payment.currency, "reason": reason,
    }  # fmt: skip
    as_credit = values | {"kind": "credit", "amount_minor": credit}
    if credit == amount:
        return _ask_back(as_credit)
    refund_id = _ask_back(values)
    if refund_id is not None and credit:
        _ask_back(as_credit | {"key": f"{key}{CREDIT}"})
    return refund_id


def _ask_back(values: dict[str, Any]) -> int | None:
    row = insert(Refund).values(values).on_conflict_do_nothing(index_elements=["key"]).returning(Refund.id)
    return session().execute(row).scalar()
