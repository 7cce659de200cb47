"""Every SELECT of the audit trail and the outbox that people browse."""

from typing import Any

from sqlalchemy import func, or_, select, update

from app.foundation import clock
from app.foundation.audit import AuditEntry
from app.foundation.database import session
from app.foundation.outbox import OutboxRow
from app.foundation.paging import Asked, Page, cut


def audit_page(asked: Asked) -> Page[Any]:
    """Who did what, newest first, in the open scope."""
    found = select(AuditEntry)
    if asked.words:
        like = f"%{asked.words}%"
        found = found.where(
            or_(
                AuditEntry.action.ilike(like),
                AuditEntry.subject.ilike(like),
                AuditEntry.actor_name.ilike(like),
            )
        )
    if asked.get("actor"):
        found = found.where(AuditEntry.actor_kind == asked.get("actor"))
    sorts = {"at": AuditEntry.id, "action": AuditEntry.action, "actor": AuditEntry.actor_name}
    return cut(found, asked, sorts=sorts, usual="-at", tie=AuditEntry.id)


def entries_about(subject: str, *, most: int = 20) -> list[AuditEntry]:
    """The newest entries about one thing."""
    found = select(AuditEntry).where(AuditEntry.subject == subject).order_by(AuditEntry.id.desc()).limit(most)
    return list(session().execute(found).scalars())


def outbox_page(asked: Asked) -> Page[Any]:
    """Jobs on their way; `state` is waiting or failed."""
    found = select(OutboxRow)
    if asked.get("state") == "failed":
        found = found.where(OutboxRow.failed_at.is_not(None))
    if asked.get("state") == "waiting":
        found = found.where(OutboxRow.failed_at.is_(None))
    if asked.words:
        found = found.where(
            or_(OutboxRow.kind.ilike(f"%{asked.words}%"), OutboxRow.last_error.ilike(f"%{asked.words}%"))
        )
    sorts = {
        "created": OutboxRow.created_at,
        "due": OutboxRow.due_at,
        "kind": OutboxRow.kind,
        "attempts": OutboxRow.attempts,
    }
    return cut(found, asked, sorts=sorts, usual="-created", tie=OutboxRow.id)


def outbox_figures() -> Any:
    """(waiting, failed, the oldest one's time) of jobs on their way."""
    return (
        session()
        .execute(
            select(
                func.count().filter(OutboxRow.failed_at.is_(None)),
                func.count().filter(OutboxRow.failed_at.is_not(None)),
                func.min(OutboxRow.created_at).filter(OutboxRow.failed_at.is_(None)),
            )
        )
        .one()
    )


def retry(row_id: int) -> bool:
    """Let a failed job run again; False where it is not failed any more."""
    again = session().execute(
        update(OutboxRow)
        .where(OutboxRow.id == row_id, OutboxRow.failed_at.is_not(None))
        .values(failed_at=None, attempts=0, due_at=clock.now())
        .returning(OutboxRow.id)
    )
    return again.scalar() is not None
