"""Who did what, written in the transaction that did it."""

from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.foundation.actor import Actor
from app.foundation.database import CreatedAt, Id, Record
from tenants.context import current_scope


class AuditEntry(Record):
    """Append-only: the serving roles may insert and read, never change. Global (shop_id may be empty)."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_subject", "subject"),
        Index("ix_audit_entries_shop", "shop_id", "id"),
    )

    id: Mapped[Id]
    created_at: Mapped[CreatedAt]
    shop_id: Mapped[int | None]
    brand_id: Mapped[int | None]
    distributor_id: Mapped[int | None]
    actor_kind: Mapped[str]
    actor_id: Mapped[int | None]
    actor_name: Mapped[str] = mapped_column(server_default="")
    ip: Mapped[str | None]
    request_id: Mapped[str | None]
    action: Mapped[str]
    subject: Mapped[str]
    data: Mapped[dict[str, Any]]


def record(session: Session, actor: Actor, action: str, subject: str, data: dict[str, Any]) -> None:
    """Insert one entry; never put a secret into `data`."""
    scope = current_scope()
    session.add(
        AuditEntry(
            shop_id=scope.shop_id, brand_id=scope.brand_id, distributor_id=scope.distributor_id,
            actor_kind=actor.kind, actor_id=actor.id,
            actor_name=actor.name, ip=actor.ip, request_id=actor.request_id, action=action, subject=subject, data=data,
        )
    )  # fmt: skip
