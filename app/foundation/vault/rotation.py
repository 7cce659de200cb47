"""Change keys while the shop stays open.

A new *master key* only wraps the data keys again: a few rows, no code is
touched. A new *data key* seals every code of a brand again, batch by batch;
both versions open until the last row has moved, so nobody waits. Both stop
anywhere and go on from there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from app.foundation.vault.vault import DataKey, Sealed, Vault

BATCH = 2_000


class KeyRows(Protocol):
    """The data keys in the database, each call its own short transaction."""

    def wrapped_elsewhere(self, master_key_id: str, limit: int) -> Sequence[tuple[int, DataKey]]:
        """Some (id, key) that another master key wraps; none when all have moved."""

    def replace_wrapping(self, key_id: int, old: DataKey, new: DataKey) -> bool:
        """Put `new` where `old` still is; False when somebody else was faster."""


class SealedRow(NamedTuple):
    row_id: int
    data_key_id: int
    sealed: Sealed


class Resealed(NamedTuple):
    row_id: int
    old_key_id: int
    box: bytes


class CodeRows(Protocol):
    """The sealed codes of one brand, each call its own short transaction."""

    def sealed_elsewhere(self, data_key_id: int, limit: int) -> Sequence[SealedRow]:
        """Some codes under another key; none when all have moved."""

    def replace_boxes(self, data_key_id: int, rows: Sequence[Resealed]) -> int:
        """Write the boxes whose row is still under its old key; how many that were."""


def rewrap_keys(vault: Vault, rows: KeyRows, *, batch: int = BATCH) -> int:
    """Bring every data key under the current master key; how many moved."""
    moved = 0
    while found := rows.wrapped_elsewhere(vault.masters.current_id, batch):
        moved += sum(rows.replace_wrapping(row, key, vault.rewrap(key)) for row, key in found)
    return moved


def reseal_codes(
    vault: Vault, rows: CodeRows, keys: dict[int, DataKey], target: int, *, batch: int = BATCH
) -> Iterator[int]:
    """Bring a brand's codes under the target key; yields how many moved in each batch.

    `keys` holds every version of the brand's key by its id, the target included.
    """
    while found := rows.sealed_elsewhere(target, batch):
        opened = [(keys[row.data_key_id], row.sealed) for row in found]
        boxes = vault.reseal_many(opened, keys[target])
        moved = [
            Resealed(row.row_id, row.data_key_id, box)
            for row, box in zip(found, boxes, strict=True)
        ]
        yield rows.replace_boxes(target, moved)
