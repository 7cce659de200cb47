"""Writing to the books, inside the caller's transaction."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text

from app.foundation.database import session


@dataclass(frozen=True, slots=True)
class Side:
    """One entry: minor units, positive is owed to the account's owner; brand or distributor where it has one."""

    account: str
    amount_minor: int
    brand_id: int | None = None
    distributor_id: int | None = None


@dataclass(frozen=True, slots=True)
class Posting:
    """One business fact in one currency. Sides of zero are left out; the others must sum to zero."""

    key: str
    kind: str
    currency: str
    occurred_at: datetime
    sides: Sequence[Side]
    shop_id: int | None = None
    order_id: int | None = None
    order_line_id: int | None = None
    payment_id: int | None = None
    refund_id: int | None = None
    payout_id: int | None = None
    reason: dict[str, Any] = field(default_factory=dict)


TRANSACTIONS = text("""
    INSERT INTO ledger_transactions (key, kind, currency, size, moved_minor, shop_id, order_id, order_line_id,
    payment_id,
        refund_id, payout_id, reason, occurred_at)
    SELECT key, kind, currency, size, moved, shop_id, order_id, order_line_id, payment_id, refund_id, payout_id,
    reason, occurred_at
    FROM json_to_recordset(CAST(:rows AS json)) AS r(key text, kind text, currency text, size smallint, moved bigint,
        shop_id bigint, order_id bigint, order_line_id bigint, payment_id bigint, refund_id bigint, payout_id bigint,
        reason jsonb, occurred_at timestamptz)
    ON CONFLICT (key) DO NOTHING RETURNING id, key
""")
ENTRIES = text("""
    INSERT INTO ledger_entries (transaction_id, position, account, brand_id, distributor_id, currency,
    amount_minor, occurred_at)
    SELECT t, p, a, b, d, c, m, o FROM json_to_recordset(CAST(:rows AS json))
        AS r(t bigint, p smallint, a text, b bigint, d bigint, c text, m bigint, o timestamptz)
""")


def post(posting: Posting) -> int | None:
    """Post one fact; its transaction's id, or None where it has been posted before."""
    return post_all([posting]).get(posting.key)


def post_all(postings: Iterable[Posting]) -> dict[str, int]:
    """Post many facts in two statements; the ids of those that are new, by key."""
    wanted = {
        posting.key: (posting, [side for side in posting.sides if side.amount_minor]) for posting in postings
    }
    if not wanted:
        return {}
    rows = [_transaction(posting, sides) for posting, sides in wanted.values()]
    new = {key: int(made) for made, key in session().execute(TRANSACTIONS, {"rows": json.dumps(rows)})}
    entries = [
        {
            "t": new[key], "p": position, "a": side.account, "b": side.brand_id, "d": side.distributor_id,
            "c": posting.currency, "m": side.amount_minor, "o": posting.occurred_at.isoformat(),
        }
        for key, (posting, sides) in wanted.items() if key in new
        for position, side in enumerate(sides, 1)
    ]  # fmt: skip
    if entries:
        session().execute(ENTRIES, {"rows": json.dumps(entries)})
    return new


def _transaction(posting: Posting, sides: Sequence[Side]) -> dict[str, Any]:
    return {
        "key": posting.key, "kind": posting.kind, "currency": posting.currency, "size": len(sides),
        "moved": sum(side.amount_minor for side in sides if side.amount_minor > 0),
        "shop_id": posting.shop_id, "order_id": posting.order_id, "order_line_id": posting.order_line_id,
        "payment_id": posting.payment_id, "refund_id": posting.refund_id, "payout_id": posting.payout_id,
        "reason": posting.reason, "occurred_at": posting.occurred_at.isoformat(),
    }  # fmt: skip
