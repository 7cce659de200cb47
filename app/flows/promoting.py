"""What an order keeps of its promotions: each step, what it took of their limits, and to whom the sale is due."""

from typing import Any

from app.domain.orders import queries as order_queries
from app.domain.orders.models import Order
from app.domain.pricing.quotes import Quote
from app.domain.promotions import queries, service
from app.domain.promotions.buyers import Shopper
from app.domain.promotions.models import Attribution, OrderPromotion
from app.foundation.unit_of_work import Work


def keep(work: Work, order: Order, quoted: Quote) -> None:
    """Inside the order's transaction: write and count what its quote granted; PromotionOver where it is gone."""
    if quoted.taken:
        _keep_steps(work, order, quoted)
    if quoted.held_out:
        service.remember_held_out(order.shop_id, quoted.held_out, shopper(order).keys())
    if quoted.taken or quoted.held_out or quoted.due:
        _attribute(work, order, quoted)


def receipt(order: Order) -> dict[str, Any]:
    """What a mail says of an order's promotions: `receipt` with list, each saving and total; nothing without any."""
    if not order.promoted:
        return {}
    saved: dict[int, dict[str, Any]] = {}
    for row in queries.of_order(order.id):
        one = saved.setdefault(
            row.promotion_id, {"title": row.title, "title_en": row.title_en or row.title, "minor": 0}
        )
        one["minor"] += row.minor
    listed = order.total_minor + sum(one["minor"] for one in saved.values())
    told = {
        "list_minor": listed, "saved": list(saved.values()), "total_minor": order.total_minor,
        "currency": order.currency,
    }  # fmt: skip
    return {"receipt": told}


def retake(order: Order) -> None:
    """For money that came late; PromotionOver where what the order stood on is gone."""
    if order.promoted:
        service.retake(order.id, shopper(order).keys())


def shopper(order: Order) -> Shopper:
    return Shopper(order.device, order.email, order.buyer_id)


def _keep_steps(work: Work, order: Order, quoted: Quote) -> None:
    rows = queries.by_ids([one.promotion_id for one in quoted.taken])
    titles = {at: row.title for at, row in rows.items()}
    service.take(order.id, quoted.taken, shopper(order).keys(), titles)
    of_sku = {line.sku_id: line for line in order_queries.lines_of(order.id)}
    for line in quoted.lines:
        kept = of_sku[line.sku_id]
        work.session.add_all(
            OrderPromotion(
                shop_id=order.shop_id, order_id=order.id, order_line_id=kept.id, promotion_id=step.promotion_id,
                brand_id=kept.brand_id, title=rows[step.promotion_id].title, title_en=rows[step.promotion_id].title_en,
                kind=rows[step.promotion_id].kind, funder=rows[step.promotion_id].funder, minor=step.minor,
                wanted_minor=step.wanted_minor, because=step.because,
            )
            for step in line.steps
            if step.minor
        )  # fmt: skip


def _attribute(work: Work, order: Order, quoted: Quote) -> None:
    """A coupon's owner first, else the last click within its window, else nobody."""
    coupon = next((one for one in quoted.taken if one.code_id is not None or one.use_id is not None), None)
    promoter, click = quoted.due.get("promoter_id"), quoted.due.get("click_id")
    via = quoted.due.get("via") or ("click" if promoter else "coupon" if coupon else "direct")
    work.session.add(
        Attribution(
            order_id=order.id, shop_id=order.shop_id, via=via, promotion_id=coupon.promotion_id if coupon else None,
            promoter_id=promoter, click_id=click, held_out=list(quoted.held_out),
        )
    )  # fmt: skip
