"""A buyer's bank takes a payment back, and perhaps gives it again: one outcome for each dispute."""

from typing import Any

from app.domain.distributors import queries as distributors
from app.domain.notifications import service as notifications
from app.domain.orders import queries as order_queries
from app.domain.orders import service as orders
from app.domain.orders.models import Order
from app.domain.payments import queries as payment_queries
from app.domain.payments import service as payments
from app.domain.payments.gateway import EventKind
from app.domain.payments.models import Payment, PaymentEvent, Refund
from app.flows.refund import call_person, undo
from app.foundation import clock
from app.foundation.errors import StaleState
from app.foundation.money import split
from app.foundation.unit_of_work import Work, unit_of_work

# An inquiry: the bank only asks, and its money is still with us.
ONLY_ASKED = "warning_"


def hear_dispute(event_id: int, payment_id: int, order_id: int) -> None:
    """Work on a stored event about a dispute, once; a person looks at the order whatever it says.

    Raises StaleState where the news of the payment itself is still on its way: then it is tried again.
    """
    with unit_of_work() as work:
        order = orders.lock(order_id)
        payment = payments.lock(payment_id)
        event = payments.lock_event(event_id)
        if event is None:
            return
        event.outcome, event.note = _apply(work, order, payment, event)


def _apply(work: Work, order: Order, payment: Payment, event: PaymentEvent) -> tuple[str, str | None]:
    if event.account != payment.account:
        return "mismatched", "account"
    if payment.state != "received":
        raise StaleState(what="payment", state=payment.state, wanted="received")
    dispute_id = event.payload.get("dispute_id")
    if not dispute_id:
        call_person(order, payment.id, "dispute")
        return "applied", None
    kept = payment_queries.refund_by_key(f"chargeback:{dispute_id}")
    if kept is not None and kept.payment_id != payment.id:
        return "mismatched", "dispute_of_another_payment"
    if event.currency and event.currency.upper() != payment.received_currency:
        call_person(order, payment.id, "dispute")
        return "mismatched", "currency"
    step = _step(event)
    if step == "taken":
        return _take(work, order, payment, event) if kept is None else ("repeated", None)
    if step == "returned":
        return _return(work, order, payment, event, kept)
    if step == "lost":
        return _lose(work, order, payment, event, kept)
    if step == "asked" and kept is None:
        call_person(order, payment.id, "dispute_inquiry")
        work.record("dispute_inquiry", f"order:{order.id}", dispute=dispute_id)
        return "applied", None
    return "repeated", None


def _step(event: PaymentEvent) -> str:
    """What an event of a dispute says of its money: taken, returned, lost (taken for good), asked, or nothing new."""
    status = str(event.payload.get("status") or "")
    if event.kind == EventKind.DISPUTE_RETURNED or status == "won":
        return "returned"
    if event.kind == EventKind.DISPUTE_TAKEN:
        return "taken"
    if event.kind == EventKind.DISPUTE_CLOSED:
        return "lost" if status == "lost" else "nothing"
    return "asked" if status.startswith(ONLY_ASKED) else "taken"


def _take(work: Work, order: Order, payment: Payment, event: PaymentEvent) -> tuple[str, str | None]:
    """Write the chargeback down; its cash posts itself, the parties' parts follow as for a refund."""
    told = event.amount_minor or 0
    amount = min(told, payment_queries.paid(payment).gateway_left_minor)
    if amount <= 0:
        call_person(order, payment.id, "dispute_of_refunded")
        work.record(
            "dispute_of_refunded", f"order:{order.id}", dispute=event.payload["dispute_id"], told=told
        )
        return "applied", "nothing_left"
    chargeback = _written(order, payment, event, state="succeeded", amount_minor=amount)
    chargeback.succeeded_at = clock.now()
    payment.refunded_minor += amount
    work.session.add(chargeback)
    work.session.flush()
    call_person(order, payment.id, "dispute")
    orders.note(order, "charged_back", amount_minor=amount, reason=str(event.payload.get("reason") or ""))
    work.record("charged_back", f"order:{order.id}", refund=chargeback.id, told=told, amount_minor=amount)
    work.enqueue("take_back_refund", key=f"take_back:{chargeback.id}:succeeded", refund_id=chargeback.id)
    _tell(work, order, "dispute", chargeback, event)
    return "applied", None if amount == told else "capped"


