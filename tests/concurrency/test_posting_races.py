"""One fact posts once, and a crowd that posts to one account waits for nobody."""

import threading
import time
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from app.domain.ledger.posting import Posting, Side, post
from app.foundation import clock
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope
from tests.concurrency.race import ask, race, without_constraint

pytestmark = pytest.mark.concurrency
CROWD, EACH = 10, 100


def poster(key: str) -> Callable[[], int | None]:
    def run() -> int | None:
        with platform_scope(), unit_of_work():
            return post(
                Posting(key, "odd", "CNY", clock.now(), [Side("rounding", 5), Side("platform_revenue", -5)])
            )

    return run


def test_of_many_that_post_one_fact_one_posts_it(app: Flask, owner: Engine):
    ends = race(app, *[poster("fact") for _ in range(CROWD)])
    assert sorted(end is None for end in ends) == [False] + [True] * (CROWD - 1)
    assert ask(owner, "SELECT count(*), sum(abs(amount_minor))::bigint FROM ledger_entries") == [(2, 10)]


def test_without_the_unique_key_a_fact_would_post_twice(app: Flask, owner: Engine):
    """The twin."""
    clean = "TRUNCATE ledger_transactions, ledger_entries CASCADE"
    with without_constraint(owner, "ledger_transactions", "uq_ledger_transactions_key", clean=clean):
        with owner.connect() as connection:
            # ON CONFLICT needs something to conflict with: an index that never does.
            connection.execute(text("CREATE UNIQUE INDEX lax ON ledger_transactions (key, id)"))
        try:
            ends = race(app, *[blind(f"fact {at}") for at in range(2)])
            assert ends == [None, None]
            assert ask(owner, "SELECT count(*) FROM ledger_transactions WHERE key = 'fact'") == [(2,)]
        finally:
            with owner.connect() as connection:
                connection.execute(text("DROP INDEX lax"))


def blind(name: str) -> Callable[[], None]:
    """Posts as `post` does, with nothing left to conflict with."""
    statement = text("""
        WITH t AS (INSERT INTO ledger_transactions (key, kind, currency, size, moved_minor, occurred_at)
            VALUES ('fact', :name, 'CNY', 2, 5, now()) RETURNING id)
        INSERT INTO ledger_entries (transaction_id, position, account, currency, amount_minor, occurred_at)
        SELECT t.id, s.p, 'rounding', 'CNY', s.m, now() FROM t, (VALUES (1, 5), (2, -5)) s(p, m)
    """)

    def run() -> None:
        with platform_scope(), unit_of_work() as work:
            work.session.execute(statement, {"name": name})

    return run


def test_a_thousand_postings_to_one_account_do_not_wait_for_one_that_stays_open(app: Flask, owner: Engine):
    """Somebody's transaction on the same account stays open all the while: nobody queues behind it."""
    opened, over = threading.Event(), threading.Event()

    def stays_open() -> None:
        with app.app_context(), platform_scope(), unit_of_work():
            post(
                Posting(
                    "slow", "odd", "CNY", clock.now(), [Side("rounding", 5), Side("platform_revenue", -5)]
                )
            )
            opened.set()
            over.wait(60)

    def posts(at: int) -> Callable[[], float]:
        def run() -> float:
            began = time.monotonic()
            for turn in range(EACH):
                poster(f"{at}:{turn}")()
            return time.monotonic() - began

        return run

    slow = threading.Thread(target=stays_open)
    slow.start()
    try:
        assert opened.wait(10)
        ends = race(app, *[posts(at) for at in range(CROWD)])
    finally:
        over.set()
        slow.join(30)
    assert [end for end in ends if not isinstance(end, float)] == []
    balance = "SELECT sum(amount_minor)::bigint FROM ledger_entries WHERE account = 'platform_revenue'"
    assert ask(owner, balance) == [(-5 * (CROWD * EACH + 1),)]


def test_a_row_that_held_a_balance_would_make_them_wait(app: Flask, owner: Engine):
    """The twin: with a balance to bring up to date, whoever comes second waits until the lock is given up on."""
    with owner.connect() as connection:
        connection.execute(text("CREATE TABLE balance_row (minor bigint)"))
        connection.execute(text("INSERT INTO balance_row VALUES (0)"))
        connection.execute(text("GRANT ALL ON balance_row TO perkline_platform"))
    try:
        began = time.monotonic()
        race(app, keeps_a_balance(0.5), keeps_a_balance(0.5))
        assert time.monotonic() - began >= 1.0
    finally:
        with owner.connect() as connection:
            connection.execute(text("DROP TABLE balance_row"))


def keeps_a_balance(seconds: float) -> Callable[[], None]:
    def run() -> None:
        with platform_scope(), unit_of_work() as work:
            work.session.execute(text("UPDATE balance_row SET minor = minor + 1"))
            time.sleep(seconds)

    return run
