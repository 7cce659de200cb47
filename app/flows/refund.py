"""Money goes back: asked for once, sent under one key, written down when the gateway says so."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from app.domain.fulfilment.queries import deliveries_of
from app.domain.notifications import service as notifications
from app.domain.orders import queries as order_queries
from app.domain.orders import service as orders
from app.domain.orders.models import Order, OrderLine
from app.domain.payments import gateways
from app.domain.payments import queries as payment_queries
from app.domain.payments import service as payments
from app.domain.payments.models import Payment, Refund
from app.flows import promoting
from app.flows.deliver import finish
from app.foundation import clock
from app.foundation.unit_of_work import Work, unit_of_work
from tenants.context import platform_scope

ASK_AFTER = timedelta(minutes=5)


def send_refund(refund_id: int) -> None:
    """Send one refund to its gateway.

    The gateway is called outside any transaction under the refund's own key, so
    a process that dies after the call only asks the same question again. What goes back as store credit
    needs no gateway and is given at once.
    """
    if _give_credit(refund_id):
        return
    with unit_of_work() as work:
        refund = work.session.get_one(Refund, refund_id, with_for_update=True)
        if refund.state in {"succeeded", "failed"}:
            return
        refund.state, refund.attempts = "sent", refund.attempts + 1
        payment = work.session.get_one(Payment, refund.payment_id)
        name, key, external_id = payment.gateway, refund.key, payment.external_id or payment.reference
        amount, currency, reason = refund.amount_minor, refund.currency, refund.reason
    answer = gateways.gateway(name).refund(
        reference=key, payment_external_id=external_id, amount_minor=amount, currency=currency, reason=reason
    )
    with unit_of_work() as work:
        record(work, refund_id, str(answer.state), answer.external_id)


def _give_credit(refund_id: int) -> bool:
    """Give back what is store credit, of a refund or beside it; True where that was all of it."""
    with unit_of_work() as work:
        refund = work.session.get_one(Refund, refund_id)
        if not work.session.get_one(Payment, refund.payment_id).credit_minor:
            return False
        credit = refund if refund.kind == "credit" else payment_queries.as_credit(refund)
        if credit is not None and credit.state in {"requested", "sent"}:
            record(work, credit.id, "succeeded", None)
        return refund.kind == "credit"


def hear_refund(event_id: int, payment_id: int, order_id: int) -> None:
    """Work on a stored event about a refund, once."""
    with unit_of_work() as work:
        order = orders.lock(order_id)
        event = payments.lock_event(event_id)
        if event is None:
            return
        refund = _meant(
            work, payment_id, event.payload.get("refund_reference"), event.payload.get("refund_id")
        )
        if refund is None:
            event.outcome, event.note = "unmatched", "foreign_refund"
            call_person(order, payment_id, "foreign_refund")
            return
        record(work, refund.id, "succeeded" if event.kind == "refunded" else "failed", None)
        event.outcome = "applied"


def record(work: Work, refund_id: int, state: str, external_id: str | None) -> None:
    """Write what became of a refund, once, and take its order with it."""
    refund = work.session.get_one(Refund, refund_id)
    order = orders.lock(refund.order_id)
    refund = work.session.get_one(Refund, refund_id, with_for_update=True, populate_existing=True)
    refund.external_id = external_id or refund.external_id
    if state == "failed" and refund.state == "succeeded":
        # A bank may send a refund back days after it went through.
        undo(work, order, refund)
    elif refund.state in {"succeeded", "failed"}:
        return
    work.enqueue("take_back_refund", key=f"take_back:{refund_id}:{state}", refund_id=refund_id)
    if state == "failed":
        _wait_for_person(work, order, refund)
    elif state == "succeeded":
        _succeeded(work, order, refund)


def _succeeded(work: Work, order: Order, refund: Refund) -> None:
    refund.state, refund.succeeded_at = "succeeded", clock.now()
    payment = payments.lock(refund.payment_id)
    payment.refunded_minor += refund.amount_minor
    if payment.refunded_minor == payment.received_minor:
        payment.outcome = "refunded"
    elif payment.outcome == "delivered":
        payment.outcome = "partly_refunded"
    lines = order_queries.lines_of(order.id)
    if refund.order_line_id is not None:
        work.session.flush()
        _end_lines(refund.payment_id, lines)
        orders.note(order, "line_refunded", line=refund.order_line_id, amount_minor=refund.amount_minor)
        work.session.flush()
        if order.state != "attention":  # somebody has to look first, whatever else went well
            finish(work, order)
    elif order.state == "refunding" and _all_is_back(order):
        for line in lines:
            line.state = "refunded"
        orders.move(order, "refunded")
    else:
        orders.note(order, "refund_succeeded", amount_minor=refund.amount_minor)
    _tell(work, order, refund)


def _tell(work: Work, order: Order, refund: Refund) -> None:
    """Tell the buyer what went where, once for both parts of a refund: when the gateway's is through."""
    beside = payment_queries.as_credit(refund)
    credit = refund.amount_minor if refund.kind == "credit" else beside.amount_minor if beside else 0
    if refund.kind == "credit" and refund.key.endswith(payments.CREDIT):
        return
    notifications.decide(
        work,
        order,
        "refunded",
        reason=refund.key,
        amount_minor=payment_queries.whole_of(refund),
        credit_minor=credit,
        **promoting.receipt(order),
    )


