"""How fast delivered orders settle through their jobs, beside the same rows written by raw SQL.

The jobs are run as a worker runs them: `run_batch` over as many outbox rows as the relay puts together.
The reference copies what the jobs wrote (transactions, entries, earnings, settlements) into the same
tables, with the same triggers, constraints and batch size, after the first copy is gone.
"""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from sqlalchemy import create_engine, text

from app import create_app
from app.bench.books import plant
from app.bench.import_stock import House
from app.bench.machine import broken, notes
from app.config import load
from app.foundation.database import db
from app.foundation.embedded import Home, Servers, serving
from app.jobs.registry import HANDLERS
from app.jobs.run import run_batch

ORDERS = 100_000
BATCH = HANDLERS["settle_order"].batch
JOBS = """
INSERT INTO outbox (kind, shop_id, payload) SELECT 'settle_order', shop_id, jsonb_build_object('order_id', id)
FROM orders ORDER BY id
"""
# What was written, put aside, so that raw SQL may write it again.
ASIDE = """
CREATE UNLOGGED TABLE ref_t AS SELECT *, (row_number() OVER (ORDER BY id) - 1) / {batch} AS batch FROM
    ledger_transactions
    WHERE kind = 'settlement';
CREATE UNLOGGED TABLE ref_e AS SELECT e.*, t.batch FROM ledger_entries e JOIN ref_t t ON t.id = e.transaction_id
    ORDER BY e.id;
CREATE UNLOGGED TABLE ref_n AS SELECT n.*, t.batch FROM earnings n JOIN ref_t t ON t.id = n.transaction_id ORDER BY
    n.id;
CREATE UNLOGGED TABLE ref_s AS SELECT s.*, t.batch FROM settlements s JOIN ref_t t ON t.id = s.transaction_id ORDER
    BY s.id;
CREATE INDEX ON ref_t (batch);
CREATE INDEX ON ref_e (batch);
CREATE INDEX ON ref_n (batch);
CREATE INDEX ON ref_s (batch);
SET session_replication_role = replica;
TRUNCATE earnings, earning_returns, settlements;
DELETE FROM ledger_entries WHERE transaction_id IN (SELECT id FROM ref_t);
DELETE FROM ledger_transactions WHERE kind = 'settlement';
SET session_replication_role = DEFAULT
"""
AGAIN = (
    ("ref_t", "ledger_transactions"),
    ("ref_e", "ledger_entries"),
    ("ref_n", "earnings"),
    ("ref_s", "settlements"),
)
UNBALANCED = """
SELECT count(*) FROM (SELECT t.id FROM ledger_transactions t LEFT JOIN ledger_entries e ON e.transaction_id = t.id
    GROUP BY t.id HAVING coalesce(sum(e.amount_minor), 1) <> 0 OR count(e.id) <> t.size) x
"""
POST = """
WITH t AS (INSERT INTO ledger_transactions (key, kind, currency, size, moved_minor, occurred_at)
    VALUES (%s, 'bench', 'CNY', 2, 1, now()) RETURNING id)
INSERT INTO ledger_entries (transaction_id, position, account, brand_id, currency, amount_minor, occurred_at)
SELECT t.id, s.p, s.a, s.b, 'CNY', s.m, now() FROM t, (VALUES (1, 'rounding', NULL::bigint, -1), (2, %s,
    %s::bigint, 1)) s(p, a, b, m)
"""
CROWD, SECONDS, TURNS = 16, 3.0, 3


def run(*, orders: int = ORDERS) -> dict[str, Any]:
    """The figures of settling so many orders, in a home that is thrown away."""
    home = Home(Path(tempfile.mkdtemp(prefix="perkline-bench-")))
    servers = Servers.of(home)
    try:
        with serving(servers, who="perkline bench settle"):
            return _measure(House.built(servers, home.path, goods=False), orders)
    finally:
        home.delete()


