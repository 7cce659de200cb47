"""Where on a brand's ladder sales put a distributor, and what the rule does about it. Values in, values out.

Up at once. Down only after days of grace, which begin with a notice and end early when the sales
come back. What a person has pinned stays. A level that came with an approval or by hand is left alone
for one whole window, so that who begins with it has the time in which it is measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from app.domain.distributors.errors import LadderNotClimbing


@dataclass(frozen=True, slots=True)
class Rung:
    """A level as the rule needs it; `id` is None for one that is only being thought about."""

    id: int | None
    rank: int
    threshold_minor: int
    name: str = ""
    name_en: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody stands. `given`: by an approval or by hand, since `since`, not earned."""

    rank: int
    since: datetime | None = None
    given: bool = False
    pinned: bool = False
    grace_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pace:
    """Over how many days sales are summed, and how many days of grace come before a fall."""

    window_days: int
    grace_days: int


class Verdict(StrEnum):
    STAY = "stay"
    UP = "up"
    NOTICE = "notice"
    """Below its level; the days of grace begin."""
    DOWN = "down"
    RECOVERED = "recovered"
    """Back at its level within the days of grace."""


def earned(rungs: Sequence[Rung], volume_minor: int) -> Rung:
    """The highest rung that these sales reach; rank 0 asks for none."""
    return max((rung for rung in rungs if rung.threshold_minor <= volume_minor), key=lambda rung: rung.rank)


def judge(
    rungs: Sequence[Rung], place: Place, volume_minor: int, *, pace: Pace, now: datetime
) -> tuple[Verdict, Rung]:
    """What the rule does, and the rung it is about."""
    reached = earned(rungs, volume_minor)
    if place.pinned:
        return Verdict.STAY, reached
    if reached.rank > place.rank:
        return Verdict.UP, reached
    if reached.rank == place.rank:
        return (Verdict.RECOVERED if place.grace_until else Verdict.STAY), reached
    if place.grace_until is not None:
        return (Verdict.DOWN if now >= place.grace_until else Verdict.STAY), reached
    if place.given and place.since and now < place.since + timedelta(days=pace.window_days):
        return Verdict.STAY, reached
    return (Verdict.NOTICE if pace.grace_days else Verdict.DOWN), reached


def following(rungs: Sequence[Rung], rank: int) -> Rung | None:
    """The next rung up; None at the top."""
    above = [rung for rung in rungs if rung.rank > rank]
    return min(above, key=lambda rung: rung.rank) if above else None


def check_climbs(rungs: Sequence[Rung]) -> None:
    """LadderNotClimbing, at the field of the rung that asks for no more than the one below."""
    for below, above in pairwise(sorted(rungs, key=lambda rung: rung.rank)):
        if above.threshold_minor <= below.threshold_minor:
            raise LadderNotClimbing(param=f"threshold-{above.rank}", rank=above.rank)
