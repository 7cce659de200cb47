"""Brand owners, who supply goods."""

from datetime import datetime

from sqlalchemy import CheckConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.database import CreatedAt, Id, Record


class Brand(Record):
    """A supplier of goods; it sells only once the platform has approved it."""

    __tablename__ = "brands"
    __table_args__ = (CheckConstraint("status IN ('pending', 'approved', 'suspended')", name="status"),)

    id: Mapped[Id]
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    name_en: Mapped[str] = mapped_column(server_default="")
    logo: Mapped[str | None]
    contact_email: Mapped[str] = mapped_column(server_default="")
    status: Mapped[str] = mapped_column(server_default=text("'pending'"))
    approved_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
