"""A brand's ladder and who stands on it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from app.domain.distributors.ladder import Place, Rung
from app.domain.distributors.models import Distributor, Level, LevelMove, Partnership
from app.foundation.database import session
from app.foundation.errors import NotFound


def ladder(brand_id: int) -> Sequence[Level]:
    """A brand's levels, the lowest first."""
    found = select(Level).where(Level.brand_id == brand_id).order_by(Level.rank)
    return session().execute(found).scalars().all()


def level_of(brand_id: int, level_id: int) -> Level:
    """A level of this brand, or NotFound for somebody else's."""
    level = session().get(Level, level_id)
    if level is None or level.brand_id != brand_id:
        raise NotFound(what="level")
    return level


def rungs(brand_id: int) -> list[Rung]:
    """The ladder as the rule needs it."""
    return [
        Rung(level.id, level.rank, level.threshold_minor, level.name, level.name_en)
        for level in ladder(brand_id)
    ]


def climbers(brand_id: int, *, locked: bool = False) -> list[tuple[Partnership, Place]]:
    """Approved partnerships of a brand and where each stands, in one order for everybody; locked if they will move."""
    last = (
        select(LevelMove.moved_by)
        .where(LevelMove.partnership_id == Partnership.id)
        .order_by(LevelMove.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    found = (
        select(Partnership, Level.rank, func.coalesce(last, "approval"))
        .join(Level, Level.id == Partnership.level_id)
        .where(Partnership.brand_id == brand_id, Partnership.status == "approved")
        .order_by(Partnership.id)
    )
    if locked:
        found = found.with_for_update(of=Partnership, key_share=True)
    rows = session().execute(found.execution_options(populate_existing=True)).all()
    return [(partnership, place(partnership, rank, moved_by)) for partnership, rank, moved_by in rows]


def place(partnership: Partnership, rank: int, moved_by: str) -> Place:
    """Where a partnership stands; `moved_by` is how it came there."""
    return Place(
        rank, since=partnership.level_since, given=moved_by != "rule", pinned=partnership.level_pinned,
        grace_until=partnership.grace_until,
    )  # fmt: skip


def moves_of(partnership_id: int) -> Sequence[LevelMove]:
    """Every level a partnership was given, the newest first."""
    found = select(LevelMove).where(LevelMove.partnership_id == partnership_id)
    return session().execute(found.order_by(LevelMove.id.desc()).limit(100)).scalars().all()


def counts(brand_id: int) -> dict[int, int]:
    """How many approved distributors stand on each level, by level id."""
    found = (
        select(Partnership.level_id, func.count())
        .where(Partnership.brand_id == brand_id, Partnership.status == "approved")
        .group_by(Partnership.level_id)
    )
    return dict(session().execute(found).all())  # type: ignore[arg-type]  # approved ones have a level


def names(distributor_ids: Sequence[int]) -> dict[int, Any]:
    """Distributors' names by id, as far as the open scope sees them."""
    found = select(Distributor.id, Distributor.name).where(Distributor.id.in_(distributor_ids))
    return dict(session().execute(found).all())
