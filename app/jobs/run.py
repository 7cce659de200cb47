"""The queue's door: run a batch of outbox rows, each on its own, and take the finished ones away."""

import logging
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from app.foundation import figures
from app.foundation.database import session
from app.foundation.errors import Kind, ProductError
from app.foundation.logs import order_number, request_id
from app.foundation.unit_of_work import unit_of_work
from app.jobs.registry import HANDLERS
from tenants.context import platform_scope
from tenants.jobs import job_scope

log = logging.getLogger(__name__)

WAITING = text(
    "SELECT id, kind, shop_id, brand_id, distributor_id, payload FROM outbox"
    " WHERE id = ANY (:ids) AND failed_at IS NULL ORDER BY id"
)
DONE = text("DELETE FROM outbox WHERE id = ANY (:ids)")
# 2, 4, 8 … seconds after a failure, never more than ten minutes.
BACK_OFF = text(
    "UPDATE outbox SET last_error = :error, failures = failures + 1,"
    " due_at = now() + make_interval(secs => least(600, 2 ^ least(failures + 1, 12))),"
    " failed_at = CASE WHEN failures + 1 >= :tries THEN now() END WHERE id = :id"
)


def run_batch(ids: Sequence[int]) -> None:
    """Run the jobs of these outbox rows; one that fails holds up no other."""
    with platform_scope():
        rows = session().execute(WAITING, {"ids": list(ids)}).all()
    together, apart = _sorted(rows)
    done = [row_id for kind, some in together.items() for row_id in _run_together(kind, some)]
    done += [row.id for row in apart if _run(*row)]
    if done:
        with platform_scope(), unit_of_work() as work:
            work.session.execute(DONE, {"ids": done})


def _sorted(rows: Sequence[Any]) -> tuple[dict[str, list[Any]], list[Any]]:
    """Rows whose story is told for many at once, by kind, and the others."""
    together: dict[str, list[Any]] = {}
    for row in rows:
        if row.kind in HANDLERS and HANDLERS[row.kind].run_many is not None:
            together.setdefault(row.kind, []).append(row)
    return together, [row for row in rows if row.kind not in together]


def _run_together(kind: str, rows: Sequence[Any]) -> list[int]:
    """Run many rows in one transaction; where that fails, each on its own, so that one bad row holds up no other."""
    story = HANDLERS[kind].run_many
    started = time.perf_counter()
    try:
        with platform_scope():
            story([(row.shop_id, row.payload) for row in rows])  # type: ignore[misc]  # _sorted has looked
    except Exception as error:  # each row says its own error below
        log.warning("batch falls apart", exc_info=error, extra={"job": kind})
        return [row.id for row in rows if _run(*row)]
    figures.jobs.labels(kind, "done").inc(len(rows))
    figures.job_seconds.labels(kind).observe((time.perf_counter() - started) / len(rows))
    return [row.id for row in rows]


def _run(
    row_id: int,
    kind: str,
    shop_id: int | None,
    brand_id: int | None,
    distributor_id: int | None,
    payload: dict[str, object],
) -> bool:
    request_id.set(f"job-{row_id}")
    order_number.set(None)
    started = time.perf_counter()
    try:
        with job_scope(shop_id, brand_id, distributor_id):
            HANDLERS[kind].run(**payload)
    except Exception as error:  # noqa: BLE001  # whatever it is: the row stays, says why, and comes back later
        _failed(row_id, kind, error)
        return False
    figures.jobs.labels(kind, "done").inc()
    figures.job_seconds.labels(kind).observe(time.perf_counter() - started)
    return True


def _failed(row_id: int, kind: str, error: Exception) -> None:
    figures.jobs.labels(kind, "failed").inc()
    expected = isinstance(error, ProductError) and error.kind is not Kind.BUG
    log.log(logging.WARNING if expected else logging.ERROR, "job failed", exc_info=error, extra={"job": kind})
    # The class only: a message might quote what it was given.
    told = error.code if isinstance(error, ProductError) else type(error).__name__
    tries = HANDLERS[kind].tries if kind in HANDLERS else 1
    with platform_scope(), unit_of_work() as work:
        work.session.execute(BACK_OFF, {"id": row_id, "error": told, "tries": tries})
