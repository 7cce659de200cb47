"""Money has come in: it buys the order, or it goes back; it is never left lying."""

from collections.abc import Sequence
from datetime import timedelta

from app.domain.flash import service as flash
from app.domain.groups.errors import GroupOver
from app.domain.inventory import queries as inventory_queries
from app.domain.inventory import service as inventory
from app.domain.inventory.errors import StockExhausted
from app.domain.inventory.service import Want
from app.domain.notifications import service as notifications
from app.domain.orders import queries as order_queries
from app.domain.orders import service as orders
from app.domain.orders.models import Order, OrderLine
from app.domain.payments import queries as payment_queries
from app.domain.payments import service as payments
from app.domain.payments.models import Payment, PaymentEvent
from app.domain.payments.service import Told
from app.domain.promotions.errors import PromotionOver
from app.flows import deliver, grouping, payers, promoting, spending
from app.foundation import clock, figures
from app.foundation.logs import order_number
from app.foundation.unit_of_work import Work, unit_of_work

PAYER_LIMIT = "payer_limit"
CREDIT_GONE = "credit_gone"
NOT_SOLD = frozenset({"late_and_sold_out", "group_over", CREDIT_GONE, PAYER_LIMIT})


def confirm_payment(event_id: int, payment_id: int, order_id: int) -> None:
    """Work on a stored "paid" event, once however often it is called."""
    if not _confirm(event_id, payment_id, order_id, None):
        _confirm(event_id, payment_id, order_id, payers.ask(event_id, payment_id))


def _confirm(event_id: int, payment_id: int, order_id: int, payer: str | None) -> bool:
    """False, with nothing done, where the gateway is to be asked first who paid (`payer`, where it was)."""
    with unit_of_work() as work:
        order = orders.lock(order_id)
        order_number.set(order.number)
        payment = payments.lock(payment_id)
        event = payments.lock_event(event_id)
        if event is None:
            return True
        payer = str(event.payload.get("payer") or "") or payer
        if payer is None and payers.must_be_known(order, payment):
            return False
        event.outcome = _apply(work, order, payment, event, payer or "")
        if event.outcome == "applied":
            payers.learn_later(work, payment)
        figures.payment_events.labels(event.outcome).inc()
    return True


def _apply(work: Work, order: Order, payment: Payment, event: PaymentEvent, payer: str) -> str:
    told = Told(event.external_id, event.amount_minor, event.currency, event.account)
    difference = payments.difference(payment, told)
    if payment.state == "received":
        return "repeated"
    if difference is not None:
        _wait_for_person(work, order, payment, event, difference)
        return "mismatched"
    whole = spending.ready(order, payment)
    payments.receive(payment, told)
    work.session.flush()  # its credit is spent before the order moves on, and lets go of what is not
    group = grouping.lock_group_of(order)
    if order.state == "pending" and group is not None and group.state == "failed":
        _group_is_over(work, order, payment)
    elif order.state == "pending" and not payers.may_pay(order, payment, payer):
        _over_payers_limit(work, order, payment)
    elif order.state == "pending":
        _sell(work, order, payment, order.reservation_id)
    elif _already_bought(order, payment):
        _send_back(work, order, payment, "paid_twice")
    elif order.state in {"expired", "cancelled"} and not whole:
        _send_back(work, order, payment, CREDIT_GONE)
    elif order.state in {"expired", "cancelled"}:
        _money_came_late(work, order, payment, payer)
    else:
        _send_back(work, order, payment, "order_is_over")
    return "applied"


def _wait_for_person(
    work: Work, order: Order, payment: Payment, event: PaymentEvent, difference: str
) -> None:
    """Signed, but not what was asked for: a person decides, and an alarm stands until then."""
    event.note = difference
    work.record("payment_mismatched", f"order:{order.id}", payment=payment.id, difference=difference)
    if difference in {"account", "external_id"} or (event.amount_minor or 0) <= 0:
        return  # speaks of another payment than ours, or of no money at all: nothing of ours has been paid
    payment.credit_minor = 0  # what came buys nothing by itself: credit stays its holder's
    payments.receive(payment, Told(event.external_id, event.amount_minor, event.currency, event.account))
    if order.state != "pending":
        _send_back(work, order, payment, f"{difference}_differs")
        return
    payment.outcome, payment.attention_reason = "attention", f"{difference}_differs"
    orders.move(order, "attention", reason=f"{difference}_differs")
    inventory.release(order.reservation_id)


