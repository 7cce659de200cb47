"""What a statement says, whether it adds up, and the digest that shows a changed cent. Values in, values out."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

PLACES = ("held", "available", "in_transit")
"""Where a firm's money stands; an account is one of these of a brand or a distributor."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Minor units by place."""

    held_minor: int = 0
    available_minor: int = 0
    in_transit_minor: int = 0

    @property
    def total_minor(self) -> int:
        return self.held_minor + self.available_minor + self.in_transit_minor

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.held_minor + other.held_minor,
            self.available_minor + other.available_minor,
            self.in_transit_minor + other.in_transit_minor,
        )


@dataclass(frozen=True, slots=True)
class Movement:
    """What one ledger transaction did to a firm's accounts."""

    transaction_id: int
    kind: str
    occurred_at: datetime
    sums: Sums
    order_line_id: int | None = None
    payout_id: int | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """A firm's money in one currency over whole business days, `since` and `until` included.

    `closing` is read from the books by itself, never added up from the rest: `adds_up` compares.
    """

    firm: tuple[str, int]
    currency: str
    since: date
    until: date
    opening: Sums
    closing: Sums
    movements: Sequence[Movement]

    @property
    def adds_up(self) -> bool:
        return sum_of(self.movements, self.opening) == self.closing

    def by_kind(self) -> dict[str, Sums]:
        """What each kind of movement came to, in the order in which they first happened."""
        found: dict[str, Sums] = {}
        for movement in self.movements:
            found[movement.kind] = found.get(movement.kind, Sums()) + movement.sums
        return found


def sum_of(movements: Iterable[Movement], start: Sums) -> Sums:
    held, available, transit = start.held_minor, start.available_minor, start.in_transit_minor
    for movement in movements:
        held += movement.sums.held_minor
        available += movement.sums.available_minor
        transit += movement.sums.in_transit_minor
    return Sums(held, available, transit)


def sums_of(by_place: Mapping[str, int]) -> Sums:
    return Sums(**{f"{place}_minor": int(by_place.get(place, 0)) for place in PLACES})


def digest(statement: Statement, *, key: bytes) -> str:
    """HMAC-SHA256 over every figure of the statement, 32 hexadecimal signs: one changed cent changes it.

    It depends on nothing but the firm, the currency, the days and what the books say of them.
    """
    said = hmac.new(key, digestmod=hashlib.sha256)
    for row in _canonical(statement):
        said.update(("\t".join(str(value) for value in row) + "\n").encode())
    return said.hexdigest()[:32]


def _canonical(statement: Statement) -> Iterable[tuple[object, ...]]:
    yield ("perkline statement 1", *statement.firm, statement.currency, statement.since, statement.until)
    yield ("opening", *_figures(statement.opening))
    for movement in statement.movements:
        at = round(movement.occurred_at.timestamp() * 1_000_000)
        yield (movement.transaction_id, movement.kind, at, *_figures(movement.sums))
    yield ("closing", *_figures(statement.closing))


def _figures(sums: Sums) -> tuple[int, int, int]:
    return sums.held_minor, sums.available_minor, sums.in_transit_minor
