"""Many at the same money: it is split once, taken back once, matured once. Each race has a twin without its guard."""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, current_app
from sqlalchemy import Engine, select, text

from app.domain.commissions import returning, settling
from app.domain.commissions.models import Earning
from app.domain.orders import service as orders
from app.domain.orders.models import Order
from app.domain.payments import queries as payment_queries
from app.domain.payments import service as payments
from app.domain.payments.models import Payment
from app.flows import mature, settle, take_back
from app.flows.give_back import give_back
from app.foundation import clock
from app.foundation.database import session
from app.foundation.errors import Busy, InvalidInput, StaleState
from tenants.context import shop_scope
from tenants.directory import Tenant
from tests.concurrency.race import race, without_constraint
from tests.factories import make_goods, make_shop, pay, place, run_jobs
from tests.factories.money import STAFF, Books, give, line_ids

pytestmark = pytest.mark.concurrency
CROWD = 6


@pytest.fixture
def shop(app: Flask) -> Tenant:
    return make_shop()


@pytest.fixture
def books(owner: Engine) -> Books:
    return Books(owner)


def delivered(shop: Tenant) -> Any:
    """An order that is delivered and that nobody has split yet."""
    placed = place(shop, make_goods(shop, codes=1))
    pay(shop, placed)
    run_jobs(kinds={"confirm_payment", "deliver_order"})
    return placed


def patiently(story: Callable[[], Any]) -> Any:
    """As the queue does it: whoever was in the way is waited for."""
    for _ in range(20):
        try:
            return story()
        except Busy:
            continue
    raise AssertionError("always busy")


def settling_of(shop: Tenant, order_id: int) -> Callable[[], int]:
    def run() -> int:
        with shop_scope(shop.id):
            return int(patiently(lambda: settle.settle_order(order_id)))

    return run


def test_settle_jobs_at_once_settle_once(app: Flask, shop: Tenant, books: Books):
    placed = delivered(shop)
    ends = race(app, *[settling_of(shop, placed.order_id)] * CROWD)
    assert sorted(ends) == [0] * (CROWD - 1) + [1]
    assert books.ask("SELECT count(*) FROM settlements") == [(1,)]
    assert books.parts() == {"seller": 800, "supplier": 1200}
    books.check()


