"""Every SELECT of group buys."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased

from app.domain.groups.models import Group, GroupMember, GroupOffer
from app.domain.groups.rules import LIVING
from app.domain.inventory.models import Reservation
from app.domain.orders.models import Order
from app.domain.promotions.models import StoredPromotion
from app.foundation.database import session
from app.foundation.paging import Asked, Page, cut


@dataclass(frozen=True, slots=True)
class Membership:
    """An order's place, and the group it is in."""

    member: GroupMember
    group: Group


def offer(promotion_id: int) -> tuple[GroupOffer, StoredPromotion] | None:
    """An offer to groups with its promotion."""
    found = (
        select(GroupOffer, StoredPromotion)
        .join(StoredPromotion, StoredPromotion.id == GroupOffer.promotion_id)
        .where(GroupOffer.promotion_id == promotion_id)
    )
    row = session().execute(found).first()
    return (row[0], row[1]) if row else None


def offers_on(listing_ids: Collection[int], at: datetime) -> Sequence[tuple[GroupOffer, StoredPromotion]]:
    """What is offered to groups of these listings now, the oldest offer first."""
    found = (
        select(GroupOffer, StoredPromotion)
        .join(StoredPromotion, StoredPromotion.id == GroupOffer.promotion_id)
        .where(
            GroupOffer.listing_id.in_(listing_ids), StoredPromotion.status == "live",
            StoredPromotion.starts_at <= at,
            or_(StoredPromotion.ends_at.is_(None), StoredPromotion.ends_at > at),
        )
        .order_by(GroupOffer.promotion_id)
    )  # fmt: skip
    return [(row[0], row[1]) for row in session().execute(found)]


def on_now(at: datetime, *, most: int) -> Sequence[tuple[GroupOffer, StoredPromotion]]:
    """What the open shop offers to groups now, the newest offer first."""
    found = (
        select(GroupOffer, StoredPromotion)
        .join(StoredPromotion, StoredPromotion.id == GroupOffer.promotion_id)
        .where(
            StoredPromotion.status == "live", StoredPromotion.starts_at <= at,
            or_(StoredPromotion.ends_at.is_(None), StoredPromotion.ends_at > at),
        )
        .order_by(GroupOffer.promotion_id.desc())
        .limit(most)
    )  # fmt: skip
    return [(row[0], row[1]) for row in session().execute(found)]


def by_token(token: str) -> Group | None:
    return session().execute(select(Group).where(Group.token == token)).scalar_one_or_none()


def of_order(order_id: int) -> Membership | None:
    """The place of an order, as it stands; None where it is in no group."""
    found = select(GroupMember, Group).join(Group, Group.id == GroupMember.group_id)
    row = session().execute(found.where(GroupMember.order_id == order_id)).first()
    return Membership(row[0], row[1]) if row else None


def waits(order_id: int) -> bool:
    """Whether an order is in a group that is not full: then nothing of it is delivered."""
    found = select(Group.state).join(GroupMember, GroupMember.group_id == Group.id)
    state = session().execute(found.where(GroupMember.order_id == order_id)).scalar()
    return state is not None and state != "full"


def living(group_id: int) -> Sequence[GroupMember]:
    """Who is in a group now, by place; read fresh."""
    found = (
        select(GroupMember)
        .where(GroupMember.group_id == group_id, GroupMember.state.in_(LIVING))
        .order_by(GroupMember.place)
        .execution_options(populate_existing=True)
    )
    return session().execute(found).scalars().all()


def who(group_id: int) -> Sequence[tuple[int, str, str]]:
    """(place, e-mail, state) of those who are in, by when they came."""
    found = (
        select(GroupMember.place, Order.email, GroupMember.state)
        .join(Order, Order.id == GroupMember.order_id)
        .where(GroupMember.group_id == group_id, GroupMember.state.in_(LIVING))
        .order_by(GroupMember.id)
    )
    return [(place, email, state) for place, email, state in session().execute(found)]


def open_count(promotion_id: int) -> int:
    found = select(func.count()).where(Group.promotion_id == promotion_id, Group.state == "open")
    return int(session().execute(found).scalar_one())


def joinable(promotion_ids: Collection[int], at: datetime, limit: int = 3) -> Sequence[tuple[Group, int]]:
    """(group, paid members) of open groups with somebody in them who paid and a place free, the fullest first."""
    paid = func.count().filter(GroupMember.state == "paid")
    found = (
        select(Group, paid)
        .join(GroupMember, GroupMember.group_id == Group.id)
        .where(
            Group.promotion_id.in_(promotion_ids), Group.state == "open", Group.deadline > at,
            GroupMember.state.in_(LIVING),
        )
        .group_by(Group.id)
        .having(paid > 0, func.count() < Group.size)
        .order_by(paid.desc(), Group.deadline)
        .limit(limit)
    )  # fmt: skip
    return [(row[0], int(row[1])) for row in session().execute(found)]


