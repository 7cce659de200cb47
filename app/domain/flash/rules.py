"""What a place in the line is worth, and when to ask again. Pure.

The chance of a place on stand-by: every unit that was granted and is not paid for comes back with the share of units
that came back in this sale so far. Before much is known that share is taken as one in ten.
"""

from dataclasses import dataclass
from math import comb

PRIOR_BACK, PRIOR_SEEN = 1, 10
MOST_EXACT = 400
SOONEST_MS, LATEST_MS, IDLE_MS = 500, 8_000, 30_000


@dataclass(frozen=True, slots=True)
class News:
    """How a drop stands: units nobody has, units granted and not paid for, units that came back, units bought."""

    left: int
    unpaid: int = 0
    back: int = 0
    bought: int = 0
    over: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """Where somebody stands. `state`: coming (a unit is on its way), standby (`nth`), none (no unit can come), over.

    `odds`: the chance in percent. `again_ms`: when to ask again.
    """

    state: str
    nth: int = 0
    odds: int = 0
    again_ms: int = SOONEST_MS


def standing(rank: int, news: News) -> Standing:
    """`rank`: how many wait before them, none of whom has a unit yet."""
    if news.over:
        return Standing("over", again_ms=0)
    if rank < news.left:
        return Standing("coming", rank + 1, 100, SOONEST_MS + min(rank, 500))
    nth = rank - news.left + 1
    if nth > news.unpaid:
        return Standing("none", nth, 0, IDLE_MS)
    return Standing("standby", nth, odds(nth, news), min(LATEST_MS, 1_000 + 100 * nth))


def odds(nth: int, news: News) -> int:
    """The chance in percent, rounded down, that at least `nth` of the unpaid units come back."""
    if nth < 1:
        return 100
    if nth > news.unpaid:
        return 0
    share = (news.back + PRIOR_BACK) / (news.back + news.bought + PRIOR_SEEN)
    return int(100 * _at_least(nth, news.unpaid, min(share, 1.0)))


def _at_least(wanted: int, of: int, share: float) -> float:
    """The binomial tail; beyond what is worth summing, its mean decides."""
    if of > MOST_EXACT:
        return 1.0 if wanted <= of * share / 2 else 0.0 if wanted > of * share * 2 else 0.5
    fewer = sum(comb(of, hits) * share**hits * (1 - share) ** (of - hits) for hits in range(wanted))
    return max(0.0, 1.0 - fewer)
