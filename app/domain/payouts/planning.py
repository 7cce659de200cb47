"""Which firms are due, what each has, and writing what was decided: many at a time, inside the caller's transaction."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.exc import IntegrityError

from app.foundation.database import session

# Every firm with an account has a plan, if only to hold the clock.
ENSURE = text("""
    INSERT INTO payout_plans (brand_id, distributor_id, currency, every, day, minimum_minor, follows)
    SELECT a.brand_id, a.distributor_id, a.currency, :every, :day, 0, true FROM payout_accounts a
    WHERE a.status <> 'replaced' AND NOT EXISTS (
        SELECT 1 FROM payout_plans p WHERE p.currency = a.currency
          AND (p.brand_id = a.brand_id OR (p.brand_id IS NULL AND p.distributor_id = a.distributor_id)))
    ON CONFLICT (brand_id, distributor_id, currency) DO NOTHING
""")
# The claim: whoever holds the plan plans; another run passes it by.
CLAIM = text("""
    SELECT id, brand_id, distributor_id, currency, every, day, minimum_minor, follows, review, on_hold, next_at
    FROM payout_plans WHERE next_at IS NULL OR next_at <= :now
    ORDER BY next_at NULLS FIRST, id LIMIT :most FOR UPDATE SKIP LOCKED
""")
STANDING = text("""
    SELECT p.id, a.id AS account_id, a.method, a.status, a.cooling_until,
        (SELECT coalesce(sum(e.amount_minor), 0) FROM ledger_entries e
         WHERE e.brand_id = p.brand_id AND e.currency = p.currency AND e.account = 'brand_available')
      + (SELECT coalesce(sum(e.amount_minor), 0) FROM ledger_entries e
         WHERE e.distributor_id = p.distributor_id AND e.currency = p.currency AND e.account = 'distributor_available')
        AS available_minor,
        EXISTS (SELECT 1 FROM payouts o WHERE o.state = 'planned' AND o.currency = p.currency
            AND (o.brand_id = p.brand_id OR o.distributor_id = p.distributor_id)) AS waits,
        (SELECT count(*) FROM (SELECT 1 FROM payouts o WHERE o.state = 'paid'
            AND (o.brand_id = p.brand_id OR o.distributor_id = p.distributor_id) LIMIT 20) lately) AS paid_before
    FROM payout_plans p LEFT JOIN LATERAL (
        SELECT * FROM payout_accounts a WHERE a.status <> 'replaced' AND a.currency = p.currency
          AND (a.brand_id = p.brand_id OR (a.brand_id IS NULL AND a.distributor_id = p.distributor_id)) LIMIT 1
    ) a ON true
    WHERE p.id = ANY (:plans)
""")
NEXT = text("""
    UPDATE payout_plans p SET next_at = r.next_at
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id bigint, next_at timestamptz) WHERE p.id = r.id
""")
INSERT = text("""
    INSERT INTO payouts (key, brand_id, distributor_id, account_id, method, currency, amount_minor, fee_minor,
        net_minor, needs_review, needs_second, due_at, created_at)
    SELECT key, brand_id, distributor_id, account_id, method, currency, amount_minor, fee_minor,
        net_minor, needs_review, needs_second, due_at, :now
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(key text, brand_id bigint, distributor_id bigint,
        account_id bigint, method text, currency text, amount_minor bigint, fee_minor bigint, net_minor bigint,
        needs_review boolean, needs_second boolean, due_at timestamptz)
    ON CONFLICT (key) DO NOTHING RETURNING id, needs_review OR needs_second AS waits, method
""")
RESERVE = text("""
    UPDATE payouts SET state = 'reserved', reserved_at = :now
    WHERE id IN (SELECT id FROM payouts WHERE id = ANY (:ids) AND state = 'planned' ORDER BY id FOR UPDATE)
""")
CANCEL = text(
    "UPDATE payouts SET state = 'cancelled', reason = :reason, ended_at = :now WHERE id = :id AND state = 'planned'"
)
STEPS = text("""
    INSERT INTO payout_steps (payout_id, brand_id, distributor_id, step, data, actor_name, created_at)
    SELECT id, brand_id, distributor_id, :step, CAST(:data AS jsonb), :actor, :now FROM payouts
    WHERE id = ANY (:ids) ORDER BY id
""")


def ensure_plans(*, every: str, day: int) -> None:
    """Give every firm with an account a plan that follows the platform's default."""
    session().execute(ENSURE, {"every": every, "day": day})


def claim_due(now: datetime, most: int) -> Sequence[Row[Any]]:
    """Plans that are due, or have no time yet; locked, and passed by where another run has them."""
    return session().execute(CLAIM, {"now": now, "most": most}).all()


def standing_of(plan_ids: Sequence[int]) -> dict[int, Row[Any]]:
    """Account, available balance and earlier payouts of each plan's firm, read after the plans were locked."""
    rows = session().execute(STANDING, {"plans": list(plan_ids)})
    return {row.id: row for row in rows}


def write_next(next_at: Mapping[int, datetime]) -> None:
    rows = [{"id": plan_id, "next_at": at.isoformat()} for plan_id, at in next_at.items()]
    session().execute(NEXT, {"rows": json.dumps(rows)})


def insert_payouts(rows: Sequence[Mapping[str, Any]], now: datetime) -> Sequence[Row[Any]]:
    """Plan payouts, each once per key; (id, waits for a person, method) of those that are new."""
    return session().execute(INSERT, {"rows": json.dumps(rows), "now": now}).all()


def reserve(ids: Sequence[int], now: datetime) -> tuple[list[int], dict[int, str]]:
    """Reserve the money of planned payouts; those that are, and why each of the others cannot be.

    The database refuses what is not there: one refusal must not undo the others.
    """
    why = _try(ids, now)
    if why is None:
        return list(ids), {}
    if len(ids) == 1:
        return [], {ids[0]: why}
    done, refused = [], {}
    for payout_id in ids:
        why = _try([payout_id], now)
        if why is None:
            done.append(payout_id)
        else:
            refused[payout_id] = why
    return done, refused


def _try(ids: Sequence[int], now: datetime) -> str | None:
    try:
        with session().begin_nested():
            session().execute(RESERVE, {"ids": list(ids), "now": now})
    except IntegrityError as error:
        return str(getattr(getattr(error.orig, "diag", None), "constraint_name", None) or "payout_covered")
    return None


def cancel_planned(payout_id: int, reason: str, now: datetime) -> None:
    session().execute(CANCEL, {"id": payout_id, "reason": reason, "now": now})


def note(ids: Sequence[int], step: str, *, now: datetime, actor: str = "", **data: Any) -> None:
    """Add a step to the history of payouts."""
    if ids:
        values = {"ids": list(ids), "step": step, "now": now, "actor": actor, "data": json.dumps(data)}
        session().execute(STEPS, values)
