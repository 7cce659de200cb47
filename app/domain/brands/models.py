"""Brand owners, who supply goods."""

from datetime import datetime

from sqlalchemy import CheckConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.database import CreatedAt, Id, Record


class Brand(Record):
    """A supplier of goods; it sells only once the platform has approved it.

    `level_*`: how its distributors' levels move: by sales in `level_currency` over a
    trailing window of days, with days of grace before one falls. `joining`: whether any
    approved distributor may sell at once (`open`) or applies first (`by_approval`).
    """

    __tablename__ = "brands"
    __table_args__ = (
        CheckConstraint("status IN ('pending', 'approved', 'suspended')", name="status"),
        CheckConstraint("joining IN ('open', 'by_approval')", name="joining"),
        CheckConstraint(
            "level_window_days BETWEEN 1 AND 366 AND level_grace_days BETWEEN 0 AND 90", name="level_days"
        ),
    )

    id: Mapped[Id]
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    name_en: Mapped[str] = mapped_column(server_default="")
    logo: Mapped[str | None]
    contact_email: Mapped[str] = mapped_column(server_default="")
    joining: Mapped[str] = mapped_column(server_default=text("'by_approval'"))
    level_window_days: Mapped[int] = mapped_column(server_default=text("90"))
    level_grace_days: Mapped[int] = mapped_column(server_default=text("14"))
    level_currency: Mapped[str] = mapped_column(server_default="CNY")
    status: Mapped[str] = mapped_column(server_default=text("'pending'"))
    approved_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