def due(at: datetime, limit: int = 200) -> Sequence[tuple[int, int]]:
    """(shop id, group id) of open groups whose end has come: their time, their promotion's, or nobody left in them.

    Needs the platform's scope; each is looked at again under its lock.
    """
    member = aliased(GroupMember)
    somebody = select(member.id).where(member.group_id == Group.id, member.state.in_(LIVING)).exists()
    found = (
        select(Group.shop_id, Group.id)
        .join(StoredPromotion, StoredPromotion.id == Group.promotion_id)
        .where(
            Group.state == "open",
            or_(Group.deadline <= at, StoredPromotion.status == "ended", ~somebody),
        )
        .order_by(Group.deadline)
        .limit(limit)
    )
    return [(shop_id, group_id) for shop_id, group_id in session().execute(found)]


def groups_page(asked: Asked) -> Page[Any]:
    """(group, title, English title, members who paid, who hold a place unpaid) of the open shop."""
    paid = func.count().filter(GroupMember.state == "paid").label("paid")
    held = func.count().filter(GroupMember.state == "held").label("held")
    found = (
        select(Group, StoredPromotion.title, StoredPromotion.title_en, paid, held)
        .join(StoredPromotion, StoredPromotion.id == Group.promotion_id)
        .outerjoin(GroupMember, GroupMember.group_id == Group.id)
        .group_by(Group.id, StoredPromotion.title, StoredPromotion.title_en)
    )
    if asked.words:
        like = f"%{asked.words}%"
        found = found.where(or_(Group.token.ilike(like), StoredPromotion.title.ilike(like)))
    if asked.get("state"):
        found = found.where(Group.state == asked.get("state"))
    sorts = {"opened": Group.created_at, "deadline": Group.deadline, "paid": paid, "size": Group.size}
    return cut(found, asked, sorts=sorts, usual="-opened", tie=Group.id)


def figures() -> dict[str, int]:
    """How many groups of the open shop are in each state."""
    found = select(Group.state, func.count()).group_by(Group.state)
    return {state: int(count) for state, count in session().execute(found)}


def stock_due(at: datetime, *, half_made: datetime, limit: int) -> Sequence[tuple[int, int]]:
    """(shop id, reservation id) of stock aside for offers that are over, or are drafts since before `half_made`.

    Needs the platform's scope.
    """
    found = (
        select(GroupOffer.shop_id, Reservation.id)
        .join(StoredPromotion, StoredPromotion.id == GroupOffer.promotion_id)
        .join(Reservation, Reservation.id == GroupOffer.reservation_id)
        .where(
            Reservation.state == "held",
            or_(
                StoredPromotion.status == "ended", StoredPromotion.ends_at <= at,
                (StoredPromotion.status == "draft") & (GroupOffer.created_at < half_made),
            ),
        )
        .order_by(GroupOffer.reservation_id).limit(limit)
    )  # fmt: skip
    return [(row[0], row[1]) for row in session().execute(found)]


@dataclass(frozen=True, slots=True)
class InShop:
    """A promotion's offer to groups in one shop: units set aside, groups that are open, groups that were filled."""

    shop_id: int
    units: int
    open: int
    full: int


def in_shops(promotion_id: int) -> Sequence[InShop]:
    """How a promotion's offers stand, shop by shop; needs the platform's scope."""
    found = (
        select(
            GroupOffer.shop_id, GroupOffer.units, func.count().filter(Group.state == "open"),
            func.count().filter(Group.state == "full"),
        )
        .outerjoin(Group, (Group.promotion_id == GroupOffer.promotion_id) & (Group.shop_id == GroupOffer.shop_id))
        .where(GroupOffer.promotion_id == promotion_id)
        .group_by(GroupOffer.shop_id, GroupOffer.units)
    )  # fmt: skip
    return [
        InShop(shop_id, units or 0, waiting, full)
        for shop_id, units, waiting, full in session().execute(found)
    ]


def offers() -> Sequence[tuple[GroupOffer, StoredPromotion]]:
    """Every offer to groups of the open shop, the newest first."""
    found = (
        select(GroupOffer, StoredPromotion)
        .join(StoredPromotion, StoredPromotion.id == GroupOffer.promotion_id)
        .order_by(GroupOffer.promotion_id.desc())
    )
    return [(row[0], row[1]) for row in session().execute(found)]
