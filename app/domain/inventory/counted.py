"""Stock of counted Skus (top-up, reusable, manual): a number, shared out over slots."""

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from app.domain.inventory.models import StockSlot
from app.foundation.database import session
from app.foundation.errors import Kind, ProductError
from app.foundation.money import split

SLOTS = 8  # so many buyers of one Sku pass without queueing


class StockTooLow(ProductError):
    """More was to be taken away than remains (`remaining`)."""

    code, kind = "stock_too_low", Kind.CONFLICT


def add(sku_id: int, brand_id: int, pieces: int) -> int:
    """Add pieces, or take them away when negative; returns what remains, or raises StockTooLow."""
    if pieces >= 0:
        _put(sku_id, brand_id, split(pieces, [1] * SLOTS))
        return remaining(sku_id)
    slots = list(
        session()
        .execute(
            select(StockSlot).where(StockSlot.sku_id == sku_id).order_by(StockSlot.slot).with_for_update()
        )
        .scalars()
    )
    left = sum(slot.remaining for slot in slots) + pieces
    if left < 0:
        raise StockTooLow(param="pieces", remaining=left - pieces)
    for slot, share in zip(slots, split(left, [1] * len(slots)) if slots else [], strict=True):
        slot.remaining = share
    session().flush()
    return left


def remaining(sku_id: int) -> int:
    found = select(func.coalesce(func.sum(StockSlot.remaining), 0)).where(StockSlot.sku_id == sku_id)
    return int(session().execute(found).scalar_one())


def _put(sku_id: int, brand_id: int, shares: list[int]) -> None:
    rows = [
        {"sku_id": sku_id, "slot": slot, "brand_id": brand_id, "remaining": share}
        for slot, share in enumerate(shares)
    ]
    row = insert(StockSlot).values(rows)
    session().execute(
        row.on_conflict_do_update(
            index_elements=["sku_id", "slot"],
            set_={"remaining": StockSlot.remaining + row.excluded.remaining},
        )
    )
