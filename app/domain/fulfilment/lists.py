"""Every SELECT of deliveries that staff browse; never the secret itself."""

from typing import Any

from sqlalchemy import select

from app.domain.fulfilment.models import Delivery, Reveal, SupplierOrder
from app.foundation.database import session

SHOWN = (
    Delivery.id, Delivery.order_line_id, Delivery.kind, Delivery.state, Delivery.created_at, Delivery.delivered_at,
)  # fmt: skip


def deliveries_of(order_id: int) -> list[Any]:
    """Each line's delivery without what was delivered."""
    return list(session().execute(select(*SHOWN).where(Delivery.order_id == order_id).order_by(Delivery.id)))


def supplier_orders_of(order_id: int) -> list[SupplierOrder]:
    found = (
        select(SupplierOrder)
        .join(Delivery, Delivery.id == SupplierOrder.delivery_id)
        .where(Delivery.order_id == order_id)
        .order_by(SupplierOrder.id)
    )
    return list(session().execute(found).scalars())


def reveals_of(line_ids: list[int]) -> list[Reveal]:
    """Who looked at the secrets of these lines, and when."""
    found = select(Reveal).where(Reveal.order_line_id.in_(line_ids)).order_by(Reveal.id)
    return list(session().execute(found).scalars())
