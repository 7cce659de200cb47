"""Carries outbox rows to RQ: woken by NOTIFY, sharing the work by SKIP LOCKED, losing nothing.

A row is put on with a lease and stays until its job is done. Enqueueing before
the commit can only put a job on twice, which every job bears; the other order
could lose one.
"""

import json
import logging
import signal
import time
from collections import defaultdict
from threading import Event

import psycopg
from flask import Flask
from redis.exceptions import RedisError
from rq import Queue
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.foundation.runtime import redis, settings
from app.foundation.unit_of_work import unit_of_work
from app.jobs.registry import HANDLERS, NORMAL, QUEUES
from tenants.context import platform_scope

log = logging.getLogger(__name__)

MOST, IDLE_SECONDS = 400, 0.5
# When bells ring one after another, rows are gathered for so long: a batch costs RQ what one job does.
GATHER_SECONDS = 0.04

LEASES = json.dumps({kind: handler.lease_seconds for kind, handler in HANDLERS.items()})

TAKE = text("""
    WITH due AS (
        SELECT id FROM outbox WHERE failed_at IS NULL AND due_at <= now()
        ORDER BY due_at LIMIT :most FOR UPDATE SKIP LOCKED
    )
    UPDATE outbox o SET attempts = attempts + 1,
        due_at = now() + make_interval(secs => coalesce((CAST(:leases AS jsonb) ->> o.kind)::int, 30))
    FROM due WHERE o.id = due.id RETURNING o.id, o.kind, o.attempts
""")


def relay_once(queues: dict[str, Queue]) -> int:
    """Put every due row on its queue; how many there were."""
    with platform_scope(), unit_of_work() as work:
        rows = work.session.execute(TAKE, {"most": MOST, "leases": LEASES}).all()
        together: dict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
        for row_id, kind, attempts in sorted(rows):
            handler = HANDLERS.get(
                kind
            )  # a kind that this release does not know fails in the worker, visibly
            together[(handler.queue, handler.batch) if handler else (NORMAL, 1)].append((row_id, attempts))
        for (name, size), found in together.items():
            _put_on(queues[name], found, size)
    return len(rows)


def _put_on(queue: Queue, rows: list[tuple[int, int]], size: int) -> None:
    jobs = []
    for at in range(0, len(rows), size):
        batch = rows[at : at + size]
        ids = [row_id for row_id, _ in batch]
        jobs.append(
            Queue.prepare_data(
                "app.jobs.run.run_batch", args=(ids,), job_id=f"outbox-{ids[0]}-{ids[-1]}-{batch[0][1]}",
                result_ttl=0, failure_ttl=86400, timeout=900,
            )
        )  # fmt: skip
    queue.enqueue_many(jobs)


def run(app: Flask) -> None:
    """Relay until told to stop; a database or Redis that is away is waited for."""
    stop = Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())
    with app.app_context():
        queues = {name: Queue(name, connection=redis()) for name in QUEUES}
        while not stop.is_set():
            try:
                _listen(queues, stop)
            except (OperationalError, psycopg.OperationalError, RedisError) as error:
                log.warning("relay waits for its servers", extra={"error": type(error).__name__})
                stop.wait(1)


def _listen(queues: dict[str, Queue], stop: Event) -> None:
    address = settings().database_app_url.replace("postgresql+psycopg://", "postgresql://", 1)
    with psycopg.connect(address, autocommit=True) as bell:
        bell.execute("LISTEN outbox")
        last = 0.0
        while not stop.is_set():
            if time.monotonic() - last < GATHER_SECONDS:
                stop.wait(GATHER_SECONDS)
            # A bell that rang before the rows are read has been heard.
            for _ in bell.notifies(timeout=0):
                pass
            last = time.monotonic()
            while relay_once(queues) == MOST and not stop.is_set():
                pass
            for _ in bell.notifies(timeout=IDLE_SECONDS, stop_after=1):
                pass
