"""Shops as the platform's front page shows them."""

from collections.abc import Sequence

from sqlalchemy import select

from app.domain.distributors.models import Distributor, Shop
from app.foundation.database import session


def live_shops(most: int) -> Sequence[Shop]:
    """Open shops of approved distributors, the oldest first; needs the platform's scope."""
    found = (
        select(Shop)
        .join(Distributor, Distributor.id == Shop.distributor_id)
        .where(Shop.status == "live", Distributor.status == "approved")
        .order_by(Shop.id)
        .limit(most)
    )
    return session().execute(found).scalars().all()
