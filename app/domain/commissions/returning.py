"""Reading what was settled, and writing what went back of it, inside the caller's transaction."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from app.domain.commissions.models import Earning, EarningReturn, Settlement
from app.domain.commissions.rules import Settled
from app.foundation.database import session


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
    """What rules.take_back needs to know of a line. What the platform and the gateway still have follows by share."""
    left = {}
    for part in settlement.parts:
        role, amount = part["role"], int(part["minor"])
        earning = earnings.get(role)
        if earning is not None:
            left[role] = amount - earning.taken_back_minor
        elif role in {"platform", "gateway"}:
            left[role] = amount - int(part.get("returned", 0))
    commission = next(
        (
            int(step["minor"])
            for part in settlement.parts if part["role"] == "seller"
            for step in part["steps"] if step["what"] == "commission"
        ),
        0,
    )  # fmt: skip
    commission_left = commission * (settlement.net_minor - settlement.returned_minor) // settlement.net_minor
    return Settled(
        settlement.net_minor, settlement.returned_minor, settlement.base_minor, funded_platform_minor, terms, left,
        settlement.counted, commission_left,
    )  # fmt: skip


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
