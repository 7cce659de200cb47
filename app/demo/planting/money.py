"""The money of past orders: what was paid, what went back, and what the sandbox gateway said and remembers of it."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.demo.history import PastOrder
from app.demo.planting.rows import plant, plant_quietly
from app.domain.payments.models import Payment, PaymentEvent, Refund, SandboxPayment
from app.domain.payments.sandbox_events import ACCOUNT
from app.domain.payments.sandbox_token import external_id_for

OUTCOMES = {"delivered": "delivered", "refunded": "refunded", "attention": "attention", "paid": None}
# What came in for an order in `attention`, less than was asked.
SHORT_MINOR = 100

Order = tuple[PastOrder, int, int]
"""A past order, its id and its shop's."""


def plant_money(orders: Sequence[Order]) -> None:
    """A payment for each order, a refund where it went back, and the gateway's side of both."""
    payments = plant(Payment, [_payment(*order) for order in orders])
    paid = [(order, row) for order, row in zip(orders, payments, strict=True) if order[0].paid_at]
    plant_quietly(PaymentEvent, [_event(*order) for order, _ in paid])
    plant_quietly(SandboxPayment, [_remembered(order[0]) for order, _ in paid])
    plant_quietly(Refund, [_refund(order, row) for order, row in paid if order[0].state == "refunded"])


def reference(plan: PastOrder) -> str:
    """Our name for the payment of a past order."""
    return "pay_" + hashlib.sha256(f"demo/{plan.number}/{plan.email}".encode()).hexdigest()[:24]


def _payment(plan: PastOrder, order_id: int, shop_id: int) -> dict[str, Any]:
    received = plan.paid_at is not None
    came = _told(plan) if received else None
    return {
        "shop_id": shop_id, "order_id": order_id, "gateway": "sandbox", "account": ACCOUNT, "method": plan.method,
        "reference": reference(plan), "external_id": external_id_for(reference(plan)),
        "amount_minor": plan.total_minor, "refunded_minor": plan.total_minor if plan.state == "refunded" else 0,
        "currency": plan.currency, "state": "received" if received else "expired", "received_minor": came,
        "received_currency": plan.currency if received else None,
        "outcome": OUTCOMES[plan.state] if received else None,
        "attention_reason": "amount_differs" if plan.state == "attention" else None, "created_at": plan.placed_at,
        "received_at": plan.paid_at,
    }  # fmt: skip


def _event(plan: PastOrder, order_id: int, shop_id: int) -> dict[str, Any]:  # noqa: ARG001 - an Order, whole
    mismatched = plan.state == "attention"
    amount = _told(plan)
    external_id = external_id_for(reference(plan))
    return {
        "shop_id": shop_id, "gateway": "sandbox", "event_id": f"evt_demo_{plan.number}", "kind": "paid",
        "reference": reference(plan), "external_id": external_id, "account": ACCOUNT, "amount_minor": amount,
        "currency": plan.currency, "occurred_at": plan.paid_at, "received_at": plan.paid_at,
        "payload": {"external_id": external_id, "amount_minor": amount, "type": "paid"},
        "outcome": "mismatched" if mismatched else "applied", "note": "amount" if mismatched else None,
    }  # fmt: skip


def _remembered(plan: PastOrder) -> dict[str, Any]:
    amount, refunded = _told(plan), plan.state == "refunded"
    return {
        "external_id": external_id_for(reference(plan)), "reference": reference(plan), "amount_minor": amount,
        "refunded_minor": amount if refunded else 0, "currency": plan.currency, "state": "paid",
        "created_at": plan.paid_at,
    }  # fmt: skip


def _refund(order: Order, payment_id: int) -> dict[str, Any]:
    plan, order_id, shop_id = order
    settled: datetime | None = plan.settled_at
    return {
        "shop_id": shop_id, "order_id": order_id, "payment_id": payment_id, "key": f"demo:{payment_id}",
        "amount_minor": plan.total_minor, "currency": plan.currency, "reason": "asked_by_buyer",
        "state": "succeeded", "attempts": 1, "external_id": f"sbr_demo_{plan.number}", "created_at": settled,
        "succeeded_at": settled,
    }  # fmt: skip


def _told(plan: PastOrder) -> int:
    """The amount the gateway spoke of; for an order in `attention`, not the one that was asked."""
    return (
        plan.total_minor - min(SHORT_MINOR, plan.total_minor - 1)
        if plan.state == "attention"
        else plan.total_minor
    )
