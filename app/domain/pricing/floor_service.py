"""Changes of floors, inside the caller's transaction; whoever changes one holds the lock of its Sku's floors."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, text, update

from app.domain.catalog.models import Listing, Sku
from app.domain.pricing import floor_queries as queries
from app.domain.pricing.errors import (
    FloorAboveListPrice,
    FloorCurrency,
    FloorStays,
    FloorWindow,
    said_by_database,
)
from app.domain.pricing.floor_plan import NEW, FloorPlan, end_early, plan, predecessor
from app.domain.pricing.floors import FloorRow
from app.domain.pricing.models import Floor
from app.domain.pricing.overtaken import Overtaken, overtaken
from app.foundation.database import session
from app.foundation.errors import InvalidInput

LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('floors:' || :sku, 0))")
FARTHEST = timedelta(days=3 * 366)
CHOICES = ("raise", "pause")


@dataclass(frozen=True, slots=True)
class SetFloor:
    """A floor as a brand wants it. Minor units of `currency`; no `starts_at`: at once, no `ends_at`: until another."""

    sku_id: int
    floor_minor: int
    currency: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    level_id: int | None = None
    distributor_id: int | None = None
    promotion: str | None = None
    overtaken: str = "raise"
    reason: str = ""

    @property
    def is_base(self) -> bool:
        """For everybody, and always."""
        return self.level_id is None and self.distributor_id is None and self.promotion is None


@dataclass(frozen=True, slots=True)
class Drawn:
    """What would happen: the row, what it does to the others, and the floors as they would stand."""

    row: FloorRow
    plan: FloorPlan
    after: tuple[FloorRow, ...]
    choices: dict[int, str]


def lock(sku_id: int) -> None:
    """One change of a Sku's floors at a time; a listing that is being saved is waited for, a later one waits."""
    session().execute(LOCK, {"sku": sku_id})


def draw(sku: Sku, wanted: SetFloor, *, now: datetime) -> Drawn:
    """Check a wanted floor against its Sku and its neighbours, without writing; refusals say what is wrong."""
    _check(sku, wanted, now=now)
    row = FloorRow(
        NEW, wanted.floor_minor, wanted.starts_at or now, wanted.ends_at, wanted.level_id, wanted.distributor_id,
        wanted.promotion,
    )  # fmt: skip
    standing = queries.standing_floors(sku.id, since=now)
    rows = [queries.as_row(floor) for floor in standing]
    made = plan(rows, row)
    choices = {floor.id: floor.overtaken for floor in standing} | {NEW: wanted.overtaken}
    return Drawn(row, made, tuple(made.after(rows)), choices)


def _check(sku: Sku, wanted: SetFloor, *, now: datetime) -> None:
    if wanted.currency != sku.currency:
        raise FloorCurrency(param="floor", currency=sku.currency)
    if wanted.level_id is not None and wanted.distributor_id is not None:
        raise InvalidInput(param="target", reason="one_target")
    if wanted.overtaken not in CHOICES:
        raise InvalidInput(param="overtaken", reason="unknown")
    if wanted.promotion is not None and not wanted.promotion.strip():
        raise InvalidInput(param="promotion", reason="empty")
    if wanted.promotion is not None and wanted.ends_at is None:
        raise FloorWindow(param="ends", reason="needs_end")
    if wanted.starts_at is not None and wanted.starts_at < now:
        raise FloorWindow(param="starts", reason="in_the_past")
    starts = wanted.starts_at or now
    if wanted.ends_at is not None and wanted.ends_at <= starts:
        raise FloorWindow(param="ends", reason="ends_before_start")
    if starts > now + FARTHEST:
        raise FloorWindow(param="starts", reason="far_future")
    if wanted.floor_minor > sku.suggested_minor:
        raise FloorAboveListPrice(
            param="floor", floor_minor=wanted.floor_minor, suggested_minor=sku.suggested_minor, currency=sku.currency,
        )  # fmt: skip


def write(sku: Sku, wanted: SetFloor, drawn: Drawn, *, created_by: int | None) -> Floor:
    """Carry a drawn floor out; the lock is held."""
    _close(drawn.plan)
    floors = [
        _floor(sku, row, wanted.overtaken, wanted.reason, created_by) for row in drawn.plan.added[:1]
    ] + [_floor(sku, row, "raise", "", created_by) for row in drawn.plan.added[1:]]
    _add(floors)
    return floors[0]


def end(sku: Sku, floor: Floor, *, now: datetime, created_by: int | None) -> None:
    """End a floor before its time, or take back one that has not begun; what it had replaced goes on."""
    if floor.ends_at is not None and floor.ends_at <= now:
        raise FloorStays(reason="over")
    rows = [queries.as_row(one) for one in queries.standing_floors(sku.id, since=now - timedelta(seconds=1))]
    row = queries.as_row(floor)
    base = (row.level_id, row.distributor_id, row.promotion) == (None, None, None)
    if row.starts_at > now:
        before = predecessor(rows, row)
        session().execute(delete(Floor).where(Floor.id == floor.id))
        if before is not None:
            session().execute(update(Floor).where(Floor.id == before.id).values(ends_at=row.ends_at))
        return
    if base and row.ends_at is None:
        raise FloorStays(reason="base")
    made = end_early(rows, row, now)
    _close(made)
    _add([_floor(sku, added, "raise", "", created_by) for added in made.added])


