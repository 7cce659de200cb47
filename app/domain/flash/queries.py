"""Every SELECT of flash sales."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select

from app.domain.catalog.models import Listing, Product, Sku
from app.domain.flash.models import Drop, DropSeat
from app.domain.flash.rules import News
from app.domain.inventory import service as inventory
from app.domain.promotions.models import StoredPromotion
from app.foundation import clock
from app.foundation.database import session

# So long before its start a drop's waiting room is made ready.
AHEAD = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class ShownDrop:
    """A drop with what its page says. Money in minor units."""

    drop: Drop
    promotion: StoredPromotion
    listing: Listing
    sku: Sku
    product: Product

    @property
    def price_minor(self) -> int:
        return int(self.promotion.value["minor"])


def drop(drop_id: int) -> Drop | None:
    return session().execute(select(Drop).where(Drop.id == drop_id)).scalar_one_or_none()


def shown(drop_id: int) -> ShownDrop | None:
    """A drop of the open shop with its goods."""
    row = session().execute(_shown().where(Drop.id == drop_id)).one_or_none()
    return ShownDrop(*row) if row else None


def coming(at: datetime, *, most: int = 6) -> Sequence[ShownDrop]:
    """Drops of the open shop that run or will, the next to start first."""
    found = _shown().where(Drop.state == "scheduled", Drop.ends_at > at).order_by(Drop.starts_at).limit(most)
    return [ShownDrop(*row) for row in session().execute(found)]


def latest(*, most: int = 100) -> Sequence[ShownDrop]:
    """Every drop of the open shop, newest first."""
    return [ShownDrop(*row) for row in session().execute(_shown().order_by(Drop.id.desc()).limit(most))]


def of_promotions(promotion_ids: Collection[int]) -> dict[int, int]:
    """The drop of each promotion in the open shop, by promotion."""
    found = select(Drop.promotion_id, Drop.id).where(Drop.promotion_id.in_(sorted(promotion_ids)))
    return dict(session().execute(found).all())


def placed(promotion_id: int) -> Sequence[tuple[int, int]]:
    """(shop, drop) of what a promotion has in its shops and that has not ended; needs the platform's scope."""
    found = select(Drop.shop_id, Drop.id).where(Drop.promotion_id == promotion_id, Drop.state == "scheduled")
    return [(shop_id, drop_id) for shop_id, drop_id in session().execute(found.order_by(Drop.id))]


@dataclass(frozen=True, slots=True)
class InShop:
    """A promotion's drop in one shop: units set aside, held by buyers who have not paid, left for others."""

    shop_id: int
    drop_id: int
    units: int
    held: int
    left: int
    over: bool


def in_shops(promotion_id: int) -> Sequence[InShop]:
    """How a promotion's drops stand, shop by shop; needs the platform's scope."""
    held = func.count().filter(DropSeat.state.in_(("granted", "ordered")))
    bought = func.count().filter(DropSeat.state == "bought")
    found = (
        select(Drop.shop_id, Drop.id, Drop.units, held, bought, Drop.state, Drop.ends_at)
        .outerjoin(DropSeat, DropSeat.drop_id == Drop.id)
        .where(Drop.promotion_id == promotion_id)
        .group_by(Drop.id)
    )
    now = clock.now()
    return [
        InShop(shop_id, drop_id, units, waiting, 0 if over else max(units - waiting - sold, 0), over)
        for shop_id, drop_id, units, waiting, sold, state, ends_at in session().execute(found)
        for over in (state == "ended" or ends_at <= now,)
    ]


def open_drops(at: datetime) -> Sequence[tuple[int, int]]:
    """(shop, drop) of every drop whose line is open or nearly, or that is due to end; needs the platform's scope."""
    found = select(Drop.shop_id, Drop.id).where(Drop.state == "scheduled", Drop.starts_at <= at + AHEAD)
    return [(shop_id, drop_id) for shop_id, drop_id in session().execute(found.order_by(Drop.id))]


def with_due_seats(at: datetime) -> Sequence[tuple[int, int]]:
    """(shop, drop) of drops with seats whose time is over or whose unit came back; needs the platform's scope."""
    found = select(DropSeat.shop_id, DropSeat.drop_id).where(_due(at)).distinct()
    return [(shop_id, drop_id) for shop_id, drop_id in session().execute(found)]


def due_seats(drop_id: int, at: datetime, *, ended: bool, most: int = 500) -> Sequence[DropSeat]:
    """Seats to be settled: lapsed by time, all that nobody ordered where the drop has ended, and returned ones."""
    test = or_(DropSeat.state == "granted", _due(at)) if ended else _due(at)
    found = select(DropSeat).where(DropSeat.drop_id == drop_id, test).order_by(DropSeat.id).limit(most)
    return session().execute(found).scalars().all()


def _due(at: datetime) -> Any:
    return or_(
        and_(DropSeat.state == "granted", DropSeat.until <= at),
        and_(DropSeat.state == "returned", DropSeat.ended_at.is_(None)),
    )


def seat(seat_id: int) -> DropSeat | None:
    return session().execute(select(DropSeat).where(DropSeat.id == seat_id)).scalar_one_or_none()


def seat_at(drop_id: int, position: int) -> DropSeat | None:
    found = select(DropSeat).where(DropSeat.drop_id == drop_id, DropSeat.position == position)
    return session().execute(found).scalar_one_or_none()


def seat_of_order(order_id: int) -> DropSeat | None:
    return session().execute(select(DropSeat).where(DropSeat.order_id == order_id)).scalar_one_or_none()


def seats(drop_id: int, ids: Collection[int] | None = None) -> Sequence[DropSeat]:
    """A drop's seats in order of arrival."""
    found = select(DropSeat).where(DropSeat.drop_id == drop_id).order_by(DropSeat.position)
    return session().execute(found if ids is None else found.where(DropSeat.id.in_(ids))).scalars().all()


def news(of: Drop) -> News:
    """How a drop stands by PostgreSQL, which is the truth."""
    counted: dict[str, int] = {
        row[0]: row[1]
        for row in session().execute(
            select(DropSeat.state, func.count()).where(DropSeat.drop_id == of.id).group_by(DropSeat.state)
        )
    }
    left = 0 if of.state == "ended" else inventory.left_in(of.reservation_id).get(of.sku_id, 0)
    return News(
        left=left,
        unpaid=counted.get("granted", 0) + counted.get("ordered", 0),
        back=counted.get("lapsed", 0) + counted.get("returned", 0),
        bought=counted.get("bought", 0),
        over=of.state == "ended",
    )


def _shown() -> Any:
    return (
        select(Drop, StoredPromotion, Listing, Sku, Product)
        .join(StoredPromotion, StoredPromotion.id == Drop.promotion_id)
        .join(Listing, Listing.id == Drop.listing_id)
        .join(Sku, Sku.id == Drop.sku_id)
        .join(Product, Product.id == Sku.product_id)
    )
