"""From an order's rows to the page its buyer follows."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext

from app.domain.fulfilment import buyer_view
from app.domain.orders import queries as orders
from app.domain.orders.models import Order, OrderStep
from app.domain.payments import queries as payments
from app.domain.payments.models import Payment, Refund
from app.foundation import clock
from app.web.storefront import breakdown, group_data
from app.web.storefront import page_data as data
from app.web.storefront.checkout import METHODS
from app.web.storefront.pages import in_language
from app.web.storefront.receipts import facts
from app.web.storefront.steps import steps

State, Line = data.OrderState, data.LineState
STATES = {
    "pending": State.AWAITING_PAYMENT,
    "delivered": State.DELIVERED,
    "expired": State.EXPIRED,
    "cancelled": State.CANCELLED,
    "refunding": State.REFUNDING,
    "refunded": State.REFUNDED,
    "attention": State.WAITING,
}
LATE = frozenset({"late_money_allocated", "late_and_sold_out"})


def order_page(
    order: Order,
    *,
    awaited: bool = False,
    problem: str = "",
    secrets: Mapping[int, tuple[data.Secret, ...]] | None = None,
) -> data.OrderPage:
    """The page as things stand now; `secrets` by line are shown because a reveal has just been recorded."""
    rows = buyer_view.lines_of(order.id)
    paid = payments.of_order(order.id)
    back = payments.refunds_of(order.id) if order.paid_at or any(one.received_at for one in paid) else []
    state = _state(order, rows)
    payable = state is State.AWAITING_PAYMENT and order.expires_at > clock.now()
    saved = breakdown.saved(order.id) if order.promoted else ()
    return data.OrderPage(
        number=order.number,
        state=state,
        placed_at=order.created_at,
        lines=tuple(line(row, (secrets or {}).get(row.id, ()), back=_back(back, row.id)) for row in rows),
        total_minor=order.total_minor,
        email=masked(order.email),
        paid_at=order.paid_at or min((one.received_at for one in paid if one.received_at), default=None),
        delivered_at=order.delivered_at,
        refunded_at=max((one.succeeded_at for one in back if one.succeeded_at), default=None),
        refunded_minor=_going_back(back),
        adjustments=saved,
        list_minor=order.total_minor - sum(one.amount_minor for one in saved),
        methods=METHODS if payable else (),
        method=_last_method(paid),
        awaited=awaited and payable,
        problem=problem,
        expires_at=order.expires_at if payable else None,
        late_money=any(_after_its_time(order, one) for one in paid) and _came_late(orders.steps_of(order.id)),
        credit_minor=_credit(order, paid),
        credit_back_minor=_going_back([one for one in back if one.kind == "credit"]),
        group=group_data.place_of(order),
        again=f"/p/{rows[0].slug}" if rows and rows[0].slug else "",
    )


def line(row: Any, secrets: tuple[data.Secret, ...] = (), *, back: int = 0) -> data.OrderLine:
    return data.OrderLine(
        id=row.id,
        name=in_language(row.product_name, row.product_name_en),
        sku=in_language(row.sku_name, row.sku_name_en),
        quantity=row.quantity,
        total_minor=row.net_minor,
        state=_line_state(row),
        picture=row.picture,
        facts=facts(row.fields or [], row.buyer_fields, covered=True),
        steps=steps(in_language(row.redemption or "", row.redemption_en or "")),
        secrets=secrets,
        message=_message(row),
        refunded_minor=back,
    )


def row_state(state: str) -> data.OrderState:
    """The state of an order in a list, where its lines are not looked at."""
    return STATES.get(state, State.PAID)


def masked(email: str) -> str:
    """l***@example.com"""
    name, _, host = email.partition("@")
    return f"{name[:1]}***@{host}"


def _state(order: Order, rows: Sequence[Any]) -> data.OrderState:
    if order.state != "paid":
        return STATES[order.state]
    states = {_line_state(row) for row in rows}
    if Line.WAITING in states and not states & {Line.PENDING, Line.DELIVERING}:
        return State.WAITING
    return State.DELIVERING if Line.DELIVERING in states else State.PAID


def _line_state(row: Any) -> data.LineState:
    if row.state == "delivered":
        if row.delivery_kind in {"topup", "manual"} and not row.has_secret:
            return Line.CREDITED
        return Line.REVEALED if row.revealed else Line.READY
    if row.state == "refunded":
        return Line.REFUNDED
    if row.state == "failed" or row.delivery_state == "by_hand":
        return Line.WAITING
    return Line.DELIVERING if row.state == "delivering" else Line.PENDING


def _message(row: Any) -> str:
    receipt = row.receipt or {}
    if receipt.get("note"):
        return str(receipt["note"])
    number = receipt.get("number") or receipt.get("supplier_number")
    return gettext("Receipt number %(number)s", number=number) if number else ""


def _going_back(refunds: Sequence[Refund]) -> int:
    return sum(refund.amount_minor for refund in refunds if refund.state != "failed")


def _credit(order: Order, payments_made: Sequence[Payment]) -> int:
    """What credit pays of an order that waits, or paid of one whose money came."""
    if order.state == "pending":
        return int(order.credit_minor)
    return sum(one.credit_minor for one in payments_made if one.received_at is not None)


def _back(refunds: Sequence[Refund], line_id: int) -> int:
    counted = [refund for refund in refunds if refund.state != "failed"]
    return sum(payments.line_shares(refund).get(line_id, 0) for refund in counted)


def _last_method(payments_made: Sequence[Payment]) -> str:
    return str(payments_made[-1].method) if payments_made else METHODS[0]


def _after_its_time(order: Order, payment: Payment) -> bool:
    return payment.received_at is not None and (
        order.state == "cancelled" or payment.received_at > order.expires_at
    )


def _came_late(taken: Sequence[OrderStep]) -> bool:
    return any(step.step in LATE or step.data.get("reason") in LATE for step in taken)
