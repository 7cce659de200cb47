"""Every SELECT of stock that a shop may make; secrets come only for delivered lines."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, select, text

from app.domain.inventory.models import Reservation
from app.foundation.database import session

LEVELS = text("SELECT sku_id, available FROM stock.levels(:skus, :most)")
ISSUED = text(
    "SELECT code_id, brand_id, data_key_id, wrapped, master_key_id, key_version, fingerprint, purpose, secret,"
    " expires_at FROM stock.issued(:line)"
)
REUSABLE = text("SELECT stock.active_reusable(:line)")


def levels(sku_ids: Sequence[int], *, most: int = 11) -> dict[int, int]:
    """How many pieces each Sku has, counted no further than `most`."""
    if not sku_ids:
        return {}
    rows = session().execute(LEVELS, {"skus": list(sku_ids), "most": most})
    return {row.sku_id: row.available for row in rows}


def issued(order_line_id: int) -> Sequence[Row]:  # type: ignore[type-arg]  # columns as in ISSUED
    """The sealed secrets of a delivered line of the open shop, oldest row first."""
    return session().execute(ISSUED, {"line": order_line_id}).all()


def active_reusable(order_line_id: int) -> int | None:
    """The reusable secret that would be issued for a line now."""
    return session().execute(REUSABLE, {"line": order_line_id}).scalar()


def due_reservations(at: datetime, limit: int = 500) -> Sequence[tuple[int, int]]:
    """(shop id, reservation id) of held reservations whose time is over; needs the platform's scope."""
    rows = session().execute(
        select(Reservation.shop_id, Reservation.id)
        .where(Reservation.state == "held", Reservation.kind == "order", Reservation.until < at)
        .order_by(Reservation.until)
        .limit(limit)
    )
    return [(shop_id, reservation_id) for shop_id, reservation_id in rows]


def parent_of(reservation_id: int) -> int | None:
    """From what was set aside a reservation took its stock, if from any."""
    return session().execute(select(Reservation.parent_id).where(Reservation.id == reservation_id)).scalar()
