"""What the database says when the buyers have gone home: nothing sold twice, nothing left lying."""

import time
from typing import Any

from sqlalchemy import text

from app.foundation.database import session
from tenants.context import platform_scope

OPEN = text("SELECT count(*) FROM payments WHERE state = 'received' AND outcome IS NULL AND shop_id = :shop")
JOBS = text("SELECT kind, count(*) FROM outbox GROUP BY 1")
# A line has exactly as many codes as it has pieces, and a delivery of its own.
OVERSOLD = text("""
    SELECT count(*) FROM order_lines l WHERE l.shop_id = :shop AND l.state = 'delivered' AND l.quantity <>
    (SELECT count(*) FROM codes c WHERE c.order_line_id = l.id AND c.state = 'sold')
""")
TWICE = text("""
    SELECT count(*) FROM (SELECT order_line_id FROM deliveries WHERE shop_id = :shop AND state = 'delivered'
    GROUP BY 1 HAVING count(*) > 1) repeated
""")
WAITS = text("""
    SELECT percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM d.delivered_at - e.received_at))
    FROM deliveries d JOIN payments p ON p.order_id = d.order_id
    JOIN payment_events e ON e.external_id = p.external_id WHERE d.shop_id = :shop AND d.state = 'delivered'
""")


def settle(shop_id: int, *, patience: float = 60.0) -> dict[str, Any]:
    """Wait until every paid order has ended and every job is done; say how long that took."""
    began = time.monotonic()
    while _asked(OPEN, shop_id) or _jobs():
        if time.monotonic() - began > patience:
            break
        time.sleep(0.25)
    return {"drain_seconds": round(time.monotonic() - began, 1), "jobs_left": _jobs()}


def faults(shop_id: int, codes_seen: list[str]) -> dict[str, int]:
    """Each of these is nought, or the bench has found a fault."""
    return {
        "oversold": _asked(OVERSOLD, shop_id),
        "duplicated": len(codes_seen) - len(set(codes_seen)) + _asked(TWICE, shop_id),
        "undelivered": _asked(OPEN, shop_id),
    }


def waits_ms(shop_id: int) -> dict[str, float]:
    """From the stored event to the delivery, by the database's own clock."""
    with platform_scope():
        half, most = session().execute(WAITS, {"shop": shop_id}).scalar_one() or (0, 0)
        session().rollback()
    return {"p50": round(float(half) * 1000, 1), "p99": round(float(most) * 1000, 1)}


def _asked(question: Any, shop_id: int) -> int:
    with platform_scope():
        answer = session().execute(question, {"shop": shop_id}).scalar_one()
        session().rollback()
        return int(answer)


def _jobs() -> dict[str, int]:
    with platform_scope():
        waiting: dict[str, int] = dict(session().execute(JOBS).tuples().all())
        session().rollback()
        return waiting
