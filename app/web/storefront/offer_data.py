"""What templates are given of promotions: plain values, as in `page_data`."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Offered:
    """A promotion as everybody may read of it: what it is called and gives, and when."""

    title: str
    gives: str
    words: str = ""
    code: str = ""
    since: datetime | None = None
    """Where it has not begun."""
    until: datetime | None = None
    """Where its end is near enough to count down to."""
    ends: str = ""
    """Its end in words, whenever that is."""
    link: str = "/offers"
    """Where it is told in full."""


@dataclass(frozen=True, slots=True)
class Together:
    """A bundle this product belongs to: what goes with it, and what the whole set costs."""

    id: int
    title: str
    parts: tuple[tuple[str, str, int], ...]
    """(name, address, units); this product's own part first."""
    price_minor: int
    was_minor: int
    skus: tuple[int, ...] = ()
    """Which choices it is for."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A promotion that is not in the price, and why."""

    title: str
    why: str
    aside: int = 0
    """What must be put aside to have this one; 0: that would not help."""
    instead_of: str = ""
    back: int = 0
    """What the buyer put aside and may take back."""
