"""How much stock a brand has, counted in its own scope; never a secret."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func, or_, select

from app.domain.catalog.models import Product, Sku
from app.domain.inventory.models import Code, CodeBatch, ReusableSecret, StockImport, StockSlot
from app.foundation import clock
from app.foundation.database import session
from app.foundation.paging import Asked, Page, cut

STATES = ("free", "reserved", "sold", "withheld")


@dataclass(slots=True)
class Level:
    """Pieces of one Sku by state; `expired` are free in name only. Counted kinds know only what remains."""

    free: int = 0
    reserved: int = 0
    sold: int = 0
    withheld: int = 0
    expired: int = 0


def levels_of(sku_ids: Collection[int]) -> dict[int, Level]:
    """The level of each Sku of the open brand."""
    found = {sku_id: Level() for sku_id in sku_ids}
    state = case((((Code.state == "free") & (Code.expires_at <= clock.now())), "expired"), else_=Code.state)
    pool = (
        select(Code.sku_id, state, func.count()).where(Code.sku_id.in_(sku_ids)).group_by(Code.sku_id, state)
    )
    for sku_id, name, pieces in session().execute(pool):
        setattr(found[sku_id], name, pieces)
    counted = select(StockSlot.sku_id, func.sum(StockSlot.remaining)).where(StockSlot.sku_id.in_(sku_ids))
    for sku_id, remaining in session().execute(counted.group_by(StockSlot.sku_id)):
        found[sku_id].free += int(remaining)
    return found


def batches_of(sku_id: int) -> Sequence[Any]:
    """(batch, free, reserved, sold) of a Sku, newest first."""
    pieces = [func.count(Code.id).filter(Code.state == state) for state in STATES[:3]]
    return (
        session()
        .execute(
            select(CodeBatch, *pieces)
            .outerjoin(Code, Code.batch_id == CodeBatch.id)
            .where(CodeBatch.sku_id == sku_id)
            .group_by(CodeBatch.id)
            .order_by(CodeBatch.id.desc())
        )
        .all()
    )


def active_reusable(sku_id: int) -> ReusableSecret | None:
    """The reusable secret that is issued now; its words stay sealed."""
    found = select(ReusableSecret).where(ReusableSecret.sku_id == sku_id, ReusableSecret.active)
    return session().execute(found).scalar_one_or_none()


def imports_page(asked: Asked) -> Page[Any]:
    """Imports of the open brand without their files: by file, batch or product, and state."""
    found = (
        select(
            StockImport.id, StockImport.file_name, StockImport.state, StockImport.added, StockImport.repeated_in_file,
            StockImport.already_on_platform, StockImport.malformed, StockImport.created_at,
            CodeBatch.name.label("batch"), Product.name.label("product"), Sku.name.label("sku"),
        )
        .join(CodeBatch, CodeBatch.id == StockImport.batch_id)
        .join(Sku, Sku.id == StockImport.sku_id)
        .join(Product, Product.id == Sku.product_id)
    )  # fmt: skip
    if asked.words:
        like = f"%{asked.words}%"
        found = found.where(
            or_(StockImport.file_name.ilike(like), CodeBatch.name.ilike(like), Product.name.ilike(like))
        )
    if asked.get("state"):
        found = found.where(StockImport.state == asked.get("state"))
    sorts = {"created": StockImport.created_at, "added": StockImport.added}
    return cut(found, asked, sorts=sorts, usual="-created", tie=StockImport.id)