def _floor(sku: Sku, row: FloorRow, choice: str, reason: str, created_by: int | None) -> Floor:
    return Floor(
        brand_id=sku.brand_id, sku_id=sku.id, level_id=row.level_id, distributor_id=row.distributor_id,
        promotion=row.promotion, floor_minor=row.floor_minor, starts_at=row.starts_at, ends_at=row.ends_at,
        overtaken=choice, reason=reason, created_by=created_by,
    )  # fmt: skip


def _close(made: FloorPlan) -> None:
    for row, at in made.closed:
        session().execute(update(Floor).where(Floor.id == row.id).values(ends_at=at))


def _add(floors: list[Floor]) -> None:
    with said_by_database():
        session().add_all(floors)
        session().flush()


# ------------------------------------------------------------------ what the platform carries out

ROWS = (
    "SELECT id FROM listings WHERE sku_id = :sku AND (CAST(:one AS bigint) IS NULL OR shop_id IN"
    " (SELECT id FROM shops WHERE distributor_id = :one)) ORDER BY id FOR NO KEY UPDATE"
)
NOTICED = (
    "UPDATE floors SET applied_at = coalesce(applied_at, clock_timestamp()),"
    " left_at = CASE WHEN ends_at <= clock_timestamp() THEN coalesce(left_at, clock_timestamp()) ELSE left_at END"
    " WHERE sku_id = :sku AND starts_at <= clock_timestamp() AND (applied_at IS NULL OR (left_at IS NULL AND"
    " ends_at <= clock_timestamp())) RETURNING id"
)
FOLLOW = (
    "UPDATE skus SET floor_minor = greatest(f.floor_minor, supply_price_minor),"
    " suggested_minor = greatest(suggested_minor, f.floor_minor) FROM floors f"
    " WHERE skus.id = :sku AND f.sku_id = :sku AND f.level_id IS NULL AND f.distributor_id IS NULL"
    " AND f.promotion IS NULL"
    " AND f.starts_at <= clock_timestamp() AND (f.ends_at IS NULL OR f.ends_at > clock_timestamp())"
    " AND f.floor_minor <> skus.floor_minor"
)


def hold_listings(sku_id: int, *, distributor_id: int | None = None) -> None:
    """Take every listing of a Sku, then its floors: the order in which a listing that is being saved takes them."""
    session().execute(text(ROWS), {"sku": sku_id, "one": distributor_id})
    lock(sku_id)


def notice(sku_id: int) -> list[int]:
    """Write down that floors have begun or ended, and let the Sku's own floor follow; which floors they were."""
    noticed = list(session().execute(text(NOTICED), {"sku": sku_id}).scalars())
    session().execute(text(FOLLOW), {"sku": sku_id})
    return noticed


def below_now(sku_id: int, *, distributor_id: int | None = None) -> list[Overtaken]:
    """The listings that the floors in force at this moment do not allow."""
    now = queries.database_now()
    standing = queries.standing_floors(sku_id, since=now)
    base = int(session().execute(select(Sku.floor_minor).where(Sku.id == sku_id)).scalar_one())
    return overtaken(
        queries.listings_of(sku_id, distributor_id=distributor_id), [queries.as_row(one) for one in standing],
        sku_floor_minor=base, at=now, choices={one.id: one.overtaken for one in standing},
    )  # fmt: skip


def carry_out(found: Sequence[Overtaken]) -> None:
    """Raise each overtaken listing to its floor, or pause it."""
    for one in sorted(found, key=lambda one: one.listing.listing_id):
        values: dict[str, Any] = {"price_minor": one.floor_minor}
        if one.becomes == "pause":
            values = {"status": "paused"}
        session().execute(
            update(Listing)
            .where(Listing.id == one.listing.listing_id)
            .values(**values, updated_at=func.now())
            .execution_options(synchronize_session=False)
        )


def told(floor_id: int) -> Floor | None:
    """Note that distributors are being told of a coming floor; None when somebody else has."""
    found = update(Floor).where(Floor.id == floor_id, Floor.told_at.is_(None)).values(told_at=func.now())
    return session().execute(found.returning(Floor)).scalar_one_or_none()


def at_begin(drawn: Drawn, sku: Sku) -> list[Overtaken]:
    """The listings that a drawn floor will overtake when it begins."""
    if drawn.row.promotion is not None:
        return []
    return overtaken(
        queries.listings_of(sku.id), drawn.after, sku_floor_minor=sku.floor_minor, at=drawn.row.starts_at,
        choices=drawn.choices,
    )  # fmt: skip


def begun(floor: Floor, sku: Sku) -> list[Overtaken]:
    """The listings that a coming floor will overtake when it begins, as things stand."""
    standing = queries.standing_floors(sku.id, since=floor.starts_at)
    return overtaken(
        queries.listings_of(sku.id), [queries.as_row(one) for one in standing],
        sku_floor_minor=sku.floor_minor, at=floor.starts_at, choices={one.id: one.overtaken for one in standing},
    )  # fmt: skip
