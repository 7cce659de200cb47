"""What can go wrong, said with facts; the doors choose the words."""

from enum import StrEnum
from typing import Any, ClassVar


class Kind(StrEnum):
    """What a caller can do about an error."""

    INVALID = "invalid"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    EXHAUSTED = "exhausted"
    UPSTREAM = "upstream"
    BUG = "bug"


class ProductError(Exception):
    """Base of every error with a stable code; facts are keyword arguments.

    `param` names the input field that is to blame, where there is one.
    """

    code: ClassVar[str] = "bug"
    kind: ClassVar[Kind] = Kind.BUG

    def __init__(self, *, param: str | None = None, **facts: Any) -> None:
        self.param = param
        self.facts = facts
        super().__init__(self.code, facts)

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self.facts.items())
        return f"{self.code}({told})"


class NotFound(ProductError):
    """There is no such thing here; also the answer to asking for somebody else's."""

    code, kind = "not_found", Kind.NOT_FOUND


class Forbidden(ProductError):
    """The thing is theirs, the action is not."""

    code, kind = "forbidden", Kind.FORBIDDEN


class InvalidInput(ProductError):
    """A field cannot be what it is; `param` and `reason` say which and why."""

    code, kind = "invalid_input", Kind.INVALID


class TooManyRequests(ProductError):
    """Slow down; `retry_seconds` says how long."""

    code, kind = "too_many_requests", Kind.EXHAUSTED


class Busy(ProductError):
    """Somebody else was in the way, or a server of ours is; try again in `retry_seconds`."""

    code, kind = "busy", Kind.EXHAUSTED


class StaleState(ProductError):
    """Somebody else moved it first."""

    code, kind = "stale_state", Kind.CONFLICT
