"""One shop's crowd does not stand in front of another's visitors, and a shop that is alone has everything."""

import threading
from collections.abc import Iterator

import pytest

from app.web import fair_share
from app.web.fair_share import FairShare, Held, Party, Turns

HANDS, PLACES = 4, 16


class Crowd:
    """Requests in threads, each of which works until it is told to stop; `order` says who began when."""

    def __init__(self, turns: Turns) -> None:
        self.turns, self.order, self.turned_away, self.left = turns, [], [], 0
        self._stop: list[tuple[str, threading.Event]] = []
        self._threads: list[threading.Thread] = []
        self._change = threading.Condition()

    def come(self, who: str, many: int = 1, *, key: str | None = None, urgent: bool = False) -> None:
        for _ in range(many):
            before = self._known()
            thread = threading.Thread(target=self._ask, args=(who, key or who, urgent), daemon=True)
            self._threads.append(thread)
            thread.start()
            # Each has found its place before the next one comes.
            with self._change:
                self._change.wait_for(lambda before=before: self._known() > before, timeout=5)

    def finish(self, at: int = 0) -> None:
        """Let one who works finish, and wait until somebody else has begun if somebody waits."""
        began, waiting = len(self.order), self.waiting()
        gone = self.left + 1
        self._stop.pop(at)[1].set()
        with self._change:
            assert self._change.wait_for(lambda: self.left >= gone, timeout=5)
        if waiting:
            with self._change:
                assert self._change.wait_for(lambda: len(self.order) > began, timeout=5)

    def waiting(self) -> int:
        return sum(len(party.waiting) for party in self.turns._parties.values())

    def end(self) -> None:
        while any(thread.is_alive() for thread in self._threads):
            for _, event in self._stop:
                event.set()
            for thread in self._threads:
                thread.join(0.01)

    def _known(self) -> int:
        return len(self.order) + len(self.turned_away) + self.waiting()

    def _ask(self, who: str, key: str, urgent: bool) -> None:
        # What becomes of this one is looked at while it waits inside enter().
        threading.Thread(target=self._tell, daemon=True).start()
        if not self.turns.enter(key, urgent=urgent):
            self.turned_away.append(who)
            return self._tell()
        event = threading.Event()
        self._stop.append((who, event))
        self.order.append(who)
        self._tell()
        event.wait(10)
        self.turns.leave(key)
        self.left += 1
        return self._tell()

    def _tell(self) -> None:
        for _ in range(20):
            with self._change:
                self._change.notify_all()
            threading.Event().wait(0.002)


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    made = Crowd(Turns(hands=HANDS, places=PLACES))
    yield made
    made.end()


def test_a_shop_that_is_alone_has_every_hand_and_every_place(crowd):
    crowd.come("loud", 40)
    assert crowd.order == ["loud"] * HANDS
    assert crowd.waiting() == 36
    assert crowd.turned_away == []


def test_somebody_elses_visitor_is_next_however_many_wait(crowd):
    crowd.come("loud", 20)
    crowd.come("calm")
    crowd.finish()
    assert crowd.order[HANDS:] == ["calm"]


def test_without_shares_the_visitor_would_wait_behind_them_all(crowd):
    crowd.come("loud", 12, key="everybody")
    crowd.come("calm", key="everybody")
    crowd.finish()
    assert crowd.order[HANDS:] == ["loud"]


def test_in_company_one_shop_works_with_half_of_the_hands_and_waits_on_half_of_the_places(crowd):
    crowd.come("calm")
    crowd.come("loud", 20)
    assert crowd.order.count("loud") == HANDS // 2
    assert crowd.turned_away == ["loud"] * 12
    crowd.come("another")
    assert crowd.order[-1] == "another"


def test_a_crowd_in_company_has_one_hand_of_eight():
    turns, party = Turns(hands=8, places=64), Party(working=1)
    assert turns._may_work(party, company=True)
    party.waiting.extend(threading.Lock() for _ in range(fair_share.CROWD))
    assert not turns._may_work(party, company=True)
    assert turns._may_work(party, company=False), "a shop that is alone has everything"
    party.working = 0
    assert turns._may_work(party, company=True)


def test_who_has_filled_in_a_form_finds_more_room(crowd):
    crowd.come("calm")
    crowd.come("loud", 12)
    crowd.come("loud", 5, urgent=True)
    assert crowd.turned_away == ["loud"] * (4 + 1)


def test_the_company_of_a_moment_ago_is_forgotten(crowd, monkeypatch):
    crowd.come("calm")
    crowd.finish()
    monkeypatch.setattr(fair_share, "COMPANY_SECONDS", 0.0)
    crowd.come("loud", 20)
    assert crowd.order.count("loud") == HANDS
    assert crowd.turned_away == []


def test_two_crowds_take_turns(crowd):
    crowd.come("one")
    crowd.come("two")
    crowd.come("one", 3)
    crowd.come("two", 3)
    for _ in range(6):
        crowd.finish()
    assert crowd.order[2:].count("one") == crowd.order[2:].count("two") == 3


def test_whoever_waits_too_long_is_turned_away_and_leaves_no_trace(monkeypatch):
    monkeypatch.setattr(fair_share, "PATIENCE_SECONDS", 0.01)
    turns = Turns(hands=1, places=4)
    assert turns.enter("a")
    assert not turns.enter("b")
    turns.leave("a")
    assert turns.enter("b")


def share(behind, **more) -> FairShare:
    away = lambda _, start: start("503 Busy", []) or [b"busy"]  # noqa: E731  # a WSGI answer in a line
    return FairShare(behind, lambda environ: environ["who"], away, turns=Turns(hands=1, places=2), **more)


def test_a_hand_is_given_back_once_whether_an_answer_is_read_closed_or_fails(monkeypatch):
    monkeypatch.setattr(fair_share, "PATIENCE_SECONDS", 0.01)

    def house(environ, _start):
        if environ["who"] == "bad":
            raise ValueError
        return Held([b"yes"], lambda: None)

    desk = share(house)
    ask = lambda who: desk({"who": who, "REQUEST_METHOD": "GET"}, lambda *_: None)  # noqa: E731  # said six times
    assert b"".join(ask("a")) == b"yes"
    answer = ask("a")
    assert b"".join(ask("b")) == b"busy", "somebody is still reading"
    answer.close()
    answer.close()
    with pytest.raises(ValueError):
        ask("bad")
    assert b"".join(ask("b")) == b"yes"
    assert desk.turns._working == 0
