"""A paid order becomes something in the buyer's hand, once."""

from collections.abc import Sequence

from app.domain.fulfilment import attempts
from app.domain.fulfilment import service as suppliers
from app.domain.fulfilment.models import Delivery
from app.domain.groups import queries as groups
from app.domain.inventory import queries as stock
from app.domain.inventory.service import POOL_KINDS
from app.domain.notifications import service as notifications
from app.domain.orders import queries as order_queries
from app.domain.orders import service as orders
from app.domain.orders.models import Order, OrderLine
from app.domain.payments import service as payments
from app.domain.payments.models import Payment
from app.flows import promoting
from app.foundation import clock
from app.foundation.logs import order_number
from app.foundation.unit_of_work import Work, unit_of_work

# Kinds whose goods are in the house before anybody pays.
AT_ONCE = POOL_KINDS | {"reusable"}


def deliver_order(order_id: int) -> None:
    """Deliver what can be delivered at once, and start what takes longer. Runs once per order whatever calls it."""
    with unit_of_work() as work:
        order = orders.lock(order_id)
        order_number.set(order.number)
        if order.state == "paid" and not groups.waits(order.id):
            deliver_lines(work, order, order_queries.lines_of(order.id))


def at_once(lines: Sequence[OrderLine]) -> bool:
    """Whether all of it is in the house already, so that paying and having are one moment."""
    return all(line.delivery_kind in AT_ONCE for line in lines)


def deliver_lines(
    work: Work, order: Order, lines: Sequence[OrderLine], paid_by: Payment | None = None
) -> None:
    """Hand over the waiting lines of a paid order, which is locked, and close it where that was all.

    `paid_by`, where the caller holds the one payment whose money is here, is spared a search.
    """
    waiting = [line for line in lines if line.state == "waiting"]
    for line in waiting:
        _deliver_line(work, order, line)
    if any(line.state == "delivered" for line in waiting):
        settle_soon(work, order.id, waiting[0].id)
    finish(work, order, lines, paid_by)


def finish(
    work: Work, order: Order, lines: Sequence[OrderLine] | None = None, paid_by: Payment | None = None
) -> None:
    """Close the order if its last line has ended, write how its money ended, and tell the buyer."""
    lines = order_queries.lines_of(order.id) if lines is None else lines
    if not orders.finish_if_done(order, lines):
        return
    if order.state == "delivered":
        refunded = any(line.state == "refunded" for line in lines)
        if paid_by is not None and not refunded:
            paid_by.outcome = "delivered"
        else:
            payments.settle_outcome(order.id, "partly_refunded" if refunded else "delivered")
        together = {"together": True} if order.promoted and groups.of_order(order.id) else {}
        notifications.decide(work, order, "delivered", **promoting.receipt(order), **together)


def _deliver_line(work: Work, order: Order, line: OrderLine) -> None:
    delivery = Delivery(
        shop_id=order.shop_id, order_id=order.id, order_line_id=line.id, brand_id=line.brand_id,
        kind=line.delivery_kind, state="waiting",
    )  # fmt: skip
    work.session.add(delivery)
    if line.delivery_kind in POOL_KINDS:
        hand_over(delivery, line)
    elif line.delivery_kind == "reusable":
        _hand_over_reusable(order, delivery, line)
    elif line.delivery_kind == "topup" and suppliers.in_order():
        _start_topup(work, delivery, line)
    else:
        _leave_to_person(order, delivery, line, reason=line.delivery_kind)


def _leave_to_person(order: Order, delivery: Delivery, line: OrderLine, *, reason: str) -> None:
    delivery.state, line.state = "by_hand", "delivering"
    orders.note(order, "by_hand", line=line.id, reason=reason)


def hand_over(delivery: Delivery, line: OrderLine) -> None:
    """The moment of delivery; the only place that says `delivered`."""
    delivery.state, delivery.delivered_at, line.state = "delivered", clock.now(), "delivered"


def settle_soon(work: Work, order_id: int, line_id: int) -> None:
    """What has just been delivered of an order is to be split among those who earned it."""
    work.enqueue("settle_order", key=f"settle:{order_id}:{line_id}", order_id=order_id)


def _hand_over_reusable(order: Order, delivery: Delivery, line: OrderLine) -> None:
    reusable_id = stock.active_reusable(line.id)
    if reusable_id is None:
        _leave_to_person(order, delivery, line, reason="no_reusable_secret")
        return
    delivery.reusable_id = reusable_id
    hand_over(delivery, line)


def _start_topup(work: Work, delivery: Delivery, line: OrderLine) -> None:
    """Write down an attempt for each unit before anything is sent to a supplier."""
    delivery.state, line.state = "sending", "delivering"
    work.session.flush()
    for unit in range(1, line.quantity + 1):
        made = attempts.add(delivery, unit=unit, position=1, supplier=suppliers.in_order()[0])
        work.enqueue("place_topup", key=f"topup:{made.id}", supplier_order_id=made.id)
