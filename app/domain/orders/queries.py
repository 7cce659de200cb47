"""Every SELECT of orders."""

from collections.abc import Sequence

from sqlalchemy import func, or_, select

from app.domain.orders.models import Order, OrderLine, OrderStep
from app.foundation.database import session


def by_quote(quote_id: str) -> Order | None:
    return session().execute(select(Order).where(Order.quote_id == quote_id)).scalar_one_or_none()


def by_number(number: str) -> Order | None:
    return session().execute(select(Order).where(Order.number == number)).scalar_one_or_none()


def lines_of(order_id: int) -> Sequence[OrderLine]:
    found = select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.id)
    return session().execute(found).scalars().all()


def steps_of(order_id: int) -> Sequence[OrderStep]:
    found = select(OrderStep).where(OrderStep.order_id == order_id).order_by(OrderStep.id)
    return session().execute(found).scalars().all()


def open_count(email: str, device: str) -> int:
    """How many unpaid orders this address or this device holds in the open shop."""
    return session().execute(
        select(func.count())
        .select_from(Order)
        .where(Order.state == "pending", or_(Order.email == email, Order.device == device))
    ).scalar_one()


def open_on_device(device: str, limit: int = 20) -> Sequence[str]:
    """Numbers of the unpaid orders that a device holds in the open shop, oldest first."""
    found = select(Order.number).where(Order.state == "pending", Order.device == device).order_by(Order.id).limit(limit)
    return session().execute(found).scalars().all()


def of_buyer(email: str, limit: int = 100) -> Sequence[Order]:
    """A signed-in buyer's orders in the open shop, newest first."""
    found = select(Order).where(Order.email == email).order_by(Order.id.desc()).limit(limit)
    return session().execute(found).scalars().all()
