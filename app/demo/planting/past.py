"""Sixty days of orders, each written as the product would have left it."""

import secrets
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from app.demo.history import PastOrder
from app.demo.planting import money
from app.demo.planting.houses import Houses
from app.demo.planting.promotions import list_before, was_cheaper
from app.demo.planting.rows import plant, plant_quietly
from app.demo.planting.shelves import Shelves
from app.demo.planting.stock import POOL_KINDS, Sold
from app.demo.planting.terms import Agreed, sellers
from app.demo.shops import SHOPS
from app.domain.fulfilment.models import Delivery
from app.domain.inventory.models import Reservation
from app.domain.orders.models import Order, OrderLine, OrderStep
from app.foundation import ids

CHECKOUT = timedelta(minutes=15)
STEPS = {
    "delivered": ("placed", "paid", "delivered"),
    "refunded": ("placed", "paid", "refunding", "refunded"),
    "expired": ("placed", "expired"),
    "paid": ("placed", "paid", "by_hand"),
    "attention": ("placed", "attention"),
}
SOLD = {"delivered", "paid"}


@dataclass(frozen=True, slots=True)
class Planted:
    """A past order with the ids it was given; `lines` in the order of the plan's."""

    plan: PastOrder
    shop_id: int
    reservation_id: int
    order_id: int
    lines: list[int] = field(default_factory=list)


def plant_past(
    plans: Sequence[PastOrder], houses: Houses, shelves: Shelves, agreed: Agreed
) -> dict[str, list[Sold]]:
    """Write the orders with everything around them; the units each Sku's stock owes them, by the Sku's key."""
    languages = {shop.slug: shop.languages[0] for shop in SHOPS}
    held = plant(Reservation, [_reservation(plan, houses) for plan in plans])
    pairs = list(zip(plans, held, strict=True))
    orders = plant(
        Order, [_order(plan, held_as, houses, languages[plan.shop], agreed.now) for plan, held_as in pairs]
    )
    past = [
        Planted(plan, houses.shops[plan.shop], held_as, order)
        for (plan, held_as), order in zip(pairs, orders, strict=True)
    ]
    _plant_lines(past, houses, shelves, agreed)
    plant_quietly(OrderStep, [row for one in past for row in _steps(one)])
    plant_quietly(Delivery, [row for one in past for row in _deliveries(one, houses)])
    money.plant_money([(one.plan, one.order_id, one.shop_id) for one in past])
    return _owed(past)


def _reservation(plan: PastOrder, houses: Houses) -> dict[str, Any]:
    return {
        "shop_id": houses.shops[plan.shop], "reference": f"demo-{plan.number}",
        "state": "sold" if plan.state in SOLD else "released", "until": plan.placed_at + CHECKOUT,
        "created_at": plan.placed_at,
    }  # fmt: skip


def _order(
    plan: PastOrder, reservation_id: int, houses: Houses, locale: str, now: datetime
) -> dict[str, Any]:
    return {
        "shop_id": houses.shops[plan.shop], "number": ids.order_number(plan.placed_at),
        "quote_id": f"demo-{plan.number}", "reservation_id": reservation_id, "email": plan.email,
        "device": f"demo-{plan.device}-{secrets.token_hex(8)}", "locale": locale, "currency": plan.currency,
        "total_minor": plan.total_minor, "state": plan.state,
        "attention_reason": "amount_differs" if plan.state == "attention" else None, "created_at": plan.placed_at,
        "expires_at": plan.placed_at + CHECKOUT, "paid_at": plan.paid_at if plan.state != "attention" else None,
        "delivered_at": plan.settled_at if plan.state == "delivered" else None, "ended_at": plan.settled_at,
        "promoted": was_cheaper(plan.shop, plan.placed_at, now),
    }  # fmt: skip


