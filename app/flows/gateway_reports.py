"""What gateways report of the days before is kept once, line by line, and their real fees are posted."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert

from app.domain.ledger.posting import Posting, Side, post_all
from app.domain.payments import gateways
from app.domain.payments.errors import GatewayRefused, GatewayUnavailable
from app.domain.payments.gateway import ReportLine
from app.domain.payments.models import GatewayReportLine
from app.foundation import clock
from app.foundation.database import session
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope

# A gateway's lines may come late; what is known already is passed over.
AGAIN, FIRST = timedelta(days=2), timedelta(days=3)
SETTLES_AFTER = timedelta(minutes=10)
BATCH = 500
# What a dispute costs is posted with the news of the dispute itself.
UNPOSTED = text("""
    SELECT g.gateway, g.line_id, g.fee_minor, g.currency, g.occurred_at, p.id AS payment_id, p.shop_id, p.order_id
    FROM gateway_report_lines g LEFT JOIN payments p ON p.gateway = g.gateway AND p.reference = g.reference
    WHERE g.fee_minor <> 0 AND g.kind <> 'chargeback'
      AND NOT EXISTS (SELECT 1 FROM ledger_transactions t WHERE t.key = 'gateway_fee:' || g.gateway || ':' || g.line_id)
    ORDER BY g.id LIMIT :most
""")


def fetch_reports() -> int:
    """Ask every gateway for its report and keep what is new; how many lines that were. One that is away waits."""
    kept = 0
    for name in gateways.names():
        until = clock.now() - SETTLES_AFTER
        with platform_scope():
            since = _newest(name)
        since = since - AGAIN if since else until - FIRST
        try:
            lines = list(gateways.gateway(name).report(since, until))
        except (GatewayUnavailable, GatewayRefused):
            continue
        for at in range(0, len(lines), BATCH):
            with platform_scope(), unit_of_work():
                kept += keep(name, lines[at : at + BATCH])
    post_fees()
    return kept


def keep(name: str, lines: Sequence[ReportLine]) -> int:
    """Keep a gateway's lines inside the caller's transaction; a line that is known stays as it is. How many new."""
    rows: list[dict[str, Any]] = [
        {
            "gateway": name, "line_id": line.line_id, "kind": line.kind, "external_id": line.external_id,
            "reference": line.reference, "amount_minor": line.amount_minor, "fee_minor": line.fee_minor,
            "currency": line.currency, "occurred_at": line.occurred_at,
        }
        for line in lines
    ]  # fmt: skip
    made = session().execute(
        insert(GatewayReportLine).values(rows).on_conflict_do_nothing().returning(GatewayReportLine.id)
    )
    return len(made.all())


def post_fees() -> int:
    """Post what gateways really kept, once per line: it is less that they hold for us. How many fees."""
    posted = 0
    while True:
        with platform_scope(), unit_of_work() as work:
            rows = work.session.execute(UNPOSTED, {"most": BATCH}).all()
            made = post_all(
                Posting(
                    f"gateway_fee:{row.gateway}:{row.line_id}", "gateway_fee", row.currency, row.occurred_at,
                    [Side("gateway_fees", -row.fee_minor), Side("gateway_clearing", row.fee_minor)],
                    shop_id=row.shop_id, order_id=row.order_id, payment_id=row.payment_id,
                    reason={"gateway": row.gateway, "line": row.line_id},
                )
                for row in rows
            )  # fmt: skip
        posted += len(made)
        if len(rows) < BATCH:
            return posted


def _newest(name: str) -> datetime | None:
    found = select(func.max(GatewayReportLine.occurred_at)).where(GatewayReportLine.gateway == name)
    return session().execute(found).scalar_one()
