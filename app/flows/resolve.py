"""What a person does for an order that cannot go on by itself: hand over, or give the money back."""

from collections.abc import Sequence

from app.domain.fulfilment import attempts
from app.domain.fulfilment.queries import deliveries_of
from app.domain.inventory import service as inventory
from app.domain.inventory.keys import current_key
from app.domain.notifications import service as notifications
from app.domain.orders import queries as order_queries
from app.domain.orders import rules as order_rules
from app.domain.orders import service as orders
from app.domain.orders.models import Order, OrderLine
from app.domain.payments import queries as payment_queries
from app.domain.payments import service as payments
from app.domain.payments.models import Payment
from app.flows import grouping, promoting, spending
from app.flows.deliver import finish, hand_over, settle_soon
from app.foundation import clock
from app.foundation.actor import Actor
from app.foundation.errors import NotFound, StaleState
from app.foundation.runtime import runtime
from app.foundation.unit_of_work import Work, unit_of_work
from app.foundation.vault import Secret
from tenants.context import platform_scope


def deliver_by_hand(order_id: int, line_id: int, *, secret: Secret | None, note: str, actor: Actor) -> None:
    """An agent delivers a line: with a secret (sealed at once), or with a word of what was done."""
    brand_id = _brand_of(order_id, line_id)
    with platform_scope(), unit_of_work():
        key_id, key = current_key(brand_id, runtime().vault)
    with unit_of_work(actor) as work:
        order = orders.lock(order_id)
        line = orders.lines_by_id(order_id).get(line_id)
        delivery = next((found for found in deliveries_of(order_id) if found.order_line_id == line_id), None)
        if line is None or delivery is None:
            raise NotFound(what="order_line")
        if order.state not in {"paid", "attention"}:
            raise StaleState(what="order", number=order.number, state=order.state, wanted="delivered")
        if delivery.state != "by_hand":
            raise StaleState(what="delivery", state=delivery.state)
        if secret is not None:
            delivery.data_key_id = key_id
            delivery.secret = runtime().vault.seal_bytes(key, secret.to_bytes(), b"delivery:%d" % line_id)
        delivery.receipt = {"note": note}
        hand_over(delivery, line)
        settle_soon(work, order.id, line.id)
        orders.note(order, "handed_over", line=line_id)
        work.record("deliver_by_hand", f"order:{order_id}", line=line_id)
        work.session.flush()
        finish(work, order)


def refund_order(order_id: int, *, reason: str, actor: Actor) -> int:
    """Give back what was received for what was not delivered; how many refunds were asked for.

    For orders that are paid and not finished, or wait for a person. Lines that were
    delivered stay bought: goods already shown are another story (after-sales).
    Refused while a supplier may still credit the buyer, and where nothing is left to give back.
    """
    with unit_of_work(actor) as work:
        order = orders.lock(order_id)
        grouping.lock_group_of(order)  # a member who is refunded leaves; the group comes before its stock
        if order.state not in {"paid", "attention"}:
            raise StaleState(what="order", number=order.number, state=order.state, wanted="refunding")
        lines = order_queries.lines_of(order_id)
        open_lines = [line for line in lines if line.state not in {"delivered", "refunded"}]
        _stop_suppliers(order_id)
        payment = _bought_with(order)
        asked = [
            _ask_back(work, order, extra, (extra.received_minor or 0), reason)
            for extra in _extra(order, payment)
        ]
        back = payment_queries.back_by_line(payment.id) if payment is not None else {}
        if payment is not None:
            asked += [
                _ask_back(work, order, payment, line.net_minor - back.get(line.id, 0), reason, line=line)
                for line in open_lines if back.get(line.id, 0) < line.net_minor
            ]  # fmt: skip
        taken = _taken_already(payment, open_lines)
        if not any(asked) and not taken:
            raise StaleState(what="order", number=order.number, state=order.state, wanted="refunding")
        _close_lines(order_id, open_lines, sold=payment is not None)
        for line in taken:
            line.state = "refunded"
        if len(open_lines) == len(lines):
            orders.move(order, "refunding" if any(asked) else "refunded", reason=reason)
        elif order.state == "attention":
            orders.move(order, "paid")
        if taken and payment is not None and not any(asked):
            work.session.flush()
            payment.outcome, payment.attention_reason = _end_of(payment), None
            finish(work, order)
        amount = sum(line.net_minor - back.get(line.id, 0) for line in open_lines)
        if any(asked):
            notifications.decide(
                work,
                order,
                "refunding",
                reason=reason,
                amount_minor=amount,
                **spending.going_back(order),
                **promoting.receipt(order),
            )
        work.record("refund_order", f"order:{order_id}", reason=reason, refunds=sum(map(bool, asked)))
        return sum(map(bool, asked))


