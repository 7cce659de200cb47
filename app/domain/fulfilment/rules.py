"""What a hearing does to a top-up order, and what to do next. Pure: values in, decision out.

One attempt is one reference placed once with one supplier. The three things this
file must never let happen: a buyer credited twice, a buyer refunded after being
credited, an order that nobody looks at any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import accumulate

from app.domain.fulfilment.gateway import Hearing, Outcome


class State(StrEnum):
    """Where an attempt stands. It moves down this list and never back up."""

    PLACING = "placing"  # about to be sent, or sent and the answer not heard (a crash may lie here)
    UNKNOWN = "unknown"  # sent; the answer told nothing
    ACCEPTED = "accepted"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ATTENTION = "attention"  # the supplier contradicts itself or us: a person decides


class Source(StrEnum):
    """Through which door a hearing came."""

    PLACE = "place"
    ASK = "ask"
    CALLBACK = "callback"


class Alarm(StrEnum):
    """Why a person is called."""

    CONTRADICTION = "contradiction"  # two different final states for one order
    LOST = "lost"  # accepted once, unknown to the supplier now
    CONFLICT = "reference_conflict"  # the reference belongs to another order
    SILENT = "silent"  # every question asked, still no final answer
    TWICE = "succeeded_twice"


OPEN = frozenset({State.PLACING, State.UNKNOWN, State.ACCEPTED})
FINAL = {Hearing.SUCCEEDED: State.SUCCEEDED, Hearing.FAILED: State.FAILED}
# A request lives two minutes at most (send_before, then the signature's window),
# so what a supplier does not know after ten it will never know.
NOT_FOUND_AFTER = timedelta(minutes=10)
PAUSES = (
    timedelta(seconds=15), timedelta(seconds=30),
    timedelta(minutes=3), timedelta(minutes=10), timedelta(minutes=20), timedelta(minutes=30),
    timedelta(hours=1), timedelta(hours=3), timedelta(hours=6),
)  # fmt: skip
ASK_AFTER = tuple(accumulate(PAUSES))  # since the attempt was placed


@dataclass(frozen=True, slots=True)
class Attempt:
    """One reference with one supplier. `told_at` is the supplier's time of its newest news."""

    supplier: str
    reference: str
    placed_at: datetime
    state: State = State.PLACING
    asked: int = 0
    told_at: datetime | None = None
    number: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """The attempt after a hearing; `ask_now` when the supplier holds a secret for us to fetch."""

    attempt: Attempt
    alarm: Alarm | None = None
    ask_now: bool = False


def hear(attempt: Attempt, outcome: Outcome, source: Source, at: datetime) -> Heard:
    """Fold one hearing into an attempt; the same hearing twice changes nothing the second time.

    `at` is when the question was asked, or the callback came. A final state never
    becomes another final state: a contradiction goes to a person, with an alarm.
    """
    if source is Source.ASK:
        attempt = replace(attempt, asked=_asked(attempt, at))
    if attempt.state is State.ATTENTION:
        return Heard(attempt)
    if attempt.state not in OPEN:
        return _hear_when_final(attempt, outcome)
    return _hear_when_open(attempt, outcome, source, at)


def _hear_when_final(attempt: Attempt, outcome: Outcome) -> Heard:
    told_final = FINAL.get(outcome.hearing)
    if told_final is not None:
        return Heard(attempt) if told_final is attempt.state else _call(attempt, Alarm.CONTRADICTION)
    # We gave it up (refused, not sent or not found), yet the supplier works on it.
    revived = outcome.hearing is Hearing.ACCEPTED and not _older(outcome, attempt, or_equal=True)
    if revived and attempt.state is State.FAILED:
        return _call(attempt, Alarm.CONTRADICTION)
    return Heard(attempt)


def _hear_when_open(attempt: Attempt, outcome: Outcome, source: Source, at: datetime) -> Heard:
    match outcome.hearing:
        case Hearing.CONFLICT:
            return _call(attempt, Alarm.CONFLICT)
        case Hearing.NOT_FOUND:
            return _hear_not_found(attempt, at)
        case Hearing.NOT_SENT | Hearing.UNKNOWN:
            return _hear_first_answer(attempt, outcome, source)
        case Hearing.FAILED if outcome.at is None:
            # A refusal: there is no order behind it, hence no time.
            if attempt.state is State.ACCEPTED:
                return _call(attempt, Alarm.CONTRADICTION)
            return _hear_first_answer(attempt, outcome, source)
    return _hear_news(attempt, outcome)


