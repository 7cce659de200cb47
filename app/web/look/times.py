"""Moments as readers write them, in a time zone they can name."""

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

SHAPES = {"en": "d MMM y, HH:mm", "zh_Hans": "y年M月d日 HH:mm"}


def moment(at: datetime, locale: str, zone: str = "Asia/Shanghai") -> str:
    """A stored UTC time as local date and minute; a time without a zone is a fault."""
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    local = at.astimezone(ZoneInfo(zone))
    return format_datetime(local, SHAPES.get(locale, SHAPES["en"]), locale=locale)


def clock(at: datetime, locale: str, zone: str = "Asia/Shanghai") -> str:
    """Hour, minute and second, for things that happened just now."""
    return format_datetime(at.astimezone(ZoneInfo(zone)), "HH:mm:ss", locale=locale)
