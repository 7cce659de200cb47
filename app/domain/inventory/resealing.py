"""Move sealed rows from a brand's older data keys to its current one, page by page.

A page is locked while it moves; rows that somebody is using right now are passed
over and found by the next round.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, LargeBinary, Row, func, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from app.domain.inventory.models import Code, ReusableSecret
from app.domain.inventory.models import DataKey as DataKeyRow
from app.foundation.database import Record, session
from app.foundation.vault import DataKey, Sealed, Vault

PAGE = 1_000

# From a row's sealed bytes under its old key to the same under the new one.
Reseal = Callable[[Vault, Any, DataKey, DataKey], bytes]


@dataclass(frozen=True, slots=True)
class SealedTable:
    """A table with `id`, `data_key_id` and `secret`, and how its rows are sealed."""

    model: type[Record]
    reseal: Reseal


def reseal_code(vault: Vault, row: Any, old: DataKey, new: DataKey) -> bytes:
    return vault.reseal(old, Sealed(bytes(row.fingerprint), bytes(row.secret)), new)


def reseal_for(purpose: Callable[[Any], bytes]) -> Reseal:
    """How rows are sealed that have no fingerprint and name their purpose instead."""

    def reseal(vault: Vault, row: Any, old: DataKey, new: DataKey) -> bytes:
        plain = vault.open_bytes(old, bytes(row.secret), purpose(row))
        return vault.seal_bytes(new, plain, purpose(row))

    return reseal


TABLES = (SealedTable(Code, reseal_code), SealedTable(ReusableSecret, reseal_code))


@dataclass(frozen=True, slots=True)
class Keys:
    """Every data key of the platform, and which one each brand seals with now."""

    by_id: dict[int, DataKey]
    current: dict[int, int]

    def old(self) -> list[int]:
        return sorted(self.by_id.keys() - set(self.current.values()))


def all_keys() -> Keys:
    """Needs the platform's scope, like everything here."""
    rows = session().execute(select(DataKeyRow)).scalars().all()
    return Keys(
        {row.id: DataKey(row.brand_id, row.version, bytes(row.wrapped), row.master_key_id) for row in rows},
        {row.brand_id: row.id for row in rows if row.state == "current"},
    )


def reseal_page(vault: Vault, table: SealedTable, keys: Keys, *, after: int) -> tuple[int, int | None]:
    """Move one page of rows beyond an id; how many, and the last id looked at, None at the end."""
    rows = _page(table.model, keys.old(), after)
    if not rows:
        return 0, None
    moved = [_moved(vault, table, keys, row) for row in rows]
    _write(table.model, moved)
    return len(rows), rows[-1].id


def _page(model: Any, old: Sequence[int], after: int) -> Sequence[Row[Any]]:
    rows = (
        select(*model.__table__.columns)
        .where(model.id > after, model.data_key_id.in_(old), model.secret.is_not(None))
        .order_by(model.id)
        .limit(PAGE)
        .with_for_update(skip_locked=True)
    )
    return session().execute(rows).all()


def _moved(vault: Vault, table: SealedTable, keys: Keys, row: Row[Any]) -> tuple[int, int, bytes]:
    old = keys.by_id[row.data_key_id]
    target = keys.current[old.brand_id]
    return row.id, target, table.reseal(vault, row, old, keys.by_id[target])


def _write(model: Any, moved: Sequence[tuple[int, int, bytes]]) -> None:
    ids, targets, boxes = zip(*moved, strict=True)
    new = (
        func.unnest(
            literal(list(ids), ARRAY(BigInteger)),
            literal(list(targets), ARRAY(BigInteger)),
            literal(list(boxes), ARRAY(LargeBinary)),
        )
        .table_valued("id", "data_key_id", "secret", name="new")
        .render_derived()
    )
    session().execute(
        update(model)
        .where(model.id == new.c.id)
        .values(secret=new.c.secret, data_key_id=new.c.data_key_id)
        .execution_options(synchronize_session=False)
    )
