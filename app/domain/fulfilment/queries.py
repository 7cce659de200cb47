"""Every SELECT of deliveries and reveals."""

from collections.abc import Sequence

from sqlalchemy import select

from app.domain.fulfilment.models import Delivery, Reveal
from app.foundation.database import session


def deliveries_of(order_id: int) -> Sequence[Delivery]:
    """An order's deliveries, in the order of its lines."""
    found = select(Delivery).where(Delivery.order_id == order_id).order_by(Delivery.order_line_id)
    return session().execute(found).scalars().all()


def reveals_of(order_line_ids: Sequence[int]) -> Sequence[Reveal]:
    """Who looked at the secrets of these lines, oldest first."""
    found = select(Reveal).where(Reveal.order_line_id.in_(order_line_ids)).order_by(Reveal.id)
    return session().execute(found).scalars().all()