def sell_for_credit(work: Work, order: Order, payment: Payment) -> None:
    """An order that store credit pays wholly is sold with itself: no gateway is asked for anything."""
    payments.receive(payment, Told(None, 0, payment.currency, payment.account))
    work.session.flush()
    _sell(work, order, payment, order.reservation_id)


def _already_bought(order: Order, payment: Payment) -> bool:
    others = [other for other in payment_queries.of_order(order.id) if other.id != payment.id]
    return any(other.state == "received" and other.outcome != "attention" for other in others)


def _sell(work: Work, order: Order, payment: Payment, reservation_id: int) -> None:
    lines = order_queries.lines_of(order.id)
    if not inventory.sell(reservation_id, [(line.id, line.quantity, line.delivery_kind) for line in lines]):
        raise AssertionError(f"order {order.number} is {order.state}, its reservation is not held")
    orders.move(order, "paid")
    order.payment_id = payment.id
    if grouping.paid(work, order):
        return  # nobody of a group is delivered before all are
    if deliver.at_once(lines):
        deliver.deliver_lines(work, order, lines, payment)
    else:
        work.enqueue("deliver_order", key=f"deliver:{order.id}", order_id=order.id)


def _over_payers_limit(work: Work, order: Order, payment: Payment) -> None:
    """The account that paid has its share of a flash sale: all of it goes back, and the unit to the next in line."""
    inventory.release(order.reservation_id)
    orders.move(order, "cancelled", reason=PAYER_LIMIT)
    work.session.flush()
    flash.forfeit(order.id)
    _send_back(work, order, payment, PAYER_LIMIT)


def _money_came_late(work: Work, order: Order, payment: Payment, payer: str) -> None:
    """The stock went back when the checkout expired: hold it again if it is there, else refund."""
    lines = order_queries.lines_of(order.id)
    until = clock.now() + timedelta(minutes=15)
    try:
        with work.session.begin_nested():
            grouping.take_again(order)
            parent_id = inventory_queries.parent_of(order.reservation_id)
            reservation_id = inventory.reserve(
                f"late:{payment.id}", _wants(lines), until, parent_id=parent_id
            )
            promoting.retake(order)
            if not payers.may_pay(order, payment, payer):
                raise PromotionOver(reason="buyer_limit")
    except (StockExhausted, PromotionOver):
        _send_back(work, order, payment, "late_and_sold_out")
        return
    except GroupOver:
        _send_back(work, order, payment, "group_over")
        return
    if reservation_id is None:
        raise AssertionError(f"payment {payment.id} was already allocated late")
    order.reservation_id = reservation_id
    orders.note(order, "late_money_allocated")
    _sell(work, order, payment, reservation_id)


def _group_is_over(work: Work, order: Order, payment: Payment) -> None:
    """The group failed while its member was paying: as if the money had come a moment later."""
    orders.move(order, "cancelled", reason="group_failed")
    inventory.release(order.reservation_id)
    _send_back(work, order, payment, "group_over")


def _wants(lines: Sequence[OrderLine]) -> list[Want]:
    return [Want(line.sku_id, line.quantity, line.delivery_kind, not line.counted) for line in lines]


def _send_back(work: Work, order: Order, payment: Payment, reason: str) -> None:
    received = payment.received_minor or 0
    refund_id = payments.request_refund(
        payment, key=f"{reason}:{payment.id}", amount_minor=received, reason=reason
    )
    if reason in NOT_SOLD:
        orders.move(order, "refunding", reason=reason)
    else:
        orders.note(order, "refunding_extra", reason=reason)
    work.enqueue("send_refund", key=f"refund:{refund_id}", refund_id=refund_id)
    notifications.decide(
        work,
        order,
        "refunding",
        reason=reason,
        amount_minor=received,
        **spending.going_back(order),
        **promoting.receipt(order),
    )
