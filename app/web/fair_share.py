"""A fair share of this process for each shop: one shop's crowd does not stand in front of another's visitors.

More requests may be in the house than may work at once (and so hold a database connection). Who has to wait is let
in by turns, the shop that has the fewest at work first. While another shop was here a moment ago, one shop works
with at most half of the hands, with an eighth of them while a crowd waits for it, and waits on at most half of the
places; what comes beyond that is told at once, and cheaply, to come back in a second or two. A shop that is alone
has everything.

An eighth, because hands of one process share its one interpreter: a page of the calm shop waits for it again after
each statement, behind every hand of the crowd that wants it too. One hand more and its 95th percentile doubles.
"""

import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from app.foundation import figures

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Whose = Callable[[dict[str, Any]], Hashable | None]

CROWD, FOR_A_CROWD = 4, 8
"""So many who wait are a crowd; in company it has one in so many hands."""
COMPANY_SECONDS = 2.0
"""So long after a shop's last request the house counts as shared with it."""
PATIENCE_SECONDS = 8.0
FIRST = "perkline.first"
"""In the request's environment: many wait at the door for this answer."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(slots=True)
class Party:
    """One shop's requests in this process."""

    working: int = 0
    waiting: deque[Lock] = field(default_factory=deque)
    seen: float = 0.0
    turn: int = 0
    """When it last began something, counted."""

    @property
    def here(self) -> int:
        return self.working + len(self.waiting)


class Turns:
    """Who works and who waits. `hands`: how many may work at once; `places`: how many may be here at all.

    `no_company`: parties that have their turns too, but for whose sake nobody is kept to a share.
    """

    def __init__(self, *, hands: int, places: int, no_company: frozenset[Hashable] = frozenset()) -> None:
        self._hands, self._places, self._no_company = hands, places, no_company
        self._parties: dict[Hashable, Party] = {}
        self._working = self._begun = 0
        self._lock = Lock()

    def enter(self, who: Hashable, *, urgent: bool = False, first: bool = False) -> bool:
        """Wait for a turn; False where this shop has more than its share here already, or waited too long.

        `urgent`: somebody has filled in a form, or stands in a line; only three quarters of all places are too many
        for one shop. `first`: before the others of its shop, since many wait for what it fetches.
        """
        with self._lock:
            now = time.monotonic()
            party = self._parties.setdefault(who, Party())
            party.seen = now
            company = self._company(who, now)
            if company and not first and party.here >= self._places * (3 if urgent else 2) // 4:
                return False
            if (first or not party.waiting) and self._may_work(party, company):
                self._begin(party)
                return True
            turn = Lock()
            turn.acquire()
            if first:
                party.waiting.appendleft(turn)
            else:
                party.waiting.append(turn)
        return turn.acquire(timeout=PATIENCE_SECONDS) or self._give_up(party, turn)

    def leave(self, who: Hashable) -> None:
        """This request is done; whoever is next begins."""
        with self._lock:
            self._parties[who].working -= 1
            self._working -= 1
            self._let_in()

    def _give_up(self, party: Party, turn: Lock) -> bool:
        with self._lock:
            if turn not in party.waiting:  # its turn came in the same instant
                return True
            party.waiting.remove(turn)
            return False

    def _let_in(self) -> None:
        """Give free hands to those who wait: the shop with the fewest at work, then whose turn was longest ago."""
        now = time.monotonic()
        while self._working < self._hands:
            fit = [
                party
                for who, party in self._parties.items()
                if party.waiting and self._may_work(party, self._company(who, now))
            ]
            if not fit:
                break
            party = min(fit, key=lambda one: (one.working, one.turn))
            self._begin(party)
            party.waiting.popleft().release()
        self._forget(now)

    def _begin(self, party: Party) -> None:
        party.working += 1
        self._working += 1
        self._begun += 1
        party.turn = self._begun

    def _may_work(self, party: Party, company: bool) -> bool:
        part = 1 if not company else FOR_A_CROWD if len(party.waiting) >= CROWD else 2
        most = max(1, self._hands // part)
        return self._working < self._hands and party.working < most

    def _company(self, who: Hashable, now: float) -> bool:
        """Whether somebody else is here, or was a moment ago."""
        return any(
            other != who
            and other not in self._no_company
            and (party.here or now - party.seen < COMPANY_SECONDS)
            for other, party in self._parties.items()
        )

    def _forget(self, now: float) -> None:
        for who in [one for one, party in self._parties.items() if not party.here and now - party.seen > 60]:
            del self._parties[who]


class FairShare:
    """Stands before the application; `whose` names the shop of a request, or None for what never waits."""

    def __init__(self, behind: Wsgi, whose: Whose, turned_away: Wsgi, *, turns: Turns) -> None:
        self._behind, self._whose, self._turned_away, self.turns = behind, whose, turned_away, turns

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        return self.through(environ, start, self._behind)

    def through(
        self, environ: dict[str, Any], start: Callable[..., Any], behind: Wsgi, *, urgent: bool = False
    ) -> Iterable[bytes]:
        """Let `behind` answer when it is this request's turn; or say that its shop has too many here."""
        who = self._whose(environ)
        if who is None:
            return behind(environ, start)
        urgent = urgent or environ["REQUEST_METHOD"] not in SAFE
        if not self.turns.enter(who, urgent=urgent, first=FIRST in environ):
            figures.turned_away.inc()
            return self._turned_away(environ, start)
        try:
            answer = behind(environ, start)
        except BaseException:
            self.turns.leave(who)
            raise
        return Held(answer, lambda: self.turns.leave(who))


class Held:
    """An answer that gives its hand back once, when it was sent or given up."""

    def __init__(self, answer: Iterable[bytes], done: Callable[[], None]) -> None:
        self._answer, self._done, self._open = answer, done, True

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._answer
        finally:
            self.close()

    def close(self) -> None:
        if not self._open:
            return
        self._open = False
        try:
            getattr(self._answer, "close", lambda: None)()
        finally:
            self._done()
