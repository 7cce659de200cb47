"""Every SELECT of orders that staff browse: a shop its own, a brand what was sold, the platform all."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, text

from app.domain.catalog.models import Sku
from app.domain.distributors.models import Shop
from app.domain.orders.models import Order, OrderLine, OrderStep
from app.foundation import clock
from app.foundation.database import session
from app.foundation.paging import Asked, Page, cut

SPANS = {
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
    "quarter": timedelta(days=90),
}
NOT_IN_A_GROUP = text(
    "NOT EXISTS (SELECT 1 FROM group_members m JOIN groups g ON g.id = m.group_id WHERE m.order_id = orders.id"
    " AND coalesce(g.full_at, g.failed_at, now()) > :before)"
)
"""Who waits for a group is not stuck until so long after it ended."""
GOT_PAID = ("paid", "delivered", "refunding", "refunded", "attention")


def orders_page(asked: Asked) -> Page[Any]:
    """(order, its goods in words) in the open scope: by number, e-mail or product, state and time."""
    goods = (
        select(func.string_agg(OrderLine.product_name + " " + OrderLine.sku_name, "；"))
        .where(OrderLine.order_id == Order.id)
        .scalar_subquery()
        .label("goods")
    )
    found = select(Order, goods).where(*_conditions(asked))
    sorts = {
        "created": Order.created_at,
        "paid": Order.paid_at,
        "total": Order.total_minor,
        "number": Order.number,
    }
    return cut(found, asked, sorts=sorts, usual="-created", tie=Order.id)


def _conditions(asked: Asked) -> list[Any]:
    chosen: list[Any] = []
    if asked.words:
        like = f"%{asked.words}%"
        named = select(OrderLine.order_id).where(OrderLine.product_name.ilike(like))
        chosen.append(or_(Order.number.ilike(like), Order.email.ilike(like), Order.id.in_(named)))
    if asked.get("state"):
        chosen.append(Order.state == asked.get("state"))
    if asked.get("since") in SPANS:
        chosen.append(Order.created_at >= clock.now() - SPANS[asked.get("since")])
    return chosen


def stuck_page(asked: Asked, *, before: datetime) -> Page[Any]:
    """(order, shop): paid before a time and not finished, or waiting for a person; for the platform."""
    found = (
        select(Order, Shop)
        .join(Shop, Shop.id == Order.shop_id)
        .where(Order.state.in_(("paid", "refunding", "attention")))
        .where(or_(Order.state == "attention", func.coalesce(Order.paid_at, Order.created_at) < before))
        .where(or_(Order.state == "attention", NOT_IN_A_GROUP.bindparams(before=before)))
    )
    if asked.get("state"):
        found = found.where(Order.state == asked.get("state"))
    sorts = {"paid": Order.paid_at, "total": Order.total_minor, "shop": Shop.name}
    return cut(found, asked, sorts=sorts, usual="paid", tie=Order.id)


def order(number: str) -> Order | None:
    """An order of the open scope by its number."""
    return session().execute(select(Order).where(Order.number == number)).scalar_one_or_none()


def order_by_id(order_id: int) -> Order | None:
    return session().get(Order, order_id)


def lines(order_id: int) -> list[OrderLine]:
    found = select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.id)
    return list(session().execute(found).scalars())


def steps(order_id: int) -> list[OrderStep]:
    found = select(OrderStep).where(OrderStep.order_id == order_id).order_by(OrderStep.id)
    return list(session().execute(found).scalars())


def shop_figures(since: datetime) -> tuple[int, int, int]:
    """(orders paid, money received in minor units, orders that wait for a person) of the open shop."""
    paid = Order.state.in_(GOT_PAID)
    many, received, attention = (
        session()
        .execute(
            select(
                func.count().filter(paid, Order.paid_at >= since),
                func.sum(Order.total_minor).filter(paid, Order.paid_at >= since),
                func.count().filter(Order.state == "attention"),
            )
        )
        .one()
    )
    return many, int(received or 0), attention


def sold_page(asked: Asked) -> Page[Any]:
    """(product, Sku, shops, pieces, net in minor units): what was sold of the open brand; never to whom."""
    pieces, net = func.sum(OrderLine.quantity), func.sum(OrderLine.net_minor)
    shops = func.count(OrderLine.shop_id.distinct())
    found = (
        select(
            OrderLine.product_name.label("product"), OrderLine.sku_name.label("sku"), shops.label("shops"),
            pieces.label("pieces"), net.label("net"), func.max(OrderLine.sku_id).label("sku_id"), Sku.currency,
        )
        .join(Sku, Sku.id == OrderLine.sku_id)
        .where(OrderLine.state == "delivered")
        .group_by(OrderLine.product_name, OrderLine.sku_name, Sku.currency)
    )  # fmt: skip
    if asked.words:
        found = found.where(OrderLine.product_name.ilike(f"%{asked.words}%"))
    sorts = {"pieces": pieces, "net": net, "product": OrderLine.product_name, "shops": shops}
    return cut(found, asked, sorts=sorts, usual="-pieces", tie=func.max(OrderLine.sku_id))
