"""Which floor is in force. Values in, values out; the database's `money.floor_in_force` says the same."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class FloorRow:
    """One floor of a Sku with its window; targets that are None stand for all. Minor units per unit."""

    id: int
    floor_minor: int
    starts_at: datetime
    ends_at: datetime | None = None
    level_id: int | None = None
    distributor_id: int | None = None
    promotion: str | None = None


@dataclass(frozen=True, slots=True)
class FloorInForce:
    """The floor that counts and where it comes from: exemption, distributor, level or sku; `since` None: ever."""

    floor_minor: int
    source: str
    since: datetime | None = None
    until: datetime | None = None
    floor_id: int | None = None
    promotion: str | None = None


def resolve(
    rows: Iterable[FloorRow],
    *,
    sku_floor_minor: int,
    at: datetime,
    distributor_id: int | None = None,
    level_id: int | None = None,
    promotions: Collection[str] = (),
) -> FloorInForce:
    """The most specific floor of a Sku at a moment.

    An exemption for one of these promotions, else the distributor's, else its level's, else the Sku's.
    """
    best: FloorRow | None = None
    for row in rows:
        if (
            row.starts_at <= at
            and (row.ends_at is None or at < row.ends_at)
            and row.distributor_id in {None, distributor_id}
            and row.level_id in {None, level_id}
            and (row.promotion is None or row.promotion in promotions)
            and (best is None or _narrowness(row) > _narrowness(best))
        ):
            best = row
    if best is None:
        return FloorInForce(sku_floor_minor, "sku")
    return FloorInForce(
        best.floor_minor, _source(best), best.starts_at, best.ends_at, best.id, best.promotion
    )


def _narrowness(row: FloorRow) -> tuple[bool, bool, bool]:
    return row.promotion is not None, row.distributor_id is not None, row.level_id is not None


def _source(row: FloorRow) -> str:
    if row.promotion is not None:
        return "exemption"
    if row.distributor_id is not None:
        return "distributor"
    return "level" if row.level_id is not None else "sku"
