"""A checkout whose time is over gives its stock back."""

import logging

from sqlalchemy.exc import OperationalError

from app.domain.inventory import queries as stock
from app.domain.inventory import service as inventory
from app.domain.orders import service as orders
from app.flows import spending
from app.flows.ask_gateway import close_checkouts
from app.foundation import clock
from app.foundation.errors import ProductError
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope, shop_scope

log = logging.getLogger(__name__)


def expire_checkouts(limit: int = 500) -> int:
    """Expire unpaid orders whose time is over, each in a transaction of its own; how many there were."""
    with platform_scope():
        due = stock.due_reservations(clock.now(), limit)
    return sum(_expire_alone(shop_id, reservation_id) for shop_id, reservation_id in due)


def _expire_alone(shop_id: int, reservation_id: int) -> bool:
    """One that cannot be expired now (locked, or moved on) holds up no other; the next tick sees it again."""
    try:
        with shop_scope(shop_id):
            expire(reservation_id)
    except (OperationalError, ProductError) as error:
        log.warning("not expired", extra={"reservation": reservation_id, "error": type(error).__name__})
        return False
    return True


def expire(reservation_id: int) -> None:
    """Release one reservation; an order that was paid meanwhile keeps its stock."""
    with unit_of_work() as work:
        order = orders.lock_by_reservation(reservation_id)
        spending.lock_of(order)
        if not inventory.release(reservation_id):
            return
        if order.state == "pending":
            orders.move(order, "expired")
            close_checkouts(work, order.id)