@contextmanager
def settled_without_a_claim(owner: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No lock on the order, no mark on the line, no unique line, no unique key: every guard of settling is off."""
    number = itertools.count()
    clean = "TRUNCATE settlements, earnings, earning_returns CASCADE"
    with ExitStack() as off, monkeypatch.context() as patch:
        for table, name in (
            ("settlements", "uq_settlements_order_line_id"), ("earnings", "uq_earnings_order_line_id_role"),
        ):  # fmt: skip
            off.enter_context(without_constraint(owner, table, name, clean=clean))
        patch.setattr(settling, "LOCK", text(str(settling.LOCK).replace("FOR NO KEY UPDATE OF o", "")))
        patch.setattr(settling, "CLAIM", text(str(settling.CLAIM).replace("AND NOT l.settled", "")))
        patch.setattr(settle, "post_all", _under_new_names(settle.post_all, number))
        yield


def _under_new_names(
    post_all: Callable[..., dict[str, int]], number: Iterator[int]
) -> Callable[..., dict[str, int]]:
    def run(postings: Any) -> dict[str, int]:
        made = {}
        for posting in postings:
            key = posting.key
            object.__setattr__(posting, "key", f"{key}:{next(number)}")
            made[key] = post_all([posting])[posting.key]
        return made

    return run


def test_twin_without_the_claim_the_same_line_is_settled_by_everybody(
    app: Flask, shop: Tenant, books: Books, owner: Engine, monkeypatch: pytest.MonkeyPatch
):
    placed = delivered(shop)
    with settled_without_a_claim(owner, monkeypatch):
        ends = race(app, *[settling_of(shop, placed.order_id)] * CROWD)
        assert ends.count(1) > 1
        with pytest.raises(AssertionError):
            books.check()


def asked_back(shop: Tenant, placed: Any, minor: int) -> int:
    """A refund that has succeeded and that nobody has taken back from the parties."""
    refund_id = give(shop, placed, minor, run=False)
    run_jobs(kinds={"send_refund"})
    return refund_id


def taking_back(shop: Tenant, refund_id: int) -> Callable[[], int]:
    def run() -> int:
        with shop_scope(shop.id):
            return int(patiently(lambda: take_back.take_back_refund(refund_id)))

    return run


def test_settling_and_taking_back_at_once_come_to_one_end(app: Flask, shop: Tenant, books: Books):
    placed = delivered(shop)
    refund_id = asked_back(shop, placed, 500)
    race(app, *[settling_of(shop, placed.order_id), taking_back(shop, refund_id)] * 3)
    assert books.ask("SELECT count(*) FROM settlements") == [(1,)]
    assert books.parts() == {"seller": 600, "supplier": 900}
    books.check()


def test_twin_without_the_claim_a_refund_settles_its_line_again(
    app: Flask, shop: Tenant, books: Books, owner: Engine, monkeypatch: pytest.MonkeyPatch
):
    placed = delivered(shop)
    refund_id = asked_back(shop, placed, 500)
    with settled_without_a_claim(owner, monkeypatch):
        race(app, settling_of(shop, placed.order_id), taking_back(shop, refund_id))
        with pytest.raises(AssertionError):
            books.check()


def test_one_refund_taken_back_by_many_is_taken_once(app: Flask, shop: Tenant, books: Books):
    placed = delivered(shop)
    refund_id = asked_back(shop, placed, 500)
    settling_of(shop, placed.order_id)()
    ends = race(app, *[taking_back(shop, refund_id)] * CROWD)
    assert sorted(ends) == [0] * (CROWD - 1) + [1]
    assert books.parts() == {"seller": 600, "supplier": 900}
    books.check()


def maturing() -> int:
    return int(patiently(mature.mature_earnings))


def test_what_matures_while_it_is_taken_back_is_counted_on_one_side(app: Flask, shop: Tenant, books: Books):
    placed = delivered(shop)
    settling_of(shop, placed.order_id)()
    for minor in (500, 700):
        refund_id = asked_back(shop, placed, minor)
        clock.travel(timedelta(days=8))
        race(app, *[taking_back(shop, refund_id), maturing] * 3)
        clock.travel_back()
        books.check()
    clock.travel(timedelta(days=8))
    mature.mature_earnings()
    clock.travel_back()
    assert books.accounts() == {
        "gateway_clearing": -800,
        "brand_available": 480,
        "distributor_available": 320,
    }
    books.check()


def test_twin_without_the_lock_on_earnings_a_part_is_matured_and_taken_back_as_held(
    app: Flask, shop: Tenant, books: Books, monkeypatch: pytest.MonkeyPatch
):
    placed = delivered(shop)
    settling_of(shop, placed.order_id)()
    refund_id = asked_back(shop, placed, 500)
    unlocked = _matured_in_between(returning.earnings_of)
    monkeypatch.setattr(returning, "earnings_of", unlocked)
    clock.travel(timedelta(days=8))
    race(app, taking_back(shop, refund_id))
    clock.travel_back()
    with pytest.raises(AssertionError):
        books.check()


def _matured_in_between(_earnings_of: Callable[..., Any]) -> Callable[..., Any]:
    """Earnings read without a lock; everything matures before what was read is used."""

    def run(order_line_id: int) -> dict[str, Any]:
        rows = session().execute(select(Earning).where(Earning.order_line_id == order_line_id)).scalars()
        found = {row.role: row for row in rows}
        app = current_app._get_current_object()

        def other() -> None:
            with app.app_context():
                mature.mature_earnings()

        thread = threading.Thread(target=other)
        thread.start()
        thread.join(30)
        return found

    return run


def test_two_who_mature_at_once_move_everything_once(app: Flask, shop: Tenant, books: Books):
    for _ in range(3):
        settling_of(shop, delivered(shop).order_id)()
    clock.travel(timedelta(days=8))
    ends = race(app, *[maturing] * CROWD)
    maturing()
    clock.travel_back()
    assert sum(ends) == 6
    assert books.accounts() == {
        "gateway_clearing": -6000,
        "brand_available": 3600,
        "distributor_available": 2400,
    }
    books.check()


def giving_back(shop: Tenant, placed: Any, minor: int, key: str) -> Callable[[], int]:
    line = line_ids(shop, placed)[0]

    def run() -> int:
        with shop_scope(shop.id):
            return give_back(
                placed.order_id, line, minor, reason="x", key=key, seen_left_minor=2000, actor=STAFF
            )

    return run


def test_two_who_give_back_the_same_money_come_to_one_outcome(app: Flask, shop: Tenant, books: Books):
    placed = delivered(shop)
    ends = race(app, *[giving_back(shop, placed, 1500, f"key-0000000{at}") for at in range(CROWD)])
    assert len([end for end in ends if isinstance(end, int)]) == 1
    assert all(isinstance(end, int | StaleState | InvalidInput | Busy) for end in ends)
    run_jobs()
    assert books.ask("SELECT sum(amount_minor) FROM refunds") == [(1500,)]
    books.check()


def test_one_form_sent_by_many_hands_is_one_refund(app: Flask, shop: Tenant, books: Books):
    placed = delivered(shop)
    ends = race(app, *[giving_back(shop, placed, 1500, "key-00000000")] * CROWD)
    assert len({end for end in ends if isinstance(end, int)}) == 1
    run_jobs()
    assert books.ask("SELECT count(*) FROM refunds") == [(1,)]
    books.check()


def test_twin_without_the_orders_lock_more_is_asked_back_than_was_paid(
    app: Flask, shop: Tenant, books: Books, monkeypatch: pytest.MonkeyPatch
):
    placed = delivered(shop)
    looked = race_barrier(2)
    seen = payment_queries.back_by_line

    def slowly(*given: Any, **more: Any) -> Any:
        found = seen(*given, **more)
        looked()
        return found

    monkeypatch.setattr(
        orders,
        "lock",
        lambda order_id: session().execute(select(Order).where(Order.id == order_id)).scalar_one(),
    )
    monkeypatch.setattr(
        payments,
        "lock",
        lambda payment_id: session().execute(select(Payment).where(Payment.id == payment_id)).scalar_one(),
    )
    monkeypatch.setattr(payment_queries, "back_by_line", slowly)
    ends = race(app, *[giving_back(shop, placed, 1500, f"key-0000000{at}") for at in range(2)])
    monkeypatch.undo()
    assert [type(end) for end in ends] == [int, int] or books.ask("SELECT sum(amount_minor) FROM refunds") > [
        (1500,)
    ]
    assert books.ask("SELECT sum(amount_minor) FROM refunds")[0][0] > 1500


def race_barrier(parties: int) -> Callable[[], None]:
    """Everybody has looked before anybody writes."""
    barrier = threading.Barrier(parties)

    def wait() -> None:
        barrier.wait(30)

    return wait
