"""Payouts on their way: compare-and-set of their states, many at a time, inside the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text

from app.domain.payouts.gateway import Answer, State, Transfer
from app.domain.payouts.sealing import open_details, place_of
from app.foundation.database import session
from app.foundation.vault import MasterKeys

HAND_OVER = text("""
    WITH mine AS (
        SELECT id, state FROM payouts WHERE id = ANY (:ids) AND state IN ('reserved', 'sent') AND method <> 'bank'
        ORDER BY id FOR UPDATE
    )
    UPDATE payouts p SET state = 'sent', sent_at = coalesce(p.sent_at, :now), asked_at = :now, attempts = p.attempts + 1
    FROM mine m, payout_accounts a WHERE p.id = m.id AND a.id = p.account_id
    RETURNING p.id, p.key, p.method, p.net_minor, p.currency, p.brand_id, p.distributor_id, a.details, a.master_key_id,
        m.state = 'reserved' AS first
""")
ENDED = text("""
    UPDATE payouts SET state = :state, reason = :reason, external_id = coalesce(:external_id, external_id),
        ended_at = :now, asked_at = :now
    WHERE id = :id AND state = :was RETURNING id
""")
NOTED = text(
    "UPDATE payouts SET external_id = coalesce(:external_id, external_id) WHERE id = :id AND state = 'sent'"
)
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


def record(payout_id: int, answer: Answer, now: datetime) -> list[str]:
    """Write what a carrier says; the states the payout newly came to, none where it was known already."""
    if answer.state is State.PENDING:
        session().execute(NOTED, {"id": payout_id, "external_id": answer.external_id})
        return []
    if answer.state is State.RETURNED:  # it had arrived before it came back
        came = _move(payout_id, "sent", "paid", answer, now)
        return came + _move(payout_id, "paid", "returned", answer, now)
    return _move(payout_id, "sent", answer.state.value, answer, now)


def _move(payout_id: int, was: str, state: str, answer: Answer, now: datetime) -> list[str]:
    reason = "" if state == "paid" else answer.reason
    values = {
        "id": payout_id,
        "was": was,
        "state": state,
        "reason": reason,
        "external_id": answer.external_id,
        "now": now,
    }
    return [state] if session().execute(ENDED, values).scalar() is not None else []


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