def _end_lines(payment_id: int, lines: Sequence[OrderLine]) -> None:
    """A line of which nothing stays paid for is refunded; what keeps something stays as it was delivered."""
    back = payment_queries.back_by_line(payment_id, states=("succeeded",))
    for line in lines:
        if line.state in {"delivered", "failed"} and line.id in back and back[line.id] >= line.net_minor:
            line.state = "refunded"


def undo(work: Work, order: Order, refund: Refund) -> None:
    """Money that had gone back is here again: its lines are what they were before it went."""
    refund.state = "failed"
    payments.lock(refund.payment_id).refunded_minor -= refund.amount_minor
    work.session.flush()
    back = payment_queries.back_by_line(refund.payment_id, states=("succeeded",))
    given = {row.order_line_id for row in deliveries_of(order.id) if row.state == "delivered"}
    for line in order_queries.lines_of(order.id):
        if line.state == "refunded" and back.get(line.id, 0) < line.net_minor:
            line.state = "delivered" if line.id in given else "failed"


def _all_is_back(order: Order) -> bool:
    """Whether no received payment of the order is still on its way back; one that waits for a person has its alarm."""
    received = [payment for payment in payment_queries.of_order(order.id) if payment.state == "received"]
    return all(payment.outcome in {"refunded", "attention"} for payment in received)


def _wait_for_person(work: Work, order: Order, refund: Refund) -> None:
    refund.state = "failed"
    call_person(order, refund.payment_id, "refund_failed")
    work.record("refund_failed", f"order:{order.id}", refund=refund.id)


def call_person(order: Order, payment_id: int, reason: str) -> None:
    """Somebody must look at this payment, whatever its order has become."""
    payment = payments.lock(payment_id)
    payment.attention_reason = reason
    if payment.state == "received":
        payment.outcome = "attention"
    if order.state == "attention":
        orders.note(order, "attention_again", reason=reason)
    else:
        orders.move(order, "attention", reason=reason)


def _meant(work: Work, payment_id: int, key: str | None, external_id: str | None) -> Refund | None:
    """The refund of ours an event speaks of: by our key, else by the gateway's number; never by guess."""
    found = select(Refund).where(Refund.payment_id == payment_id).order_by(Refund.id)
    for refund in work.session.execute(found).scalars():
        if (key and refund.key == key) or (external_id and refund.external_id == external_id):
            return refund
    return None


def send_waiting_refunds() -> int:
    """The clock's tick: refunds that have had no answer for a while are asked about again, under the same key."""
    with platform_scope(), unit_of_work() as work:
        waiting = payment_queries.waiting_refunds(clock.now() - ASK_AFTER)
        for shop_id, refund_id in waiting:
            work.enqueue("send_refund", for_shop=shop_id, key=f"refund:{refund_id}", refund_id=refund_id)
    return len(waiting)
