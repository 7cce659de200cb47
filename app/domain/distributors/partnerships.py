"""Who may sell whose goods, inside the caller's transaction."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.domain.distributors.models import Level, LevelMove, Partnership
from app.foundation import clock
from app.foundation.database import session


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
