"""The patterns of buyer fields: a small language whose cost is bounded, whatever a brand writes.

A sequence of signs, `.`, `\\d \\w \\s` (and `\\D \\W \\S`) and `[classes]`, each with one of
`? * + {n} {n,} {n,m}`, and `|` between whole alternatives; `^` and `$` at the ends are
allowed and mean nothing. All of it is read the same way by browsers. No groups and no
references: what is not there cannot be made to search for ever. Digits and letters
of `\\d` and `\\w` are ASCII.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from string import ascii_letters, digits

LONGEST = 200
MOST_TIMES = 1000

Test = Callable[[str], bool]
WORD, SPACE = frozenset(ascii_letters + digits + "_"), frozenset(" \t\n\r\f\v\u00a0\u3000")
KINDS: dict[str, frozenset[str]] = {"d": frozenset(digits), "w": WORD, "s": SPACE}
TIMES = {"?": (0, 1), "*": (0, LONGEST), "+": (1, LONGEST)}


class BadPattern(ValueError):
    """The pattern is not of this language; the message says where it stops being."""


@dataclass(frozen=True, slots=True)
class Run:
    """So many signs in a row that pass a test."""

    fits: Test
    least: int
    most: int


def matches(pattern: str, value: str) -> bool:
    """Whether the whole value fits, or BadPattern; takes at most length of pattern × length of value steps."""
    return any(_fits(runs, value) for runs in parse(pattern))


@lru_cache(maxsize=1024)
def parse(pattern: str) -> tuple[tuple[Run, ...], ...]:
    """The alternatives of a pattern, or BadPattern."""
    if len(pattern) > LONGEST:
        raise BadPattern("too long")
    return tuple(_Reader(part).runs() for part in _alternatives(pattern))


def _fits(runs: tuple[Run, ...], value: str) -> bool:
    reached = [True] + [False] * len(value)
    for run in runs:
        reached = _after(run, value, reached)
    return reached[-1]


def _after(run: Run, value: str, reached: list[bool]) -> list[bool]:
    """The places that can be reached behind a run, from those that were reached before it; one walk each way."""
    row = [0] * (len(value) + 1)  # how many fitting signs begin here
    for at in range(len(value) - 1, -1, -1):
        row[at] = row[at + 1] + 1 if run.fits(value[at]) else 0
    opens = [0] * (len(value) + 2)
    for at, was in enumerate(reached):
        last = min(run.most, row[at])
        if was and last >= run.least:
            opens[at + run.least] += 1
            opens[at + last + 1] -= 1
    return [count > 0 for count in accumulate(opens[:-1])]


def _alternatives(pattern: str) -> list[str]:
    parts, start, at, inside = [], 0, 0, False
    while at < len(pattern):
        sign = pattern[at]
        if sign == "\\":
            at += 1
        elif sign == "[":
            inside = True
        elif sign == "]":
            inside = False
        elif sign == "|" and not inside:
            parts.append(pattern[start:at])
            start = at + 1
        at += 1
    return [*parts, pattern[start:]]


class _Reader:
    """Reads one alternative from left to right."""

    def __init__(self, text: str) -> None:
        text = text.removeprefix("^")
        self._text = text[:-1] if text.endswith("$") and not text.endswith("\\$") else text
        self._at = 0

    def runs(self) -> tuple[Run, ...]:
        found = []
        while self._at < len(self._text):
            fits = self._one()
            least, most = self._times()
            found.append(Run(fits, least, most))
        return tuple(found)

    def _take(self) -> str:
        if self._at >= len(self._text):
            raise BadPattern("ends too early")
        self._at += 1
        return self._text[self._at - 1]

    def _one(self) -> Test:
        sign = self._take()
        if sign == "\\":
            return _within(self._escaped())
        if sign == "[":
            return self._class()
        if sign == ".":
            return lambda one: one not in "\r\n"
        if sign in "(){}*+?|^$]":
            raise BadPattern(f"“{sign}” is not part of this language here")
        return _within(frozenset(sign))

    def _escaped(self) -> "frozenset[str] | Test":
        sign = self._take()
        if sign in KINDS:
            return KINDS[sign]
        if sign.lower() in KINDS and sign.isupper():
            outside = KINDS[sign.lower()]
            return lambda one: one not in outside
        if sign in ascii_letters + digits:
            raise BadPattern(f"“\\{sign}” is not part of this language")
        return frozenset(sign)

    def _class(self) -> Test:
        outside = self._text[self._at : self._at + 1] == "^"
        self._at += outside
        tests: list[Test] = []
        while (sign := self._take()) != "]":
            tests.append(self._span(sign))
        if not tests:
            raise BadPattern("an empty class fits nothing")
        return lambda one: any(test(one) for test in tests) is not outside

    def _span(self, sign: str) -> Test:
        first = self._escaped() if sign == "\\" else frozenset(sign)
        rest = self._text[self._at : self._at + 2]
        if not (
            isinstance(first, frozenset)
            and len(first) == 1
            and len(rest) == 2
            and rest[0] == "-"
            and rest[1] != "]"
        ):
            return _within(first)
        self._at += 1
        end = self._take()
        last = self._escaped() if end == "\\" else frozenset(end)
        if not isinstance(last, frozenset) or len(last) != 1:
            raise BadPattern("a range needs an end")
        (low,), (high,) = first, last
        if low > high:
            raise BadPattern(f"“{low}-{high}” is upside down")
        return lambda one: low <= one <= high

    def _times(self) -> tuple[int, int]:
        sign = self._text[self._at : self._at + 1]
        if sign in TIMES:
            self._at += 1
            return TIMES[sign]
        if sign != "{":
            return 1, 1
        end = self._text.find("}", self._at)
        least, comma, most = self._text[self._at + 1 : end].partition(",") if end > 0 else ("", "", "")
        if not _whole(least) or (most and not _whole(most)):
            raise BadPattern("times are written {2}, {2,} or {2,5}")
        self._at = end + 1
        low = int(least)
        high = low if not comma else int(most) if most else MOST_TIMES
        if not low <= high <= MOST_TIMES:
            raise BadPattern("so many times are not possible")
        return low, high


def _within(fitting: "frozenset[str] | Test") -> Test:
    return fitting.__contains__ if isinstance(fitting, frozenset) else fitting


def _whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 4
