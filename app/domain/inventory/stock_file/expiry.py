"""Read the day a code expires, as spreadsheets and people write it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

_DAY = re.compile(
    r"(?P<year>20\d\d|19\d\d)(?:[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?"
    r"|(?P<packed>\d{4}))"
    r"(?:[T ]+(?P<time>\d{1,2}:\d{2}(?::\d{2})?)(?:\.\d+)?(?P<zone>Z|[+-]\d{2}:?\d{2})?)?"
)


def looks_like_a_day(text: str) -> bool:
    return _DAY.fullmatch(text.strip()) is not None


def read_expiry(text: str, zone: tzinfo) -> datetime:
    """The first moment the code is no longer good, in UTC, or ValueError.

    A bare day counts to its end in `zone`. Day and month are never guessed:
    the year comes first, or the text is refused.
    """
    found = _DAY.fullmatch(text.strip())
    if found is None:
        raise ValueError("not a day")
    month, day = found["month"] or found["packed"][:2], found["day"] or found["packed"][2:]
    start = datetime(int(found["year"]), int(month), int(day))  # noqa: DTZ001  # its zone is set below
    if found["time"] is None:
        return end_of_day(start, zone)
    hour, minute, second = (int(part) for part in f"{found['time']}:0".split(":")[:3])
    moment = start.replace(hour=hour, minute=minute, second=second)
    return moment.replace(tzinfo=_zone(found["zone"], zone)).astimezone(UTC)


def end_of_day(day: datetime, zone: tzinfo) -> datetime:
    return (day + timedelta(days=1)).replace(tzinfo=zone).astimezone(UTC)


def _zone(written: str | None, otherwise: tzinfo) -> tzinfo:
    if written is None:
        return otherwise
    parsed = datetime.strptime(written, "%z").tzinfo
    return parsed or UTC