def _measure(house: House, orders: int) -> dict[str, Any]:
    engine = create_engine(house.environ["DATABASE_URL"], isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        plant(connection, orders, settled=False)
        connection.exec_driver_sql(JOBS)
        connection.exec_driver_sql("ANALYZE outbox")
        ids = list(connection.execute(text("SELECT id FROM outbox ORDER BY id")).scalars())
    seconds = _settle(house, ids)
    with engine.connect() as connection:
        settled = connection.exec_driver_sql("SELECT count(*) FROM settlements").scalar_one()
        unbalanced = connection.exec_driver_sql(UNBALANCED).scalar_one()
        left = connection.exec_driver_sql("SELECT count(*) FROM outbox").scalar_one()
    engine.dispose()
    reference, entries = _reference(house)
    crowd = _crowd(house)
    return {
        "orders": orders, "orders_per_second": round(settled / seconds, 1), "ratio": round(reference / seconds, 3),
        "unbalanced": unbalanced, "jobs_left": left, "settled": settled, "entries": entries, "batch": BATCH,
        "broken": broken(unbalanced=unbalanced, jobs_left=left, unsettled=orders - settled),
        "settle_seconds": round(seconds, 1), "reference_seconds": round(reference, 1), **crowd, "machine": notes(),
    }  # fmt: skip


def _settle(house: House, ids: list[int]) -> float:
    """One worker, batch after batch."""
    app = create_app(load(house.environ))
    with app.app_context():
        began = time.perf_counter()
        for at in range(0, len(ids), BATCH):
            run_batch(ids[at : at + BATCH])
        seconds = time.perf_counter() - began
        db.session.remove()
        db.engine.dispose()
    app.extensions["perkline"].redis.close()
    return seconds


def _reference(house: House) -> tuple[float, int]:
    """Seconds that raw SQL takes for the same rows in the same batches, and how many entries they are."""
    with psycopg.connect(house.database_url) as connection:
        for statement in ASIDE.format(batch=BATCH).split(";\n"):
            connection.execute(statement)
        connection.commit()
        columns = {table: _columns(connection, table) for _, table in AGAIN}
        found = connection.execute(
            "SELECT max(batch), (SELECT count(*) FROM ref_e) FROM ref_t"
        ).fetchone() or (0, 0)
        connection.commit()
        began = time.perf_counter()
        for batch in range(found[0] + 1):
            for source, table in AGAIN:
                connection.execute(
                    f"INSERT INTO {table} ({columns[table]}) OVERRIDING SYSTEM VALUE"  # noqa: S608 - names of our own
                    f" SELECT {columns[table]} FROM {source} WHERE batch = %s",
                    (batch,),
                )
            connection.commit()
        return time.perf_counter() - began, int(found[1])


def _columns(connection: psycopg.Connection[Any], table: str) -> str:
    found = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND table_schema = 'public'",
        (table,),
    )
    return ", ".join(name for (name,) in found)


def _crowd(house: House) -> dict[str, Any]:
    """How many postings a second a crowd makes: all to one account, and each to its own; they should be as many."""
    turns = [(_posted(house, together=True), _posted(house, together=False)) for _ in range(TURNS)]
    together, apart = (median(figures) for figures in zip(*turns, strict=True))
    return {
        "one_account_per_second": round(together), "own_accounts_per_second": round(apart),
        "one_account_ratio": round(together / apart, 2),
    }  # fmt: skip


def _posted(house: House, *, together: bool) -> float:
    until = time.monotonic() + SECONDS

    def one(at: int) -> int:
        done = 0
        with psycopg.connect(house.database_url) as connection:
            while time.monotonic() < until:
                key = f"bench:{together}:{at}:{until}:{done}"
                account = ("platform_revenue", None) if together else ("brand_held", at + 1)
                connection.execute(POST, (key, *account))
                connection.commit()
                done += 1
        return done

    with ThreadPoolExecutor(CROWD) as crowd:
        return sum(crowd.map(one, range(CROWD))) / SECONDS
