"""What consoles show of referrals: the figures of a programme, and lists of promoters, rewards and payouts."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import aliased

from app.domain.orders.models import Order
from app.domain.referrals.models import (
    Promoter,
    PromoterPayout,
    ReferralClick,
    ReferralReward,
)
from app.foundation.database import session
from app.foundation.paging import Asked, Page, cut


@dataclass(frozen=True, slots=True)
class Figures:
    """What a shop's programme has done. Minor units."""

    promoters: int
    clicks: int
    orders: int
    held_minor: int
    given_minor: int
    refused: int
    friends_minor: int


FIGURES = text("""
    SELECT (SELECT count(*) FROM promoters WHERE shop_id = :shop) AS promoters,
        (SELECT count(*) FROM referral_clicks WHERE shop_id = :shop) AS clicks,
        count(*) FILTER (WHERE step = 1 AND state NOT IN ('lapsed', 'waiting')) AS orders,
        coalesce(sum(amount_minor) FILTER (WHERE state = 'held'), 0)::bigint AS held_minor,
        coalesce(sum(amount_minor) FILTER (WHERE state IN ('available', 'paid', 'given')), 0)::bigint AS given_minor,
        count(*) FILTER (WHERE state = 'refused') AS refused,
        (SELECT coalesce(sum(o.minor), 0) FROM order_promotions o JOIN orders b ON b.id = o.order_id
         WHERE o.shop_id = :shop AND o.kind = 'referral' AND b.paid_at IS NOT NULL)::bigint AS friends_minor
    FROM referral_rewards WHERE shop_id = :shop
""")


def figures(shop_id: int) -> Figures:
    return Figures(*session().execute(FIGURES, {"shop": shop_id}).one())


def promoters_page(asked: Asked) -> Page[Any]:
    """(promoter, clicks, orders, amount of live rewards, parent's e-mail) of the open shop."""
    parent = aliased(Promoter)
    clicks = (
        select(func.count())
        .where(ReferralClick.promoter_id == Promoter.id)
        .correlate(Promoter)
        .scalar_subquery()
    )
    mine = ReferralReward.promoter_id == Promoter.id
    orders = (
        select(func.count()).where(mine, ReferralReward.step == 1, ReferralReward.state != "lapsed")
        .correlate(Promoter).scalar_subquery()
    )  # fmt: skip
    earned = (
        select(func.coalesce(func.sum(ReferralReward.amount_minor), 0))
        .where(mine, ReferralReward.state.in_(("held", "available", "given", "paid")))
        .correlate(Promoter).scalar_subquery()
    )  # fmt: skip
    found = select(
        Promoter, clicks.label("clicks"), orders.label("orders"), earned.label("earned"), parent.email
    ).outerjoin(parent, parent.id == Promoter.parent_id)
    if asked.words:
        found = found.where(
            or_(Promoter.email.ilike(f"%{asked.words}%"), Promoter.code == asked.words.upper())
        )
    if asked.get("state"):
        found = found.where(Promoter.state == asked.get("state"))
    sorts = {"joined": Promoter.id, "clicks": clicks, "orders": orders, "earned": earned}
    return cut(found, asked, sorts=sorts, usual="-joined", tie=Promoter.id)


def rewards_page(asked: Asked) -> Page[Any]:
    """(reward, promoter's e-mail, order's number, buyer's e-mail, order's total) of the open shop."""
    found = (
        select(ReferralReward, Promoter.email, Order.number, Order.email, Order.total_minor)
        .join(Promoter, Promoter.id == ReferralReward.promoter_id)
        .join(Order, Order.id == ReferralReward.order_id)
    )
    if asked.words:
        words = asked.words
        found = found.where(
            or_(Promoter.email.ilike(f"%{words}%"), Order.number == words, Order.email.ilike(f"%{words}%"))
        )
    if asked.get("state"):
        found = found.where(ReferralReward.state == asked.get("state"))
    if asked.get("reason"):
        found = found.where(ReferralReward.reason == asked.get("reason"))
    sorts = {"made": ReferralReward.id, "amount": ReferralReward.amount_minor}
    return cut(found, asked, sorts=sorts, usual="-made", tie=ReferralReward.id)


def payouts_page(asked: Asked) -> Page[Any]:
    """(payout, promoter's e-mail) of every shop; for the platform."""
    found = select(PromoterPayout, Promoter.email).join(Promoter, Promoter.id == PromoterPayout.promoter_id)
    if asked.words:
        found = found.where(Promoter.email.ilike(f"%{asked.words}%"))
    if asked.get("state"):
        found = found.where(PromoterPayout.state == asked.get("state"))
    sorts = {"made": PromoterPayout.id, "amount": PromoterPayout.amount_minor}
    return cut(found, asked, sorts=sorts, usual="-made", tie=PromoterPayout.id)
