"""Holding, giving back and selling stock, inside the caller's transaction.

The work itself is done by functions of the `stock` schema (one row per unit,
SKIP LOCKED); they take the shop from the open scope.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, text, update
from sqlalchemy.dialects.postgresql import insert

from app.domain.inventory.errors import StockExhausted
from app.domain.inventory.models import Reservation
from app.foundation.database import session
from tenants.context import current_scope

POOL_KINDS = frozenset({"code", "link"})

CLAIM_CODES = text("SELECT stock.claim_codes(:reservation, :sku, :quantity)")
CLAIM_SLOTS = text("SELECT stock.claim_slots(:reservation, :sku, :quantity)")
CLAIM_FROM = text("SELECT stock.claim_from(:parent, :reservation, :sku, :quantity)")
LEFT_IN = text("SELECT sku_id, units FROM stock.left_in(:reservation)")
RELEASE = text("SELECT stock.release(:reservation)")
UNSELL = text("SELECT stock.unsell(:line)")
WITHHOLD = text("""
    UPDATE codes SET state = 'withheld' WHERE id IN (
        SELECT id FROM codes WHERE state = 'free' AND expires_at <= :at
        ORDER BY expires_at LIMIT :most FOR UPDATE SKIP LOCKED
    )
""")
SELL = text("SELECT stock.sell(:reservation, :line)")


@dataclass(frozen=True, slots=True)
class Want:
    """So many pieces of a Sku; `unlimited` needs no stock."""

    sku_id: int
    quantity: int
    delivery_kind: str
    unlimited: bool


def reserve(
    reference: str,
    wants: Sequence[Want],
    until: datetime,
    *,
    parent_id: int | None = None,
    set_aside: bool = False,
) -> int | None:
    """Hold stock until the given time and return the reservation's id, or raise StockExhausted.

    `parent_id`: take it from what was set aside there, and give it back there. `set_aside`: keep it for such takers,
    until somebody releases it; the checkouts' clock leaves it alone.

    Claims go in order of Sku, so that two carts never wait for each other in a
    circle. None means that this reference already has its reservation.
    """
    row = insert(Reservation).values(
        shop_id=current_scope().shop_id, reference=reference, until=until, parent_id=parent_id,
        kind="set_aside" if set_aside else "order",
    )  # fmt: skip
    reservation_id = session().execute(row.on_conflict_do_nothing().returning(Reservation.id)).scalar()
    if reservation_id is None:
        return None
    for want in sorted(wants, key=lambda want: want.sku_id):
        if not want.unlimited:
            _claim(reservation_id, want, parent_id)
    return reservation_id


def left_in(reservation_id: int) -> dict[int, int]:
    """How many units of each Sku are left of what was set aside."""
    return {row[0]: row[1] for row in session().execute(LEFT_IN, {"reservation": reservation_id})}


def _claim(reservation_id: int, want: Want, parent_id: int | None) -> None:
    claim = CLAIM_CODES if want.delivery_kind in POOL_KINDS else CLAIM_SLOTS
    values = {"reservation": reservation_id, "sku": want.sku_id, "quantity": want.quantity}
    if parent_id is not None:
        claim, values = CLAIM_FROM, {**values, "parent": parent_id}
    got = session().execute(claim, values).scalar_one()
    if got < want.quantity:
        raise StockExhausted(sku_id=want.sku_id, wanted=want.quantity, available=got)


def release(reservation_id: int) -> bool:
    """Give everything back that the reservation still holds; False where it holds nothing any more."""
    if not _move(reservation_id, "released"):
        return False
    session().execute(RELEASE, {"reservation": reservation_id})
    return True


def sell(reservation_id: int, lines: Sequence[tuple[int, int, str]]) -> bool:
    """Turn a held reservation into a sale of (line id, quantity, delivery kind); False where it is not held.

    Raises AssertionError if the codes held are not the codes owed: then nothing is sold.
    """
    if not _move(reservation_id, "sold"):
        return False
    for line_id, quantity, kind in lines:
        if kind in POOL_KINDS:
            sold = session().execute(SELL, {"reservation": reservation_id, "line": line_id}).scalar_one()
            if sold != quantity:
                raise AssertionError(f"line {line_id} owes {quantity} codes, {sold} were held")
    return True


def unsell(order_line_id: int) -> int:
    """Give back what a line bought and never received; how many pieces. What was handed out never comes back."""
    return int(session().execute(UNSELL, {"line": order_line_id}).scalar_one())


def _move(reservation_id: int, state: str) -> bool:
    moved = session().execute(
        update(Reservation)
        .where(Reservation.id == reservation_id, Reservation.state == "held")
        .values(state=state)
        .returning(Reservation.id)
    )
    return moved.scalar() is not None


def withhold_expired(at: datetime, *, most: int) -> int:
    """Take free codes whose time is over off the shelf; how many. Needs the platform's scope."""
    return cast("CursorResult[Any]", session().execute(WITHHOLD, {"at": at, "most": most})).rowcount
