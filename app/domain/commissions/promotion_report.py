"""What a promotion did: orders, units, what was given and sold, who came, and what its seller earned of it.

In the shop's scope, but for `earned_of`, which needs its distributor's. Money in minor units of the shop's currency.
An order counts once its money has come, until all of it has gone back.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Date, and_, cast, func, literal_column, or_, select
from sqlalchemy.orm import aliased

from app.domain.commissions.calendar import ZONE
from app.domain.commissions.models import Earning
from app.domain.orders.models import Order, OrderLine
from app.domain.promotions.models import Attribution, OrderPromotion
from app.foundation.database import session
from app.foundation.paging import Asked, Page, cut

MOST_LINES = 200_000
COUNTS = and_(Order.paid_at.is_not(None), Order.state.not_in(("refunding", "refunded")))
WAITS = Order.state == "pending"
BACK = and_(Order.paid_at.is_not(None), Order.state.in_(("refunding", "refunded")))


@dataclass(frozen=True, slots=True)
class Figures:
    """A promotion's sums over the lines it changed. `buyers` by e-mail; `waiting` orders are not paid yet."""

    orders: int = 0
    units: int = 0
    given_minor: int = 0
    sold_minor: int = 0
    buyers: int = 0
    waiting: int = 0
    given_back: int = 0


@dataclass(frozen=True, slots=True)
class Earned:
    """What its seller has of these lines, refunds taken off; `lines` of them have been settled."""

    minor: int = 0
    lines: int = 0


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: paid orders and what they came to."""

    orders: int
    total_minor: int

    @property
    def average_minor(self) -> int:
        return self.total_minor // self.orders if self.orders else 0


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the whole: a day, a product, a way."""

    key: Any
    name: str
    orders: int
    units: int
    given_minor: int
    sold_minor: int
    name_en: str = ""


def figures(promotion_ids: Collection[int]) -> dict[int, Figures]:
    """The sums of several promotions by id; one query. What did nothing yet has none."""
    found = _sums(OrderPromotion.promotion_id).where(OrderPromotion.promotion_id.in_(sorted(promotion_ids)))
    return {key: Figures(*(int(value or 0) for value in rest)) for key, *rest in session().execute(found)}


def _sums(key: Any) -> Any:
    return (
        select(
            key, func.count(Order.id.distinct()).filter(COUNTS),
            func.sum(OrderLine.quantity).filter(COUNTS), func.sum(OrderPromotion.minor).filter(COUNTS),
            func.sum(OrderLine.net_minor).filter(COUNTS), func.count(Order.email.distinct()).filter(COUNTS),
            func.count(Order.id.distinct()).filter(WAITS), func.count(Order.id.distinct()).filter(BACK),
        )
        .join(Order, Order.id == OrderPromotion.order_id)
        .join(OrderLine, OrderLine.id == OrderPromotion.order_line_id)
        .group_by(key)
    )  # fmt: skip


def by_shop(promotion_id: int) -> dict[int, Figures]:
    """The sums of a promotion by shop; of several shops needs the platform's scope."""
    found = _sums(OrderPromotion.shop_id).where(OrderPromotion.promotion_id == promotion_id)
    return {key: Figures(*(int(value or 0) for value in rest)) for key, *rest in session().execute(found)}


def figures_of(promotion_id: int) -> Figures:
    return figures([promotion_id]).get(promotion_id, Figures())


def lines_of(promotion_id: int) -> list[int]:
    """The order lines that it changed and that count, for `earned_of`."""
    found = (
        select(OrderPromotion.order_line_id)
        .join(Order, Order.id == OrderPromotion.order_id)
        .where(OrderPromotion.promotion_id == promotion_id, COUNTS)
        .order_by(OrderPromotion.order_line_id)
        .limit(MOST_LINES)
    )
    return list(session().execute(found).scalars())


def earned_of(line_ids: Sequence[int], *, distributor_id: int) -> Earned:
    """What the distributor earned of lines as their seller, after fees and returns."""
    if not line_ids:
        return Earned()
    found = select(func.sum(Earning.amount_minor - Earning.taken_back_minor), func.count()).where(
        Earning.order_line_id == func.any(list(line_ids)), Earning.role == "seller",
        Earning.distributor_id == distributor_id,
    )  # fmt: skip
    minor, lines = session().execute(found).one()
    return Earned(int(minor or 0), lines)


def new_buyers(promotion_id: int) -> int:
    """How many of its buyers had never paid for anything in the shop before their first order under it."""
    return int(
        session()
        .execute(
            select(func.count(Order.email.distinct())).where(
                Order.id.in_(_orders(promotion_id)), COUNTS, _is_first()
            )
        )
        .scalar_one()
    )


def by_day(promotion_id: int) -> list[Part]:
    """Its sales by the day their money came, in order."""
    day = cast(func.timezone(literal_column(f"'{ZONE}'"), Order.paid_at), Date)
    found = _parts(promotion_id, day).group_by(day).order_by(day)
    return [_part(row, str(row[0])) for row in session().execute(found)]


