"""Every SELECT of orders."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select

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


@dataclass(frozen=True, slots=True)
class Visitor:
    """By what somebody who orders is told from others; `buyer_id` only of a signed-in owner of the e-mail."""

    device: str
    email: str
    ip: str | None
    buyer_id: int | None = None


def open_counts(who: Visitor) -> tuple[int, int]:
    """How many unpaid orders of the open shop are the visitor's own, and how many come from the same address.

    Their own: of the same device, or of the same e-mail from the same address or from its signed-in owner.
    """
    here = Order.ip == who.ip  # IS NULL where none is known
    same_buyer = or_(here, Order.buyer_id == who.buyer_id) if who.buyer_id is not None else here
    own = or_(Order.device == who.device, and_(Order.email == who.email, same_buyer))
    found = select(func.count().filter(own), func.count().filter(here)).where(
        Order.state == "pending", or_(own, here)
    )
    mine, around = session().execute(found.select_from(Order)).one()
    return mine, around if who.ip is not None else 0


def pieces_held(ip: str, sku_ids: Collection[int]) -> dict[int, int]:
    """How many pieces of each Sku unpaid orders from an address hold in the open shop."""
    found = (
        select(OrderLine.sku_id, func.sum(OrderLine.quantity))
        .join(Order, Order.id == OrderLine.order_id)
        .where(Order.state == "pending", Order.ip == ip, OrderLine.sku_id.in_(sku_ids))
        .group_by(OrderLine.sku_id)
    )
    return {sku_id: int(pieces) for sku_id, pieces in session().execute(found)}


def open_on_device(device: str, limit: int = 20) -> Sequence[str]:
    """Numbers of the unpaid orders that a device holds in the open shop, oldest first."""
    found = (
        select(Order.number)
        .where(Order.state == "pending", Order.device == device)
        .order_by(Order.id)
        .limit(limit)
    )
    return session().execute(found).scalars().all()


def of_buyer(email: str, limit: int = 100) -> Sequence[Order]:
    """A signed-in buyer's orders in the open shop, newest first."""
    found = select(Order).where(Order.email == email).order_by(Order.id.desc()).limit(limit)
    return session().execute(found).scalars().all()