def acknowledge(order_id: int, *, note: str, actor: Actor) -> None:
    """A person has seen to an order that waited: it and its money get the end that the facts give them.

    Refused while anything of it is still open: deliver or refund that first.
    """
    with unit_of_work(actor) as work:
        order = orders.lock(order_id)
        lines = order_queries.lines_of(order_id)
        sold = order.paid_at is not None
        received = [payment for payment in payment_queries.of_order(order_id) if payment.state == "received"]
        ended = order_rules.state_of([line.state for line in lines]) if sold else "cancelled"
        unsettled = [
            payment for payment in received if (payment.received_minor or 0) > payment.refunded_minor
        ]
        if order.state != "attention" or ended is None or (unsettled and ended != "delivered"):
            raise StaleState(what="order", number=order.number, state=order.state, wanted="acknowledged")
        orders.move(order, ended, note=note)
        for payment in received:
            payment.outcome, payment.attention_reason = _end_of(payment), None
        work.record("acknowledge", f"order:{order_id}", note=note)


def _end_of(payment: Payment) -> str:
    if payment.refunded_minor == payment.received_minor:
        return "refunded"
    return "partly_refunded" if payment.refunded_minor else "delivered"


def _taken_already(payment: Payment | None, lines: Sequence[OrderLine]) -> list[OrderLine]:
    """Of these lines those whose money the buyer's bank has taken already: they are only closed."""
    if payment is None:
        return []
    gone = payment_queries.back_by_line(payment.id, states=("succeeded",))
    return [line for line in lines if 0 < line.net_minor <= gone.get(line.id, 0)]


def _stop_suppliers(order_id: int) -> None:
    """Nothing may be on its way to the buyer while money goes back; what was never sent never will be."""
    deliveries = [delivery.id for delivery in deliveries_of(order_id)]
    for attempt in attempts.open_rows(deliveries) if deliveries else []:
        if attempt.sent_at is not None:
            raise StaleState(what="supplier_order", state=attempt.state, wanted="refunding")
        attempt.state, attempt.reason, attempt.ended_at = "failed", "order_is_over", clock.now()


def _bought_with(order: Order) -> Payment | None:
    """The exact payment that bought the order, if it was bought."""
    if order.paid_at is None:
        return None
    exact = [
        payment
        for payment in payment_queries.of_order(order.id)
        if payment.state == "received" and payment.received_minor == payment.amount_minor
        and payment.received_currency == payment.currency
    ]  # fmt: skip
    return exact[0] if exact else None


def _extra(order: Order, bought_with: Payment | None) -> list[Payment]:
    """Money that came besides the payment that bought the order."""
    return [
        payment
        for payment in payment_queries.of_order(order.id)
        if payment.state == "received" and payment.outcome != "refunded"
        and (bought_with is None or payment.id != bought_with.id)
    ]  # fmt: skip


def _ask_back(
    work: Work,
    order: Order,
    payment: Payment,
    amount_minor: int,
    reason: str,
    *,
    line: OrderLine | None = None,
) -> bool:
    before = [refund for refund in payment_queries.refunds_of(order.id) if refund.payment_id == payment.id]
    refund_id = payments.request_refund(
        payment, key=f"person:{payment.id}:{len(before)}", amount_minor=amount_minor, reason=reason,
        order_line_id=line.id if line else None,
    )  # fmt: skip
    if refund_id is None:
        return False
    payment.outcome, payment.attention_reason = None, None
    work.enqueue("send_refund", key=f"refund:{refund_id}", refund_id=refund_id)
    return True


def _close_lines(order_id: int, lines: Sequence[OrderLine], *, sold: bool) -> None:
    """What is given back is not delivered any more, and its stock is free again."""
    closed = {line.id for line in lines}
    for delivery in deliveries_of(order_id):
        if delivery.order_line_id in closed:
            delivery.state = "failed"
    for line in lines:
        line.state = "failed"
        if sold:
            inventory.unsell(line.id)


def _brand_of(order_id: int, line_id: int) -> int:
    line = next((line for line in order_queries.lines_of(order_id) if line.id == line_id), None)
    if line is None:
        raise NotFound(what="order_line")
    return int(line.brand_id)
