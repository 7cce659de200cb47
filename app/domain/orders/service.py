"""Changes of orders, inside the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, text

from app.domain.orders.models import Order, OrderLine, OrderStep
from app.domain.orders.queries import lines_of
from app.domain.orders.rules import ENDED, may_follow, state_of
from app.foundation import clock
from app.foundation.database import session
from app.foundation.errors import NotFound, StaleState

ONE_AT_A_TIME = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(who, 0)) FROM unnest(CAST(:who AS text[])) AS who"
)


def queue_up(*who: str) -> None:
    """Let one order at a time pass for each buyer and device, so that a cap on open orders holds in a race."""
    session().execute(ONE_AT_A_TIME, {"who": sorted(set(who))})


def lock(order_id: int) -> Order:
    """The order, locked for this transaction; the first lock of every story about an order."""
    return _locked(Order.id == order_id)


def lock_by_reservation(reservation_id: int) -> Order:
    return _locked(Order.reservation_id == reservation_id)


def _locked(which: Any) -> Order:
    found = (
        select(Order).where(which).with_for_update(key_share=True).execution_options(populate_existing=True)
    )
    order = session().execute(found).scalar_one_or_none()
    if order is None:
        raise NotFound(what="order")
    return order


def move(order: Order, state: str, **facts: Any) -> None:
    """Take an order to its next state and note the step; StaleState where that step may not follow."""
    if not may_follow(order.state, state):
        raise StaleState(what="order", number=order.number, state=order.state, wanted=state)
    order.state = state
    now = clock.now()
    if state == "paid":
        order.paid_at = order.paid_at or now
    if state == "delivered":
        order.delivered_at = now
    order.ended_at = now if state in ENDED else None
    order.attention_reason = str(facts.get("reason", "unknown")) if state == "attention" else None
    note(order, state, **facts)


def note(order: Order, step: str, **facts: Any) -> None:
    """Add a step to the order's timeline; facts never hold a secret."""
    session().add(OrderStep(shop_id=order.shop_id, order_id=order.id, step=step, data=facts))


def finish_if_done(order: Order, lines: Sequence[OrderLine]) -> bool:
    """Move a paid order on when the last of its lines has ended; True when it has."""
    state = state_of([line.state for line in lines])
    if state is None or state == order.state or not may_follow(order.state, state):
        return False
    move(order, state)
    return True


def lines_by_id(order_id: int) -> dict[int, OrderLine]:
    return {line.id: line for line in lines_of(order_id)}


def overdue(order: Order, at: datetime) -> bool:
    return order.state == "pending" and order.expires_at < at