def _hear_first_answer(attempt: Attempt, outcome: Outcome, source: Source) -> Heard:
    # What says "there is no order" is certain only as the one answer to the one
    # sending, before anything else was heard.
    if source is not Source.PLACE or attempt.state is not State.PLACING:
        return Heard(attempt)
    state = State.UNKNOWN if outcome.hearing is Hearing.UNKNOWN else State.FAILED
    return Heard(_ended(attempt, state, outcome))


def _hear_news(attempt: Attempt, outcome: Outcome) -> Heard:
    if _older(outcome, attempt):
        return Heard(attempt)
    if outcome.hearing is Hearing.ACCEPTED:
        return Heard(_told(attempt, State.ACCEPTED, outcome))
    if outcome.voucher_waiting and outcome.voucher is None:
        return Heard(_told(attempt, State.ACCEPTED, outcome), ask_now=True)
    return Heard(_ended(attempt, FINAL[outcome.hearing], outcome))


def _hear_not_found(attempt: Attempt, at: datetime) -> Heard:
    if at - attempt.placed_at < NOT_FOUND_AFTER:
        return Heard(attempt)
    if attempt.state is State.ACCEPTED:
        return _call(attempt, Alarm.LOST)
    return Heard(replace(attempt, state=State.FAILED, reason=Hearing.NOT_FOUND.value))


def _older(outcome: Outcome, attempt: Attempt, *, or_equal: bool = False) -> bool:
    if outcome.at is None or attempt.told_at is None:
        return False
    return outcome.at < attempt.told_at or (or_equal and outcome.at == attempt.told_at)


def _told(attempt: Attempt, state: State, outcome: Outcome) -> Attempt:
    return replace(
        attempt,
        state=state,
        told_at=outcome.at or attempt.told_at,
        number=outcome.number or attempt.number,
    )


def _ended(attempt: Attempt, state: State, outcome: Outcome) -> Attempt:
    return replace(_told(attempt, state, outcome), reason=outcome.reason)


def _call(attempt: Attempt, alarm: Alarm) -> Heard:
    return Heard(replace(attempt, state=State.ATTENTION, reason=alarm.value), alarm=alarm)


def _asked(attempt: Attempt, at: datetime) -> int:
    # Questions missed while we were down are not made up for in a burst.
    due = sum(1 for after in ASK_AFTER if attempt.placed_at + after <= at)
    return max(attempt.asked + 1, due)


def next_ask_at(attempt: Attempt) -> datetime | None:
    """When to ask about an open attempt, or None when every question has been asked."""
    if attempt.asked >= len(ASK_AFTER):
        return None
    return attempt.placed_at + ASK_AFTER[attempt.asked]


@dataclass(frozen=True, slots=True)
class Place:
    """Start attempt number `position` (from 1) with this supplier."""

    supplier: str
    position: int


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the supplier about this reference at that time, or now if it has passed."""

    attempt: Attempt
    at: datetime


@dataclass(frozen=True, slots=True)
class Deliver:
    """The buyer has it."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class GiveBack:
    """Every supplier is certain to have failed: refund. `reasons` in the order they were tried."""

    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CallPerson:
    """Nothing may be done by itself any more; a late callback may still settle it."""

    alarm: Alarm
    attempt: Attempt


Step = Place | Ask | Deliver | GiveBack | CallPerson


def next_step(attempts: Sequence[Attempt], suppliers: Sequence[str]) -> Step:
    """Decide from all attempts for one unit (in order) and the suppliers that sell it (best first)."""
    succeeded = [attempt for attempt in attempts if attempt.state is State.SUCCEEDED]
    if len(succeeded) > 1:
        return CallPerson(Alarm.TWICE, succeeded[-1])
    if succeeded:
        return Deliver(succeeded[0])
    waiting = [attempt for attempt in attempts if attempt.state in OPEN]
    times = [(at, attempt) for attempt in waiting if (at := next_ask_at(attempt)) is not None]
    if times:
        at, attempt = min(times, key=lambda pair: pair[0])
        return Ask(attempt, at)
    disputed = [attempt for attempt in attempts if attempt.state is State.ATTENTION]
    if disputed:
        return CallPerson(Alarm(disputed[0].reason or Alarm.CONTRADICTION), disputed[0])
    if waiting:
        return CallPerson(Alarm.SILENT, waiting[0])
    tried = {attempt.supplier for attempt in attempts}
    untried = [supplier for supplier in suppliers if supplier not in tried]
    if untried:
        return Place(untried[0], len(attempts) + 1)
    return GiveBack(tuple(attempt.reason or "failed" for attempt in attempts) or ("no_supplier",))
