"""Jobs leave through the outbox: losing Redis loses nothing, running twice doubles nothing."""

import warnings

import psycopg
import pytest
from rq import Queue, SimpleWorker
from sqlalchemy import Engine, text

from app.flows import expire
from app.foundation import browse
from app.foundation.errors import Kind, ProductError
from app.foundation.runtime import redis
from app.foundation.unit_of_work import unit_of_work
from app.jobs import registry
from app.jobs.registry import QUEUES, Handler
from app.jobs.relay import relay_once
from tenants.context import platform_scope, shop_scope
from tests.factories import make_goods, make_shop, pay, place, run_jobs, set_slots
from tests.factories.orders import state_of

PAST = text("UPDATE outbox SET due_at = now() - interval '1 second'")


@pytest.fixture
def queues(app) -> dict[str, Queue]:
    return {name: Queue(name, connection=redis()) for name in QUEUES}


@pytest.fixture
def told(monkeypatch) -> list[object]:
    """Kinds of jobs made for the test: `note` writes down what it was given, `trouble` always fails."""
    notes: list[object] = []

    def trouble(**_: object) -> None:
        raise Trouble

    monkeypatch.setitem(registry.HANDLERS, "note", Handler(lambda **given: notes.append(given), "normal"))
    monkeypatch.setitem(registry.HANDLERS, "trouble", Handler(trouble, "normal", tries=3))
    return notes


class Trouble(ProductError):
    code, kind = "trouble", Kind.UPSTREAM


