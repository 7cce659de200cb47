"""The demo's past is settled by the product itself: split, matured."""

from datetime import timedelta

from sqlalchemy import text

from app.flows.mature import mature_earnings
from app.flows.settle import settle_many
from app.foundation import clock
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope

BATCH, DAYS = 200, 60
BOUGHT = text(
    "UPDATE orders o SET payment_id = (SELECT min(p.id) FROM payments p WHERE p.order_id = o.id"
    " AND p.state = 'received' AND p.received_minor = o.total_minor)"
    " WHERE o.paid_at IS NOT NULL AND o.payment_id IS NULL"
)
WAITING = text(
    "SELECT DISTINCT order_id FROM order_lines WHERE state = 'delivered' AND NOT settled ORDER BY order_id"
)


def settle_past() -> int:
    """Split what the past delivered, in the order in which it was; how many lines."""
    with platform_scope(), unit_of_work() as work:
        work.session.execute(BOUGHT)
        orders = list(work.session.execute(WAITING).scalars())
    batches = [orders[at : at + BATCH] for at in range(0, len(orders), BATCH)]
    lines = sum(settle_many([(None, {"order_id": order}) for order in batch]) for batch in batches)
    _live_through()
    return lines


def _live_through() -> None:
    """Let each past day end as it would have: what was due matures on its own day."""
    for days in range(DAYS, -1, -1):
        clock.travel(-timedelta(days=days))
        try:
            mature_earnings()
        finally:
            clock.travel_back()
