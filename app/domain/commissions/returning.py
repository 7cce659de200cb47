"""Reading what was settled, and writing what went back of it, inside the caller's transaction."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, cast, func, select, text

from app.domain.commissions.models import Earning, EarningReturn, Settlement
from app.domain.commissions.rules import Settled
from app.foundation.database import session

# Whoever settles a line after money of its order went back leaves word for those who take it back.
LATE = text("""
    UPDATE refunds r SET mirrored = NULL FROM orders o
    WHERE r.order_id = ANY (:orders) AND o.id = r.order_id AND r.payment_id = o.payment_id AND r.state = 'succeeded'
      AND EXISTS (
        SELECT 1 FROM settlements s WHERE s.order_id = r.order_id
          AND (r.order_line_id = s.order_line_id
            OR (r.order_line_id IS NULL AND (r.shares IS NULL OR jsonb_exists(r.shares, s.order_line_id::text))))
          AND NOT EXISTS (
            SELECT 1 FROM ledger_transactions t WHERE t.key = 'return:' || r.id || ':' || s.order_line_id)
      )
    RETURNING r.shop_id, r.id
""")
UNSETTLED = text("""
    SELECT l.shop_id, l.order_id FROM order_lines l JOIN deliveries d ON d.order_line_id = l.id
    WHERE l.state = 'delivered' AND NOT l.settled AND d.state = 'delivered' AND d.delivered_at < :before
      AND NOT EXISTS (
        SELECT 1 FROM outbox b WHERE b.key = 'settle:' || l.order_id || '\\:again' AND b.failed_at IS NOT NULL)
    GROUP BY l.shop_id, l.order_id ORDER BY l.order_id LIMIT :most
""")


def settlements_of(order_id: int) -> Sequence[Settlement]:
    """The settlements of an order's lines, locked, in order of their lines."""
    found = select(Settlement).where(Settlement.order_id == order_id).order_by(Settlement.order_line_id)
    return (
        session().execute(found.with_for_update().execution_options(populate_existing=True)).scalars().all()
    )


def earnings_of(order_line_id: int) -> dict[str, Earning]:
    """A line's earnings by role, locked: none of them matures meanwhile."""
    found = (
        select(Earning).where(Earning.order_line_id == order_line_id).order_by(Earning.id).with_for_update()
    )
    rows = session().execute(found.execution_options(populate_existing=True)).scalars()
    return {row.role: row for row in rows}


def as_settled(
    settlement: Settlement,
    earnings: Mapping[str, Earning],
    terms: Mapping[str, Any],
    *,
    funded_platform_minor: int,
) -> Settled:
    """What rules.take_back needs to know of a line: what each party still has, and what of it is bracket commission."""
    left = {}
    for part in settlement.parts:
        role, amount = part["role"], int(part["minor"])
        earning = earnings.get(role)
        if earning is not None:
            left[role] = amount - earning.taken_back_minor
        elif role in {"platform", "gateway"}:
            left[role] = amount - int(part.get("returned", 0))
    commission_left = 0
    if "brackets" in terms and settlement.counted:
        commission_left = _commission(settlement) - commission_taken(earnings["seller"].id)
    return Settled(
        settlement.net_minor, settlement.returned_minor, settlement.base_minor, funded_platform_minor, terms, left,
        settlement.counted, commission_left,
    )  # fmt: skip


def _commission(settlement: Settlement) -> int:
    seller = next(part for part in settlement.parts if part["role"] == "seller")
    return sum(int(step["minor"]) for step in seller["steps"] if step["what"] == "commission")


def commission_taken(earning_id: int, transaction_id: int | None = None) -> int:
    """What of an earning's returns, all or those of one transaction, was the top of a month's brackets."""
    minor = cast(EarningReturn.why["commission_minor"].astext, BigInteger)
    found = select(func.coalesce(func.sum(minor), 0)).where(EarningReturn.earning_id == earning_id)
    if transaction_id is not None:
        found = found.where(EarningReturn.transaction_id == transaction_id)
    return int(session().execute(found).scalar_one())


def note_parts(settlement: Settlement, taken: Mapping[str, int]) -> None:
    """Write what of the platform's and the gateway's parts has gone back, beside the parts."""
    settlement.parts = [
        {**part, "returned": int(part.get("returned", 0)) + taken[part["role"]]}
        if part["role"] in {"platform", "gateway"} and part["role"] in taken
        else part
        for part in settlement.parts
    ]


def note(earning: Earning, transaction_id: int, taken_minor: int, why: Mapping[str, Any]) -> None:
    """Take from an earning (negative gives back) and keep why."""
    earning.taken_back_minor += taken_minor
    session().add(
        EarningReturn(
            earning_id=earning.id, transaction_id=transaction_id, brand_id=earning.brand_id,
            distributor_id=earning.distributor_id, amount_minor=-taken_minor, why=dict(why),
        )
    )  # fmt: skip


def returned_by(transaction_id: int) -> Mapping[int, int]:
    """What one return took, by earning."""
    found = select(EarningReturn.earning_id, func.sum(EarningReturn.amount_minor)).where(
        EarningReturn.transaction_id == transaction_id
    )
    return {
        earning: -int(minor) for earning, minor in session().execute(found.group_by(EarningReturn.earning_id))
    }


def wake_late_refunds(order_ids: Collection[int]) -> list[tuple[int, int]]:
    """(shop id, refund id) of money that went back before lines of these orders were settled."""
    found = session().execute(LATE, {"orders": sorted(order_ids)})
    return [(row.shop_id, row.id) for row in found]


def unsettled(before: Any, most: int = 500) -> Sequence[tuple[int, int]]:
    """(shop id, order id) with a line delivered before a time that nobody has split; for the platform."""
    rows = session().execute(UNSETTLED, {"before": before, "most": most})
    return [(row.shop_id, row.order_id) for row in rows]