def work_off(queues: dict[str, Queue]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        SimpleWorker(list(queues.values()), connection=redis()).work(burst=True, logging_level="ERROR")


def ask(owner: Engine, question: str) -> list[tuple[object, ...]]:
    with owner.connect() as connection:
        return [tuple(row) for row in connection.execute(text(question))]


def put(kind: str, **facts: object) -> None:
    with platform_scope(), unit_of_work() as work:
        work.enqueue(kind, **facts)  # type: ignore[arg-type]


def relay_and_work(queues: dict[str, Queue]) -> None:
    while relay_once(queues):
        work_off(queues)


def test_a_paid_order_is_delivered_through_relay_redis_and_worker(queues, owner):
    shop = make_shop()
    placed = place(shop, make_goods(shop, codes=1))
    pay(shop, placed)
    relay_and_work(queues)
    assert state_of(shop, placed) == "delivered"
    assert ask(owner, "SELECT count(*) FROM outbox") == [(0,)]
    assert ask(owner, "SELECT state FROM mails") == [("sent",)]


def test_what_redis_forgot_is_put_on_again_when_its_lease_is_over(queues, owner):
    shop = make_shop()
    placed = place(shop, make_goods(shop, codes=1))
    pay(shop, placed)
    assert relay_once(queues) == 1
    redis().flushall()
    work_off(queues)
    assert relay_once(queues) == 0, "the lease still runs"
    assert state_of(shop, placed) == "pending"
    with owner.connect() as connection:
        connection.execute(PAST)
    relay_and_work(queues)
    assert state_of(shop, placed) == "delivered"
    assert ask(owner, "SELECT count(*) FROM outbox") == [(0,)]


def test_two_relays_share_the_rows_and_take_none_twice(queues, told, owner):
    for number in range(30):
        put("note", number=number)
    assert relay_once(queues) + relay_once(queues) == 30
    work_off(queues)
    assert sorted(given["number"] for given in told) == list(range(30))


def test_rows_put_on_twice_are_run_again_and_nothing_is_doubled(queues, owner):
    shop = make_shop()
    placed = place(shop, make_goods(shop, codes=3))
    pay(shop, placed)
    while relay_once(queues):
        with owner.connect() as connection:
            connection.execute(PAST)
        relay_once(queues)
        work_off(queues)
    assert state_of(shop, placed) == "delivered"
    assert ask(owner, "SELECT count(*) FROM codes WHERE state = 'sold'") == [(1,)]
    assert ask(owner, "SELECT count(*) FROM deliveries") == [(1,)]
    assert ask(owner, "SELECT count(*) FROM mails") == [(1,)]
    steps = ask(owner, "SELECT step FROM order_steps ORDER BY id")
    assert steps == [("placed",), ("paid",), ("delivered",)]


def test_a_job_killed_before_its_row_was_deleted_runs_again_without_harm(app, owner, monkeypatch):
    """Every job of a purchase, each run three times before its row goes."""
    shop = make_shop()
    placed = place(shop, make_goods(shop, codes=3))
    pay(shop, placed)
    for _ in range(6):
        rows = ask(owner, "SELECT id, kind, shop_id, payload FROM outbox ORDER BY id")
        for _, kind, shop_id, payload in rows:
            for _ in range(3):
                with shop_scope(shop_id):
                    registry.HANDLERS[kind].run(**payload)
        for row_id, *_ in rows:
            with owner.connect() as connection:
                connection.execute(text("DELETE FROM outbox WHERE id = :id"), {"id": row_id})
    assert state_of(shop, placed) == "delivered"
    assert ask(
        owner,
        "SELECT (SELECT count(*) FROM codes WHERE state = 'sold'), (SELECT count(*) FROM deliveries), (SELECT count(*) FROM mails)",
    ) == [(1, 1, 1)]
    assert ask(owner, "SELECT count(*) FROM outbox") == [(0,)]


def test_a_failing_job_backs_off_and_ends_with_an_alarm_after_its_tries(queues, told, owner):
    put("trouble")
    for wait in (2, 4, 8):
        assert relay_once(queues) == 1
        before = ask(owner, "SELECT now()")[0][0]
        work_off(queues)
        # However long the worker took: the wait counts from a moment between these two.
        earliest, latest = ask(
            owner,
            f"SELECT due_at >= timestamptz '{before}' + interval '{wait} s',"
            f" due_at <= now() + interval '{wait} s' FROM outbox",
        )[0]
        assert earliest and latest, wait
        with owner.connect() as connection:
            connection.execute(PAST)
    assert ask(owner, "SELECT attempts, last_error, failed_at IS NOT NULL FROM outbox") == [
        (3, "trouble", True)
    ]
    assert relay_once(queues) == 0, "what has failed waits for a person"
    with platform_scope():
        assert browse.outbox_figures()[1] == 1


def test_one_failing_job_holds_up_no_other(queues, told, owner):
    put("trouble")
    put("note", number=1)
    put("unheard_of")
    assert relay_once(queues) == 3
    work_off(queues)
    assert told == [{"number": 1}]
    assert ask(owner, "SELECT kind, failed_at IS NOT NULL FROM outbox ORDER BY kind") == [
        ("trouble", False),
        ("unheard_of", True),
    ]


def test_a_failed_job_says_the_class_of_its_error_and_never_its_words(queues, told, owner, monkeypatch):
    def leak(**_: object) -> None:
        raise ValueError("SECRET-0001")

    monkeypatch.setitem(registry.HANDLERS, "leak", Handler(leak, "normal"))
    put("leak")
    relay_once(queues)
    work_off(queues)
    assert ask(owner, "SELECT last_error FROM outbox") == [("ValueError",)]
    assert not any(b"SECRET-0001" in (redis().dump(key) or b"") for key in redis().scan_iter("*"))


def test_a_job_leaves_only_if_its_transaction_commits(app, told, owner):
    def broken() -> None:
        with platform_scope(), unit_of_work() as work:
            work.enqueue("note", number=1)
            raise Trouble

    with pytest.raises(Trouble):
        broken()
    assert ask(owner, "SELECT count(*) FROM outbox") == [(0,)]


def test_a_key_that_still_waits_is_not_doubled(app, told, owner):
    for _ in range(2):
        put("note", key="same", number=1)
    assert ask(owner, "SELECT count(*) FROM outbox") == [(1,)]


def test_a_new_row_rings_the_relay(app, settings, told):
    address = settings.database_app_url.replace("postgresql+psycopg://", "postgresql://", 1)
    with psycopg.connect(address, autocommit=True) as bell:
        bell.execute("LISTEN outbox")
        put("note", number=1)
        assert [ring.channel for ring in bell.notifies(timeout=2, stop_after=1)] == ["outbox"]


# ------------------------------------------------------------------ expiry


def test_an_expired_checkout_gives_everything_back(app, owner, moved_clock):
    shop = make_shop()
    goods = make_goods(shop, codes=2)
    placed = place(shop, {goods: 2})
    assert expire.expire_checkouts() == 0
    moved_clock(minutes=16)
    assert expire.expire_checkouts() == 1
    assert state_of(shop, placed) == "expired"
    assert ask(owner, "SELECT state, reservation_id, shop_id FROM codes") == [("free", None, None)] * 2
    assert expire.expire_checkouts() == 0


def test_a_checkout_that_cannot_expire_now_holds_up_no_other(app, owner, moved_clock, monkeypatch):
    shop = make_shop()
    goods = make_goods(shop, codes=3)
    placed = [place(shop, goods) for _ in range(3)]
    moved_clock(minutes=16)
    with owner.connect() as connection:
        connection.execute(
            text("UPDATE orders SET state = 'delivered' WHERE id = :id"), {"id": placed[0].order_id}
        )
        first = connection.execute(
            text("SELECT reservation_id FROM orders WHERE id = :id"), {"id": placed[0].order_id}
        ).scalar_one()
    was = expire.expire

    def stuck(reservation_id: int) -> None:
        if reservation_id == first:
            raise Trouble
        was(reservation_id)

    monkeypatch.setattr(expire, "expire", stuck)
    assert expire.expire_checkouts() == 2
    assert [state_of(shop, one) for one in placed] == ["delivered", "expired", "expired"]


def test_counted_stock_comes_back_to_the_slots_it_was_taken_from(app, owner, moved_clock):
    shop = make_shop()
    goods = make_goods(shop, kind="reusable")
    set_slots(goods, [2, 2, 1])
    place(shop, {goods: 4})
    assert ask(owner, "SELECT sum(remaining) FROM stock_slots") == [(1,)]
    moved_clock(minutes=16)
    expire.expire_checkouts()
    assert ask(owner, "SELECT remaining FROM stock_slots ORDER BY slot") == [(2,), (2,), (1,)]
    assert ask(owner, "SELECT count(*) FROM reserved_slots") == [(0,)]


def test_a_paid_order_does_not_expire(app, owner, moved_clock):
    shop = make_shop()
    placed = place(shop, make_goods(shop, codes=1))
    pay(shop, placed)
    run_jobs()
    moved_clock(minutes=16)
    assert expire.expire_checkouts() == 0
    assert state_of(shop, placed) == "delivered"
