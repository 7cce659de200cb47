"""Who is held out of what: a share of buyers does not get some promotions, and is shown no price of theirs either.

The draw goes by the device's sign. A page that is the same for everybody therefore has one edition for each set of
promotions that is held back from some; most shops draw for nothing, and then there is one edition only.
"""

import time
from dataclasses import dataclass

from flask import g

from app.domain.promotions import queries
from app.flows.priced import held_out_of
from app.foundation import clock
from app.web.storefront import asking
from app.web.storefront.visitor import device

SECONDS, MOST_KEPT = 0.8, 4096


@dataclass(frozen=True, slots=True)
class Share:
    """A promotion that a share of buyers does not get."""

    id: int
    key: str
    holdout_bps: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a shop draws for; known until that moment of the monotonic clock. `quiet`: no promotion is live at all."""

    until: float
    promotions: tuple[Share, ...]
    quiet: bool = False

    @property
    def ids(self) -> frozenset[int]:
        return frozenset(one.id for one in self.promotions)


_kept: dict[int, Drawing] = {}


def here() -> Drawing:
    """What the open shop draws for, asked for anew after 0.8 s; a page knows of no draw that began later."""
    if "drawing" not in g:
        g.drawing = _fresh(g.tenant.id) or _looked_up(g.tenant.id)
    found: Drawing = g.drawing
    return found


def held_out() -> frozenset[int]:
    """The promotions this visitor is held out of; a browser without a sign of its own gets one where it matters."""
    if "held_out" not in g:
        drawn = here().promotions
        if drawn:
            device()
        g.held_out = frozenset(held_out_of(drawn, asking.asked().shopper)) if drawn else frozenset()
    found: frozenset[int] = g.held_out
    return found


def _fresh(shop_id: int) -> Drawing | None:
    found = _kept.get(shop_id)
    return found if found is not None and found.until > time.monotonic() else None


def _looked_up(shop_id: int) -> Drawing:
    until = time.monotonic() + SECONDS
    live = [Share(row.id, row.key, row.holdout_bps) for row in queries.drawn(clock.now())]
    found = Drawing(until, tuple(one for one in live if one.holdout_bps), quiet=not live)
    if len(_kept) >= MOST_KEPT:
        _kept.clear()
    _kept[shop_id] = found
    return found
