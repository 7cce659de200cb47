"""Every SELECT of referrals."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, text

from app.domain.ledger.firms import Firm
from app.domain.orders.models import Order
from app.domain.promotions.models import Attribution, StoredPromotion
from app.domain.referrals.models import (
    Promoter,
    PromoterPayout,
    ReferralClick,
    ReferralProgramme,
    ReferralReward,
)
from app.foundation.database import session

WAITING = text("""
    SELECT r.id FROM referral_rewards r JOIN orders o ON o.id = r.order_id
    WHERE r.state = 'waiting' AND (o.state IN ('delivered', 'refunded')
        OR (o.state IN ('expired', 'cancelled') AND o.created_at < :forgotten)) ORDER BY r.id LIMIT :most
""")
DUE = text("""
    SELECT r.id FROM referral_rewards r WHERE r.state = 'held' AND r.matures_at <= :now
    ORDER BY r.matures_at, r.id LIMIT :most
""")
DIRTY = text("SELECT id FROM referral_rewards WHERE dirty ORDER BY id LIMIT :most")
# The order's row first, as everybody who moves its money takes it; then whatever hangs on it.
LOCK_ORDER = text("""
    SELECT o.id FROM orders o WHERE o.id = (SELECT order_id FROM referral_rewards WHERE id = :reward)
    FOR NO KEY UPDATE SKIP LOCKED
""")
FACTS = text("""
    SELECT o.id, o.state, o.email, o.device, o.ip, o.buyer_id, o.delivered_at, s.distributor_id, p.brand_id,
        coalesce((SELECT sum(t.net_minor - t.returned_minor) FROM settlements t JOIN order_lines l
            ON l.id = t.order_line_id WHERE t.order_id = o.id AND (p.brand_id IS NULL OR l.brand_id = p.brand_id)),
            0)::bigint AS stayed,
        e.kept, e.matured, EXISTS (SELECT 1 FROM order_lines l
            WHERE l.order_id = o.id AND NOT l.settled AND l.state <> 'refunded') AS unsettled,
        (SELECT coalesce(sum(r.amount_minor), 0) FROM referral_rewards r WHERE r.order_id = o.id AND r.id <> :reward
            AND r.state IN ('held', 'available', 'paid', 'given'))::bigint AS given
    FROM orders o JOIN shops s ON s.id = o.shop_id JOIN promotions p ON p.id = :promotion LEFT JOIN LATERAL (
        SELECT coalesce(sum(amount_minor - taken_back_minor), 0)::bigint AS kept,
            bool_and(matured_by IS NOT NULL) AS matured
        FROM earnings WHERE order_id = o.id AND CASE WHEN p.brand_id IS NULL THEN role = 'seller'
            ELSE role = 'supplier' AND earnings.brand_id = p.brand_id END) e ON true
    WHERE o.id = :order
""")
ON_DEVICE = text("""
    SELECT DISTINCT email, buyer_id FROM orders
    WHERE shop_id = :shop AND device = :device AND id <> :order AND paid_at IS NOT NULL LIMIT 200
""")
PAYERS = text("""
    SELECT payer, true AS here FROM payments WHERE order_id = :order AND shop_id = :shop AND payer IS NOT NULL
    UNION
    SELECT p.payer, false FROM orders o JOIN payments p ON p.order_id = o.id
    WHERE o.shop_id = :shop AND promo.mailbox(o.email) = :mailbox AND o.id <> :order AND p.payer IS NOT NULL
""")
# What was moved for a reward and is more than it is now; those of the payout first, then the newest.
OVERPAID = text("""
    SELECT r.id, (sum(m.amount_minor) - (r.amount_minor - r.withheld_minor))::bigint AS over,
        min(m.distributor_id) AS distributor_id, min(m.brand_id) AS brand_id
    FROM referral_rewards r JOIN promoter_moves m ON m.reward_id = r.id
    WHERE r.promoter_id = :promoter GROUP BY r.id
    HAVING sum(m.amount_minor) > r.amount_minor - r.withheld_minor
    ORDER BY r.payout_id IS DISTINCT FROM :payout, r.id DESC
