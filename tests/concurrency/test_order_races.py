"""One order, one sale, one delivery: races around orders and payments, each with a twin whose lock is gone."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import IntegrityError

from app.domain.fulfilment.models import Delivery
from app.domain.inventory.errors import StockExhausted
from app.domain.orders import service as orders
from app.domain.orders.errors import TooManyOpenOrders
from app.domain.orders.models import Order, OrderLine
from app.domain.payments import service as payments
from app.domain.payments.models import Payment
from app.flows import deliver, expire, hear_gateway, purchase
from app.flows.confirm_payment import confirm_payment
from app.flows.deliver import deliver_order
from app.flows.purchase import Placed
from app.foundation.database import session
from app.foundation.unit_of_work import Work
from app.jobs.run import run_batch
from tenants.context import shop_scope
from tests.concurrency.race import ask, order, race, without_constraint
from tests.factories import make_goods, make_shop, pay, place, run_jobs
from tests.factories.orders import BUYER, paid_event

pytestmark = pytest.mark.concurrency

ALL = "TRUNCATE reservations, orders, payments, payment_events CASCADE"


@contextmanager
def unlocked_orders(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Orders and payments are read as they are, without a lock, and looked at for a moment."""

    def read(which: Any) -> Order:
        found = session().execute(select(Order).where(which)).scalar_one()
        time.sleep(0.1)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(orders, "_locked", read)
        patch.setattr(payments, "lock", lambda payment_id: session().get_one(Payment, payment_id))
        yield


def no_errors(ends: list[Any]) -> None:
    wrong = [end for end in ends if isinstance(end, Exception)]
    assert not wrong, f"{len(wrong)} failed, such as {wrong[0]!r}"


# ------------------------------------------------------------ one quote, one order


def check_one_quote(app: Flask, owner: Engine) -> None:
    shop = make_shop()
    goods = make_goods(shop, codes=30)
    buyer = order(shop, {goods: 1}, email="one@example.com", device="one")
    ends = race(app, *[buyer] * 20)
    assert {end.number for end in ends if isinstance(end, Placed)} and len(
        {getattr(end, "number", end) for end in ends}
    ) == 1
    assert ask(owner, "SELECT count(*) FROM orders") == [(1,)]
    assert ask(owner, "SELECT count(*) FROM codes WHERE state = 'reserved'") == [(1,)]
    assert ask(owner, "SELECT count(*) FROM payments") == [(1,)]


def test_one_quote_placed_20_times_at_once_is_one_order(app, owner):
    check_one_quote(app, owner)


def test_without_unique_references_one_quote_makes_several_orders(app, owner):
    with (
        without_constraint(owner, "reservations", "uq_reservations_shop_id_reference", clean=ALL),
        without_constraint(owner, "orders", "uq_orders_shop_id_quote_id", clean=ALL),
        pytest.raises(AssertionError),
    ):
        check_one_quote(app, owner)


# ------------------------------------------------------------ one event, one delivery


def check_one_event(app: Flask, owner: Engine) -> None:
    shop = make_shop()
    placed = place(shop, make_goods(shop, codes=3))
    headers, body = paid_event(shop, placed)
    stored = race(app, *[lambda: hear_gateway.hear_gateway("sandbox", headers, body)] * 20)
    no_errors(stored)
    assert sum(stored) == 1
    waiting = [row_id for (row_id,) in ask(owner, "SELECT id FROM outbox")]
    no_errors(race(app, *[lambda: run_batch(waiting)] * 10))
    run_jobs()
    assert ask(owner, "SELECT count(*) FROM payment_events") == [(1,)]
    check_delivered_once(owner)


def check_delivered_once(owner: Engine) -> None:
    assert ask(owner, "SELECT state, count(*) FROM deliveries GROUP BY 1") == [("delivered", 1)]
    assert ask(owner, "SELECT count(*) FROM codes WHERE state = 'sold'") == [(1,)]
    steps = ask(owner, "SELECT step, count(*) FROM order_steps GROUP BY 1 ORDER BY 1")
    assert steps == [("delivered", 1), ("paid", 1), ("placed", 1)]
    assert ask(owner, "SELECT kind, state, count(*) FROM mails GROUP BY 1, 2") == [("delivered", "sent", 1)]