def by_product(promotion_id: int) -> list[Part]:
    """Its sales by Sku, the most given first."""
    name = OrderLine.product_name + " · " + OrderLine.sku_name
    product_en = func.coalesce(func.nullif(OrderLine.product_name_en, ""), OrderLine.product_name)
    english = product_en + " · " + func.coalesce(func.nullif(OrderLine.sku_name_en, ""), OrderLine.sku_name)
    given = func.sum(OrderPromotion.minor)
    found = _parts(promotion_id, OrderLine.sku_id, func.max(name), func.max(english)).group_by(
        OrderLine.sku_id
    )
    rows = session().execute(found.order_by(given.desc(), OrderLine.sku_id))
    return [_part(row, row[5], row[6]) for row in rows]


def ways(promotion_id: int) -> dict[str, int]:
    """To what its orders are due: coupon, click or direct; how many."""
    via = func.coalesce(Attribution.via, "direct")
    found = (
        select(via, func.count())
        .select_from(Order)
        .outerjoin(Attribution, Attribution.order_id == Order.id)
        .where(Order.id.in_(_orders(promotion_id)), COUNTS)
        .group_by(via)
    )
    return dict(session().execute(found).all())


def held_out(promotion_id: int, since: datetime, until: datetime, *, every: bool) -> tuple[Side, Side]:
    """(who could have it, who was held out): paid orders placed in its window.

    With `every` all orders that were not held out, as of a price that everybody sees; else those that had it.
    """
    out = select(Attribution.order_id).where(
        func.array_position(Attribution.held_out, promotion_id).is_not(None)
    )
    window = (Order.created_at >= since, Order.created_at < until, COUNTS)
    had = Order.id.not_in(out) if every else Order.id.in_(_orders(promotion_id))
    sides = []
    for which in (had, Order.id.in_(out)):
        row = session().execute(select(func.count(), func.sum(Order.total_minor)).where(which, *window)).one()
        sides.append(Side(row[0], int(row[1] or 0)))
    return sides[0], sides[1]


def orders_page(asked: Asked, *, promotion_id: int) -> Page[Any]:
    """(order, its goods in words, what this promotion took off it): the orders behind every figure."""
    given = (
        select(func.sum(OrderPromotion.minor))
        .where(OrderPromotion.order_id == Order.id, OrderPromotion.promotion_id == promotion_id)
        .scalar_subquery()
    )
    goods = (
        select(func.string_agg(OrderLine.product_name + " " + OrderLine.sku_name, "；"))
        .where(OrderLine.order_id == Order.id)
        .scalar_subquery()
    )
    found = select(Order, goods.label("goods"), given.label("given"))
    found = found.where(Order.id.in_(_orders(promotion_id)), *_narrowed(asked))
    sorts = {"created": Order.created_at, "total": Order.total_minor, "given": given, "number": Order.number}
    return cut(found, asked, sorts=sorts, usual="-created", tie=Order.id)


def _narrowed(asked: Asked) -> list[ColumnElement[bool]]:
    chosen: list[ColumnElement[bool]] = []
    if asked.words:
        like = f"%{asked.words}%"
        chosen.append(or_(Order.number.ilike(like), Order.email.ilike(like)))
    which = {"paid": COUNTS, "waiting": WAITS, "back": BACK, "new": and_(COUNTS, _is_first())}
    if asked.get("which") in which:
        chosen.append(which[asked.get("which")])
    if asked.get("sku").isdecimal() and len(asked.get("sku")) < 19:
        chosen.append(
            Order.id.in_(select(OrderLine.order_id).where(OrderLine.sku_id == int(asked.get("sku"))))
        )
    if asked.get("day"):
        try:
            day = date.fromisoformat(asked.get("day"))
        except ValueError:
            return chosen
        chosen.append(cast(func.timezone(literal_column(f"'{ZONE}'"), Order.paid_at), Date) == day)
    return chosen


def _orders(promotion_id: int) -> Any:
    return select(OrderPromotion.order_id).where(OrderPromotion.promotion_id == promotion_id)


def _is_first() -> ColumnElement[bool]:
    """No order of the same e-mail was paid for in this shop before it."""
    before = aliased(Order)
    earlier = select(before.id).where(
        before.shop_id == Order.shop_id, before.email == Order.email, before.paid_at.is_not(None),
        before.id < Order.id,
    )  # fmt: skip
    return ~earlier.exists()


def _parts(promotion_id: int, *keys: Any) -> Any:
    first, *more = keys
    return (
        select(
            first, func.count(Order.id.distinct()), func.sum(OrderLine.quantity), func.sum(OrderPromotion.minor),
            func.sum(OrderLine.net_minor), *more,
        )
        .join(Order, Order.id == OrderPromotion.order_id)
        .join(OrderLine, OrderLine.id == OrderPromotion.order_line_id)
        .where(OrderPromotion.promotion_id == promotion_id, COUNTS)
    )  # fmt: skip


def _part(row: Any, name: str, name_en: str = "") -> Part:
    orders, units, given, sold = (int(value or 0) for value in row[1:5])
    return Part(row[0], name, orders, units, given, sold, name_en)
