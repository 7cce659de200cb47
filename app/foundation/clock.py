"""The time, in one place, so that tests can move it."""

from datetime import UTC, datetime, timedelta

_offset = timedelta()


def now() -> datetime:
    """The current moment in UTC."""
    return datetime.now(UTC) + _offset


def travel(by: timedelta) -> None:
    """Move this process's clock (tests and rehearsals only)."""
    global _offset
    _offset += by


def travel_back() -> None:
    global _offset
    _offset = timedelta()
