"""What waits or is stuck, counted from the database when Prometheus asks: the alarms stand on these."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import text

from app.foundation.database import session
from tenants.context import platform_scope

GAUGES = {
    "perkline_outbox_waiting": ("Jobs on their way", "SELECT count(*) FROM outbox WHERE failed_at IS NULL"),
    "perkline_outbox_failed": (
        "Jobs given up: a person must look",
        "SELECT count(*) FROM outbox WHERE failed_at > 'epoch'",
    ),
    "perkline_outbox_oldest_seconds": (
        "Age of the oldest job that is overdue",
        (
            "SELECT coalesce(extract(epoch FROM now() - min(due_at)), 0) FROM outbox"
            " WHERE failed_at IS NULL AND due_at < now()"
        ),
    ),
    "perkline_orders_attention": (
        "Orders that wait for a person",
        "SELECT count(*) FROM orders WHERE state = 'attention'",
    ),
    "perkline_orders_undelivered": (
        "Orders paid more than five minutes ago and not finished",
        (
            "SELECT count(*) FROM orders WHERE state IN ('paid', 'refunding')"
            " AND coalesce(paid_at, created_at) < now() - interval '5 minutes'"
            # Who waits for a group is not forgotten until five minutes after it ended.
            " AND NOT EXISTS (SELECT 1 FROM group_members m JOIN groups g ON g.id = m.group_id"
            " WHERE m.order_id = orders.id AND coalesce(g.full_at, g.failed_at, now()) > now() - interval '5 minutes')"
        ),
    ),
    "perkline_payments_attention": (
        "Payments that wait for a person",
        "SELECT count(*) FROM payments WHERE outcome = 'attention'",
    ),
    "perkline_payment_events_astray": (
        "Signed events that fit no payment of ours, or not as asked",
        "SELECT count(*) FROM payment_events WHERE outcome IN ('mismatched', 'unmatched')",
    ),
    "perkline_payment_events_waiting": (
        "Events nobody has worked on for five minutes",
        "SELECT count(*) FROM payment_events WHERE outcome IS NULL AND received_at < now() - interval '5 minutes'",
    ),
    "perkline_payments_without_end": (
        "Payments received more than an hour ago that were neither delivered nor refunded nor handed to a person",
        (
            "SELECT count(*) FROM payments WHERE state = 'received' AND outcome IS NULL"
            " AND received_at < now() - interval '1 hour'"
        ),
    ),
    "perkline_ledger_differences": (
        "What the last proof of the books found to differ: must be 0",
        "SELECT coalesce((SELECT jsonb_array_length(differences) FROM ledger_proofs ORDER BY id DESC LIMIT 1), 0)",
    ),
    "perkline_ledger_proof_age_seconds": (
        "How long ago the books were last proven; they are proven each night",
        (
            "SELECT coalesce(extract(epoch FROM now() - (SELECT max(finished_at) FROM ledger_proofs)),"
            " extract(epoch FROM now() - (SELECT min(posted_at) FROM ledger_transactions)), 0)"
        ),
    ),
}  # fmt: skip


class Waiting(Collector):
    """Asks the database for each gauge; needs an app context."""

    def describe(self) -> list[GaugeMetricFamily]:
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        with platform_scope():
            for name, (meaning, question) in GAUGES.items():
                yield GaugeMetricFamily(
                    name, meaning, value=float(session().execute(text(question)).scalar_one())
                )
