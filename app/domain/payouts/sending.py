"""Payouts on their way: compare-and-set of their states, many at a time, inside the caller's transaction."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text

from app.domain.payouts.gateway import Answer, State, Transfer
from app.domain.payouts.sealing import open_details, place_of
from app.foundation.database import session
from app.foundation.vault import MasterKeys

# What is reserved for an account that was refused or replaced since does not go there.
DROP = text("""
    UPDATE payouts p SET state = 'cancelled', reason = 'payout_account', ended_at = :now FROM payout_accounts a
    WHERE a.id = p.account_id AND a.status <> 'verified' AND p.state = 'reserved'
      AND (p.id = ANY (:ids) OR (p.method = 'bank' AND p.currency = :bank_currency)) RETURNING p.id
""")
# What has gone is asked about in any case; what has not stays while its firm is on hold.
HAND_OVER = text("""
    WITH mine AS (
        SELECT id, state FROM payouts p WHERE id = ANY (:ids) AND state IN ('reserved', 'sent') AND method <> 'bank'
          AND (state = 'sent' OR NOT EXISTS (SELECT 1 FROM payout_plans h WHERE h.on_hold AND h.currency = p.currency
            AND (h.brand_id = p.brand_id OR (h.brand_id IS NULL AND h.distributor_id = p.distributor_id))))
          AND (state = 'sent' OR EXISTS (
            SELECT 1 FROM payout_accounts v WHERE v.id = p.account_id AND v.status = 'verified'))
        ORDER BY id FOR UPDATE
    )
    UPDATE payouts p SET state = 'sent', sent_at = coalesce(p.sent_at, :now), asked_at = :now, attempts = p.attempts + 1
    FROM mine m, payout_accounts a WHERE p.id = m.id AND a.id = p.account_id
    RETURNING p.id, p.key, p.method, p.net_minor, p.currency, p.brand_id, p.distributor_id, a.details, a.master_key_id,
        m.state = 'reserved' AS first
""")
ENDED = text("""
    UPDATE payouts p SET state = r.state, reason = r.reason, external_id = coalesce(r.external_id, p.external_id),
        ended_at = :now, asked_at = :now
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id bigint, was text, state text, reason text, external_id text)
    WHERE p.id = r.id AND p.state = r.was RETURNING p.id
""")
NOTED = text("""
    UPDATE payouts p SET external_id = coalesce(r.external_id, p.external_id)
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id bigint, external_id text)
    WHERE p.id = r.id AND p.state = 'sent'
""")
# Sent and never answered; and paid lately, because what has arrived may come back and the news be lost.
UNANSWERED = text("""
    SELECT id FROM payouts WHERE state = 'sent' AND method <> 'bank' AND asked_at < :before
    ORDER BY asked_at LIMIT :most
""")
STRANDED = text("""
    SELECT id FROM payouts WHERE state = 'reserved' AND method <> 'bank' AND reserved_at < :before
    ORDER BY id LIMIT :most
""")
PAID_LATELY = text("""
    SELECT p.id, p.key, p.method, p.net_minor, p.currency, p.brand_id, p.distributor_id, a.details, a.master_key_id,
        false AS first
    FROM payouts p JOIN payout_accounts a ON a.id = p.account_id
    WHERE p.state = 'paid' AND p.method <> 'bank' AND p.ended_at > :since AND p.asked_at < :before
    ORDER BY p.asked_at LIMIT :most
""")
ASKED = text("UPDATE payouts SET asked_at = :now WHERE id = ANY (:ids)")
BY_NAME = text("""
    SELECT id FROM payouts WHERE method = :method
      AND (key = :key OR (CAST(:key AS text) IS NULL AND external_id = :external_id))
""")
LOOK_BACK = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class OnItsWay:
    """A payout that is with its carrier; `first` where it has just been handed over."""

    id: int
    method: str
    transfer: Transfer
    first: bool


def drop(now: datetime, *, ids: Sequence[int] = (), bank_currency: str | None = None) -> list[int]:
    """Cancel what is reserved, of these or of a bank's next batch, for accounts that may not be paid any more."""
    found = session().execute(DROP, {"ids": list(ids), "bank_currency": bank_currency, "now": now})
    return sorted(found.scalars())


def hand_over(ids: Sequence[int], masters: MasterKeys, now: datetime) -> list[OnItsWay]:
    """Mark payouts as sent before their carrier is called; those that are open, with where they go."""
    return [_on_its_way(row, masters) for row in session().execute(HAND_OVER, {"ids": list(ids), "now": now})]


def _on_its_way(row: Row[Any], masters: MasterKeys) -> OnItsWay:
    place = place_of(
        brand_id=row.brand_id, distributor_id=row.distributor_id, currency=row.currency, method=row.method
    )
    details = open_details(masters, row.master_key_id, bytes(row.details), place)
    transfer = Transfer(row.key, row.net_minor, row.currency, details.number)
    return OnItsWay(row.id, row.method, transfer, row.first)


def record(answers: Mapping[int, Answer], now: datetime) -> dict[str, list[int]]:
    """Write what carriers say of payouts; by state, those that newly came to it. What was known changes nothing."""
    pending = [
        {"id": payout_id, "external_id": answer.external_id}
        for payout_id, answer in answers.items()
        if answer.state is State.PENDING
    ]
    if pending:
        session().execute(NOTED, {"rows": json.dumps(pending)})
    came = {
        "failed": _move(answers, {State.FAILED}, "sent", "failed", now),
        # What comes back had arrived before.
        "paid": _move(answers, {State.PAID, State.RETURNED}, "sent", "paid", now),
        "returned": _move(answers, {State.RETURNED}, "paid", "returned", now),
    }
    return {state: ids for state, ids in came.items() if ids}


def _move(answers: Mapping[int, Answer], of: set[State], was: str, state: str, now: datetime) -> list[int]:
    rows = [
        {
            "id": payout_id, "was": was, "state": state, "reason": "" if state == "paid" else answer.reason,
            "external_id": answer.external_id,
        }
        for payout_id, answer in sorted(answers.items()) if answer.state in of
    ]  # fmt: skip
    return sorted(session().execute(ENDED, {"rows": json.dumps(rows), "now": now}).scalars()) if rows else []


def unanswered(before: datetime, most: int) -> list[int]:
    """Payouts that were handed over and not answered, or reserved and never taken up."""
    values = {"before": before, "most": most}
    return [
        *session().execute(UNANSWERED, values).scalars(),
        *session().execute(STRANDED, values).scalars(),
    ]


def paid_lately(masters: MasterKeys, *, now: datetime, before: datetime, most: int) -> list[OnItsWay]:
    """Paid payouts that may still come back and were not asked about since; marked as asked."""
    values = {"since": now - LOOK_BACK, "before": before, "most": most}
    found = [_on_its_way(row, masters) for row in session().execute(PAID_LATELY, values)]
    session().execute(ASKED, {"ids": [one.id for one in found], "now": now})
    return found


def named(method: str, *, key: str | None, external_id: str | None) -> int | None:
    """The payout a carrier's message speaks of: by our key, else by its number."""
    found = session().execute(BY_NAME, {"method": method, "key": key, "external_id": external_id})
    payout_id = found.scalar()
    return None if payout_id is None else int(payout_id)