def _plant_lines(past: Sequence[Planted], houses: Houses, shelves: Shelves, agreed: Agreed) -> None:
    rows = [row for one in past for row in _lines(one, houses, shelves, agreed)]
    made = iter(plant(OrderLine, rows))
    for one in past:
        one.lines.extend(next(made) for _ in one.plan.lines)


def _lines(one: Planted, houses: Houses, shelves: Shelves, agreed: Agreed) -> Iterator[dict[str, Any]]:
    seller = sellers(houses)[one.plan.shop]
    cheaper = was_cheaper(one.plan.shop, one.plan.placed_at, agreed.now)
    for line in one.plan.lines:
        product, sku = line.listing.product, line.listing.sku
        yield {
            "shop_id": one.shop_id, "order_id": one.order_id,
            "listing_id": shelves.listings[one.plan.shop, sku.key], "sku_id": shelves.skus[sku.key],
            "product_id": shelves.products[product.key], "brand_id": houses.brands[product.brand],
            "product_name": product.name.zh, "product_name_en": product.name.en, "sku_name": sku.name.zh,
            "sku_name_en": sku.name.en, "delivery_kind": sku.delivery, "counted": sku.stock is not None,
            "quantity": line.quantity, "offer_minor": line.unit_price_minor,
            "list_minor": list_before(line.unit_price_minor) if cheaper else line.unit_price_minor,
            "discount_minor": 0, "net_minor": line.unit_price_minor * line.quantity, "floor_minor": sku.floor_minor,
            "terms": agreed.terms(
                houses.brands[product.brand], shelves.products[product.key], shelves.skus[sku.key], sku, seller,
                one.plan.placed_at,
            ),
            "buyer_fields": dict(line.fields),
            "state": _line_state(one.plan.state, sku.delivery),
        }  # fmt: skip


def _line_state(state: str, kind: str) -> str:
    if state == "paid":
        return "delivering" if kind == "manual" else "delivered"
    return {"delivered": "delivered", "refunded": "refunded"}.get(state, "waiting")


def _steps(one: Planted) -> Iterator[dict[str, Any]]:
    plan = one.plan
    paid_at = plan.paid_at or plan.placed_at
    times = {"placed": plan.placed_at, "paid": paid_at, "by_hand": paid_at, "attention": paid_at}
    facts = {"attention": {"reason": "amount_differs"}, "refunding": {"reason": "asked_by_buyer"}}
    for step in STEPS[plan.state]:
        yield {
            "shop_id": one.shop_id, "order_id": one.order_id, "step": step, "data": facts.get(step, {}),
            "created_at": times.get(step) or plan.settled_at,
        }  # fmt: skip


def _deliveries(one: Planted, houses: Houses) -> Iterator[dict[str, Any]]:
    plan = one.plan
    if plan.state not in SOLD:
        return
    for line_id, line in zip(one.lines, plan.lines, strict=True):
        state = _line_state(plan.state, line.listing.sku.delivery)
        done = state == "delivered"
        yield {
            "shop_id": one.shop_id, "order_id": one.order_id, "order_line_id": line_id,
            "brand_id": houses.brands[line.listing.product.brand], "kind": line.listing.sku.delivery,
            "state": "delivered" if done else "by_hand", "created_at": plan.paid_at,
            "delivered_at": (plan.settled_at or plan.paid_at) if done else None,
        }  # fmt: skip


def _owed(past: Sequence[Planted]) -> dict[str, list[Sold]]:
    """A unit for each piece of a pooled Sku that was sold."""
    owed: dict[str, list[Sold]] = defaultdict(list)
    for one in past:
        if one.plan.state not in SOLD:
            continue
        for line_id, line in zip(one.lines, one.plan.lines, strict=True):
            if line.listing.sku.delivery in POOL_KINDS:
                sale = Sold(one.reservation_id, line_id, one.shop_id, one.plan.paid_at or one.plan.placed_at)
                owed[line.listing.sku.key] += [sale] * line.quantity
    return owed
