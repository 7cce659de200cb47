"""Every way money can come in, and the one end it comes to."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from app.domain.payments import gateways
from app.domain.payments.errors import ForgedEvent
from app.domain.payments.gateway import EventKind, PaymentEvent
from app.domain.payments.models import Payment
from app.domain.payments.sandbox_events import SandboxEvent, sign_event
from app.domain.payments.sandbox_gateway import SandboxGateway
from app.domain.payments.service import Told, difference
from app.flows import purchase
from app.flows.expire import expire_checkouts
from app.flows.hear_gateway import hear_gateway
from app.flows.purchase import Placed
from app.foundation import clock
from app.foundation.database import session
from app.jobs.run import run_batch
from app.web.health.collector import Waiting
from tenants.context import shop_scope
from tenants.directory import Tenant
from tests.factories import Goods, make_goods, make_shop, pay, place, run_jobs
from tests.factories.orders import BUYER, SIGNING, paid_event, state_of

WHOLE = 2000


@dataclass(frozen=True)
class Case:
    """A shop with so many codes and one order that waits for its money."""

    shop: Tenant
    goods: Goods
    placed: Placed
    owner: Engine

    def ask(self, question: str) -> list[tuple[Any, ...]]:
        with self.owner.connect() as connection:
            return [tuple(row) for row in connection.execute(text(question))]

    def pay(self, **told: Any) -> int:
        new = pay(self.shop, self.placed, **told)
        run_jobs()
        return new

    def expire(self) -> None:
        clock.travel(timedelta(minutes=16))
        expire_checkouts()

    def cancel(self) -> None:
        with shop_scope(self.shop.id):
            purchase.cancel_order(self.placed.order_id, actor=BUYER)

    def second_attempt(self) -> "Case":
        with shop_scope(self.shop.id):
            again = purchase.try_again(self.placed.order_id, "card", actor=BUYER)
            purchase.open_payment(again.payment_id, shop=self.shop, return_url="http://x/")
        return replace(self, placed=again)

    @property
    def state(self) -> str:
        return state_of(self.shop, self.placed)


@pytest.fixture
def case(app, owner: Engine, moved_clock, monkeypatch) -> Case:
    monkeypatch.setattr(gateways, "_gateways", dict(gateways._gateways))  # a test may put in its own
    shop = make_shop()
    goods = make_goods(shop, codes=1)
    return Case(shop, goods, place(shop, goods), owner)


def check_ends(case: Case) -> dict[str, int]:
    """Each received payment has one outcome, and the outcome is true; how many of each."""
    sold = case.ask("SELECT count(*) FROM codes WHERE state = 'sold'")[0][0]
    outcomes: dict[str, int] = {}
    for state, outcome, amount, refunded, asked in case.ask("""
        SELECT p.state, p.outcome, p.amount_minor, p.refunded_minor,
               (SELECT coalesce(sum(r.amount_minor), 0) FROM refunds r WHERE r.payment_id = p.id AND r.state = 'succeeded')
        FROM payments p
    """):
        assert (state == "received") == (outcome is not None)
        assert refunded == asked
        assert outcome != "refunded" or refunded == amount
        assert outcome != "delivered" or refunded == 0
        if outcome:
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
    assert sold == outcomes.get("delivered", 0)
    assert case.ask("SELECT count(*) FROM payment_events WHERE outcome IS NULL") == [(0,)]
    assert case.ask("SELECT count(*) FROM outbox") == [(0,)]
    return outcomes


def free(case: Case) -> int:
    return int(case.ask("SELECT count(*) FROM codes WHERE state = 'free'")[0][0])


# ---------------------------------------------------------------- what was not asked for


@pytest.mark.parametrize("amount", [1, WHOLE - 1, WHOLE + 1, WHOLE * 100])
def test_a_wrong_amount_waits_for_a_person_and_delivers_nothing(case: Case, amount: int):
    case.pay(amount=amount)
    assert check_ends(case) == {"attention": 1}
    assert (case.state, free(case)) == ("attention", 1)
    assert case.ask("SELECT outcome, note FROM payment_events") == [("mismatched", "amount")]
    assert case.ask("SELECT attention_reason FROM payments") == [("amount_differs",)]
    assert case.ask("SELECT count(*) FROM audit_entries WHERE action = 'payment_mismatched'") == [(1,)]


@pytest.mark.parametrize("amount", [0, -1, -WHOLE])
def test_news_of_no_money_leaves_the_order_waiting_and_an_alarm_standing(case: Case, amount: int):
    case.pay(amount=amount)
    assert check_ends(case) == {}
    assert (case.state, free(case)) == ("pending", 0)
    assert case.ask("SELECT outcome, note FROM payment_events") == [("mismatched", "amount")]
    assert alarms() == {"perkline_payment_events_astray": 1}
    case.pay()
    assert check_ends(case) == {"delivered": 1}


@pytest.mark.parametrize("currency", ["USD", "JPY", ""])
def test_another_currency_waits_for_a_person(case: Case, currency: str):
    case.pay(currency=currency or "XXX")
    assert check_ends(case) == {"attention": 1}
    assert (case.state, free(case)) == ("attention", 1)


def test_what_waits_for_a_person_has_its_alarm(case: Case):
    case.pay(amount=1)
    standing = {"perkline_orders_attention", "perkline_payments_attention", "perkline_payment_events_astray"}
    assert alarms() == dict.fromkeys(standing, 1)


def alarms() -> dict[str, float]:
    """The gauges the platform's alarms stand on, those that are not zero."""
    return {
        family.name: sample.value
        for family in Waiting().collect()
        for sample in family.samples
        if sample.value and not family.name.startswith("perkline_ledger_proof")
    }


