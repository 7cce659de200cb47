"""Every SELECT of batches of single-use codes, in the open scope."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from app.domain.promotions.models import CouponBatch, CouponCode, StoredPromotion
from app.foundation.database import session
from app.foundation.errors import NotFound


@dataclass(frozen=True, slots=True)
class Counted:
    """How many codes of a batch are in which state."""

    free: int = 0
    held: int = 0
    used: int = 0
    void: int = 0


def own(promotion_id: int) -> StoredPromotion:
    """A promotion of the open shop itself, or NotFound."""
    mine = select(StoredPromotion).where(
        StoredPromotion.id == promotion_id, StoredPromotion.shop_id.is_not(None)
    )
    row = session().execute(mine).scalar()
    if row is None:
        raise NotFound(what="promotion")
    return row


def batches_of(promotion_id: int) -> Sequence[CouponBatch]:
    """Newest first."""
    found = select(CouponBatch).where(CouponBatch.promotion_id == promotion_id)
    return session().execute(found.order_by(CouponBatch.id.desc())).scalars().all()


def batch_of(batch_id: int, promotion_id: int) -> CouponBatch:
    """One batch of a promotion, or NotFound."""
    found = select(CouponBatch).where(CouponBatch.id == batch_id, CouponBatch.promotion_id == promotion_id)
    row = session().execute(found).scalar()
    if row is None:
        raise NotFound(what="coupon batch")
    return row


def lock(batch_id: int) -> CouponBatch:
    """A batch for this transaction alone, or NotFound."""
    row = session().execute(select(CouponBatch).where(CouponBatch.id == batch_id).with_for_update()).scalar()
    if row is None:
        raise NotFound(what="coupon batch")
    return row


def counted(promotion_id: int) -> dict[int, Counted]:
    """How many codes of each batch of a promotion are free, held, used and void."""
    question = (
        select(CouponCode.batch_id, CouponCode.state, func.count())
        .where(
            CouponCode.batch_id.in_(select(CouponBatch.id).where(CouponBatch.promotion_id == promotion_id))
        )
        .group_by(CouponCode.batch_id, CouponCode.state)
    )
    found: dict[int, dict[str, int]] = {}
    for batch_id, state, many in session().execute(question):
        found.setdefault(batch_id, {})[state] = many
    return {batch_id: Counted(**states) for batch_id, states in found.items()}
