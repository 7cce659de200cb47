"""Mails that were decided on, each once."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.database import CreatedAt, Id, Record


class Mail(Record):
    """A mail to one person; `key` names the occasion and keeps it from going twice. Never holds a secret.

    Of a shop, a brand, a distributor, or of the platform where none is named.
    """

    __tablename__ = "mails"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'sent', 'failed')", name="state"),
        UniqueConstraint("key"),
        Index("ix_mails_shop_id", "shop_id", "id"),
        Index("ix_mails_order_id", "order_id", postgresql_where=text("order_id IS NOT NULL")),
    )

    id: Mapped[Id]
    shop_id: Mapped[int | None]
    brand_id: Mapped[int | None]
    distributor_id: Mapped[int | None]
    order_id: Mapped[int | None]
    key: Mapped[str]
    kind: Mapped[str]
    recipient: Mapped[str]
    locale: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    state: Mapped[str] = mapped_column(server_default=text("'waiting'"))
    created_at: Mapped[CreatedAt]
    sent_at: Mapped[datetime | None]
