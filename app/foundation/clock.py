"""The time, in one place, so that tests can move it."""

from datetime import UTC, datetime, timedelta

_moved = {"by": timedelta()}


def now() -> datetime:
    """The current moment in UTC."""
    return datetime.now(UTC) + _moved["by"]


def travel(by: timedelta) -> None:
    """Move this process's clock (tests and rehearsals only)."""
    _moved["by"] += by


def travel_back() -> None:
    _moved["by"] = timedelta()