def test_one_event_that_arrives_20_times_at_once_delivers_once(app, owner):
    check_one_event(app, owner)


def test_without_the_unique_event_id_it_is_stored_again_and_again(app, owner):
    with (
        without_constraint(owner, "payment_events", "uq_payment_events_gateway_event_id", clean=ALL),
        pytest.raises(AssertionError),
    ):
        check_one_event(app, owner)


def check_one_delivery(app: Flask, owner: Engine, *, refused_by: tuple[type[Exception], ...] = ()) -> None:
    """The same job in ten workers at once; a line delivered by hand keeps it from being done with the payment."""
    shop = make_shop()
    placed = place(shop, {make_goods(shop, codes=3): 1, make_goods(shop, kind="manual", unlimited=True): 1})
    pay(shop, placed)
    confirm = ask(owner, "SELECT id FROM outbox WHERE kind = 'confirm_payment'")[0][0]
    run_batch([confirm])

    def again() -> None:
        with shop_scope(shop.id):
            deliver_order(placed.order_id)

    no_errors([end for end in race(app, *[again] * 10) if not isinstance(end, refused_by)])
    run_jobs()
    assert ask(owner, "SELECT count(*), count(DISTINCT order_line_id) FROM deliveries") == [(2, 2)]
    assert ask(owner, "SELECT count(*) FROM codes WHERE state = 'sold'") == [(1,)]
    assert ask(owner, "SELECT count(*) FROM order_steps WHERE step = 'by_hand'") == [(1,)]


def test_a_delivery_in_ten_workers_at_once_happens_once(app, owner):
    check_one_delivery(app, owner)


def test_even_without_the_orders_lock_a_line_is_delivered_once(app, owner, monkeypatch):
    """The second wall: a line has one delivery, says the database, and refuses whoever comes later."""
    with unlocked_orders(monkeypatch):
        check_one_delivery(app, owner, refused_by=(IntegrityError,))


def test_without_the_lock_and_the_unique_delivery_a_line_is_delivered_again(app, owner, monkeypatch):
    def add(work: Work, order: Order, line: OrderLine) -> None:
        delivery = Delivery(
            shop_id=order.shop_id,
            order_id=order.id,
            order_line_id=line.id,
            brand_id=line.brand_id,
            kind=line.delivery_kind,
        )
        work.session.add(delivery)
        deliver.hand_over(delivery, line)

    monkeypatch.setattr(deliver, "_deliver_line", add)
    with (
        unlocked_orders(monkeypatch),
        without_constraint(owner, "deliveries", "uq_deliveries_order_line_id", clean=ALL),
        pytest.raises(AssertionError),
    ):
        check_one_delivery(app, owner)


# ------------------------------------------------------------ two payments, one order


def check_two_payments(app: Flask, owner: Engine) -> None:
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    first = place(shop, goods)
    with shop_scope(shop.id):
        second = purchase.try_again(first.order_id, "card", actor=BUYER)
        purchase.open_payment(second.payment_id, shop=shop, return_url="http://x/")
    no_errors(race(app, lambda: pay(shop, first), lambda: pay(shop, second)))
    waiting = ask(owner, "SELECT payload FROM outbox WHERE kind = 'confirm_payment' ORDER BY id")

    def confirm(facts: dict[str, int]) -> None:
        with shop_scope(shop.id):
            confirm_payment(**facts)

    no_errors(race(app, *((lambda facts=facts: confirm(facts)) for (facts,) in waiting)))
    run_jobs()
    assert ask(owner, "SELECT state FROM orders") == [("delivered",)]
    assert ask(owner, "SELECT outcome, count(*) FROM payments GROUP BY 1 ORDER BY 1") == [
        ("delivered", 1),
        ("refunded", 1),
    ]
    assert ask(owner, "SELECT state, count(*), sum(amount_minor) FROM refunds GROUP BY 1") == [
        ("succeeded", 1, 2000)
    ]
    assert ask(owner, "SELECT count(*) FROM codes WHERE state = 'sold'") == [(1,)]
    assert ask(owner, "SELECT count(*) FROM codes WHERE state = 'reserved'") == [(0,)]


def test_two_payments_for_one_order_at_once_are_one_sale_and_one_refund(app, owner):
    for _ in range(3):
        check_two_payments(app, owner)
        with owner.connect() as connection:
            connection.execute(text("TRUNCATE orders, codes, mails, outbox, payment_events CASCADE"))


