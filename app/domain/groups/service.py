"""Changes of groups, inside the caller's transaction. Whoever changes one holds its lock."""

from datetime import datetime

from sqlalchemy import select

from app.domain.groups import queries
from app.domain.groups.errors import GroupOfferInvalid, GroupOver
from app.domain.groups.models import Group, GroupMember, GroupOffer
from app.domain.groups.queries import Membership
from app.domain.groups.rules import HOURS, OPEN, PEOPLE, PIECES, deadline, free_place
from app.domain.orders.models import Order
from app.domain.promotions.models import StoredPromotion
from app.foundation import clock, ids
from app.foundation.addresses import mailbox
from app.foundation.database import session
from app.foundation.errors import NotFound


def offer(
    promotion_id: int,
    listing_id: int,
    *,
    shop_id: int,
    own_stock: tuple[int, int] | None = None,
    **sizes: int,
) -> GroupOffer:
    """Write what a promotion asks of its groups in a shop; GroupOfferInvalid names the field that is out of range.

    `own_stock`: (reservation, units) that were set aside for them.
    """
    for field, (least, most) in {
        "people": PEOPLE, "hours": HOURS, "per_member": PIECES, "most_open": OPEN,
    }.items():  # fmt: skip
        if not least <= sizes[field] <= most:
            raise GroupOfferInvalid(param=field, reason="range", least=least, most=most)
    reservation_id, units = own_stock or (None, None)
    made = GroupOffer(
        promotion_id=promotion_id, shop_id=shop_id, listing_id=listing_id, reservation_id=reservation_id, units=units,
        **sizes,
    )  # fmt: skip
    session().add(made)
    return made


def lock(group_id: int) -> Group:
    """The group, locked; after its order's and its payment's lock, before any lock on stock."""
    found = select(Group).where(Group.id == group_id).with_for_update(key_share=True)
    group = session().execute(found.execution_options(populate_existing=True)).scalar_one_or_none()
    if group is None:
        raise NotFound(what="group")
    return group


def lock_of(order_id: int) -> Membership | None:
    """An order's place with its group locked; None where it is in no group. The order is locked already."""
    found = queries.of_order(order_id)
    if found is None:
        return None
    group = lock(found.group.id)
    session().refresh(found.member)
    return Membership(found.member, group)


def lock_offer(promotion_id: int) -> GroupOffer:
    """An offer, locked: one group at a time is opened of it, so that `most_open` holds."""
    found = select(GroupOffer).where(GroupOffer.promotion_id == promotion_id).with_for_update(key_share=True)
    row = session().execute(found).scalar_one_or_none()
    if row is None:
        raise GroupOver(reason="not_offered")
    return row


def open_group(offered: GroupOffer, promotion: StoredPromotion, reservation_id: int) -> Group:
    """A new group with nobody in it."""
    group = Group(
        shop_id=offered.shop_id, promotion_id=offered.promotion_id, listing_id=offered.listing_id,
        token=ids.random_signs(10), size=offered.people, reservation_id=reservation_id, state="open",
        deadline=deadline(clock.now(), offered.hours, promotion.ends_at),
    )  # fmt: skip
    session().add(group)
    session().flush()
    return group


def refuse_joining(group: Group, promotion: StoredPromotion, at: datetime) -> None:
    """GroupOver where nobody may come in any more; the group is locked."""
    if group.state == "full":
        raise GroupOver(reason="full")
    if group.state != "open" or group.deadline <= at or promotion.status == "ended":
        raise GroupOver(reason="over")
    if promotion.status != "live":
        raise GroupOver(reason="paused")
    if free_place([member.place for member in queries.living(group.id)], group.size) is None:
        raise GroupOver(reason="full")


def join(group: Group, order: Order) -> GroupMember:
    """Take the lowest free place for an order; GroupOver where there is none, or the buyer is in already."""
    member = GroupMember(shop_id=order.shop_id, group_id=group.id, size=group.size, order_id=order.id, state="held",
                         mailbox=mailbox(order.email), device=order.device, place=_place(group, order))  # fmt: skip
    session().add(member)
    session().flush()
    return member


def rejoin(found: Membership, order: Order) -> None:
    """Money came late: a free place is taken again; GroupOver where the group is no longer open or has none."""
    if found.group.state != "open":
        raise GroupOver(reason="full" if found.group.state == "full" else "over")
    if found.member.state == "left":
        found.member.place, found.member.state = _place(found.group, order), "held"
        found.member.left_at = None
        session().flush()


def _place(group: Group, order: Order) -> int:
    here = queries.living(group.id)
    box = mailbox(order.email)
    if any(member.mailbox == box or member.device == order.device for member in here):
        raise GroupOver(reason="already_in")
    place = free_place([member.place for member in here], group.size)
    if place is None:
        raise GroupOver(reason="full")
    return place


def pay(found: Membership) -> bool:
    """A member has paid; True where that was the last: the group is full."""
    now = clock.now()
    found.member.state, found.member.paid_at = "paid", now
    session().flush()
    here = queries.living(found.group.id)
    if sum(member.state == "paid" for member in here) < found.group.size:
        return False
    found.group.state, found.group.full_at = "full", now
    return True


def fail(group: Group, because: str) -> None:
    """An open group, locked, ends without its people."""
    group.state, group.because, group.failed_at = "failed", because, clock.now()