""")
NEAR = text("""
    SELECT count(*) FROM referral_rewards r JOIN orders o ON o.id = r.order_id
    WHERE r.promoter_id = :promoter AND r.promotion_id = :promotion AND r.id <> :reward AND o.ip = :ip
      AND r.state IN ('held', 'available', 'given', 'paid')
""")


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What a reward needs to know of its order. Minor units; `given`: its other rewards.

    Of a brand's programme `stayed`, `kept` and `matured` are of that brand's goods, and what the brand has of them.
    """

    id: int
    state: str
    email: str
    device: str
    ip: str | None
    buyer_id: int | None
    delivered_at: datetime | None
    distributor_id: int
    brand_id: int | None
    stayed: int
    kept: int
    matured: bool | None
    unsettled: bool
    given: int


def programme_in_force(at: datetime) -> tuple[ReferralProgramme, StoredPromotion] | None:
    """The open shop's programme: the newest that is live and whose window is open, its own before another's."""
    found = (
        select(ReferralProgramme, StoredPromotion)
        .join(StoredPromotion, StoredPromotion.id == ReferralProgramme.promotion_id)
        .where(
            StoredPromotion.status == "live", StoredPromotion.starts_at <= at,
            or_(StoredPromotion.ends_at.is_(None), StoredPromotion.ends_at > at),
        )
        .order_by((StoredPromotion.owner == "shop").desc(), StoredPromotion.id.desc()).limit(1)
    )  # fmt: skip
    row = session().execute(found).one_or_none()
    return (row[0], row[1]) if row else None


@dataclass(frozen=True, slots=True)
class InShop:
    """A promotion's programme in one shop: friends' orders, rewards on hold, rewards given. Minor units."""

    shop_id: int
    orders: int
    held_minor: int
    given_minor: int


def in_shops(promotion_id: int) -> Sequence[InShop]:
    """How a promotion's programmes stand, shop by shop; needs the platform's scope."""
    amount, state = ReferralReward.amount_minor, ReferralReward.state
    came = func.count().filter(ReferralReward.step == 1, state.not_in(("lapsed", "waiting")))
    found = (
        select(
            ReferralProgramme.shop_id, came, func.sum(amount).filter(state == "held"),
            func.sum(amount).filter(state.in_(("available", "paid", "given"))),
        )
        .outerjoin(
            ReferralReward, (ReferralReward.promotion_id == ReferralProgramme.promotion_id)
            & (ReferralReward.shop_id == ReferralProgramme.shop_id),
        )
        .where(ReferralProgramme.promotion_id == promotion_id)
        .group_by(ReferralProgramme.shop_id)
    )  # fmt: skip
    rows = session().execute(found)
    return [InShop(shop_id, orders, int(held or 0), int(given or 0)) for shop_id, orders, held, given in rows]


def programmes() -> Sequence[tuple[ReferralProgramme, StoredPromotion]]:
    """All programmes of the open shop, the newest first."""
    found = (
        select(ReferralProgramme, StoredPromotion)
        .join(StoredPromotion, StoredPromotion.id == ReferralProgramme.promotion_id)
        .order_by(StoredPromotion.id.desc())
    )
    return [(row[0], row[1]) for row in session().execute(found)]


def promoter(promoter_id: int) -> Promoter | None:
    found = select(Promoter).where(Promoter.id == promoter_id)
    return session().execute(found).scalar_one_or_none()


def by_code(code: str) -> Promoter | None:
    return session().execute(select(Promoter).where(Promoter.code == code)).scalar_one_or_none()


def by_mailbox(box: str) -> Promoter | None:
    return session().execute(select(Promoter).where(Promoter.mailbox == box)).scalar_one_or_none()


