"""Notice a code that stands twice in one file."""

from __future__ import annotations


class Repeats:
    """Remembers on which line each fingerprint came first.

    About 130 bytes a code; reading the same file again gives the same answers,
    which is what lets a killed import go on as if nothing had happened.
    """

    def __init__(self) -> None:
        self._first: dict[bytes, int] = {}

    def first_line(self, fingerprint: bytes, line: int) -> int | None:
        """The line this code has already stood on, or None when it is new."""
        first = self._first.setdefault(fingerprint, line)
        return None if first == line else first
