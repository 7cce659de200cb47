"""A top-up: sent once, asked about, handed to the next supplier only on a certain no, refunded when all fail."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app.domain.fulfilment import service as suppliers
from app.domain.fulfilment.gateway import Hearing, Outcome, TopupRequest, Voucher
from app.domain.orders.queries import lines_of
from app.domain.payments.models import Payment, Refund
from app.flows.reveal import reveal
from app.foundation import clock
from app.foundation.database import session
from tenants.context import shop_scope
from tests.factories import make_goods, make_shop, pay, place, run_jobs
from tests.factories.orders import BUYER, state_of

PHONE = [{"name": "mobile", "label": "手机号", "pattern": r"1\d{10}"}]


class Scripted:
    """A supplier that says what the test wants, and remembers what it was asked."""

    def __init__(
        self, name: str, place: Callable[[], Outcome], ask: Callable[[], Outcome] | None = None
    ) -> None:
        self.name, self._place, self._ask = name, place, ask or place
        self.placed: list[TopupRequest] = []
        self.asked: list[str] = []

    def place(self, request: TopupRequest) -> Outcome:
        self.placed.append(request)
        return self._place()

    def ask(self, reference: str) -> Outcome:
        self.asked.append(reference)
        return self._ask()


def done() -> Outcome:
    return Outcome(Hearing.SUCCEEDED, at=clock.now(), number="S-1")


def refused() -> Outcome:
    return Outcome(Hearing.FAILED, reason="out_of_funds")


def silent() -> Outcome:
    return Outcome(Hearing.UNKNOWN, reason="timeout")


@pytest.fixture
def register(monkeypatch):
    def put(*these: Scripted) -> None:
        monkeypatch.setattr(suppliers, "_suppliers", {one.name: one for one in these})

    return put


@pytest.fixture
def later(owner):
    """Let so much time pass for the clock and for waiting jobs."""

    def pass_by(by: timedelta) -> None:
        clock.travel(by)
        with owner.connect() as connection:
            connection.execute(text("UPDATE outbox SET due_at = due_at - :by"), {"by": by})

    yield pass_by
    clock.travel_back()


def order_topup(shop, quantity: int = 1):
    goods = make_goods(shop, kind="topup", unlimited=True, buyer_fields=PHONE)
    placed = place(shop, {goods: quantity}, fields={"mobile": "13800138000"})
    pay(shop, placed)
    return placed


def test_a_topup_that_succeeds_is_delivered(app, register):
    alpha = Scripted("alpha", done)
    register(alpha)
    shop = make_shop()
    placed = order_topup(shop)
    run_jobs()
    assert state_of(shop, placed) == "delivered"
    assert [request.fields for request in alpha.placed] == [{"mobile": "13800138000"}]


def test_each_unit_of_a_line_is_sent_under_its_own_reference(app, register):
    alpha = Scripted("alpha", done)
    register(alpha)
    shop = make_shop()
    order_topup(shop, quantity=3)
    run_jobs()
    assert len({request.reference for request in alpha.placed}) == 3


def test_the_second_supplier_gets_its_turn_after_a_certain_no(app, register):
    alpha, beta = Scripted("alpha", refused), Scripted("beta", done)
    register(alpha, beta)
    shop = make_shop()
    placed = order_topup(shop)
    run_jobs()
    assert state_of(shop, placed) == "delivered"
    assert len(alpha.placed) == len(beta.placed) == 1


def test_when_every_supplier_refuses_the_money_goes_back_by_itself(app, register):
    register(Scripted("alpha", refused), Scripted("beta", refused))
    shop = make_shop()
    placed = order_topup(shop)
    run_jobs()
    assert state_of(shop, placed) == "refunded"
    with shop_scope(shop.id):
        payment = session().execute(select(Payment)).scalar_one()
        assert (payment.outcome, payment.refunded_minor) == ("refunded", payment.amount_minor)


def test_silence_is_asked_about_and_never_sent_again(app, register, later):
    alpha, beta = Scripted("alpha", silent, silent), Scripted("beta", done)
    register(alpha, beta)
    shop = make_shop()
    placed = order_topup(shop)
    run_jobs()
    for _ in range(3):
        later(timedelta(minutes=5))
        run_jobs()
    assert len(alpha.placed) == 1 and len(alpha.asked) >= 2 and not beta.placed
    assert state_of(shop, placed) == "paid"
    alpha._ask = done
    later(timedelta(hours=1))
    run_jobs()
    assert state_of(shop, placed) == "delivered" and len(alpha.placed) == 1


class Killed(BaseException):
    """What a process feels of kill -9: nothing after this line happens."""


def test_a_process_that_died_after_sending_only_asks(app, register, later):
    def die() -> Outcome:
        raise Killed

    alpha = Scripted("alpha", die, done)
    register(alpha)
    shop = make_shop()
    placed = order_topup(shop)
    with pytest.raises(Killed):
        run_jobs()
    later(timedelta(minutes=2))
    run_jobs()
    assert state_of(shop, placed) == "delivered"
    assert len(alpha.placed) == 1 and len(alpha.asked) == 1


def test_part_of_a_line_that_failed_is_given_back_and_the_rest_delivered(app, register):
    answers = iter([done(), refused(), done()])
    register(Scripted("alpha", lambda: next(answers)))
    shop = make_shop()
    placed = order_topup(shop, quantity=3)
    run_jobs()
    assert state_of(shop, placed) == "delivered"
    with shop_scope(shop.id):
        payment = session().execute(select(Payment)).scalar_one()
        refund = session().execute(select(Refund)).scalar_one()
        assert refund.amount_minor == 2000 and refund.state == "succeeded"
        assert (payment.outcome, payment.refunded_minor) == ("partly_refunded", 2000)


def test_a_voucher_from_a_supplier_is_sealed_and_can_be_read(app, register, owner):
    voucher = Outcome(Hearing.SUCCEEDED, at=clock.now(), number="S-9", voucher=Voucher("VOUCHER-123", "pw"))
    register(Scripted("alpha", lambda: voucher))
    shop = make_shop()
    placed = order_topup(shop)
    run_jobs()
    with owner.connect() as connection:
        stored = bytes(connection.execute(text("SELECT secret FROM supplier_orders")).scalar_one())
    assert b"VOUCHER" not in stored
    with shop_scope(shop.id):
        line = lines_of(placed.order_id)[0]
        session().rollback()
        (unit,) = reveal(placed.order_id, line.id, actor=BUYER)
    assert (unit.secret.card, unit.secret.password) == ("VOUCHER-123", "pw")
