"""What a new floor does to the floors before it. Values in, values out."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from app.domain.pricing.errors import FloorWindowsOverlap
from app.domain.pricing.floors import FloorRow

NEW = 0
"""The id of a row that is not written yet."""


@dataclass(frozen=True, slots=True)
class FloorPlan:
    """Windows to close, as (row, when), and rows to write, the wanted one first."""

    closed: tuple[tuple[FloorRow, datetime], ...]
    added: tuple[FloorRow, ...]

    def after(self, rows: Iterable[FloorRow]) -> list[FloorRow]:
        """The rows as they stand when the plan is carried out."""
        ends = {row.id: at for row, at in self.closed}
        kept = [replace(row, ends_at=ends[row.id]) if row.id in ends else row for row in rows]
        return [*kept, *self.added]


def plan(rows: Iterable[FloorRow], wanted: FloorRow) -> FloorPlan:
    """Let a floor begin: the one before it ends there, and goes on after it where the new one has an end.

    FloorWindowsOverlap where another one begins inside the new window, ends inside it, or is an
    exemption of the same promotion.
    """
    start, end = wanted.starts_at, wanted.ends_at
    closed: list[tuple[FloorRow, datetime]] = []
    added = [wanted]
    for row in rows:
        if _target(row) != _target(wanted) or not _meet(row, wanted):
            continue
        outlasts = row.ends_at is None or (end is not None and row.ends_at >= end)
        if wanted.promotion is not None or row.starts_at >= start or not outlasts:
            raise FloorWindowsOverlap(param="starts", starts_at=row.starts_at, ends_at=row.ends_at)
        closed.append((row, start))
        if end is not None and row.ends_at != end:
            added.append(replace(row, id=NEW, starts_at=end))
    return FloorPlan(tuple(closed), tuple(added))


def end_early(rows: Iterable[FloorRow], ended: FloorRow, at: datetime) -> FloorPlan:
    """Let a floor end before its time; whatever was to follow it follows now."""
    follower = next(
        (row for row in rows if _target(row) == _target(ended) and row.starts_at == ended.ends_at), None
    )
    if follower is None:
        return FloorPlan(((ended, at),), ())
    return FloorPlan(((ended, at),), (replace(follower, id=NEW, starts_at=at, ends_at=follower.starts_at),))


def predecessor(rows: Iterable[FloorRow], coming: FloorRow) -> FloorRow | None:
    """The floor that was to end where a coming one begins."""
    return next(
        (row for row in rows if _target(row) == _target(coming) and row.ends_at == coming.starts_at), None
    )


def _target(row: FloorRow) -> tuple[int | None, int | None, str | None]:
    return row.level_id, row.distributor_id, row.promotion


def _meet(one: FloorRow, other: FloorRow) -> bool:
    return (one.ends_at is None or other.starts_at < one.ends_at) and (
        other.ends_at is None or one.starts_at < other.ends_at
    )