@pytest.mark.parametrize("amount", [None, True, "2000", 20.0, 2000.0])
def test_an_amount_that_is_no_whole_number_is_not_believed(case: Case, amount: object):
    event = SandboxEvent(
        kind=EventKind.PAID, external_id="sbx_x", reference="pay_x", amount_minor=amount,  # type: ignore[arg-type]
        currency="CNY", occurred_at=clock.now(), event_id="evt_x",
    )  # fmt: skip
    headers, body = sign_event(event, secret=SIGNING, seconds=time.time())
    with pytest.raises(ForgedEvent):
        hear_gateway("sandbox", headers, body)
    assert case.ask("SELECT count(*) FROM payment_events") == [(0,)]


@pytest.mark.parametrize(
    ("told", "what"),
    [
        (Told("x", None, "CNY", "sandbox"), "amount"),
        (Told("x", 0, "CNY", "sandbox"), "amount"),
        (Told("x", 2000, None, "sandbox"), "currency"),
        (Told("x", 2000, "USD", "sandbox"), "currency"),
        (Told("x", 2000, "CNY", None), "account"),
        (Told("x", 2000, "CNY", "other"), "account"),
        (Told("y", 2000, "CNY", "sandbox"), "external_id"),
        (Told("x", 2000, "cny", "sandbox"), None),
    ],
)
def test_each_difference_is_seen(told: Told, what: str | None):
    payment = Payment(account="sandbox", external_id="x", amount_minor=2000, currency="CNY")
    assert difference(payment, told) == what


# ---------------------------------------------------------------- what was not said by the gateway


def test_a_forged_event_changes_nothing(case: Case):
    headers, body = paid_event(case.shop, case.placed)
    other_secret, _ = sign_event_again(case, secret="whsec_b3RoZXI=")
    for forged_headers, forged_body in (
        (headers, body.replace(b'"amount_minor":2000', b'"amount_minor":2001')),
        (headers | {"webhook-id": "evt_other"}, body),
        (headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}, body),
        (headers | {"webhook-signature": "v1,AAAA"}, body),
        ({name: value for name, value in headers.items() if name != "webhook-signature"}, body),
        (other_secret, body),
        ({}, body),
        (headers, b""),
    ):
        with pytest.raises(ForgedEvent):
            hear_gateway("sandbox", forged_headers, forged_body)
    run_jobs()
    assert case.ask("SELECT count(*) FROM payment_events") == [(0,)]
    assert case.state == "pending"


def sign_event_again(
    case: Case, *, secret: str = SIGNING, seconds: float | None = None
) -> tuple[dict[str, str], bytes]:
    with shop_scope(case.shop.id):
        payment = session().get_one(Payment, case.placed.payment_id)
        event = SandboxEvent(
            kind=EventKind.PAID, external_id=payment.external_id or "", reference=payment.reference,
            amount_minor=payment.amount_minor, currency=payment.currency, occurred_at=clock.now(), event_id="evt_again",
        )  # fmt: skip
    return sign_event(event, secret=secret, seconds=time.time() if seconds is None else seconds)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_an_event_signed_at_another_time_is_refused(case: Case, minutes: int):
    headers, body = sign_event_again(case, seconds=time.time() + minutes * 60)
    with pytest.raises(ForgedEvent):
        hear_gateway("sandbox", headers, body)
    assert case.ask("SELECT count(*) FROM payment_events") == [(0,)]


def test_an_event_of_an_unknown_payment_is_kept_and_changes_nothing(case: Case):
    event = SandboxEvent(
        kind=EventKind.PAID, external_id="sbx_nobody", reference="pay_nobody", amount_minor=WHOLE, currency="CNY",
        occurred_at=clock.now(), event_id="evt_nobody",
    )  # fmt: skip
    assert hear_gateway("sandbox", *sign_event(event, secret=SIGNING, seconds=time.time())) == 1
    run_jobs()
    assert case.ask("SELECT outcome, shop_id FROM payment_events") == [("unmatched", None)]
    assert case.state == "pending"


def test_another_accounts_event_is_refused_by_the_sandbox(case: Case):
    with pytest.raises(ForgedEvent):
        case.pay(account="somebody")


class Told2(SandboxGateway):
    """A gateway whose signatures cover several accounts, as Stripe's may."""

    def __init__(self, event: PaymentEvent) -> None:
        super().__init__([SIGNING], "http://pay.localhost:8000")
        self._event = event

    def parse_event(self, headers: Mapping[str, str], body: bytes) -> tuple[PaymentEvent, ...]:
        return (self._event,)


