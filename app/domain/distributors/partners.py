"""Every SELECT of partnerships and downlines that the consoles make."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from app.domain.distributors.models import Distributor, Level, Partnership, PartnershipPaper
from app.foundation.database import session
from app.foundation.paging import Asked, Page, cut


def page(asked: Asked) -> Page[Any]:
    """(partnership, distributor, level, number of papers) of the open brand; who waits comes first."""
    papers = (
        select(func.count())
        .where(PartnershipPaper.partnership_id == Partnership.id)
        .correlate(Partnership)
        .scalar_subquery()
    )
    found = (
        select(Partnership, Distributor, Level, papers.label("papers"))
        .join(Distributor, Distributor.id == Partnership.distributor_id)
        .outerjoin(Level, Level.id == Partnership.level_id)
    )
    if asked.words:
        like = f"%{asked.words}%"
        found = found.where(Distributor.name.ilike(like))
    if asked.get("status"):
        found = found.where(Partnership.status == asked.get("status"))
    if asked.get("level").isdecimal():
        found = found.where(Partnership.level_id == int(asked.get("level")))
    sorts = {
        "waiting": Partnership.status != "applied", "name": Distributor.name, "level": Level.rank,
        "applied": Partnership.applied_at, "decided": Partnership.decided_at,
    }  # fmt: skip
    return cut(found, asked, sorts=sorts, usual="waiting", tie=Partnership.id)


def waiting() -> int:
    """How many applications wait for the open brand."""
    found = select(func.count()).select_from(Partnership).where(Partnership.status == "applied")
    return session().execute(found).scalar_one()


def one(partnership_id: int) -> Any | None:
    """(partnership, distributor, level) as the open brand sees it."""
    found = (
        select(Partnership, Distributor, Level)
        .join(Distributor, Distributor.id == Partnership.distributor_id)
        .outerjoin(Level, Level.id == Partnership.level_id)
        .where(Partnership.id == partnership_id)
    )
    return session().execute(found).one_or_none()


def mine(distributor_id: int) -> dict[int, tuple[Partnership, Level | None]]:
    """A distributor's partnerships and levels, by brand."""
    found = (
        select(Partnership, Level)
        .outerjoin(Level, Level.id == Partnership.level_id)
        .where(Partnership.distributor_id == distributor_id)
    )
    return {row.Partnership.brand_id: (row.Partnership, row.Level) for row in session().execute(found)}


@dataclass(frozen=True, slots=True)
class Recruit:
    """Somebody below a distributor, one or two steps; a name and nothing of its business."""

    id: int
    name: str
    status: str
    step: int
    by: str
    """Through whom it came, for the second step."""
    joined_at: datetime


def downline(distributor_id: int) -> Sequence[Recruit]:
    """Two steps down, the nearest first; needs the platform's scope."""
    near, far = aliased(Distributor), aliased(Distributor)
    first = select(near).where(near.upline_id == distributor_id).order_by(near.id)
    second = (
        select(far, near.name).join(near, near.id == far.upline_id).where(near.upline_id == distributor_id)
    )
    found = [
        Recruit(one.id, one.name, one.status, 1, "", one.created_at)
        for one in session().execute(first).scalars()
    ]
    found += [
        Recruit(one.id, one.name, one.status, 2, by, one.created_at)
        for one, by in session().execute(second.order_by(far.id))
    ]
    return found


def all_of(distributor_id: int) -> Sequence[Any]:
    """(partnership, level) of a distributor, for the platform."""
    found = (
        select(Partnership, Level)
        .outerjoin(Level, Level.id == Partnership.level_id)
        .where(Partnership.distributor_id == distributor_id)
        .order_by(Partnership.id)
    )
    return session().execute(found).all()


def choosable(but_for: int) -> Sequence[Any]:
    """(id, name) of approved distributors, by name, for choosing an upline."""
    found = select(Distributor.id, Distributor.name).where(
        Distributor.id != but_for, Distributor.status == "approved"
    )
    return session().execute(found.order_by(Distributor.name, Distributor.id).limit(2000)).all()
