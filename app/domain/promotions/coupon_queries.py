"""Every SELECT of the coupons that buyers of the open shop see and hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select

from app.domain.promotions.batches import COUPONS
from app.domain.promotions.models import PromotionUse, PromotionUseKey, StoredPromotion
from app.foundation.database import session

RECENT = timedelta(days=7)
MOST_SHOWN, MOST_HELD = 60, 40


@dataclass(frozen=True, slots=True)
class Held:
    """A use that a buyer has, or had: claimed, held by an unpaid order, used, returned or lapsed."""

    promotion: StoredPromotion
    state: str
    until: datetime | None
    order_id: int | None


def on_show(now: datetime) -> Sequence[StoredPromotion]:
    """What the coupon centre shows: coupons to claim, those that count by themselves, and codes meant to be shown.

    A code is shown where its promotion's settings say `shown`; a coupon claimed by link only by its link. What is
    over, and what was paused, stays for a week.
    """
    shown = or_(
        StoredPromotion.claim == "page",
        and_(StoredPromotion.claim == "none", StoredPromotion.automatic),
        and_(
            StoredPromotion.code.is_not(None),
            StoredPromotion.claim == "none",
            StoredPromotion.audience != "chosen",
            StoredPromotion.settings["shown"].as_boolean().is_(True),
        ),
    )
    lately = or_(StoredPromotion.ends_at.is_(None), StoredPromotion.ends_at > now - RECENT)
    found = select(StoredPromotion).where(
        StoredPromotion.kind.in_(COUPONS), shown, lately, StoredPromotion.starts_at <= now,
        or_(StoredPromotion.status.in_(("live", "paused")), StoredPromotion.ended_at > now - RECENT),
    )  # fmt: skip
    return session().execute(found.order_by(StoredPromotion.id.desc()).limit(MOST_SHOWN)).scalars().all()


def by_key(key: str) -> StoredPromotion | None:
    """The coupon that is claimed by this link, or on the page."""
    found = select(StoredPromotion).where(
        StoredPromotion.key == key, StoredPromotion.claim != "none", StoredPromotion.status != "draft"
    )
    return session().execute(found).scalar()


def held_by(keys: Sequence[str]) -> list[Held]:
    """What a buyer has claimed or used, newest first."""
    if not keys:
        return []
    mine = select(PromotionUseKey.use_id).where(PromotionUseKey.key.in_(keys))
    found = (
        select(StoredPromotion, PromotionUse.state, PromotionUse.until, PromotionUse.order_id)
        .join(StoredPromotion, StoredPromotion.id == PromotionUse.promotion_id)
        .where(PromotionUse.id.in_(mine), StoredPromotion.kind.in_(COUPONS))
        .order_by(PromotionUse.id.desc())
        .limit(MOST_HELD)
    )
    return [Held(*row) for row in session().execute(found)]
