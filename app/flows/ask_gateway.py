"""We ask the gateway ourselves: news can be lost, and a checkout must not outlive its order."""

from datetime import timedelta

from app.domain.payments import gateways
from app.domain.payments import queries as payments
from app.domain.payments.gateway import EventKind, FoundPayment, PaymentEvent, PaymentState
from app.domain.payments.models import Payment
from app.flows.hear_gateway import store_events
from app.foundation import clock
from app.foundation.unit_of_work import Work, unit_of_work
from tenants.context import platform_scope

# Old enough that the event should have come; asked every minute for two hours, then now and then for a day,
# because some ways of paying take hours and a gateway's page may outlive our order.
FROM, OFTEN, TO = timedelta(minutes=2), timedelta(hours=2), timedelta(hours=26)


def close_checkouts(work: Work, order_id: int) -> None:
    """An order is over: let its open checkouts be closed, after this transaction."""
    for payment in payments.of_order(order_id):
        if payment.state in {"created", "open"}:
            work.enqueue("close_checkout", key=f"close:{payment.id}", payment_id=payment.id)


def close_checkout(payment_id: int) -> None:
    """Stop the gateway from taking money for an order that is over; money that was faster is late money."""
    name, reference, external_id = _named(payment_id)
    if (
        external_id is not None
        and gateways.gateway(name).close_checkout(external_id) is not PaymentState.EXPIRED
    ):
        found = gateways.gateway(name).find_payment(reference=reference, external_id=external_id)
        if found is not None and _tell(name, reference, found):
            return
    with unit_of_work() as work:
        payment = work.session.get_one(Payment, payment_id, with_for_update=True)
        if payment.state in {"created", "open"}:
            payment.state = "expired"


def ask_gateway(payment_id: int) -> None:
    """Ask what became of a checkout whose news has not come."""
    name, reference, external_id = _named(payment_id)
    found = gateways.gateway(name).find_payment(reference=reference, external_id=external_id)
    if found is not None:
        _tell(name, reference, found)


def ask_about_open_payments() -> int:
    """The clock's tick: one question for every checkout that has been open for a while."""
    return _ask_about(OFTEN, FROM)


def ask_about_old_payments() -> int:
    """The clock's slow tick: the same for checkouts of the last day."""
    return _ask_about(TO, OFTEN)


def _ask_about(start: timedelta, end: timedelta) -> int:
    now = clock.now()
    with platform_scope(), unit_of_work() as work:
        waiting = payments.open_since(now - start, now - end)
        for shop_id, payment_id in waiting:
            work.enqueue(
                "ask_gateway", for_shop=shop_id, key=f"ask-payment:{payment_id}", payment_id=payment_id
            )
    return len(waiting)


def _named(payment_id: int) -> tuple[str, str, str | None]:
    with unit_of_work() as work:
        payment = work.session.get_one(Payment, payment_id)
        return payment.gateway, payment.reference, payment.external_id


def _tell(name: str, reference: str, found: FoundPayment) -> bool:
    """Put what the gateway answered into the inbox, as if it had told us; True where money has come."""
    if found.state is not PaymentState.PAID:
        return found.state is PaymentState.PROCESSING
    gateway = gateways.gateway(name)
    event = PaymentEvent(
        event_id=f"asked:{found.external_id}", kind=EventKind.PAID, account=gateway.account, occurred_at=clock.now(),
        external_id=found.external_id, reference=reference, amount_minor=found.amount_minor, currency=found.currency,
        raw={"asked": True, **({"payer": found.payer} if found.payer else {})},
    )  # fmt: skip
    store_events(name, [event])
    return True
