"""From which account an order was paid: limits of flash sales and signs of self-referral go by it.

A gateway may tell it with the news, when it is asked, or later. What can only be bought by an account that has not
had its share is not sold before the gateway was asked; whatever is told after the sale counts from then on and undoes
no sale.
"""

import logging
from datetime import timedelta

from app.domain.orders import service as orders
from app.domain.orders.models import Order
from app.domain.payments import gateways
from app.domain.payments import service as payments
from app.domain.payments.errors import GatewayRefused, GatewayUnavailable
from app.domain.payments.gateway import PaymentState
from app.domain.payments.models import Payment, PaymentEvent
from app.domain.promotions import queries as promotions
from app.domain.promotions import service
from app.foundation import clock, ids
from app.foundation.runtime import settings
from app.foundation.unit_of_work import Work, unit_of_work

log = logging.getLogger(__name__)
PATIENCE = timedelta(minutes=2)
"""So long a sale waits for a gateway that told of the money and does not say whose it was."""


def must_be_known(order: Order, payment: Payment) -> bool:
    """Whether the sale depends on who paid; the payment is locked, and its news did not say."""
    return bool(order.promoted) and payment.state != "received" and promotions.limits_payers(order.id)


def ask(event_id: int, payment_id: int) -> str:
    """Ask the gateway who paid, outside any transaction; empty where it does not say.

    GatewayUnavailable while there is patience left: the job comes back.
    """
    with unit_of_work() as work:
        payment, event = (
            work.session.get_one(Payment, payment_id),
            work.session.get_one(PaymentEvent, event_id),
        )
        asked, told_at = (payment.gateway, payment.reference, payment.external_id), event.received_at
    try:
        return _asked(*asked)
    except GatewayRefused:
        return ""
    except GatewayUnavailable:
        if clock.now() - told_at < PATIENCE:
            raise
        log.warning("sold without the payer", extra={"payment": payment_id})
        return ""


def may_pay(order: Order, payment: Payment, told: str) -> bool:
    """Note from which account money came; False where that account has its share of a flash sale already."""
    if not told:
        return True
    payment.payer = ids.keyed(settings().key_for("payer"), f"{payment.gateway}:{payment.account}:{told}")
    return not order.promoted or service.know_payer(order.id, f"p:{payment.payer}")


def learn_later(work: Work, payment: Payment) -> None:
    """After a sale whose payer nobody told: ask for it, when there is time. The sandbox's news say it always."""
    if payment.payer is None and payment.gateway != "sandbox":
        work.enqueue(
            "learn_payer", key=f"payer:{payment.id}", payment_id=payment.id, order_id=payment.order_id
        )


def learn_payer(payment_id: int, order_id: int) -> None:
    """Ask for the account behind money that was received, and let it count from now on. Once, however often."""
    with unit_of_work() as work:
        payment = work.session.get_one(Payment, payment_id)
        if payment.payer is not None or payment.state != "received":
            return
        name, reference, external_id = payment.gateway, payment.reference, payment.external_id
    told = _asked(name, reference, external_id)
    if not told:
        return
    with unit_of_work():
        order = orders.lock(order_id)
        payment = payments.lock(payment_id)
        if payment.payer is None and not may_pay(order, payment, told):
            orders.note(order, "payer_limit_seen_late")


def _asked(name: str, reference: str, external_id: str | None) -> str:
    found = gateways.gateway(name).find_payment(reference=reference, external_id=external_id)
    return found.payer if found is not None and found.state is PaymentState.PAID else ""
