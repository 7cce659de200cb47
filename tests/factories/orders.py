"""Buyers who order and pay, and a drain that runs every waiting job and ignores nothing."""

import json
import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select, text

from app.domain.identity import buyers
from app.domain.orders.models import Order
from app.domain.payments.gateway import EventKind
from app.domain.payments.models import Payment
from app.domain.payments.sandbox_events import ACCOUNT, SandboxEvent, sign_event
from app.domain.payments.sandbox_token import external_id_for
from app.domain.promotions.buyers import Shopper
from app.flows import hear_gateway, purchase
from app.flows.priced import NOTHING_ASKED, Asked
from app.flows.purchase import Placed, PlaceOrder
from app.flows.spending import Wish
from app.foundation import clock, ids
from app.foundation.actor import Actor
from app.foundation.database import session
from app.foundation.outbox import OutboxRow
from app.foundation.unit_of_work import unit_of_work
from app.jobs.run import run_batch
from tenants.context import platform_scope, shop_scope
from tenants.directory import Tenant
from tests.factories.goods import Goods

BUYER = Actor("buyer", ip="127.0.0.1")


def place(
    shop: Tenant, cart: Mapping[Goods, int] | Goods, *, email: str = "", device: str = "", method: str = "alipay",
    fields: Mapping[str, str] | None = None, asked: Asked = NOTHING_ASKED, signed_in: bool = False,
    credit: Wish | None = None,
) -> Placed:  # fmt: skip
    """Quote and order, up to the gateway's door; `signed_in`: as the proven owner of the address."""
    wanted = cart if isinstance(cart, Mapping) else {cart: 1}
    device, email = device or ids.token(), email or f"{ids.token()}@example.com"
    with shop_scope(shop.id):
        own = _come_in(shop, email) if signed_in else None
        asked = replace(asked, shopper=Shopper(device, email, own))
        quoted, _ = purchase.quote(
            shop, {goods.listing_id: quantity for goods, quantity in wanted.items()}, asked
        )
        told = {goods.listing_id: dict(fields or {}) for goods in wanted}
        command = PlaceOrder(
            quote=purchase.seal(quoted), email=email, method=method, device=device, locale="zh_Hans", fields=told,
            buyer_id=own, credit=credit,
        )  # fmt: skip
        placed = purchase.place_order(command, shop=shop, actor=BUYER)
        if placed.payment_id is not None:
            purchase.open_payment(placed.payment_id, shop=shop, return_url="http://shop.localhost/orders/x")
        return placed


def _come_in(shop: Tenant, email: str) -> int:
    with unit_of_work():
        return buyers.come_in(shop.id, email, locale="zh_Hans", at=clock.now())


def paid_event(
    shop: Tenant, placed: Placed, *, amount: int | None = None, event_id: str | None = None, currency: str | None = None,
    account: str = ACCOUNT, payer: str = "",
) -> tuple[dict[str, str], bytes]:  # fmt: skip
    """A signed "paid" event of the sandbox, as it comes over the wire."""
    with shop_scope(shop.id):
        payment = session().get_one(Payment, placed.payment_id)
        reference, owed, owed_in = payment.reference, payment.asked_minor, payment.currency
    event = SandboxEvent(
        kind=EventKind.PAID, external_id=external_id_for(reference), reference=reference,
        amount_minor=owed if amount is None else amount, currency=currency or owed_in, occurred_at=clock.now(),
        event_id=event_id or f"evt_{ids.token()}", account=account, payer=payer,
    )  # fmt: skip
    return sign_event(event, secret=SIGNING, seconds=time.time())


SIGNING = "whsec_dGVzdHM="


def pay(shop: Tenant, placed: Placed, **told: object) -> int:
    """Let the sandbox say that the order was paid; jobs are not run yet."""
    headers, body = paid_event(shop, placed, **told)  # type: ignore[arg-type]
    return hear_gateway.hear_gateway("sandbox", headers, body)


def buy(shop: Tenant, cart: Mapping[Goods, int] | Goods, **who: Any) -> Placed:
    """The whole way, up to delivery."""
    placed = place(shop, cart, **who)
    pay(shop, placed)
    run_jobs()
    return placed


def run_jobs(rounds: int = 20, *, kinds: Collection[str] = ()) -> None:
    """Run every due job (of these kinds, if any are named) until none is left; a job that failed fails the test."""
    for _ in range(rounds):
        with platform_scope():
            due = select(OutboxRow.id).where(OutboxRow.due_at <= func.now(), OutboxRow.failed_at.is_(None))
            if kinds:
                due = due.where(OutboxRow.kind.in_(kinds))
            ids_due = session().execute(due.order_by(OutboxRow.id)).scalars().all()
            session().rollback()
        if not ids_due:
            return
        run_batch(ids_due)
        with platform_scope():
            wrong = (
                session()
                .execute(text("SELECT kind, last_error FROM outbox WHERE last_error IS NOT NULL"))
                .all()
            )
            session().rollback()
        assert not wrong, json.dumps([list(row) for row in wrong])
    raise AssertionError("jobs make jobs without end")


def state_of(shop: Tenant, placed: Placed) -> str:
    with shop_scope(shop.id):
        state = session().execute(select(Order.state).where(Order.id == placed.order_id)).scalar_one()
        session().rollback()
        return str(state)
