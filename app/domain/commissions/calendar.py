"""Whose month a sale counts for. Values in, values out."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
"""The house's business day and month; volumes, statements and schedules go by it."""


def month_of(at: datetime) -> date:
    """The first day of the business month of a moment."""
    return at.astimezone(ZONE).date().replace(day=1)


def day_of(at: datetime) -> date:
    """The business day of a moment."""
    return at.astimezone(ZONE).date()
