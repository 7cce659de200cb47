"""A brand's data keys: one current, older ones still open what they sealed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, union, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.elements import ColumnElement

from app.domain.inventory.models import DataKey as DataKeyRow
from app.domain.inventory.models import StockImport
from app.foundation.database import session
from app.foundation.vault import DataKey, Vault


def current_key(brand_id: int, vault: Vault) -> tuple[int, DataKey]:
    """The id and the key that seals now; a brand's first one is made here."""
    found = _first(DataKeyRow.brand_id == brand_id, DataKeyRow.state == "current")
    if found is None:
        _add(vault.new_key(brand_id, 1))
        # Somebody else may have made it in the same moment: the one that is there counts.
        found = _first(DataKeyRow.brand_id == brand_id, DataKeyRow.state == "current")
    assert found is not None  # noqa: S101  # one of the two has made it
    return found


def key_of(key_id: int) -> DataKey:
    """One version of a key, by its id."""
    found = _first(DataKeyRow.id == key_id)
    assert found is not None  # noqa: S101  # rows that name a key are never without it
    return found[1]


def start_new_version(brand_id: int, vault: Vault) -> int:
    """Retire the current key and return the id of a new one; needs the platform's scope."""
    version = select(func.max(DataKeyRow.version)).where(DataKeyRow.brand_id == brand_id)
    newest = session().execute(version).scalar() or 0
    session().execute(
        update(DataKeyRow)
        .where(DataKeyRow.brand_id == brand_id, DataKeyRow.state == "current")
        .values(state="retiring")
    )
    _add(vault.new_key(brand_id, newest + 1))
    return current_key(brand_id, vault)[0]


def wrapped_elsewhere(master_key_id: str, limit: int) -> Sequence[tuple[int, DataKey]]:
    """Some (id, key) that another master key wraps; none when all have moved."""
    rows = select(DataKeyRow).where(DataKeyRow.master_key_id != master_key_id).order_by(DataKeyRow.id)
    return [(row.id, _key(row)) for row in session().execute(rows.limit(limit)).scalars()]


def replace_wrapping(key_id: int, old: DataKey, new: DataKey) -> bool:
    """Put the new wrapping where the old one still is; False when somebody else was faster."""
    moved = session().execute(
        update(DataKeyRow)
        .where(DataKeyRow.id == key_id, DataKeyRow.wrapped == old.wrapped)
        .values(wrapped=new.wrapped, master_key_id=new.master_key_id)
        .returning(DataKeyRow.id)
    )
    return moved.scalar() is not None


def retire_unused(models: Sequence[Any]) -> int:
    """Mark older keys that seal nothing any more; how many. They stay, in case a dump comes back."""
    used = union(*(select(model.data_key_id).where(model.data_key_id.is_not(None)) for model in models))
    files = select(StockImport.data_key_id).where(StockImport.source.is_not(None))
    retired = session().execute(
        update(DataKeyRow)
        .where(DataKeyRow.state == "retiring", DataKeyRow.id.not_in(used), DataKeyRow.id.not_in(files))
        .values(state="retired")
        .returning(DataKeyRow.id)
        .execution_options(synchronize_session=False)
    )
    return len(retired.all())


def _first(*tests: ColumnElement[bool]) -> tuple[int, DataKey] | None:
    row = session().execute(select(DataKeyRow).where(*tests)).scalars().first()
    return None if row is None else (row.id, _key(row))


def _add(key: DataKey) -> None:
    session().execute(
        insert(DataKeyRow)
        .values(
            brand_id=key.brand_id,
            version=key.version,
            wrapped=key.wrapped,
            master_key_id=key.master_key_id,
            state="current",
        )
        .on_conflict_do_nothing()
    )


def _key(row: DataKeyRow) -> DataKey:
    return DataKey(row.brand_id, row.version, bytes(row.wrapped), row.master_key_id)
