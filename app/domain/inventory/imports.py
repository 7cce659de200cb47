"""Imports of stock: opened, moved on, ended, and looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from app.domain.catalog.models import Sku
from app.domain.inventory.errors import NotPooled
from app.domain.inventory.importing import Plan
from app.domain.inventory.issue_order import IssueOrder
from app.domain.inventory.models import CodeBatch, StockImport
from app.domain.inventory.service import POOL_KINDS
from app.foundation import clock
from app.foundation.database import session
from app.foundation.errors import NotFound
from app.foundation.vault import DataKey

# Everything but the file itself, which is fetched piece by piece.
COLUMNS = tuple(column for column in StockImport.__table__.columns if column.name != "source")


@dataclass(frozen=True, slots=True)
class ImportState:
    """An import as it stands now: progress, counts and problems ([line, reason, repeated line])."""

    id: int
    brand_id: int
    sku_id: int
    batch_id: int
    user_id: int | None
    file_name: str
    data_key_id: int
    options: dict[str, Any]
    state: str
    rows_total: int | None
    rows_done: int
    added: int
    repeated_in_file: int
    already_on_platform: int
    malformed: int
    problems: list[list[Any]]
    error: str | None
    created_at: datetime
    finished_at: datetime | None


def sku_for_codes(sku_id: int) -> Sku:
    """A Sku of the open brand that is sold from codes, or NotFound, NotPooled."""
    sku = session().get(Sku, sku_id)
    if sku is None:
        raise NotFound(what="sku")
    if sku.delivery_kind not in POOL_KINDS:
        raise NotPooled(param="sku_id", delivery_kind=sku.delivery_kind)
    return sku


def open_import(
    sku: Sku, *, batch_name: str, cost_minor: int | None, expires_at: datetime | None, **columns: Any
) -> int:
    """A waiting import with a batch of its own; returns its id."""
    batch = CodeBatch(
        brand_id=sku.brand_id,
        sku_id=sku.id,
        name=batch_name,
        cost_minor=cost_minor,
        expires_at=expires_at,
    )
    session().add(batch)
    session().flush()
    opened = StockImport(brand_id=sku.brand_id, sku_id=sku.id, batch_id=batch.id, **columns)
    session().add(opened)
    session().flush()
    return opened.id


def get(import_id: int) -> ImportState:
    """One import of the open brand, or NotFound."""
    row = session().execute(select(*COLUMNS).where(StockImport.id == import_id)).first()
    if row is None:
        raise NotFound(what="stock_import")
    return ImportState(**row._mapping)  # noqa: SLF001  # SQLAlchemy's documented way to a row's names


def latest(brand_id: int, *, sku_id: int | None = None, limit: int = 50) -> Sequence[ImportState]:
    """A brand's imports, newest first."""
    rows = select(*COLUMNS).where(StockImport.brand_id == brand_id).order_by(StockImport.id.desc())
    if sku_id is not None:
        rows = rows.where(StockImport.sku_id == sku_id)
    found = session().execute(rows.limit(limit)).all()
    return [ImportState(**row._mapping) for row in found]  # noqa: SLF001  # as in get()


def counts(row: ImportState) -> dict[str, int]:
    """The figures of the report."""
    names = ("rows_done", "added", "repeated_in_file", "already_on_platform", "malformed")
    return {name: getattr(row, name) for name in names}


def plan_for(row: ImportState, key: tuple[int, DataKey]) -> Plan:
    """What importing this file takes: its Sku's issue order now, its batch's expiry."""
    facts = (
        select(Sku.issue_order, CodeBatch.expires_at)
        .join(CodeBatch, CodeBatch.sku_id == Sku.id)
        .where(CodeBatch.id == row.batch_id)
    )
    order, expires_at = session().execute(facts).one()
    return Plan(
        import_id=row.id,
        brand_id=row.brand_id,
        sku_id=row.sku_id,
        batch_id=row.batch_id,
        data_key_id=key[0],
        key=key[1],
        order=IssueOrder(order),
        expires_at=expires_at,
    )


def move(import_id: int, before: str, after: str, **values: Any) -> bool:
    """Move an import from one state to another, once."""
    return _move(import_id, (before,), state=after, **values)


def end(import_id: int, before: Sequence[str], after: str, *, error: str | None = None) -> bool:
    """End an import and forget its file."""
    return _move(import_id, before, state=after, error=error, source=None, finished_at=clock.now())


def cancel_waiting(*, before: datetime) -> int:
    """Cancel imports that nobody confirmed since; needs the platform's scope."""
    old = select(StockImport.id).where(StockImport.state == "waiting", StockImport.created_at < before)
    return sum(
        end(import_id, ("waiting",), "cancelled") for import_id in session().execute(old).scalars().all()
    )


def _move(import_id: int, before: Sequence[str], **values: Any) -> bool:
    moved = session().execute(
        update(StockImport)
        .where(StockImport.id == import_id, StockImport.state.in_(before))
        .values(**values)
        .returning(StockImport.id)
    )
    return moved.scalar() is not None