def _return(
    work: Work, order: Order, payment: Payment, event: PaymentEvent, kept: Refund | None
) -> tuple[str, str | None]:
    """The money is with us again; where nobody had said that it was gone, that is written down too, as over."""
    if kept is None:
        amount = max(event.amount_minor or 0, 1)
        work.session.add(_written(order, payment, event, state="failed", amount_minor=amount))
        orders.note(order, "dispute_won")
        work.record("dispute_won", f"order:{order.id}", dispute=event.payload["dispute_id"])
        return "applied", "won_before_taken"
    if kept.state == "failed":
        _pay_fee(kept, event)
        return "repeated", None
    undo(work, order, kept)
    _pay_fee(kept, event)
    call_person(order, payment.id, "dispute_won")
    orders.note(order, "dispute_won", amount_minor=kept.amount_minor)
    work.record("dispute_won", f"order:{order.id}", refund=kept.id)
    work.enqueue("take_back_refund", key=f"take_back:{kept.id}:failed", refund_id=kept.id)
    _tell(work, order, "dispute_won", kept, event)
    return "applied", None


def _lose(
    work: Work, order: Order, payment: Payment, event: PaymentEvent, kept: Refund | None
) -> tuple[str, str | None]:
    if kept is None:
        outcome = _take(work, order, payment, event)
    elif kept.state == "failed":  # won before: a bank that changes its mind is for a person to look at
        call_person(order, payment.id, "dispute_lost_after_won")
        return "mismatched", "lost_after_won"
    else:
        outcome = "applied", None
        _pay_fee(kept, event)
    call_person(order, payment.id, "dispute_lost")
    work.record("dispute_lost", f"order:{order.id}", dispute=event.payload["dispute_id"])
    return outcome


def _written(order: Order, payment: Payment, event: PaymentEvent, *, state: str, amount_minor: int) -> Refund:
    dispute_id = str(event.payload["dispute_id"])
    made = Refund(
        shop_id=order.shop_id, order_id=order.id, payment_id=payment.id, kind="chargeback",
        key=f"chargeback:{dispute_id}", amount_minor=amount_minor, reason="chargeback", state=state,
        currency=payment.received_currency or payment.currency, external_id=dispute_id,
        shares=_shares(order, payment, amount_minor if state == "succeeded" else 0),
    )  # fmt: skip
    _pay_fee(made, event)
    return made


def _shares(order: Order, payment: Payment, amount_minor: int) -> dict[str, Any]:
    """What of a chargeback belongs to each line: by what is still paid for; nothing where the money bought nothing."""
    if payment.id != order.payment_id:
        return {}
    back = payment_queries.back_by_line(payment.id)
    left = {line.id: line.net_minor - back.get(line.id, 0) for line in order_queries.lines_of(order.id)}
    lines = [line_id for line_id, minor in left.items() if minor > 0]
    amount = min(amount_minor, sum(left[line_id] for line_id in lines))
    if not amount:
        return {}
    parts = split(amount, [left[line_id] for line_id in lines])
    return {str(line_id): part for line_id, part in zip(lines, parts, strict=True)}


def _pay_fee(kept: Refund, event: PaymentEvent) -> None:
    """What the gateway takes for the dispute itself; the platform bears it, and a trigger posts the difference."""
    fee = event.payload.get("fee_minor")
    if isinstance(fee, int):
        kept.fee_minor = fee


def _tell(work: Work, order: Order, kind: str, chargeback: Refund, event: PaymentEvent) -> None:
    """Write to the distributor whose sale it was."""
    found = distributors.contact_of_shop(order.shop_id)
    if found is None:
        return
    slug, email = found
    notifications.write(
        work, key=f"{kind}:{chargeback.id}", kind=kind, recipient=email, locale="zh_Hans", shop_id=order.shop_id,
        order_id=order.id, order_number=order.number, desk=f"/distributor/shops/{slug}/orders/{order.number}",
        amount_minor=chargeback.amount_minor, answer_by=event.payload.get("answer_by"),
    )  # fmt: skip
