"""Who may sell whose goods, inside the caller's transaction."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.domain.distributors.models import Level, LevelMove, Partnership
from app.foundation import clock
from app.foundation.database import session
from app.foundation.errors import NotFound, StaleState


def of(brand_id: int, distributor_id: int) -> Partnership | None:
    """The partnership of a brand and a distributor, in whatever state it is."""
    found = select(Partnership).where(
        Partnership.brand_id == brand_id, Partnership.distributor_id == distributor_id
    )
    return session().execute(found).scalar_one_or_none()


def first_level(brand_id: int) -> int:
    """Where a brand's distributors begin: the id of its level of rank 0."""
    found = select(Level.id).where(Level.brand_id == brand_id, Level.rank == 0)
    return int(session().execute(found).scalar_one())


def approve(
    brand_id: int, distributor_id: int, *, level_id: int, by: int | None = None, at: datetime | None = None
) -> None:
    """Approve a distributor at a level, whether it has applied or not; one that is approved stays as it is."""
    at = at or clock.now()
    before = of(brand_id, distributor_id)
    if before is not None and before.status == "approved":
        return
    facts = {
        "status": "approved",
        "level_id": level_id,
        "level_since": at,
        "level_pinned": False,
        "grace_until": None,
        "reason": "",
        "decided_at": at,
        "decided_by": by,
    }
    row = insert(Partnership).values(brand_id=brand_id, distributor_id=distributor_id, applied_at=at, **facts)
    found = session().execute(
        row.on_conflict_do_update(index_elements=["brand_id", "distributor_id"], set_=facts).returning(
            Partnership.id
        )
    )
    session().add(
        LevelMove(
            partnership_id=found.scalar_one(), brand_id=brand_id, distributor_id=distributor_id,
            from_level_id=before.level_id if before else None, to_level_id=level_id, moved_by="approval", created_at=at,
        )
    )  # fmt: skip
    session().flush()


def lock(partnership_id: int) -> Partnership | None:
    """A partnership the open scope sees, locked."""
    found = select(Partnership).where(Partnership.id == partnership_id).with_for_update(key_share=True)
    return session().execute(found.execution_options(populate_existing=True)).scalar_one_or_none()


def ask(brand_id: int, distributor_id: int, message: str) -> Partnership:
    """An application, new or after a decline; StaleState for a partner that has been decided on otherwise."""
    asked = {"status": "applied", "message": message, "applied_at": clock.now()}
    row = insert(Partnership).values(brand_id=brand_id, distributor_id=distributor_id, **asked)
    session().execute(row.on_conflict_do_nothing(index_elements=["brand_id", "distributor_id"]))
    found = select(Partnership).where(
        Partnership.brand_id == brand_id, Partnership.distributor_id == distributor_id
    )
    locked = found.where(Partnership.status.in_(("applied", "declined"))).with_for_update(key_share=True)
    partnership = session().execute(locked).scalar_one_or_none()
    if partnership is None:
        raise StaleState(what="partnership")
    for name, value in {**asked, "level_id": None}.items():
        setattr(partnership, name, value)
    session().flush()
    return partnership


def locked(partnership_id: int) -> Partnership:
    """As `lock`, or NotFound."""
    partnership = lock(partnership_id)
    if partnership is None:
        raise NotFound(what="partnership")
    return partnership


def check_status(partnership: Partnership, *allowed: str) -> None:
    """StaleState where somebody else has decided meanwhile."""
    if partnership.status not in allowed:
        raise StaleState(what="partnership", status=partnership.status)


def settle_on(partnership: Partnership, status: str, *, by: int | None, reason: str = "") -> None:
    """A decision about a locked partnership; a trigger does what follows for its listings."""
    partnership.status, partnership.reason = status, reason
    partnership.decided_at, partnership.decided_by = clock.now(), by
    session().flush()


def give_level(
    partnership: Partnership,
    level_id: int,
    *,
    moved_by: str,
    reason: str = "",
    volume_minor: int | None = None,
) -> LevelMove:
    """Put a locked partnership on a level, with the row that says why."""
    move = LevelMove(
        partnership_id=partnership.id, brand_id=partnership.brand_id, distributor_id=partnership.distributor_id,
        from_level_id=partnership.level_id, to_level_id=level_id, moved_by=moved_by, reason=reason,
        volume_minor=volume_minor, created_at=clock.now(),
    )  # fmt: skip
    session().add(move)
    partnership.level_id, partnership.level_since, partnership.grace_until = level_id, clock.now(), None
    session().flush()
    return move


def get(partnership_id: int) -> Partnership | None:
    """A partnership the open scope sees."""
    return session().get(Partnership, partnership_id)