@pytest.mark.parametrize("changed", [{"account": "acct_other"}, {"external_id": "sbx_other"}])
def test_an_event_of_another_account_or_checkout_leaves_the_order_waiting(
    case: Case, changed: dict[str, str]
):
    with shop_scope(case.shop.id):
        payment = session().get_one(Payment, case.placed.payment_id)
        event = PaymentEvent(
            "evt_1",
            EventKind.PAID,
            "sandbox",
            clock.now(),
            payment.external_id,
            payment.reference,
            WHOLE,
            "CNY",
        )
    gateways.register("sandbox", Told2(replace(event, **changed)))  # type: ignore[arg-type]
    hear_gateway("sandbox", {}, b"")
    run_jobs()
    assert case.ask("SELECT outcome, note FROM payment_events") == [("mismatched", next(iter(changed)))]
    assert case.state == "pending"
    assert check_ends(case) == {}


# ---------------------------------------------------------------- again and again


def test_a_replayed_event_is_stored_once_and_delivers_once(case: Case):
    headers, body = paid_event(case.shop, case.placed)
    assert [hear_gateway("sandbox", headers, body) for _ in range(3)] == [1, 0, 0]
    run_jobs()
    assert hear_gateway("sandbox", headers, body) == 0
    run_jobs()
    assert check_ends(case) == {"delivered": 1}


def test_the_same_news_under_another_event_id_changes_nothing(case: Case):
    case.pay(event_id="evt_one")
    case.pay(event_id="evt_two")
    assert check_ends(case) == {"delivered": 1}
    assert case.ask("SELECT outcome FROM payment_events ORDER BY id") == [("applied",), ("repeated",)]


def test_a_second_payment_goes_back(case: Case):
    second = case.second_attempt()
    case.pay()
    second.pay()
    assert check_ends(case) == {"delivered": 1, "refunded": 1}
    assert case.state == "delivered"
    assert case.ask("SELECT kind FROM mails ORDER BY 1") == [("delivered",), ("refunded",), ("refunding",)]


def test_a_second_payment_is_not_called_delivered_while_it_is_on_its_way_back(case: Case):
    second = case.second_attempt()
    pay(case.shop, case.placed)
    pay(second.shop, second.placed)
    for _ in range(2):
        run_batch([case.ask("SELECT min(id) FROM outbox WHERE kind = 'confirm_payment'")[0][0]])
    assert case.ask("SELECT outcome FROM payments ORDER BY id") == [("delivered",), (None,)]
    assert without_end(case) == 1
    run_jobs()
    assert check_ends(case) == {"delivered": 1, "refunded": 1}


def without_end(case: Case) -> float:
    """How many payments would have the alarm an hour later."""
    with case.owner.connect() as connection:
        connection.execute(text("UPDATE payments SET received_at = received_at - interval '2 hours'"))
    return alarms().get("perkline_payments_without_end", 0)


# ---------------------------------------------------------------- late money


@pytest.mark.parametrize("end", [Case.expire, Case.cancel], ids=["expired", "cancelled"])
def test_late_money_buys_again_where_there_is_stock(case: Case, end: Callable[[Case], None]):
    end(case)
    assert free(case) == 1
    case.pay()
    assert check_ends(case) == {"delivered": 1}
    assert case.state == "delivered"


@pytest.mark.parametrize("end", [Case.expire, Case.cancel], ids=["expired", "cancelled"])
def test_late_money_goes_back_where_there_is_none(case: Case, end: Callable[[Case], None]):
    end(case)
    faster = place(case.shop, case.goods)
    case.pay()
    assert check_ends(case) == {"refunded": 1}
    assert case.state == "refunded"
    assert case.ask("SELECT kind FROM mails ORDER BY 1") == [("refunded",), ("refunding",)]
    assert state_of(case.shop, faster) == "pending"
    assert case.ask("SELECT count(*) FROM codes WHERE state = 'reserved'") == [(1,)]


def test_two_late_payments_are_one_sale_and_one_refund(case: Case):
    second = case.second_attempt()
    case.expire()
    case.pay()
    second.pay()
    assert check_ends(case) == {"delivered": 1, "refunded": 1}


def test_two_late_payments_without_stock_both_go_back_before_the_order_is_over(case: Case):
    second = case.second_attempt()
    case.expire()
    place(case.shop, case.goods)
    pay(case.shop, case.placed)
    pay(second.shop, second.placed)
    for _ in range(2):
        run_batch([case.ask("SELECT min(id) FROM outbox WHERE kind = 'confirm_payment'")[0][0]])
    run_batch([case.ask("SELECT max(id) FROM outbox WHERE kind = 'send_refund'")[0][0]])
    assert case.state == "refunding"
    run_jobs()
    assert check_ends(case) == {"refunded": 2}
    assert case.state == "refunded"


def test_money_for_an_order_that_waits_for_a_person_goes_back(case: Case):
    second = case.second_attempt()
    case.pay(amount=1)
    second.pay()
    assert check_ends(case) == {"attention": 1, "refunded": 1}
    assert case.state == "attention"