def emails(promoter_ids: Collection[int]) -> dict[int, str]:
    """Promoters of the open shop by id."""
    if not promoter_ids:
        return {}
    found = select(Promoter.id, Promoter.email).where(Promoter.id.in_(promoter_ids))
    return {row.id: row.email for row in session().execute(found)}


def newest_promoters(*, most: int) -> list[str]:
    """E-mail addresses of the open shop's promoters who may promote, the newest first."""
    found = select(Promoter.email).where(Promoter.state == "active").order_by(Promoter.id.desc()).limit(most)
    return list(session().execute(found).scalars())


def codes_of(promoter_ids: Collection[int]) -> Sequence[StoredPromotion]:
    """Coupons that belong to promoters and are not over, the newest first."""
    owner = StoredPromotion.settings["promoter_id"].as_integer()
    found = select(StoredPromotion).where(
        owner.in_(promoter_ids), StoredPromotion.status.in_(("live", "paused")),
        or_(StoredPromotion.ends_at.is_(None), StoredPromotion.ends_at > func.now()),
    )  # fmt: skip
    return session().execute(found.order_by(StoredPromotion.id.desc()).limit(200)).scalars().all()


def recent_click(promoter_id: int, device: str, since: datetime) -> int | None:
    """The same device's newest click on the same link, if it is not older."""
    found = (
        select(ReferralClick.id)
        .where(
            ReferralClick.promoter_id == promoter_id, ReferralClick.device == device,
            ReferralClick.created_at >= since,
        )
        .order_by(ReferralClick.id.desc()).limit(1)
    )  # fmt: skip
    return session().execute(found).scalar_one_or_none()


def first_promoter_of(emails: Collection[str]) -> int | None:
    """To whom the first order of somebody was due."""
    found = (
        select(Attribution.promoter_id)
        .join(Order, Order.id == Attribution.order_id)
        .where(Order.email.in_(list(emails)), Order.paid_at.is_not(None), Attribution.promoter_id.is_not(None))
        .order_by(Order.id).limit(1)
    )  # fmt: skip
    return session().execute(found).scalar_one_or_none()


def waiting(forgotten: datetime, most: int) -> list[int]:
    """Rewards whose order has come to an end; `forgotten`: an unpaid one of before is not paid any more."""
    return list(session().execute(WAITING, {"forgotten": forgotten, "most": most}).scalars())


def due(now: datetime, most: int) -> list[int]:
    return list(session().execute(DUE, {"now": now, "most": most}).scalars())


def dirty(most: int) -> list[int]:
    return list(session().execute(DIRTY, {"most": most}).scalars())


def lock(reward_id: int) -> ReferralReward | None:
    """A reward behind its order's lock; None while somebody else is at that order."""
    if session().execute(LOCK_ORDER, {"reward": reward_id}).scalar_one_or_none() is None:
        return None
    found = select(ReferralReward).where(ReferralReward.id == reward_id).with_for_update()
    return session().execute(found.execution_options(populate_existing=True)).scalar_one_or_none()


def lock_promoter(promoter_id: int) -> Promoter:
    found = select(Promoter).where(Promoter.id == promoter_id).with_for_update(key_share=True)
    return session().execute(found.execution_options(populate_existing=True)).scalar_one()


def facts(reward: ReferralReward) -> OrderFacts:
    values = {"order": reward.order_id, "reward": reward.id, "promotion": reward.promotion_id}
    row = session().execute(FACTS, values).mappings().one()
    return OrderFacts(**row)


def programme(promotion_id: int, shop_id: int) -> ReferralProgramme:
    found = select(ReferralProgramme).where(
        ReferralProgramme.promotion_id == promotion_id, ReferralProgramme.shop_id == shop_id
    )
    return session().execute(found).scalar_one()


def bought_on(shop_id: int, device: str, order_id: int) -> list[tuple[str, int | None]]:
    """(e-mail, account) of those who bought on a device, but for one order."""
    if not device:
        return []
    found = session().execute(ON_DEVICE, {"shop": shop_id, "device": device, "order": order_id})
    return [(row.email, row.buyer_id) for row in found]


