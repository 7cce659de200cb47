"""Carries outbox rows to RQ: woken by NOTIFY, sharing the work by SKIP LOCKED, losing nothing.

A row is put on with a lease and stays until its job is done. Enqueueing before
the commit can only put a job on twice, which every job bears; the other order
could lose one.

A queue in Redis is first come, first served, so it is kept short and the rest
waits in PostgreSQL, where each shop (brand, distributor) has its turn: ten
thousand jobs of one stand behind one another, and not in front of another's one.
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
from rq import Queue, Worker
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

# So many jobs wait on a queue for each of its workers: enough to keep it busy until the relay looks again,
# and no more than another shop's job may have in front of it.
DEPTH = 6

OTHERS = json.dumps([NORMAL, 30, 1])  # a kind that this release does not know fails in the worker, visibly

TAKE = text("""
    WITH due AS (
        SELECT id, due_at, rule ->> 0 AS queue, (rule ->> 1)::int AS lease, (rule ->> 2)::int AS batch,
            row_number() OVER (
                PARTITION BY rule ->> 0, shop_id, brand_id, distributor_id ORDER BY due_at, id
            ) AS turn
        FROM outbox, LATERAL coalesce(CAST(:rules AS jsonb) -> kind, CAST(:others AS jsonb)) AS rule
        WHERE failed_at IS NULL AND due_at <= now()
    ), placed AS (
        SELECT id, queue, lease, row_number() OVER w AS place, sum(1.0 / batch) OVER w AS jobs
        FROM due WINDOW w AS (PARTITION BY queue ORDER BY turn, due_at, id ROWS UNBOUNDED PRECEDING)
    ), mine AS (
        SELECT o.id, p.place, p.lease FROM placed p JOIN outbox o ON o.id = p.id
        WHERE p.place <= :most AND p.jobs <= (CAST(:room AS jsonb) ->> p.queue)::int
            AND o.failed_at IS NULL AND o.due_at <= now()
        FOR UPDATE OF o SKIP LOCKED
    )
    UPDATE outbox o SET attempts = attempts + 1, due_at = now() + make_interval(secs => mine.lease)
    FROM mine WHERE o.id = mine.id RETURNING mine.place, o.id, o.kind, o.attempts
""")


def relay_once(queues: dict[str, Queue]) -> int:
    """Put due rows on the queues that have room, a row of each shop in turn; how many there were."""
    room = _room(queues)
    if not any(room.values()):
        return 0
    with platform_scope(), unit_of_work() as work:
        asked = {"rules": json.dumps(_rules()), "others": OTHERS, "room": json.dumps(room), "most": MOST}
        rows = work.session.execute(TAKE, asked).all()
        together: dict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
        for _place, row_id, kind, attempts in sorted(rows):
            handler = HANDLERS.get(kind)
            together[(handler.queue, handler.batch) if handler else (NORMAL, 1)].append((row_id, attempts))
        for (name, size), found in together.items():
            _put_on(queues[name], found, size)
    return len(rows)


def _rules() -> dict[str, tuple[str, int, int]]:
    """For each kind of job its queue, its lease in seconds and how many rows make one job."""
    return {kind: (handler.queue, handler.lease_seconds, handler.batch) for kind, handler in HANDLERS.items()}


def _room(queues: dict[str, Queue]) -> dict[str, int]:
    """How many jobs each queue may still be given; none before it is half empty, as each look costs the database."""
    room = {}
    for name, queue in queues.items():
        most, waiting = DEPTH * max(1, Worker.count(queue=queue)), queue.count
        room[name] = most - waiting if waiting <= most // 2 else 0
    return room


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
            more = relay_once(queues) > 0 or not all(_room(queues).values())
            # What had no room is looked at again before the workers run dry.
            for _ in bell.notifies(timeout=GATHER_SECONDS if more else IDLE_SECONDS, stop_after=1):
                pass
