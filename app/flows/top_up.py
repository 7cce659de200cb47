"""A top-up at a supplier: written down, sent once, asked about, and ended by what is certain.

Nothing is ever sent twice. A process that dies after sending leaves a row that
says so, and the next one only asks. Another supplier gets its turn only when the
one before is certain to have failed; when all have, the money goes back.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta

from app.domain.catalog.models import Sku
from app.domain.fulfilment import attempts, rules
from app.domain.fulfilment import service as suppliers
from app.domain.fulfilment.gateway import Outcome, TopupRequest, Voucher
from app.domain.fulfilment.models import Delivery, SupplierOrder
from app.domain.fulfilment.rules import Ask, CallPerson, Deliver, GiveBack, Place, Source, State
from app.domain.fulfilment.wire import read_callback
from app.domain.inventory.keys import current_key
from app.domain.notifications import service as notifications
from app.domain.orders import service as orders
from app.domain.orders.models import Order, OrderLine
from app.domain.payments import queries as payment_queries
from app.domain.payments import service as payments
from app.flows import promoting
from app.flows.deliver import finish, hand_over, settle_soon
from app.foundation import clock, money
from app.foundation.database import session
from app.foundation.errors import NotFound
from app.foundation.runtime import runtime, settings
from app.foundation.unit_of_work import Work, unit_of_work
from app.foundation.vault import DataKey, Secret
from tenants.context import platform_scope, shop_scope

SEND_WITHIN = timedelta(seconds=60)


def place_topup(supplier_order_id: int) -> None:
    """Send one attempt to its supplier, at most once in its life."""
    with unit_of_work() as work:
        order, delivery, kept = _locked(supplier_order_id)
        if kept.state != State.PLACING:
            return
        if order.state not in {"paid", "attention"} or delivery.state in {"delivered", "failed"}:
            kept.state, kept.reason, kept.ended_at = State.FAILED.value, "order_is_over", clock.now()
            return
        if kept.sent_at is not None:
            # It may have been sent by a process that died: from here on we only ask.
            work.enqueue("ask_topup", key=f"ask:{kept.id}:{kept.asked}", supplier_order_id=kept.id)
            return
        kept.sent_at = clock.now()
        name, request = kept.supplier, _request(work, kept)
    _heard(supplier_order_id, suppliers.supplier(name).place(request), Source.PLACE)


def ask_topup(supplier_order_id: int) -> None:
    """Ask the supplier what became of an attempt that is still open."""
    with unit_of_work():
        kept = attempts.row(supplier_order_id)
        if State(kept.state) not in rules.OPEN:
            return
        name, reference = kept.supplier, kept.reference
    _heard(supplier_order_id, suppliers.supplier(name).ask(reference), Source.ASK)


def hear_supplier(name: str, headers: Mapping[str, str], body: bytes, *, path: str, query: str) -> None:
    """A supplier's signed news; late, twice and out of order change nothing. Raises ForgedCallback."""
    told = read_callback(
        headers, body, path=path, query=query, secrets=[settings().supplier_secret], now=time.time()
    )
    with platform_scope(), unit_of_work():
        owner = attempts.by_reference(told.reference, supplier=name)
    if owner is None:
        raise NotFound(what="supplier_order")
    with shop_scope(owner[0]):
        _heard(owner[1], told.outcome, Source.CALLBACK)


def _request(work: Work, kept: SupplierOrder) -> TopupRequest:
    delivery = work.session.get_one(Delivery, kept.delivery_id)
    line = work.session.get_one(OrderLine, delivery.order_line_id)
    sku = work.session.get_one(Sku, line.sku_id)
    return TopupRequest(
        reference=kept.reference, product=sku.supplier_product or f"sku-{sku.id}",
        face_value_minor=sku.face_value_minor or line.list_minor, currency=sku.face_currency or sku.currency,
        send_before=clock.now() + SEND_WITHIN, fields={name: str(value) for name, value in line.buyer_fields.items()},
    )  # fmt: skip


def _heard(supplier_order_id: int, outcome: Outcome, source: Source) -> None:
    """Fold what was heard into the attempt, and take the next step, in one transaction."""
    with unit_of_work():
        brand_id = _brand_of(supplier_order_id)
    key = _key(brand_id) if outcome.voucher is not None else None
    with unit_of_work() as work:
        order, delivery, kept = _locked(supplier_order_id)
        heard = rules.hear(attempts.as_attempt(kept), outcome, source, clock.now())
        attempts.keep(kept, heard.attempt)
        if key is not None and outcome.voucher is not None and kept.secret is None:
            _keep_voucher(kept, outcome.voucher, *key)
        if heard.attempt.state in {State.SUCCEEDED, State.FAILED} and kept.ended_at is None:
            kept.ended_at = clock.now()
        if heard.alarm is not None:
            work.record("supplier_alarm", f"order:{order.id}", alarm=heard.alarm.value, attempt=kept.id)
        if heard.ask_now:
            work.enqueue("ask_topup", key=f"ask-now:{kept.id}", supplier_order_id=kept.id)
        work.session.flush()
        _go_on(work, order, delivery, kept.unit)


