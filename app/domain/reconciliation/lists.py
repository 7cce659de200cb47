"""Ours beside theirs, by gateway and day, and the proofs that were made: what the platform's pages show."""

# ruff: noqa: S608 - its SQL is made of constants

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select, text

from app.domain.ledger.models import LedgerProof
from app.foundation.database import session
from app.foundation.paging import Asked, Page, cut

DAYS = 60
MOST = 500
# One row per movement: what we know of it and what the gateway reports. The day is the gateway's where it has one.
MATCHED = """
    WITH covered AS (SELECT gateway, min(occurred_at) + interval '10 minutes' AS since, max(occurred_at) AS until
        FROM gateway_report_lines WHERE kind IN ('payment', 'refund') GROUP BY 1),
    ours AS (
        SELECT 'payment' AS kind, p.gateway, p.reference AS name, p.order_id,
            p.received_minor - p.credit_minor AS minor,
            upper(coalesce(p.received_currency, p.currency)) AS currency, p.received_at AS at
        FROM payments p WHERE p.state = 'received' AND p.received_minor > p.credit_minor
          AND p.received_at > now() - :days * interval '1 day'
        UNION ALL
        SELECT 'refund', p.gateway, r.external_id, r.order_id, -r.amount_minor, upper(r.currency), r.succeeded_at
        FROM refunds r JOIN payments p ON p.id = r.payment_id WHERE r.kind = 'refund' AND r.state = 'succeeded'
          AND r.succeeded_at > now() - :days * interval '1 day'),
    theirs AS (
        SELECT kind, gateway, CASE kind WHEN 'payment' THEN reference ELSE external_id END AS name, amount_minor AS
        minor,
            fee_minor AS fee, currency, occurred_at AS at, line_id
        FROM gateway_report_lines WHERE occurred_at > now() - :days * interval '1 day'),
    matched AS (
        SELECT coalesce(t.kind, o.kind) AS kind, coalesce(t.gateway, o.gateway) AS gateway, coalesce(t.name,
        o.name) AS name,
            o.order_id, t.line_id, coalesce(t.currency, o.currency) AS currency, o.minor AS ours, t.minor AS theirs,
            coalesce(t.fee, 0) AS fee, coalesce(t.at, o.at) AS at,
            (coalesce(t.at, o.at) AT TIME ZONE 'Asia/Shanghai')::date AS day,
            coalesce(t.line_id IS NOT NULL OR o.at BETWEEN c.since AND c.until, false) AS covered
        FROM ours o FULL JOIN theirs t ON t.kind = o.kind AND t.gateway = o.gateway AND t.name = o.name
        LEFT JOIN covered c ON c.gateway = coalesce(t.gateway, o.gateway))
"""
ASKEW = "kind IN ('payment', 'refund') AND covered AND ours IS DISTINCT FROM theirs"
BY_DAY = text(f"""{MATCHED}
    SELECT gateway, day, currency, count(*) AS movements,
        coalesce(sum(ours) FILTER (WHERE kind = 'payment'), 0) AS paid_ours,
        coalesce(sum(theirs) FILTER (WHERE kind = 'payment'), 0) AS paid_theirs,
        coalesce(sum(ours) FILTER (WHERE kind = 'refund'), 0) AS back_ours,
        coalesce(sum(theirs) FILTER (WHERE kind = 'refund'), 0) AS back_theirs, sum(fee) AS fees,
        count(*) FILTER (WHERE {ASKEW}) AS askew, count(*) FILTER (WHERE NOT covered) AS waiting
    FROM matched GROUP BY 1, 2, 3 ORDER BY 2 DESC, 1, 3
""")
OF_DAY = text(f"""{MATCHED}
    SELECT m.*, {ASKEW} AS askew, o.number FROM matched m LEFT JOIN orders o ON o.id = m.order_id
    WHERE m.gateway = :gateway AND m.day = :day ORDER BY {ASKEW} DESC, m.at DESC LIMIT :most
""")


@dataclass(frozen=True, slots=True)
class LastProof:
    """How the books stood when they were last asked."""

    id: int
    finished_at: Any
    entries: int
    differences: int


def by_day() -> Sequence[Any]:
    """Each gateway's days of the last two months, ours beside theirs, the newest first. Money in minor units."""
    return session().execute(BY_DAY, {"days": DAYS}).all()


def of_day(gateway: str, day: date) -> Sequence[Any]:
    """One day's movements, those that differ first."""
    return session().execute(OF_DAY, {"days": DAYS, "gateway": gateway, "day": day, "most": MOST}).all()


def proofs_page(asked: Asked) -> Page[LedgerProof]:
    """The proofs, the newest first."""
    return cut(select(LedgerProof), asked, sorts={"at": LedgerProof.id}, usual="-at", tie=LedgerProof.id)


def proof(proof_id: int) -> LedgerProof | None:
    return session().get(LedgerProof, proof_id)


def last_proof() -> LastProof | None:
    """The newest proof, if the books were ever proven."""
    row = session().execute(select(LedgerProof).order_by(LedgerProof.id.desc()).limit(1)).scalar_one_or_none()
    return LastProof(row.id, row.finished_at, row.entries, len(row.differences)) if row else None
