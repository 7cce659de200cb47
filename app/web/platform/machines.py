"""How the machines under the product are doing."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rq import Queue, Worker
from sqlalchemy import text

from app.domain.brands import queries as brands
from app.foundation.database import session
from app.foundation.paging import Asked
from app.foundation.runtime import redis


@dataclass(frozen=True, slots=True)
class Check:
    """One machine's answer: how long it took, or why there was none."""

    name: str
    ok: bool
    told: str
    milliseconds: float


@dataclass(frozen=True, slots=True)
class QueueLength:
    name: str
    waiting: int
    failed: int


@dataclass(frozen=True, slots=True)
class WorkerSeen:
    name: str
    state: str
    queues: str
    done: int
    failed: int
    heard_at: datetime | None


def checks() -> list[Check]:
    """PostgreSQL, Redis and the workers, asked now."""
    return [
        _ask("PostgreSQL", lambda: str(session().execute(text("SHOW server_version")).scalar())),
        _ask("Redis", lambda: str(redis().info("server")["redis_version"])),
        _ask("Workers", _workers_told),
    ]


def _ask(name: str, question: Any) -> Check:
    begun = time.perf_counter()
    try:
        told, ok = question(), True
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
        told, ok = type(error).__name__, False
    return Check(name, ok, told, (time.perf_counter() - begun) * 1000)


def _workers_told() -> str:
    seen = workers()
    if not seen:
        raise LookupError("no worker")
    return str(len(seen))


def queues() -> list[QueueLength]:
    """Every queue RQ knows of, the longest first."""
    found = Queue.all(connection=redis())
    lengths = [QueueLength(queue.name, queue.count, queue.failed_job_registry.count) for queue in found]
    return sorted(lengths, key=lambda queue: (-queue.waiting, queue.name))


def workers() -> list[WorkerSeen]:
    """Workers that were heard of lately."""
    return [
        WorkerSeen(
            worker.name, str(worker.get_state()), ", ".join(worker.queue_names()), worker.successful_job_count,
            worker.failed_job_count, worker.last_heartbeat,
        )
        for worker in Worker.all(connection=redis())
    ]  # fmt: skip


def pending_brands() -> int:
    return brands.page(Asked(filters={"status": "pending"}, size=1)).total
