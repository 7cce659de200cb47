"""Every SELECT of promotions that those who make them browse: a shop its own, a brand its own, the platform its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal_column, or_, select

from app.domain.brands.models import Brand
from app.domain.catalog.models import Listing, Sku
from app.domain.promotions.models import PromotionBuyer, PromotionSlot, StoredPromotion
from app.foundation import clock
from app.foundation.database import session
from app.foundation.paging import Asked, Page, cut

MOST_SHOWN = 500


@dataclass(frozen=True, slots=True)
class Owner:
    """Whoever makes promotions, in their own scope: a shop, a brand (`id`), or the platform."""

    kind: str
    id: int | None = None

    def facts(self) -> dict[str, Any]:
        """As a promotion's row says it."""
        return {
            "owner": self.kind,
            "shop_id": self.id if self.kind == "shop" else None,
            "brand_id": self.id if self.kind == "brand" else None,
        }

    def owns(self) -> ColumnElement[bool]:
        own = {"shop": StoredPromotion.shop_id, "brand": StoredPromotion.brand_id}.get(self.kind)
        return StoredPromotion.owner == "platform" if own is None else own == self.id


@dataclass(frozen=True, slots=True)
class Left:
    """What a promotion's limits have left in all; None: without that limit."""

    uses: int | None = None
    minor: int | None = None


def own(owner: Owner, promotion_id: int, *, lock: bool = False) -> StoredPromotion | None:
    """One of the owner's promotions, with `lock` until the transaction ends."""
    found = select(StoredPromotion).where(StoredPromotion.id == promotion_id, owner.owns())
    if lock:
        found = found.with_for_update().execution_options(populate_existing=True)
    return session().execute(found).scalar_one_or_none()


def of_others(asked: Asked) -> Page[Any]:
    """(promotion, brand's name, its English name) made for the open shop by others: of a brand that it sells."""
    sold = (
        select(Listing.id).join(Sku, Sku.id == Listing.sku_id).where(Sku.brand_id == StoredPromotion.brand_id)
    )
    found = (
        select(StoredPromotion, Brand.name.label("brand"), Brand.name_en.label("brand_en"))
        .outerjoin(Brand, Brand.id == StoredPromotion.brand_id)
        .where(
            StoredPromotion.owner != "shop", StoredPromotion.status != "draft",
            or_(StoredPromotion.brand_id.is_(None), sold.exists()),
        )
    )  # fmt: skip
    if asked.words:
        like = f"%{asked.words}%"
        found = found.where(or_(StoredPromotion.title.ilike(like), StoredPromotion.title_en.ilike(like)))
    states = state_now(clock.now())
    found = found.where(states.get(asked.get("state"), ~states["over"]))
    if asked.get("kind"):
        found = found.where(StoredPromotion.kind == asked.get("kind"))
    if asked.get("by"):
        found = found.where(StoredPromotion.owner == asked.get("by"))
    sorts = {"made": StoredPromotion.id, "title": StoredPromotion.title, "starts": StoredPromotion.starts_at,
             "ends": StoredPromotion.ends_at}  # fmt: skip
    return cut(found, asked, sorts=sorts, usual="-made", tie=StoredPromotion.id)


def state_now(now: datetime) -> dict[str, ColumnElement[bool]]:
    """What a reader calls a promotion's state, as conditions; `coming` and `over` are live ones by their window."""
    open_still = or_(StoredPromotion.ends_at.is_(None), StoredPromotion.ends_at > now)
    live = StoredPromotion.status == "live"
    return {
        "draft": StoredPromotion.status == "draft",
        "running": and_(live, StoredPromotion.starts_at <= now, open_still),
        "coming": and_(live, StoredPromotion.starts_at > now),
        "paused": and_(StoredPromotion.status == "paused", open_still),
        "over": or_(
            StoredPromotion.status == "ended", StoredPromotion.status.in_(("live", "paused")) & ~open_still
        ),
    }


def page(asked: Asked, *, owner: Owner) -> Page[Any]:
    """The owner's promotions, by words, state and kind."""
    found = select(StoredPromotion).where(owner.owns())
    if asked.words:
        like = f"%{asked.words}%"
        found = found.where(
            or_(
                StoredPromotion.title.ilike(like), StoredPromotion.title_en.ilike(like),
                StoredPromotion.code == asked.words.upper(), StoredPromotion.key == asked.words,
            )
        )  # fmt: skip
    states = state_now(clock.now())
    if asked.get("state") in states:
        found = found.where(states[asked.get("state")])
    if asked.get("kind"):
        found = found.where(StoredPromotion.kind == asked.get("kind"))
    sorts = {
        "made": StoredPromotion.id, "title": StoredPromotion.title, "starts": StoredPromotion.starts_at,
        "ends": StoredPromotion.ends_at,
    }  # fmt: skip
    return cut(found, asked, sorts=sorts, usual="-made", tie=StoredPromotion.id)


def newest(owner: Owner) -> StoredPromotion | None:
    """The one that was made last and went live: what a copy starts from."""
    found = select(StoredPromotion).where(owner.owns(), StoredPromotion.published_at.is_not(None))
    return session().execute(found.order_by(StoredPromotion.id.desc()).limit(1)).scalar_one_or_none()


def overlapping(since: datetime, until: datetime | None) -> Sequence[StoredPromotion]:
    """What is live in the open scope at some time of a window: in a shop's also those made for it by others."""
    found = select(StoredPromotion).where(
        StoredPromotion.status == "live",
        or_(StoredPromotion.ends_at.is_(None), StoredPromotion.ends_at > since),
    )
    if until is not None:
        found = found.where(StoredPromotion.starts_at < until)
    return session().execute(found.order_by(StoredPromotion.id)).scalars().all()


def shown_between(owner: Owner, since: datetime, until: datetime) -> Sequence[StoredPromotion]:
    """For a calendar: the owner's promotions with a part in a window, drafts too; the first to begin first."""
    over = func.least(StoredPromotion.ends_at, StoredPromotion.ended_at)  # of the two the one there is
    found = (
        select(StoredPromotion)
        .where(owner.owns(), StoredPromotion.starts_at < until, or_(over.is_(None), over > since))
        .order_by(StoredPromotion.starts_at, StoredPromotion.id)
        .limit(MOST_SHOWN)
    )
    return session().execute(found).scalars().all()


def left(promotion_id: int) -> Left:
    """What is left of the total limit and the budget; nothing is counted before it goes live."""
    found = select(func.sum(PromotionSlot.uses_left), func.sum(PromotionSlot.minor_left)).where(
        PromotionSlot.promotion_id == promotion_id, PromotionSlot.day == literal_column("'-infinity'::date")
    )
    uses, minor = session().execute(found).one()
    return Left(None if uses is None else int(uses), None if minor is None else int(minor))


def buyers(promotion_id: int) -> list[str]:
    """The keys of those it is for."""
    found = select(PromotionBuyer.key).where(PromotionBuyer.promotion_id == promotion_id)
    return list(session().execute(found.order_by(PromotionBuyer.key)).scalars())
