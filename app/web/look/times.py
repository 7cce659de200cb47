"""Moments as readers write them, in a time zone they can name."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime

SHAPES = {"en": "d MMM y, HH:mm", "zh_Hans": "y年M月d日 HH:mm"}
DAYS = {"en": "d MMM", "zh_Hans": "M月d日"}


def moment(at: datetime, locale: str, zone: str = "Asia/Shanghai") -> str:
    """A stored UTC time as local date and minute; a time without a zone is a fault."""
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    local = at.astimezone(ZoneInfo(zone))
    return format_datetime(local, SHAPES.get(locale, SHAPES["en"]), locale=locale)


def day(on: date, locale: str) -> str:
    """A day near enough to need no year."""
    return format_date(on, DAYS.get(locale, DAYS["en"]), locale=locale)


def clock(at: datetime, locale: str, zone: str = "Asia/Shanghai") -> str:
    """Hour, minute and second, for things that happened just now."""
    return format_datetime(at.astimezone(ZoneInfo(zone)), "HH:mm:ss", locale=locale)
