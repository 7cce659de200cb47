"""A code's place in its Sku's issue order, as one number: the lowest is issued first.

Computed once, when the code comes in, so that a sale only walks an index.
Codes that came in together keep the order of their file.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache

# More lines than any file we take has.
LINE_BITS = 24
LINE = (1 << LINE_BITS) - 1
EXPIRY_TIE_BITS = 34
EXPIRY_TIE = (1 << EXPIRY_TIE_BITS) - 1
# Codes without an expiry come after all that have one: this is the minute in the year 2480.
NEVER = 1 << 28
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class IssueOrder(StrEnum):
    OLDEST_EXPIRY = "oldest_expiry"
    OLDEST = "oldest"
    NEWEST = "newest"
    RANDOM = "random"


Picker = Callable[[int, datetime | None, bytes], int]


def picker(order: IssueOrder, batch_id: int) -> Picker:
    """A function of (line, expires_at, fingerprint) that gives a code of this batch its place.

    The same facts always give the same place.
    """
    # When a code came in, as a number that grows: batch after batch, line after line.
    batch = batch_id << LINE_BITS
    match order:
        case IssueOrder.OLDEST:
            return lambda line, _expires_at, _fingerprint: batch | line
        case IssueOrder.NEWEST:
            return lambda line, _expires_at, _fingerprint: -(batch | line)
        case IssueOrder.OLDEST_EXPIRY:
            return lambda line, expires_at, _fingerprint: (
                (_minute(expires_at) << EXPIRY_TIE_BITS) | ((batch | line) & EXPIRY_TIE)
            )
        case IssueOrder.RANDOM:
            # Nobody can foresee a keyed fingerprint, and a rerun finds the same one.
            return lambda _line, _expires_at, fingerprint: int.from_bytes(fingerprint[:8], "big") >> 1


def line_of(pick: int, *, batch_id: int, expires_at: datetime | None, otherwise: int) -> int:
    """The line a code came in on, read back from its place; a random place does not tell."""
    line = abs(pick) & LINE
    batch = batch_id << LINE_BITS
    if abs(pick) == batch | line:
        return line
    if pick == picker(IssueOrder.OLDEST_EXPIRY, batch_id)(pick & LINE, expires_at, b""):
        return pick & LINE
    return otherwise & LINE


@lru_cache(maxsize=1024)
def _minute(expires_at: datetime | None) -> int:
    if expires_at is None:
        return NEVER
    return max(0, min(NEVER - 1, int((expires_at - EPOCH).total_seconds()) // 60))
