"""A group buy's story: opened, joined, paid, full or failed; every member is delivered with all others, or refunded.

Locks go order → payment → group → stock.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.exc import OperationalError

from app.domain.catalog.on_sale import on_sale
from app.domain.groups import queries, rules, service
from app.domain.groups.errors import GroupOver
from app.domain.groups.models import Group
from app.domain.inventory import queries as stock
from app.domain.inventory import service as inventory
from app.domain.inventory.errors import StockExhausted
from app.domain.inventory.service import Want
from app.domain.notifications import service as notifications
from app.domain.orders import queries as order_queries
from app.domain.orders import service as orders
from app.domain.orders.models import Order
from app.domain.payments import service as payments
from app.domain.pricing.quotes import Quote
from app.domain.promotions import queries as promotions
from app.flows import promoting, spending
from app.flows.ask_gateway import close_checkouts
from app.foundation import clock
from app.foundation.actor import Actor
from app.foundation.errors import ProductError, StaleState
from app.foundation.unit_of_work import Work, unit_of_work
from tenants.context import platform_scope, shop_scope

log = logging.getLogger(__name__)
NEW = "new"
BEIJING = ZoneInfo("Asia/Shanghai")
AFTER = timedelta(hours=1)
# An offer for several shops is published within seconds of its stock being set aside, or its maker was cut off.
HALF_MADE = timedelta(minutes=10)


def set_aside(quoted: Quote) -> int | None:
    """Before an order's stock is held: the stock of its group. A new group's is set aside for all its places now.

    GroupOver says why the group cannot be opened or joined. The group, or its offer, is locked from here on.
    """
    promotion_id, wanted = int(quoted.tied["promotion"]), quoted.tied["group"]
    found = queries.offer(promotion_id)
    if found is None or promotion_id not in {one.promotion_id for one in quoted.taken}:
        raise GroupOver(reason="not_offered")
    offered, promotion = found
    if len(quoted.lines) != 1 or quoted.lines[0].listing_id != offered.listing_id:
        raise GroupOver(reason="not_alone")
    if quoted.lines[0].quantity != offered.per_member:
        raise GroupOver(reason="not_alone")
    now = clock.now()
    if wanted != NEW:
        group = service.lock(int(wanted))
        if group.promotion_id != promotion_id:
            raise GroupOver(reason="not_offered")
        if order_queries.by_quote(quoted.id) is None:  # asked twice, it is in already
            service.refuse_joining(group, promotion, now)
        return group.reservation_id
    service.lock_offer(promotion_id)
    if promotion.status != "live" or (promotion.ends_at is not None and promotion.ends_at <= now):
        raise GroupOver(reason="over" if promotion.status != "paused" else "paused")
    if queries.open_count(promotion_id) >= offered.most_open and order_queries.by_quote(quoted.id) is None:
        raise GroupOver(reason="too_many_open")
    item = on_sale([offered.listing_id])[offered.listing_id]
    want = Want(item.sku_id, offered.people * offered.per_member, item.delivery_kind, item.unlimited)
    until = rules.deadline(now, offered.hours, promotion.ends_at) + AFTER
    try:
        return inventory.reserve(
            f"group:{quoted.id}", [want], until, set_aside=True, parent_id=offered.reservation_id
        )
    except StockExhausted as error:
        raise GroupOver(reason="no_stock", people=offered.people) from error


def bind(work: Work, order: Order, tied: Mapping[str, Any]) -> None:
    """With the order: its place in the group, which a new one gets here."""
    if tied["group"] != NEW:
        service.join(service.lock(int(tied["group"])), order)
        return
    found, reservation_id = queries.offer(int(tied["promotion"])), stock.parent_of(order.reservation_id)
    if found is None or reservation_id is None:
        raise GroupOver(reason="not_offered")
    group = service.open_group(*found, reservation_id)
    service.join(group, order)
    orders.note(order, "group_opened", group=group.id)
    work.record("group_opened", f"group:{group.id}", size=group.size)


def paid(work: Work, order: Order) -> bool:
    """A sold order of a group waits for the others, or completes it; False where the order is in no group.

    Its group is locked. Complete, everybody's goods are sent off in this same transaction.
    """
    found = service.lock_of(order.id)
    if found is None:
        return False
    if not service.pay(found):
        orders.note(order, "group_waiting", group=found.group.id)
        until = found.group.deadline.astimezone(BEIJING)
        notifications.decide(
            work, order, "group_waiting", more=_missing(found.group), until=f"{until:%Y-%m-%d %H:%M}",
            **promoting.receipt(order),
        )  # fmt: skip
        _tell_opener(work, found.group, order)
        return True
    inventory.release(found.group.reservation_id)
    for member in queries.living(found.group.id):
        work.enqueue("deliver_order", key=f"deliver:{member.order_id}", order_id=member.order_id)
    orders.note(order, "group_full", group=found.group.id)
    work.record("group_full", f"group:{found.group.id}")
    return True


def end_groups(limit: int = 200) -> int:
    """The clock's tick: open groups whose end has come are failed, each alone; how many there were.

    Stock that lies aside for an offer that is over, or was never published, goes back to the shelf.
    """
    now = clock.now()
    with platform_scope():
        due, over = queries.due(now, limit), queries.stock_due(now, half_made=now - HALF_MADE, limit=limit)
    for shop_id, reservation_id in over:
        _alone(shop_id, reservation_id, _give_back)
    return sum(_alone(shop_id, group_id, end) for shop_id, group_id in due)


def _alone(shop_id: int, subject: int, story: Callable[[int], bool]) -> bool:
    """One that cannot be ended now (locked, or full meanwhile) holds up no other; the next tick sees it again."""
    try:
        with shop_scope(shop_id):
            return story(subject)
    except (OperationalError, ProductError) as error:
        log.warning("not ended", extra={"subject": subject, "error": type(error).__name__})
        return False


def _give_back(reservation_id: int) -> bool:
    with unit_of_work():
        return inventory.release(reservation_id)


def end(group_id: int) -> bool:
    """Fail a group whose end has come, and let each of its members go; False where it is not to be ended."""
    with unit_of_work() as work:
        group = service.lock(group_id)
        because = _over_because(group)
        if not because:
            return False
        members = queries.living(group.id)
        service.fail(group, because)
        work.session.flush()
        inventory.release(group.reservation_id)
        for member in members:
            work.enqueue("let_go", key=f"let_go:{member.order_id}", order_id=member.order_id)
        work.record("group_failed", f"group:{group.id}", because=because, members=len(members))
        return True


def let_go(order_id: int) -> None:
    """A member of a group that failed: refunded where it has paid, closed where it has not. Once, however often."""
    with unit_of_work() as work:
        order = orders.lock(order_id)
        spending.lock_of(order)
        found = service.lock_of(order_id)
        if found is None or found.group.state != "failed":
            return
        if order.state == "pending":
            orders.move(order, "cancelled", reason="group_failed")
            inventory.release(order.reservation_id)
            close_checkouts(work, order.id)
        elif found.member.state == "paid" and order.state in {"paid", "attention"}:
            _refund(work, order, "group_failed")


def leave(order_id: int, *, actor: Actor) -> None:
    """A member takes the money back while the group is open: its place opens again, its stock waits for the next.

    StaleState where there is nothing to leave any more: it is full, has failed, or the order is refunded already.
    """
    with unit_of_work(actor) as work:
        order = orders.lock(order_id)
        found = service.lock_of(order_id)
        if (
            found is None
            or found.group.state != "open"
            or found.member.state != "paid"
            or order.state != "paid"
        ):
            raise StaleState(what="group", state=found.group.state if found else "", wanted="left")
        _refund(work, order, "group_left")
        work.record("group_left", f"order:{order.id}", group=found.group.id)


def take_again(order: Order) -> None:
    """Money came late for a member: its place again, or GroupOver. Its group is locked."""
    found = service.lock_of(order.id)
    if found is not None:
        service.rejoin(found, order)


def lock_group_of(order: Order) -> Group | None:
    """Lock the group of an order before any stock is touched; None where it is in none."""
    found = service.lock_of(order.id)
    return None if found is None else found.group


def _refund(work: Work, order: Order, reason: str) -> None:
    """All that is left of the money that bought the order goes back, and what it bought to the group or the shelf."""
    if order.payment_id is None:
        raise StaleState(what="order", number=order.number, state=order.state, wanted="refunding")
    payment = payments.lock(order.payment_id)
    refund_id = payments.request_refund(
        payment, key=f"{reason}:{payment.id}", amount_minor=payment.received_minor or 0, reason=reason
    )
    if refund_id is None:
        return  # the bank has taken it, or a person has asked already: they see to the order
    for line in order_queries.lines_of(order.id):
        line.state = "failed"
        inventory.unsell(line.id)
    payment.outcome, payment.attention_reason = None, None
    orders.move(order, "refunding", reason=reason)
    work.enqueue("send_refund", key=f"refund:{refund_id}", refund_id=refund_id)
    notifications.decide(
        work, order, "refunding", reason=reason, amount_minor=payment.received_minor,
        **spending.going_back(order), **promoting.receipt(order),
    )  # fmt: skip


def _tell_opener(work: Work, group: Group, joined: Order) -> None:
    """Whoever opened a group hears of the first who joined, and when one more is enough; of nobody else."""
    missing, members = _missing(group), queries.living(group.id)
    paid = sum(member.state == "paid" for member in members)
    opener = min(members, key=lambda member: member.id)
    if opener.order_id == joined.id or opener.state != "paid" or (paid != 2 and missing != 1):
        return
    reason = "one_more" if missing == 1 else "first"
    until = group.deadline.astimezone(BEIJING)
    notifications.decide(
        work, work.session.get_one(Order, opener.order_id), "group_joined", reason=reason, more=missing,
        until=f"{until:%Y-%m-%d %H:%M}",
    )  # fmt: skip


def _missing(group: Group) -> int:
    return int(group.size) - sum(member.state == "paid" for member in queries.living(group.id))


def _over_because(group: Group) -> str:
    """Why an open, locked group ends now; empty where it goes on. A paused promotion lets its groups wait."""
    if group.state != "open":
        return ""
    if group.deadline <= clock.now():
        return "deadline"
    if promotions.by_ids([group.promotion_id])[group.promotion_id].status == "ended":
        return "ended"
    return "" if queries.living(group.id) else "empty"
