"""Every SELECT of promotions. The open shop sees its own, and those of brands and the platform made for it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, or_, select, text

from app.domain.distributors.models import Shop
from app.domain.promotions.models import (
    CouponBatch,
    Holdout,
    OrderPromotion,
    PromotionSwitch,
    PromotionUse,
    PromotionUseKey,
    StoredPromotion,
)
from app.foundation.database import session
from tenants.context import current_scope

STAND = text("SELECT * FROM promo.stand(:promotions, :keys, :email, :device)")
FIND_CODES = text("""
    SELECT t.fingerprint, f.promotion_id, f.code_id, f.state
    FROM unnest(CAST(:fingerprints AS bytea[])) AS t(fingerprint), LATERAL promo.find_code(t.fingerprint) AS f
""")


@dataclass(frozen=True, slots=True)
class Stand:
    """What a counted promotion has left, and whether this buyer may have it: `said` is empty, or the reason."""

    said: str
    uses_left: int | None
    minor_left: int | None
    day_left: int | None
    buyer_left: int | None


@dataclass(frozen=True, slots=True)
class FoundCode:
    """A single-use code that this shop takes; `state` free, held, used or void."""

    promotion_id: int
    code_id: int
    state: str


def in_force(at: datetime) -> Sequence[StoredPromotion]:
    """The live promotions of the open shop, in its currency, whose window is open, oldest first."""
    found = select(StoredPromotion).where(
        StoredPromotion.status == "live",
        StoredPromotion.starts_at <= at,
        or_(StoredPromotion.ends_at.is_(None), StoredPromotion.ends_at > at),
        # A brand's or the platform's for all shops is in one currency: five yuan are not five dollars.
        StoredPromotion.currency
        == select(Shop.currency).where(Shop.id == current_scope().shop_id).scalar_subquery(),
    )
    return session().execute(found.order_by(StoredPromotion.id)).scalars().all()


def in_force_or_coming(at: datetime, until: datetime) -> Sequence[StoredPromotion]:
    """The live promotions of the open shop whose window is open or opens by `until`, the soonest first."""
    found = select(StoredPromotion).where(
        StoredPromotion.status == "live",
        StoredPromotion.starts_at <= until,
        or_(StoredPromotion.ends_at.is_(None), StoredPromotion.ends_at > at),
    )
    return session().execute(found.order_by(StoredPromotion.starts_at, StoredPromotion.id)).scalars().all()


def drawn(at: datetime) -> Sequence[Row[int, str, int]]:
    """(id, key, holdout_bps) of the open shop's live promotions that are not over."""
    found = select(StoredPromotion.id, StoredPromotion.key, StoredPromotion.holdout_bps).where(
        StoredPromotion.status == "live",
        or_(StoredPromotion.ends_at.is_(None), StoredPromotion.ends_at > at),
    )
    return session().execute(found.order_by(StoredPromotion.id)).all()


def by_ids(ids: Collection[int]) -> dict[int, StoredPromotion]:
    found = select(StoredPromotion).where(StoredPromotion.id.in_(sorted(ids)))
    return {row.id: row for row in session().execute(found).scalars()}


def switches() -> Sequence[PromotionSwitch]:
    """What brands and the platform have switched off for the open shop."""
    return (
        session().execute(select(PromotionSwitch).where(PromotionSwitch.ended_at.is_(None))).scalars().all()
    )


def stand(ids: Collection[int], keys: Sequence[str], *, email: str, device: str) -> dict[int, Stand]:
    """How counted promotions stand for a buyer; without locks, so an order asks again."""
    values = {"promotions": sorted(ids), "keys": list(keys), "email": email, "device": device}
    found = session().execute(STAND, values)
    return {row[0]: Stand(*row[1:]) for row in found}


def find_codes(fingerprints: Sequence[bytes]) -> dict[bytes, FoundCode]:
    """Single-use codes by fingerprint; what is not found is no code of this shop."""
    found = session().execute(FIND_CODES, {"fingerprints": list(fingerprints)})
    return {bytes(row[0]): FoundCode(*row[1:]) for row in found}


def claimed(keys: Sequence[str], at: datetime) -> dict[int, int]:
    """The coupons in a buyer's hand: promotion → its oldest use that is still good."""
    mine = select(PromotionUseKey.use_id).where(PromotionUseKey.key.in_(keys))
    found = (
        select(PromotionUse.promotion_id, PromotionUse.id)
        .where(PromotionUse.id.in_(mine), PromotionUse.state == "claimed", PromotionUse.until > at)
        .order_by(PromotionUse.id.desc())
    )
    return {row[0]: row[1] for row in session().execute(found)}


def held_out(ids: Collection[int], keys: Sequence[str]) -> dict[int, bool]:
    """What is remembered of who was held out of which of these promotions; what was first by any key stands."""
    found = (
        select(Holdout.promotion_id, Holdout.held_out)
        .where(Holdout.promotion_id.in_(sorted(ids)), Holdout.key.in_(keys))
        .order_by(Holdout.created_at.desc(), Holdout.held_out)
    )
    return {row[0]: row[1] for row in session().execute(found)}


def of_order(order_id: int) -> Sequence[OrderPromotion]:
    """What each promotion did to each line of an order."""
    found = select(OrderPromotion).where(OrderPromotion.order_id == order_id).order_by(OrderPromotion.id)
    return session().execute(found).scalars().all()


def limits_payers(order_id: int) -> bool:
    """Whether an order stands on a promotion of which a payment account may have no more than its share."""
    found = select(OrderPromotion.id).where(
        OrderPromotion.order_id == order_id, OrderPromotion.kind == "flash_price"
    )
    return session().execute(found.limit(1)).first() is not None


def of_line(order_line_id: int) -> Sequence[OrderPromotion]:
    """What each promotion did to one order line."""
    found = select(OrderPromotion).where(OrderPromotion.order_line_id == order_line_id)
    return session().execute(found.order_by(OrderPromotion.id)).scalars().all()


def batches_of(promotion_id: int) -> Sequence[CouponBatch]:
    found = select(CouponBatch).where(CouponBatch.promotion_id == promotion_id).order_by(CouponBatch.id)
    return session().execute(found).scalars().all()


def titles(rows: Mapping[int, StoredPromotion]) -> dict[str, tuple[str, str]]:
    """Titles for buyers (Chinese, English) by key, as steps name promotions."""
    return {row.key: (row.title, row.title_en or row.title) for row in rows.values()}
