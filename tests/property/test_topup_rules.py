"""Whatever suppliers, networks and crashes do, a buyer is credited or refunded, never both, never twice."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.domain.fulfilment.gateway import Hearing, Outcome
from app.domain.fulfilment.rules import (
    OPEN,
    Ask,
    Attempt,
    CallPerson,
    Deliver,
    GiveBack,
    Place,
    Source,
    State,
    hear,
    next_ask_at,
    next_step,
)

START = datetime(2026, 11, 22, tzinfo=UTC)
seconds = st.integers(0, 24 * 3600).map(lambda after: START + timedelta(seconds=after))
outcomes = st.builds(Outcome, st.sampled_from(Hearing), at=st.none() | seconds, voucher_waiting=st.booleans())
hearings = st.lists(st.tuples(outcomes, st.sampled_from(Source), seconds), max_size=12)
attempts = st.builds(
    Attempt,
    supplier=st.sampled_from(["alpha", "beta", "gamma"]),
    reference=st.just("r"),
    placed_at=st.just(START),
    state=st.sampled_from(State),
    asked=st.integers(0, 12),
)


@given(hearings)
def test_a_final_state_never_becomes_another_final_state(news):
    attempt = Attempt("alpha", "r", START)
    for outcome, source, at in news:
        before, told = attempt.state, hear(attempt, outcome, source, at)
        attempt = told.attempt
        if before not in OPEN:
            assert attempt.state in (before, State.ATTENTION)
        assert (told.alarm is not None) == (
            attempt.state is State.ATTENTION and before is not State.ATTENTION
        )


@given(hearings)
def test_questions_only_ever_move_later_and_end(news):
    attempt = Attempt("alpha", "r", START)
    for outcome, source, at in news:
        later = hear(attempt, outcome, source, at).attempt
        assert later.asked >= attempt.asked
        attempt = later
    for _ in range(20):
        attempt = hear(attempt, Outcome(Hearing.UNKNOWN), Source.ASK, START).attempt
    assert next_ask_at(attempt) is None


@given(st.lists(attempts, max_size=4))
def test_a_new_supplier_is_tried_only_when_all_before_are_certain_to_have_failed(tried):
    step = next_step(tried, ["alpha", "beta", "gamma"])
    if isinstance(step, Place | GiveBack):
        assert all(attempt.state is State.FAILED for attempt in tried)
    if isinstance(step, Place):
        assert step.supplier not in {attempt.supplier for attempt in tried}


@given(st.sampled_from([Hearing.SUCCEEDED, Hearing.FAILED]), st.lists(st.integers(0, 1), max_size=6))
def test_callbacks_out_of_order_and_repeated_end_where_the_newest_says(final, repeats):
    story = [Outcome(Hearing.ACCEPTED, at=START), Outcome(final, at=START + timedelta(seconds=2))]
    attempt = Attempt("alpha", "r", START)
    for outcome in [story[index] for index in repeats] + story:
        told = hear(attempt, outcome, Source.CALLBACK, START + timedelta(minutes=1))
        assert told.alarm is None
        attempt = told.attempt
    assert attempt.state is State(final.value)


@dataclass
class World:
    """Truthful suppliers, a network that loses and delays, a house that crashes."""

    troubles: list[str]
    verdicts: dict[str, str]
    now: datetime = START
    tried: list[Attempt] = field(default_factory=list)
    credited: list[str] = field(default_factory=list)
    known: dict[str, Outcome] = field(default_factory=dict)
    stuck: list[tuple[datetime, str, str]] = field(default_factory=list)

    def place(self, supplier: str, position: int) -> None:
        attempt, trouble = Attempt(supplier, f"r{position}", self.now), self._trouble()
        verdict = self.verdicts[supplier]
        arrives = trouble not in ("refused_connection", "lost_on_the_way", "crash_before_sending")
        if trouble == "stuck":
            # As long as a signed request may live: send_before, then the window.
            self.stuck.append((self.now + timedelta(minutes=2), attempt.reference, verdict))
        elif arrives and verdict != "refuse":
            self._take(attempt.reference, verdict)
        answer = self.known.get(attempt.reference, Outcome(Hearing.FAILED, reason="rejected"))
        match trouble:
            case "refused_connection":
                answer = Outcome(Hearing.NOT_SENT)
            case "lost_on_the_way" | "lost_answer" | "stuck":
                answer = Outcome(Hearing.UNKNOWN)
        if not trouble.startswith("crash"):
            attempt = hear(attempt, answer, Source.PLACE, self.now).attempt
        self.tried.append(attempt)

    def ask(self, attempt: Attempt, at: datetime) -> None:
        self.now = max(self.now, at)
        self._arrive()
        answer = self.known.get(attempt.reference, Outcome(Hearing.NOT_FOUND))
        if self._trouble() in ("lost_answer", "lost_on_the_way", "refused_connection"):
            answer = Outcome(Hearing.UNKNOWN)
        told = hear(attempt, answer, Source.ASK, self.now).attempt
        self.tried[self.tried.index(attempt)] = told

    def _take(self, reference: str, verdict: str) -> None:
        hearing = Hearing.SUCCEEDED if verdict == "credit" else Hearing.FAILED
        self.known[reference] = Outcome(hearing, at=self.now)
        if hearing is Hearing.SUCCEEDED:
            self.credited.append(reference)

    def _arrive(self) -> None:
        for arrival in [stuck for stuck in self.stuck if stuck[0] <= self.now]:
            self.stuck.remove(arrival)
            if arrival[2] != "refuse":
                self._take(arrival[1], arrival[2])

    def _trouble(self) -> str:
        return self.troubles.pop() if self.troubles else "none"


troubles = st.sampled_from([
    "none", "lost_answer", "lost_on_the_way", "refused_connection", "stuck",
    "crash_before_sending", "crash_after_sending",
])  # fmt: skip
verdicts = st.sampled_from(["credit", "refuse", "fail"])


@given(st.lists(troubles, max_size=24), st.fixed_dictionaries({"alpha": verdicts, "beta": verdicts}))
def test_a_buyer_is_credited_once_or_refunded_and_never_both(met, told):
    world = World(list(met), told)
    for _ in range(40):
        step = next_step(world.tried, ["alpha", "beta"])
        if isinstance(step, Place):
            world.place(step.supplier, step.position)
        elif isinstance(step, Ask):
            world.ask(step.attempt, step.at)
        else:
            break
    world.now += timedelta(hours=1)
    world._arrive()
    assert len(world.credited) <= 1
    match step:
        case Deliver(attempt):
            assert world.credited == [attempt.reference]
        case GiveBack():
            assert world.credited == []
        case _:
            assert isinstance(step, CallPerson)
            assert len(met) >= 9  # only a network that swallows every answer needs a person
