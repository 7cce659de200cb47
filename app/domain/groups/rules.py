"""Places, deadlines and what is shown of who is in. Values in, values out."""

from collections.abc import Collection
from datetime import datetime, timedelta

PEOPLE, HOURS, PIECES, OPEN = (2, 50), (1, 168), (1, 10), (1, 1000)
LIVING = ("held", "paid")


def free_place(taken: Collection[int], size: int) -> int | None:
    """The lowest place nobody has; None where all are taken."""
    return next((place for place in range(1, size + 1) if place not in taken), None)


def deadline(opened: datetime, hours: int, ends_at: datetime | None) -> datetime:
    """Until when a group must be full: never later than its promotion's window."""
    wanted = opened + timedelta(hours=hours)
    return wanted if ends_at is None else min(wanted, ends_at)


def initial(email: str) -> str:
    """What others in a group see of a buyer: the first sign of the address, and nothing more."""
    return (email[:1] or "?").upper() + "***"