def payers(shop_id: int, order_id: int, mailbox: str) -> tuple[list[str], list[str]]:
    """Payment accounts (those of the order, those of somebody's other orders), as far as a gateway told them."""
    rows = session().execute(PAYERS, {"shop": shop_id, "order": order_id, "mailbox": mailbox}).all()
    return [row.payer for row in rows if row.here], [row.payer for row in rows if not row.here]


def overpaid(promoter_id: int, payout_id: int) -> list[tuple[int, int, Firm | None]]:
    """(reward, how much more was given of it than it is worth, at whose expense), those of this payout first."""
    rows = session().execute(OVERPAID, {"promoter": promoter_id, "payout": payout_id})
    return [(row.id, row.over, _firm(row.brand_id, row.distributor_id)) for row in rows]


def _firm(brand_id: int | None, distributor_id: int | None) -> Firm | None:
    return None if brand_id is None and distributor_id is None else Firm(brand_id, distributor_id)


def near(reward: ReferralReward, ip: str | None) -> int:
    """The promoter's other rewarded orders of this programme that came from the same neighbourhood."""
    if not ip:
        return 0
    values = {"promoter": reward.promoter_id, "promotion": reward.promotion_id, "reward": reward.id, "ip": ip}
    return int(session().execute(NEAR, values).scalar_one())


def first_step(order_id: int) -> ReferralReward | None:
    found = select(ReferralReward).where(ReferralReward.order_id == order_id, ReferralReward.step == 1)
    return session().execute(found).scalar_one_or_none()


@dataclass(frozen=True, slots=True)
class Standing:
    """How a promoter's link does. Money in minor units."""

    clicks: int
    orders: int
    held_minor: int
    earned_minor: int
    paid_minor: int
    coupons: int


STANDING = text("""
    SELECT (SELECT count(*) FROM referral_clicks c WHERE c.promoter_id = :promoter) AS clicks,
        count(*) FILTER (WHERE step = 1 AND state <> 'lapsed') AS orders,
        coalesce(sum(amount_minor) FILTER (WHERE state = 'held' AND kind <> 'discount'), 0)::bigint AS held_minor,
        coalesce(sum(amount_minor) FILTER (WHERE state IN ('available', 'paid') AND kind = 'cash'), 0)::bigint
            AS earned_minor,
        coalesce(sum(amount_minor) FILTER (WHERE state = 'paid'), 0)::bigint AS paid_minor,
        count(*) FILTER (WHERE state = 'given') AS coupons
    FROM referral_rewards WHERE promoter_id = :promoter
""")


def standing(promoter_id: int) -> Standing:
    return Standing(*session().execute(STANDING, {"promoter": promoter_id}).one())


def rewards_of(promoter_id: int, *, most: int) -> list[tuple[ReferralReward, datetime]]:
    """A promoter's rewards, the newest first, with when their orders were placed."""
    found = (
        select(ReferralReward, Order.created_at)
        .join(Order, Order.id == ReferralReward.order_id)
        .where(ReferralReward.promoter_id == promoter_id, ReferralReward.state != "lapsed")
        .order_by(ReferralReward.id.desc()).limit(most)
    )  # fmt: skip
    return [(row[0], row[1]) for row in session().execute(found)]


PAYOUT = (
    PromoterPayout.id, PromoterPayout.amount_minor, PromoterPayout.currency, PromoterPayout.state,
    PromoterPayout.shown, PromoterPayout.created_at, PromoterPayout.ended_at, PromoterPayout.reason,
)  # fmt: skip


def payouts_of(promoter_id: int) -> Sequence[Any]:
    """A promoter's payouts without their sealed details, the newest first."""
    found = (
        select(*PAYOUT).where(PromoterPayout.promoter_id == promoter_id).order_by(PromoterPayout.id.desc())
    )
    return session().execute(found.limit(20)).all()
