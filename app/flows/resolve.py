"""What a person does for an order that cannot go on by itself: hand over, or give the money back."""

from app.domain.fulfilment.queries import deliveries_of
from app.domain.inventory.keys import current_key
from app.domain.notifications import service as notifications
from app.domain.orders import queries as order_queries
from app.domain.orders import service as orders
from app.domain.payments import queries as payment_queries
from app.domain.payments import service as payments
from app.flows.deliver import finish, hand_over
from app.foundation.actor import Actor
from app.foundation.errors import NotFound, StaleState
from app.foundation.runtime import runtime
from app.foundation.unit_of_work import unit_of_work
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
        if delivery.state != "by_hand":
            raise StaleState(what="delivery", state=delivery.state)
        if secret is not None:
            delivery.data_key_id = key_id
            delivery.secret = runtime().vault.seal_bytes(key, secret.to_bytes(), b"delivery:%d" % line_id)
        delivery.receipt = {"note": note}
        hand_over(delivery, line)
        orders.note(order, "handed_over", line=line_id)
        work.record("deliver_by_hand", f"order:{order_id}", line=line_id)
        work.session.flush()
        finish(work, order)


def refund_order(order_id: int, *, reason: str, actor: Actor) -> int:
    """Give back everything received for an order that is not finished; how many refunds were asked for.

    Goods already shown are another story (after-sales); this one is for orders
    that are paid and undelivered, or wait for a person.
    """
    with unit_of_work(actor) as work:
        order = orders.lock(order_id)
        if order.state not in {"paid", "attention"}:
            raise StaleState(what="order", number=order.number, state=order.state, wanted="refunding")
        asked = 0
        for payment in payment_queries.of_order(order_id):
            if payment.state != "received" or payment.outcome == "refunded":
                continue
            refund_id = payments.request_refund(
                payment, key=f"person:{payment.id}", amount_minor=payment.received_minor or 0, reason=reason
            )
            if refund_id is not None:
                payment.outcome = None
                asked += 1
                work.enqueue("send_refund", key=f"refund:{refund_id}", refund_id=refund_id)
        orders.move(order, "refunding", reason=reason)
        notifications.decide(work, order, "refunding", reason=reason, amount_minor=order.total_minor)
        work.record("refund_order", f"order:{order_id}", reason=reason, refunds=asked)
        return asked


def _brand_of(order_id: int, line_id: int) -> int:
    line = next((line for line in order_queries.lines_of(order_id) if line.id == line_id), None)
    if line is None:
        raise NotFound(what="order_line")
    return int(line.brand_id)

