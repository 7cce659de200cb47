"""Jobs leave through a row that commits with their cause; nothing is enqueued inside a transaction.

A row lives until its job is done. The relay puts rows on RQ and notes when; a
row still there after its lease is put on again, so losing Redis loses nothing
and a job may run twice: every handler is made to bear that.
"""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.foundation.database import CreatedAt, Id, Record
from tenants.context import current_scope


class OutboxRow(Record):
    """One job on its way. Global: the relay serves every shop; a shop or brand sees and writes only its own."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_due", "due_at", postgresql_where=text("failed_at IS NULL")),
        Index("uq_outbox_key", "key", unique=True, postgresql_where=text("key IS NOT NULL")),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    shop_id: Mapped[int | None]
    brand_id: Mapped[int | None]
    distributor_id: Mapped[int | None]
    key: Mapped[str | None]
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[CreatedAt]
    due_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    """How often it was put on a queue: a backlog raises it, though nothing failed."""
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    last_error: Mapped[str | None]
    failed_at: Mapped[datetime | None]


PUT = text(
    "INSERT INTO outbox (kind, shop_id, brand_id, distributor_id, key, payload, due_at) VALUES"
    " (:kind, :shop_id, :brand_id, :distributor_id, :key, CAST(:payload AS jsonb),"
    " now() + make_interval(secs => :delay))"
    # A job that was given up is tried again when somebody asks for it anew; one that waits is not doubled.
    " ON CONFLICT (key) WHERE key IS NOT NULL DO UPDATE SET failed_at = NULL, failures = 0, last_error = NULL,"
    " due_at = EXCLUDED.due_at, payload = EXCLUDED.payload WHERE outbox.failed_at IS NOT NULL"
)


def put(
    session: Session,
    kind: str,
    payload: dict[str, Any],
    *,
    key: str | None = None,
    delay_seconds: float = 0,
    for_shop: int | None = None,
) -> None:
    """Add a job to the open transaction, to run in the open scope, or for a shop the platform names.

    A key that is still waiting is not doubled; one that was given up gets another chance.
    """
    scope = current_scope()
    values = {"kind": kind, "shop_id": scope.shop_id or for_shop, "brand_id": scope.brand_id}
    values["distributor_id"] = scope.distributor_id
    session.execute(PUT, values | {"key": key, "delay": delay_seconds, "payload": json.dumps(payload)})


KEEP = text("UPDATE outbox SET due_at = now() + make_interval(secs => :seconds) WHERE key = :key")


def keep_lease(session: Session, key: str, *, seconds: float) -> None:
    """A long job that is getting on is not put on again before this much time has passed."""
    session.execute(KEEP, {"key": key, "seconds": seconds})
