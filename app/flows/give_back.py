"""Money given back for goods that were delivered: a part of a line or all of it, while something is left."""

import re

from app.domain.fulfilment import lists as fulfilment
from app.domain.notifications import service as notifications
from app.domain.orders import service as orders
from app.domain.payments import queries as payment_queries
from app.domain.payments import service as payments
from app.domain.payments.models import Refund
from app.flows import promoting, spending
from app.foundation.actor import Actor
from app.foundation.errors import InvalidInput, NotFound, StaleState
from app.foundation.unit_of_work import unit_of_work

KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")
OPEN = frozenset({"delivered", "paid", "attention"})


def give_back(
    order_id: int,
    line_id: int,
    amount_minor: int,
    *,
    reason: str,
    key: str,
    seen_left_minor: int,
    actor: Actor,
) -> int:
    """Ask that a part of a delivered line goes back to its buyer; the refund's id, the same for the same key.

    `seen_left_minor` is what was left when the person looked: two who look at once come to one outcome.
    Raises StaleState where it is something else now, InvalidInput where more is asked or no reason is given.
    """
    reason = reason.strip()[:200]
    if not reason:
        raise InvalidInput(param="reason", reason="empty")
    if not KEY.fullmatch(key):
        raise InvalidInput(param="key", reason="unknown_key")
    with unit_of_work(actor) as work:
        order = orders.lock(order_id)
        line = orders.lines_by_id(order_id).get(line_id)
        if line is None:
            raise NotFound(what="order_line")
        name = f"give_back:{order.id}:{line.id}:{key}"
        before = payment_queries.refund_by_key(name)
        if before is not None:
            return int(before.id)
        if line.state != "delivered" or order.payment_id is None or order.state not in OPEN:
            raise StaleState(what="order_line", state=line.state, wanted="refunding")
        left = line.net_minor - payment_queries.back_by_line(order.payment_id).get(line.id, 0)
        if left != seen_left_minor:
            raise StaleState(what="order_line", left_minor=left, wanted="refunding")
        if not 0 < amount_minor <= left:
            raise InvalidInput(param="amount", reason="not_left", left_minor=left, currency=order.currency)
        refund_id = payments.request_refund(
            payments.lock(order.payment_id), key=name, amount_minor=amount_minor, reason=reason,
            order_line_id=line.id,
        )  # fmt: skip
        if (
            refund_id is None
            or payment_queries.whole_of(work.session.get_one(Refund, refund_id)) != amount_minor
        ):
            raise StaleState(what="payment", wanted="refunding")
        orders.note(order, "giving_back", line=line.id, amount_minor=amount_minor, reason=reason)
        notifications.decide(
            work,
            order,
            "giving_back",
            reason=name,
            said=reason,
            amount_minor=amount_minor,
            **spending.going_back(order),
            **promoting.receipt(order),
        )
        work.record(
            "give_back", f"order:{order.id}", line=line.id, amount_minor=amount_minor, reason=reason,
            looks=len(fulfilment.reveals_of([line.id])),
        )  # fmt: skip
        work.enqueue("send_refund", key=f"refund:{refund_id}", refund_id=refund_id)
        return refund_id
