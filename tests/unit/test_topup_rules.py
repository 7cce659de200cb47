"""One top-up order, hearing by hearing."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.fulfilment.gateway import Hearing, Outcome, Voucher
from app.domain.fulfilment.rules import (
    PAUSES,
    Alarm,
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

START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ALPHA = Attempt("alpha", "d1-1", START)
BOTH = ["alpha", "beta"]


def after(**span: float) -> datetime:
    return START + timedelta(**span)


def heard(attempt: Attempt, hearing: Hearing, source: Source = Source.PLACE, **told: object) -> Attempt:
    at = told.pop("asked_at", after(seconds=1))
    return hear(attempt, Outcome(hearing, **told), source, at).attempt


def test_the_first_supplier_is_tried_first():
    assert next_step([], BOTH) == Place("alpha", 1)


def test_without_any_supplier_the_money_goes_back():
    assert next_step([], []) == GiveBack(("no_supplier",))


def test_an_attempt_whose_sender_died_is_asked_about_and_never_sent_again():
    assert next_step([ALPHA], BOTH) == Ask(ALPHA, after(seconds=15))


def test_a_time_out_after_sending_is_neither_success_nor_failure():
    unsure = heard(ALPHA, Hearing.UNKNOWN, reason="no_answer")
    assert unsure.state is State.UNKNOWN
    assert isinstance(next_step([unsure], BOTH), Ask)


@pytest.mark.parametrize("told", [{"reason": "out_of_funds"}, {"at": after(seconds=1), "reason": "rejected"}])
def test_a_certain_failure_falls_back_to_the_second_supplier(told):
    failed = heard(ALPHA, Hearing.FAILED, **told)
    assert next_step([failed], BOTH) == Place("beta", 2)


def test_an_order_that_never_left_falls_back_at_once():
    assert next_step([heard(ALPHA, Hearing.NOT_SENT)], BOTH) == Place("beta", 2)


def test_when_every_supplier_has_failed_the_money_goes_back_with_the_reasons():
    first = heard(ALPHA, Hearing.FAILED, reason="out_of_funds")
    second = heard(Attempt("beta", "d1-2", START), Hearing.FAILED, reason="rejected")
    assert next_step([first, second], BOTH) == GiveBack(("out_of_funds", "rejected"))


def test_a_second_sending_that_is_refused_proves_nothing_about_the_first():
    unsure = heard(ALPHA, Hearing.UNKNOWN)
    assert heard(unsure, Hearing.NOT_SENT).state is State.UNKNOWN
    assert heard(unsure, Hearing.FAILED, reason="rejected").state is State.UNKNOWN


def test_not_found_before_ten_minutes_means_nothing():
    asked = heard(ALPHA, Hearing.NOT_FOUND, Source.ASK, asked_at=after(minutes=9, seconds=59))
    assert asked.state is State.PLACING


def test_not_found_after_ten_minutes_is_a_failure():
    asked = heard(ALPHA, Hearing.NOT_FOUND, Source.ASK, asked_at=after(minutes=10))
    assert (asked.state, asked.reason) == (State.FAILED, "not_found")
    assert next_step([asked], BOTH) == Place("beta", 2)


def test_an_accepted_order_that_is_not_found_later_needs_a_person():
    accepted = heard(ALPHA, Hearing.ACCEPTED, at=START)
    lost = hear(accepted, Outcome(Hearing.NOT_FOUND), Source.ASK, after(minutes=14))
    assert lost.alarm is Alarm.LOST
    assert next_step([lost.attempt], BOTH) == CallPerson(Alarm.LOST, lost.attempt)


def test_the_same_callback_twice_changes_nothing_the_second_time():
    success = Outcome(Hearing.SUCCEEDED, at=after(seconds=3), number="A-1")
    once = hear(ALPHA, success, Source.CALLBACK, after(seconds=4))
    again = hear(once.attempt, success, Source.CALLBACK, after(seconds=9))
    assert (again.attempt, again.alarm) == (once.attempt, None)
    assert next_step([again.attempt], BOTH) == Deliver(once.attempt)


def test_an_accepted_that_arrives_after_succeeded_is_old_news():
    succeeded = heard(ALPHA, Hearing.SUCCEEDED, Source.CALLBACK, at=after(seconds=3))
    late = hear(succeeded, Outcome(Hearing.ACCEPTED, at=after(seconds=1)), Source.CALLBACK, after(seconds=9))
    assert (late.attempt.state, late.alarm) == (State.SUCCEEDED, None)


def test_an_older_failure_does_not_overtake_a_newer_accepted():
    accepted = heard(ALPHA, Hearing.ACCEPTED, Source.CALLBACK, at=after(seconds=5))
    assert heard(accepted, Hearing.FAILED, Source.CALLBACK, at=after(seconds=2)) == accepted


def test_a_callback_that_comes_before_the_answer_is_not_undone_by_a_time_out():
    succeeded = heard(ALPHA, Hearing.SUCCEEDED, Source.CALLBACK, at=after(seconds=1))
    assert heard(succeeded, Hearing.UNKNOWN).state is State.SUCCEEDED


@pytest.mark.parametrize(
    ("first", "then"), [(Hearing.SUCCEEDED, Hearing.FAILED), (Hearing.FAILED, Hearing.SUCCEEDED)]
)
def test_two_different_final_states_call_a_person(first, then):
    final = heard(ALPHA, first, Source.CALLBACK, at=after(seconds=2))
    told = hear(final, Outcome(then, at=after(seconds=3)), Source.CALLBACK, after(seconds=4))
    assert (told.attempt.state, told.alarm) == (State.ATTENTION, Alarm.CONTRADICTION)
    assert isinstance(next_step([told.attempt], BOTH), CallPerson)


def test_a_given_up_order_that_comes_to_life_stops_the_fall_back():
    failed = heard(ALPHA, Hearing.NOT_FOUND, Source.ASK, asked_at=after(minutes=14))
    told = hear(failed, Outcome(Hearing.ACCEPTED, at=after(minutes=15)), Source.CALLBACK, after(minutes=15))
    assert told.alarm is Alarm.CONTRADICTION
    assert isinstance(next_step([told.attempt], BOTH), CallPerson)


def test_a_contested_attempt_does_not_keep_the_buyer_from_what_the_second_supplier_gave():
    contested = Attempt("alpha", "d1-1", START, State.ATTENTION, reason="contradiction")
    second = Attempt("beta", "d1-2", START, State.SUCCEEDED)
    assert next_step([contested, second], BOTH) == Deliver(second)


def test_a_contested_attempt_does_not_stop_the_questions_about_the_second():
    contested = Attempt("alpha", "d1-1", START, State.ATTENTION, reason="contradiction")
    second = Attempt("beta", "d1-2", START, State.ACCEPTED)
    assert isinstance(next_step([contested, second], BOTH), Ask)


def test_a_reference_that_belongs_to_another_order_calls_a_person():
    told = hear(ALPHA, Outcome(Hearing.CONFLICT), Source.PLACE, after(seconds=1))
    assert (told.attempt.state, told.alarm) == (State.ATTENTION, Alarm.CONFLICT)


def test_two_successes_call_a_person():
    twice = [
        Attempt("alpha", "d1-1", START, State.SUCCEEDED),
        Attempt("beta", "d1-2", START, State.SUCCEEDED),
    ]
    assert next_step(twice, BOTH) == CallPerson(Alarm.TWICE, twice[1])


def test_a_waiting_secret_is_fetched_before_the_order_counts_as_done():
    knock = Outcome(Hearing.SUCCEEDED, at=after(seconds=2), voucher_waiting=True)
    told = hear(ALPHA, knock, Source.CALLBACK, after(seconds=2))
    assert told.ask_now
    assert told.attempt.state is State.ACCEPTED
    fetched = Outcome(Hearing.SUCCEEDED, at=after(seconds=2), voucher=Voucher("4008-1"), voucher_waiting=True)
    assert hear(told.attempt, fetched, Source.ASK, after(seconds=3)).attempt.state is State.SUCCEEDED


def test_questions_come_at_the_published_pauses_and_then_a_person_is_called():
    attempt, moments = ALPHA, []
    while (at := next_ask_at(attempt)) is not None:
        moments.append(at)
        attempt = hear(attempt, Outcome(Hearing.UNKNOWN), Source.ASK, at).attempt
    pauses = [later - earlier for earlier, later in zip([START, *moments], moments, strict=False)]
    assert tuple(pauses) == PAUSES
    assert next_step([attempt], BOTH) == CallPerson(Alarm.SILENT, attempt)


def test_questions_missed_while_we_were_down_are_not_asked_in_a_burst():
    asked = hear(ALPHA, Outcome(Hearing.UNKNOWN), Source.ASK, after(minutes=15)).attempt
    assert next_ask_at(asked) > after(minutes=15)


def test_a_late_callback_settles_what_was_waiting_for_a_person():
    silent = Attempt("alpha", "d1-1", START, State.UNKNOWN, asked=len(PAUSES))
    told = hear(silent, Outcome(Hearing.SUCCEEDED, at=after(days=1)), Source.CALLBACK, after(days=1)).attempt
    assert next_step([told], BOTH) == Deliver(told)
