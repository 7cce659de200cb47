"""Our client and the reference supplier, over real HTTP on this machine."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import urllib3

from app.domain.fulfilment.bill import Booked, Difference, compare, read_bill
from app.domain.fulfilment.gateway import Hearing, Outcome, TopupRequest
from app.domain.fulfilment.http_supplier import Account, HttpSupplier
from app.domain.fulfilment.rules import (
    Alarm,
    Attempt,
    Deliver,
    GiveBack,
    Place,
    Source,
    State,
    hear,
    next_step,
)
from app.domain.fulfilment.signing import sign_request
from app.foundation import clock
from app.sandbox.supplier.control import SupplierControl
from app.sandbox.supplier.faults import Fault
from app.sandbox.supplier.server import SupplierServer
from app.sandbox.supplier.settings import SupplierSettings
from tests.simulators.callbacks import Ear

KEY, SECRET = "test-key", "test-secret-of-both-sides"
SHORT = urllib3.Timeout(connect=1, read=0.5)
NUMBER = iter(range(1, 10_000))


@pytest.fixture(scope="module")
def ear() -> Iterator[Ear]:
    ear = Ear(SECRET)
    yield ear
    ear.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[SupplierServer]:
    settings = SupplierSettings(
        key=KEY, secret=SECRET, home=tmp_path_factory.mktemp("supplier"), port=0,
        credit_seconds=0.05, slow_seconds=0.2, hang_seconds=1.5,
    )  # fmt: skip
    server = SupplierServer(settings)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def alpha(server, ear) -> HttpSupplier:
    return client(server, "alpha", callback_url=ear.url)


@pytest.fixture
def beta(server) -> HttpSupplier:
    return client(server, "beta")


@pytest.fixture
def control(server) -> SupplierControl:
    return SupplierControl(server.url, KEY, SECRET)


def client(server, name: str, *, secret: str = SECRET, callback_url: str = "") -> HttpSupplier:
    account = Account(name, f"{server.url}/{name}", KEY, secret, callback_url)
    return HttpSupplier(account, timeout=SHORT)


def order(
    reference: str | None = None, *, face: int = 5000, mobile: str = "13800138000", **changes
) -> TopupRequest:
    values = {
        "reference": reference or f"d{next(NUMBER)}-1", "product": "mobile-cn", "face_value_minor": face,
        "currency": "CNY", "send_before": clock.now() + timedelta(minutes=1), "fields": {"mobile": mobile},
    }  # fmt: skip
    return TopupRequest(**values | changes)


def ask_until_final(supplier: HttpSupplier, reference: str) -> Outcome:
    until = time.monotonic() + 5
    while (outcome := supplier.ask(reference)).hearing is Hearing.ACCEPTED and time.monotonic() < until:
        time.sleep(0.02)
    return outcome


def test_an_order_is_accepted_credited_and_called_back(alpha, ear):
    wanted = order()
    assert alpha.place(wanted).hearing is Hearing.ACCEPTED
    [news] = ear.wait_for(wanted.reference)
    assert news.hearing is Hearing.SUCCEEDED
    assert alpha.ask(wanted.reference).number == news.number


def test_the_same_order_twice_is_one_order(alpha):
    before, wanted = alpha.balance(), order()
    first, second = alpha.place(wanted), alpha.place(wanted)
    assert first.number == second.number
    assert before.amount_minor - alpha.balance().amount_minor == 4850


def test_thirty_at_once_with_one_reference_are_one_order(beta):
    before, wanted = beta.balance(), order()
    with ThreadPoolExecutor(max_workers=8) as crowd:
        outcomes = list(crowd.map(beta.place, [wanted] * 30))
    assert len({outcome.number for outcome in outcomes}) == 1
    assert before.amount_minor - beta.balance().amount_minor == 4900


def test_the_same_reference_with_another_amount_is_a_conflict(alpha):
    wanted = order()
    alpha.place(wanted)
    assert alpha.place(order(wanted.reference, face=6000)).hearing is Hearing.CONFLICT


def test_an_unknown_reference_is_not_found(alpha):
    assert alpha.ask("never-placed").hearing is Hearing.NOT_FOUND


@pytest.mark.parametrize(("suffix", "reason"), [("0097", "rejected"), ("0096", "out_of_funds")])
def test_a_refusal_is_certain(alpha, suffix, reason):
    outcome = alpha.place(order(mobile="1380013" + suffix))
    assert (outcome.hearing, outcome.reason) == (Hearing.FAILED, reason)


def test_a_face_value_chooses_a_fault_too(alpha):
    assert alpha.place(order(face=1097)).reason == "rejected"


def test_a_time_out_after_success_is_unknown_until_asked(alpha):
    wanted = order(mobile="13800130092")
    assert alpha.place(wanted).hearing is Hearing.UNKNOWN
    assert alpha.ask(wanted.reference).hearing is Hearing.SUCCEEDED


def test_an_unreadable_answer_is_unknown_until_asked(alpha):
    wanted = order(mobile="13800130095")
    assert alpha.place(wanted).hearing is Hearing.UNKNOWN
    assert ask_until_final(alpha, wanted.reference).hearing is Hearing.SUCCEEDED


def test_an_order_lost_on_the_way_is_unknown_and_then_not_found(alpha):
    wanted = order(mobile="13800130090")
    assert alpha.place(wanted).hearing is Hearing.UNKNOWN
    assert alpha.ask(wanted.reference).hearing is Hearing.NOT_FOUND


def test_a_slow_supplier_is_waited_for(alpha):
    wanted = order(mobile="13800130091")
    assert alpha.place(wanted).hearing is Hearing.ACCEPTED
    assert ask_until_final(alpha, wanted.reference).hearing is Hearing.SUCCEEDED


def test_a_failure_that_comes_later_comes_by_callback_and_gives_the_deposit_back(alpha, ear):
    before, wanted = alpha.balance(), order(mobile="13800130098")
    assert alpha.place(wanted).hearing is Hearing.ACCEPTED
    [news] = ear.wait_for(wanted.reference)
    assert (news.hearing, news.reason) == (Hearing.FAILED, "operator_refused")
    assert alpha.balance() == before


def fold(news: list[Outcome]) -> tuple[Attempt, list[Alarm]]:
    attempt, alarms = Attempt("alpha", "r", clock.now()), []
    for outcome in news:
        told = hear(attempt, outcome, Source.CALLBACK, clock.now())
        attempt = told.attempt
        alarms += [told.alarm] if told.alarm else []
    return attempt, alarms


@pytest.mark.parametrize("suffix", ["0093", "0094"])
def test_repeated_and_overtaken_callbacks_end_in_one_success(alpha, ear, suffix):
    wanted = order(mobile="1380013" + suffix)
    alpha.place(wanted)
    attempt, alarms = fold(ear.wait_for(wanted.reference, 2))
    assert (attempt.state, alarms) == (State.SUCCEEDED, [])


def test_a_supplier_that_contradicts_itself_raises_an_alarm(alpha, ear):
    wanted = order(mobile="13800130089")
    alpha.place(wanted)
    attempt, alarms = fold(ear.wait_for(wanted.reference, 2))
    assert (attempt.state, alarms) == (State.ATTENTION, [Alarm.CONTRADICTION])


def test_a_callback_that_was_not_taken_comes_again(alpha, ear):
    wanted, ear.answers = order(), 500
    alpha.place(wanted)
    ear.wait_for(wanted.reference)
    ear.answers = 200
    first, second = ear.wait_for(wanted.reference, 2)[:2]
    assert first == second


def test_a_voucher_travels_in_answers_and_never_in_a_callback(alpha, ear):
    wanted = order(product="voucher-video-month")
    alpha.place(wanted)
    [knock] = ear.wait_for(wanted.reference)
    assert knock.voucher is None
    assert knock.voucher_waiting
    fetched = alpha.ask(wanted.reference)
    assert fetched.voucher is not None
    assert len(fetched.voucher.number) == 16


def test_a_fault_can_be_chosen_from_outside_for_so_many_orders(alpha, control):
    control.set_fault("alpha", Fault.REJECT, times=1)
    assert alpha.place(order()).hearing is Hearing.FAILED
    assert alpha.place(order()).hearing is Hearing.ACCEPTED


def test_the_second_supplier_delivers_what_the_first_refused(alpha, beta):
    suppliers, attempts, mobile = {"alpha": alpha, "beta": beta}, [], "13800131097"
    while isinstance(step := next_step(attempts, list(suppliers)), Place):
        attempt = Attempt(step.supplier, f"fallback-{step.position}", clock.now())
        placed = suppliers[step.supplier].place(order(attempt.reference, mobile=mobile))
        attempt = hear(attempt, placed, Source.PLACE, clock.now()).attempt
        if attempt.state is State.ACCEPTED:
            final = ask_until_final(suppliers[step.supplier], attempt.reference)
            attempt = hear(attempt, final, Source.ASK, clock.now()).attempt
        attempts.append(attempt)
    assert isinstance(step, Deliver)
    assert [attempt.state for attempt in attempts] == [State.FAILED, State.SUCCEEDED]


def test_when_both_refuse_the_money_goes_back(alpha, beta):
    attempts = []
    for position, supplier in enumerate((alpha, beta), start=1):
        attempt = Attempt(supplier.name, f"refused-{position}", clock.now())
        outcome = supplier.place(order(attempt.reference, mobile="13800130097"))
        attempts.append(hear(attempt, outcome, Source.PLACE, clock.now()).attempt)
    assert next_step(attempts, ["alpha", "beta"]) == GiveBack(("rejected", "rejected"))


def test_nobody_listening_means_that_nothing_was_sent():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/alpha"
    nobody = HttpSupplier(Account("alpha", url, KEY, SECRET), timeout=SHORT)
    assert nobody.place(order()).hearing is Hearing.NOT_SENT
    assert nobody.ask("d1-1").hearing is Hearing.UNKNOWN


def test_an_order_that_woke_up_too_late_is_not_sent(alpha):
    late = order(send_before=clock.now())
    assert alpha.place(late).hearing is Hearing.NOT_SENT
    assert alpha.ask(late.reference).hearing is Hearing.NOT_FOUND


def test_a_client_with_the_wrong_secret_believes_nothing_and_places_nothing(server, alpha):
    stranger, wanted = client(server, "alpha", secret="guessed"), order()
    assert stranger.place(wanted).hearing is Hearing.UNKNOWN
    assert alpha.ask(wanted.reference).hearing is Hearing.NOT_FOUND


def test_a_request_heard_before_is_refused_by_its_nonce(server):
    path = "/alpha/v1/balance"
    headers = sign_request(
        SECRET,
        key=KEY,
        method="GET",
        path=path,
        query="",
        body=b"",
        timestamp=int(time.time()),
        nonce="r" * 20,
    )
    first = urllib3.request("GET", server.url + path, headers=headers)
    second = urllib3.request("GET", server.url + path, headers=headers)
    assert (first.status, second.status) == (200, 401)
    assert second.json() == {"error": {"code": "nonce_used"}}


def test_an_unsigned_request_changes_nothing(server, alpha):
    answer = urllib3.request("POST", f"{server.url}/alpha/v1/orders", json={"reference": "unsigned"})
    assert answer.status == 401
    assert alpha.ask("unsigned").hearing is Hearing.NOT_FOUND


def test_a_callback_may_not_be_sent_to_strangers(server):
    elsewhere = client(server, "alpha", callback_url="http://example.com/hook")
    assert elsewhere.place(order()).reason == "invalid_field"


def test_the_daily_bill_agrees_with_our_book_or_says_where_not(alpha):
    wanted = order(face=7700)
    alpha.place(wanted)
    ask_until_final(alpha, wanted.reference)
    bill = read_bill(alpha.bill(datetime.now(UTC).date()))
    ours = {
        line.reference: Booked(line.face_value_minor, line.currency, line.state == "succeeded")
        for line in bill
    }
    assert compare(bill, ours) == []
    ours[wanted.reference] = Booked(7700, "CNY", succeeded=False)
    assert compare(bill, ours) == [(wanted.reference, Difference.BILLED_BUT_FAILED)]


def test_prices_are_below_the_face_value(alpha):
    assert all(0 < price.cost_minor < price.face_value_minor for price in alpha.prices())