def _locked(supplier_order_id: int) -> tuple[Order, Delivery, SupplierOrder]:
    """An attempt with its order and delivery, locked from the order down and read again under the locks."""
    delivery_id = attempts.row(supplier_order_id).delivery_id
    order = orders.lock(session().get_one(Delivery, delivery_id).order_id)
    return order, attempts.lock_delivery(delivery_id), attempts.row(supplier_order_id)


def _brand_of(supplier_order_id: int) -> int:
    return int(session().get_one(Delivery, attempts.row(supplier_order_id).delivery_id).brand_id)


def _key(brand_id: int) -> tuple[int, DataKey]:
    with platform_scope(), unit_of_work():
        return current_key(brand_id, runtime().vault)


def _keep_voucher(kept: SupplierOrder, voucher: Voucher, key_id: int, key: DataKey) -> None:
    secret = Secret.of(voucher.number, voucher.password)
    kept.data_key_id = key_id
    kept.secret = runtime().vault.seal_bytes(key, secret.to_bytes(), b"topup:%d" % kept.id)


def _go_on(work: Work, order: Order, delivery: Delivery, unit: int) -> None:
    """Take the next step of one unit; when every unit has ended, end the line."""
    line = work.session.get_one(OrderLine, delivery.order_line_id)
    if delivery.state in {"delivered", "failed"}:
        return
    everything = attempts.rows_of(delivery.id)
    of_unit = [attempts.as_attempt(row) for row in everything if row.unit == unit]
    step = rules.next_step(of_unit, suppliers.in_order())
    if isinstance(step, Place):
        made = attempts.add(delivery, unit=unit, position=step.position, supplier=step.supplier)
        work.enqueue("place_topup", key=f"topup:{made.id}", supplier_order_id=made.id)
    elif isinstance(step, Ask):
        asked = next(row for row in everything if row.reference == step.attempt.reference)
        wait = max((step.at - clock.now()).total_seconds(), 0)
        work.enqueue(
            "ask_topup", key=f"ask:{asked.id}:{asked.asked}", delay_seconds=wait, supplier_order_id=asked.id
        )
        delivery.state = "unknown" if step.attempt.state is State.UNKNOWN else "sending"
    elif isinstance(step, CallPerson):
        _call_person(work, order, delivery, step)
    elif isinstance(step, Deliver | GiveBack):
        _end_line(work, order, delivery, line, everything)


def _call_person(work: Work, order: Order, delivery: Delivery, step: CallPerson) -> None:
    delivery.state = "unknown"
    if order.state == "paid":
        orders.move(order, "attention", reason=f"supplier_{step.alarm.value}")
        payments.settle_outcome(order.id, "attention")
    work.record("supplier_needs_person", f"order:{order.id}", alarm=step.alarm.value, delivery=delivery.id)


def _end_line(
    work: Work, order: Order, delivery: Delivery, line: OrderLine, everything: Sequence[SupplierOrder]
) -> None:
    """Deliver what succeeded and give back what failed, once every unit has ended."""
    in_order = suppliers.in_order()
    ends = []
    for unit in range(1, line.quantity + 1):
        step = rules.next_step([attempts.as_attempt(row) for row in everything if row.unit == unit], in_order)
        if not isinstance(step, Deliver | GiveBack):
            return
        ends.append(isinstance(step, Deliver))
    delivery.receipt = {"numbers": [row.supplier_number for row in everything if row.state == "succeeded"]}
    if any(ends):
        hand_over(delivery, line)
        settle_soon(work, order.id, line.id)
    else:
        delivery.state, line.state = "failed", "failed"
    if not all(ends):
        _give_back(work, order, line, failed=ends.count(False))
    if (
        order.state == "attention"
        and order.attention_reason
        and order.attention_reason.startswith("supplier_")
    ):
        orders.move(order, "paid")
        payments.reopen_outcome(order.id)
    work.session.flush()
    finish(work, order)


def _give_back(work: Work, order: Order, line: OrderLine, *, failed: int) -> None:
    """Ask back the share of the units that failed, from the money that bought the order."""
    shares = money.split(line.net_minor, [1] * line.quantity)
    owed = sum(shares[line.quantity - failed :])
    for payment in payment_queries.of_order(order.id):
        if payment.state != "received" or payment.outcome == "attention":
            continue
        refund_id = payments.request_refund(
            payment, key=f"line:{line.id}:{payment.id}", amount_minor=owed, reason="supplier_failed",
            order_line_id=line.id,
        )  # fmt: skip
        if refund_id is not None:
            work.enqueue("send_refund", key=f"refund:{refund_id}", refund_id=refund_id)
            notifications.decide(
                work,
                order,
                "refunding",
                reason="supplier_failed",
                amount_minor=owed,
                **promoting.receipt(order),
            )
            return
    # Nothing that was received can be asked back: somebody must look.
    if order.state != "attention":
        orders.move(order, "attention", reason="nothing_to_refund")
    work.record("nothing_to_refund", f"order:{order.id}", line=line.id, owed_minor=owed)