def test_without_the_orders_lock_two_payments_do_not_come_to_an_end(app, owner, monkeypatch):
    with unlocked_orders(monkeypatch), pytest.raises(AssertionError):
        check_two_payments(app, owner)


# ------------------------------------------------------------ paid at the last moment

ENDS = """
    SELECT o.state, p.outcome, (SELECT count(*) FROM codes c JOIN order_lines l ON l.id = c.order_line_id WHERE l.order_id = o.id),
           (SELECT count(*) FROM refunds r WHERE r.order_id = o.id AND r.state = 'succeeded')
    FROM orders o JOIN payments p ON p.order_id = o.id WHERE p.state = 'received'
"""


def check_confirm_and_expire(app: Flask, owner: Engine, *, orders_wanted: int = 8) -> None:
    """Every order is paid for and expires at the same moment, while others queue for what becomes free."""
    shop = make_shop(max_open_orders=100)
    goods = make_goods(shop, codes=orders_wanted)
    placed = [place(shop, goods) for _ in range(orders_wanted)]
    for one in placed:
        pay(shop, one)
    waiting = [row_id for (row_id,) in ask(owner, "SELECT id FROM outbox")]
    held = ask(owner, "SELECT reservation_id FROM orders")

    def over(reservation_id: int) -> None:
        with shop_scope(shop.id):
            expire.expire(reservation_id)

    others = [order(shop, {goods: 1}) for _ in range(orders_wanted // 2)]
    ends = race(
        app,
        *((lambda row_id=row_id: run_batch([row_id])) for row_id in waiting),
        *((lambda one=one: over(one)) for (one,) in held),
        *others,
    )
    no_errors([end for end in ends if not isinstance(end, StockExhausted)])
    assert ask(owner, "SELECT kind, last_error FROM outbox WHERE last_error IS NOT NULL") == []
    run_jobs()
    ended = ask(owner, ENDS)
    assert len(ended) == orders_wanted
    assert set(ended) <= {("delivered", "delivered", 1, 0), ("refunded", "refunded", 0, 1)}
    sold = sum(codes for _, _, codes, _ in ended)
    waiting_for_money = sum(isinstance(end, Placed) for end in ends)
    counted = dict(ask(owner, "SELECT state, count(*) FROM codes GROUP BY 1"))
    free = orders_wanted - sold - waiting_for_money
    assert counted == {
        state: n for state, n in (("sold", sold), ("reserved", waiting_for_money), ("free", free)) if n
    }


def test_money_and_expiry_at_the_same_moment_come_to_one_end_and_the_stock_adds_up(app, owner):
    check_confirm_and_expire(app, owner)


def test_without_the_orders_lock_money_and_expiry_collide(app, owner, monkeypatch):
    with unlocked_orders(monkeypatch), pytest.raises(AssertionError):
        check_confirm_and_expire(app, owner)


# ------------------------------------------------------------ one device, three open orders


def check_hoarding(app: Flask, owner: Engine, **who: str) -> None:
    shop = make_shop()
    goods = make_goods(shop, codes=50)
    ends = race(app, *(order(shop, {goods: 1}, **who) for _ in range(30)))
    assert {type(end) for end in ends} <= {Placed, TooManyOpenOrders}
    assert ask(owner, "SELECT count(*) FROM orders WHERE state = 'pending'") == [(3,)]
    assert ask(owner, "SELECT count(*) FROM codes WHERE state = 'reserved'") == [(3,)]


@pytest.mark.parametrize(
    "who", [{"device": "same"}, {"email": "same@example.com"}], ids=lambda who: next(iter(who))
)
def test_thirty_orders_of_one_buyer_at_once_leave_three_open(app, owner, who):
    check_hoarding(app, owner, **who)


@pytest.mark.parametrize(
    "who", [{"device": "same"}, {"email": "same@example.com"}], ids=lambda who: next(iter(who))
)
def test_without_queueing_up_one_buyer_holds_more_than_the_cap(app, owner, monkeypatch, who):
    monkeypatch.setattr(orders, "ONE_AT_A_TIME", text("SELECT CAST(:who AS text)"))
    with pytest.raises(AssertionError):
        check_hoarding(app, owner, **who)
