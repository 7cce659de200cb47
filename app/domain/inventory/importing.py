"""Bring the codes of a file in, chunk by chunk, each chunk whole or not at all.

Preparing a chunk is pure work of the processor; storing it is one transaction
that also moves the import's own count. So a killed import goes on where its
count stands, and ends with the same figures as one that was never killed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from app.domain.inventory.copying import HEADER, TRAILER, copy_row
from app.domain.inventory.issue_order import IssueOrder, picker
from app.domain.inventory.stock_file import Good, Line, StockFile
from app.domain.inventory.stock_file.repeats import Repeats
from app.foundation.vault import DataKey, Vault

CHUNK = 20_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What one import needs to know of itself."""

    import_id: int
    brand_id: int
    sku_id: int
    batch_id: int
    data_key_id: int
    key: DataKey
    order: IssueOrder
    # Of the codes that bring none of their own.
    expires_at: datetime | None = None


class Problem(NamedTuple):
    """A line that was not added: why, and which line or nothing it repeats."""

    line: int
    reason: str
    repeats_line: int | None = None

    def as_json(self) -> list[Any]:
        return list(self) if self.repeats_line is not None else [self.line, self.reason]


@dataclass(slots=True)
class Codes:
    """New codes side by side: plain values in four lists weigh little on the garbage collector."""

    lines: list[int] = field(default_factory=list)
    fingerprints: list[bytes] = field(default_factory=list)
    plain: list[bytes] = field(default_factory=list, repr=False)
    expiries: list[datetime | None] = field(default_factory=list)

    def add(self, line: Good, fingerprint: bytes) -> None:
        self.lines.append(line.line)
        self.fingerprints.append(fingerprint)
        self.plain.append(line.secret.to_bytes())
        self.expiries.append(line.expires_at)


@dataclass(slots=True)
class Chunk:
    """Some lines in a row: `rows` of the file, of which `fresh` stand sealed in `copy`."""

    start: int
    rows: int = 0
    fresh: int = 0
    repeated: int = 0
    malformed: int = 0
    copy: bytes = field(default=b"", repr=False)
    problems: list[Problem] = field(default_factory=list)

    @property
    def end(self) -> int:
        return self.start + self.rows


def prepare_chunks(stock: StockFile, vault: Vault, plan: Plan, *, done: int, size: int) -> Iterator[Chunk]:
    """Every chunk after the first `done` rows, sealed and ready to be stored.

    Rows already done are read again, to know what later ones repeat.
    """
    lines, repeats = stock.lines(), Repeats()
    for line in islice(lines, done):
        if isinstance(line, Good):
            repeats.first_line(vault.fingerprint(line.secret), line.line)
    start = done
    while True:
        chunk, codes = Chunk(start), Codes()
        _gather(islice(lines, size), vault, repeats, chunk, codes)
        if not chunk.rows:
            return
        _seal(codes, vault, plan, chunk)
        yield chunk
        start = chunk.end


def _gather(lines: Iterator[Line], vault: Vault, repeats: Repeats, chunk: Chunk, codes: Codes) -> None:
    """Take up the codes this file has not held before; the other lines are noted."""
    for line in lines:
        chunk.rows += 1
        if not isinstance(line, Good):
            chunk.malformed += 1
            chunk.problems.append(Problem(line.line, line.reason))
            continue
        fingerprint = vault.fingerprint(line.secret)
        first = repeats.first_line(fingerprint, line.line)
        if first is None:
            codes.add(line, fingerprint)
        else:
            chunk.repeated += 1
            chunk.problems.append(Problem(line.line, "repeated_in_file", first))


def _seal(codes: Codes, vault: Vault, plan: Plan, chunk: Chunk) -> None:
    place = picker(plan.order, plan.batch_id)
    boxes = vault.seal_many(plan.key, zip(codes.fingerprints, codes.plain, strict=True))
    rows = [HEADER]
    for line, fingerprint, own, box in zip(
        codes.lines, codes.fingerprints, codes.expiries, boxes, strict=True
    ):
        expires_at = own or plan.expires_at
        rows.append(copy_row(line, fingerprint, box, place(line, expires_at, fingerprint), expires_at))
    rows.append(TRAILER)
    chunk.copy, chunk.fresh = b"".join(rows), len(boxes)
