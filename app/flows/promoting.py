"""What an order keeps of its promotions: each step, what it took of their limits, and to whom the sale is due."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.domain.orders import queries as order_queries
from app.domain.orders.models import Order, OrderLine
from app.domain.pricing.quotes import Quote
from app.domain.pricing.rules import Step
from app.domain.promotions import queries, service
from app.domain.promotions.buyers import Shopper
from app.domain.promotions.errors import PromotionOver
from app.domain.promotions.models import Attribution, OrderPromotion, StoredPromotion
from app.domain.promotions.switches import is_off, marks
from app.flows import referrals
from app.foundation.unit_of_work import Work


def keep(work: Work, order: Order, quoted: Quote) -> None:
    """Inside the order's transaction: write and count what its quote granted; PromotionOver where it is gone."""
    rows = _keep_steps(work, order, quoted) if quoted.taken else {}
    # Of what a share of buyers is held out of: who got it, and who did not.
    drawn = {at: False for at, row in rows.items() if row.holdout_bps} | dict.fromkeys(quoted.held_out, True)
    if drawn:
        service.remember_draw(order.shop_id, drawn, shopper(order).keys())
    if quoted.taken or quoted.held_out or quoted.due:
        _attribute(work, order, quoted)


def receipt(order: Order) -> dict[str, Any]:
    """What a mail says of an order's promotions and store credit: `receipt` with list, each saving and total.

    Nothing where there are none.
    """
    if not order.promoted and not order.credit_minor:
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
        "currency": order.currency, "credit_minor": order.credit_minor,
    }  # fmt: skip
    return {"receipt": told}


def retake(order: Order) -> None:
    """For money that came late; PromotionOver where what the order stood on is gone."""
    if order.promoted:
        service.retake(order.id, shopper(order).keys())


def shopper(order: Order) -> Shopper:
    return Shopper(order.device, order.email, order.buyer_id)


def _keep_steps(work: Work, order: Order, quoted: Quote) -> Mapping[int, StoredPromotion]:
    rows = queries.by_ids([one.promotion_id for one in quoted.taken])
    titles = {at: row.title for at, row in rows.items()}
    kinds = {at: row.kind for at, row in rows.items()}
    benefit = next((titles[at] for at, kind in kinds.items() if kind == "referral"), "")
    referrals.refuse_own(quoted.due.get("promoter_id"), kinds, shopper(order), benefit)
    service.take(order.id, quoted.taken, shopper(order).keys(), titles)
    of_sku = {line.sku_id: line for line in order_queries.lines_of(order.id)}
    steps = [(of_sku[line.sku_id], step) for line in quoted.lines for step in line.steps if step.minor]
    _refuse_switched_off(steps, rows)
    work.session.add_all(
        OrderPromotion(
            shop_id=order.shop_id, order_id=order.id, order_line_id=kept.id, promotion_id=step.promotion_id,
            brand_id=kept.brand_id, title=rows[step.promotion_id].title, title_en=rows[step.promotion_id].title_en,
            kind=rows[step.promotion_id].kind, funder=rows[step.promotion_id].funder, minor=step.minor,
            wanted_minor=step.wanted_minor, because=step.because,
        )
        for kept, step in steps
    )  # fmt: skip
    service.flush_kept()
    return rows


def _refuse_switched_off(
    steps: Sequence[tuple[OrderLine, Step]], rows: Mapping[int, StoredPromotion]
) -> None:
    """A switch is a stop: a quote from before it is not honoured, the buyer agrees to the new price."""
    switches = queries.switches()
    off = {brand: marks(switches, brand) for brand in {line.brand_id for line, _step in steps}}
    for line, step in steps:
        row = rows[step.promotion_id]
        if is_off(row.id, row.kind, off[line.brand_id]):
            raise PromotionOver(param="quote", reason="switched_off", title=row.title, promotion_id=row.id)


def _attribute(work: Work, order: Order, quoted: Quote) -> None:
    """A coupon's owner first, else the last click within its window, else nobody."""
    coupon = next((one for one in quoted.taken if one.code_id is not None or one.use_id is not None), None)
    promoter, click = quoted.due.get("promoter_id"), quoted.due.get("click_id")
    owned = _owned_coupon(quoted)
    if owned is not None:
        (coupon_id, promoter), click = owned, None
        coupon = next(one for one in quoted.taken if one.promotion_id == coupon_id)
    via = "coupon" if owned else "click" if promoter else "coupon" if coupon else "direct"
    work.session.add(
        Attribution(
            order_id=order.id, shop_id=order.shop_id, via=via, promotion_id=coupon.promotion_id if coupon else None,
            promoter_id=promoter, click_id=click, held_out=list(quoted.held_out),
        )
    )  # fmt: skip


def _owned_coupon(quoted: Quote) -> tuple[int, int] | None:
    """(promotion, promoter) of the first promotion in the order that belongs to a promoter."""
    for at, row in sorted(queries.by_ids([one.promotion_id for one in quoted.taken]).items()):
        owner = row.settings.get("promoter_id")
        if owner is not None and referrals.may_promote(int(owner)):
            return at, int(owner)
    return None
