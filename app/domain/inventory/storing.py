"""Store a prepared chunk of codes, inside the caller's transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import JSONB

from app.domain.inventory.copying import COPY, TABLE
from app.domain.inventory.importing import Chunk, Plan, Problem
from app.domain.inventory.models import StockImport
from app.foundation.database import session
from app.foundation.errors import StaleState

# A report that nobody can read to its end only makes the row heavy; the counts stay exact.
LISTED_PROBLEMS = 10_000

# In order of fingerprint: two imports that share codes never wait for each other in a circle.
INSERT = text("""
    INSERT INTO codes (brand_id, sku_id, batch_id, data_key_id, fingerprint, secret, pick, expires_at)
    SELECT :brand_id, :sku_id, :batch_id, :data_key_id, fingerprint, secret, pick, expires_at
    FROM incoming ORDER BY fingerprint
    ON CONFLICT (fingerprint) DO NOTHING
""")
# Whoever holds the code, this brand or another: the line was not added by this batch.
NOT_ADDED = text("""
    SELECT line FROM incoming i
    WHERE NOT EXISTS (SELECT FROM codes c WHERE c.fingerprint = i.fingerprint AND c.batch_id = :batch_id)
    ORDER BY line LIMIT :room
""")


def store(plan: Plan, chunk: Chunk) -> int:
    """Add the chunk's codes and move the import's counts; how many were added.

    Raises StaleState when the import no longer stands where the chunk begins:
    another worker was faster, or it was cancelled.
    """
    listed = _take(plan, chunk)
    added = _insert(plan, chunk) if chunk.fresh else 0
    problems = chunk.problems
    if added < chunk.fresh and listed < LISTED_PROBLEMS:
        problems = sorted([*problems, *_not_added(plan, LISTED_PROBLEMS - listed)])
    _count(plan, chunk, added, problems[: LISTED_PROBLEMS - listed])
    return added


def _take(plan: Plan, chunk: Chunk) -> int:
    """Lock the import where the chunk begins; how many problems it already lists."""
    listed = session().execute(
        select(func.jsonb_array_length(StockImport.problems))
        .where(
            StockImport.id == plan.import_id,
            StockImport.state == "running",
            StockImport.rows_done == chunk.start,
        )
        .with_for_update()
    )
    found = listed.scalar()
    if found is None:
        raise StaleState(what="stock_import", id=plan.import_id)
    return int(found)


def _insert(plan: Plan, chunk: Chunk) -> int:
    connection = session().connection()
    connection.exec_driver_sql(TABLE)
    with _cursor(connection).copy(COPY) as copy:
        copy.write(chunk.copy)
    values = {
        "brand_id": plan.brand_id,
        "sku_id": plan.sku_id,
        "batch_id": plan.batch_id,
        "data_key_id": plan.data_key_id,
    }
    return int(connection.execute(INSERT, values).rowcount)


def _cursor(connection: Connection) -> Any:
    """psycopg's own cursor on the open transaction: SQLAlchemy has no COPY."""
    return connection.connection.cursor()


def _not_added(plan: Plan, room: int) -> list[Problem]:
    rows = session().execute(NOT_ADDED, {"batch_id": plan.batch_id, "room": room})
    return [Problem(line, "already_on_platform") for (line,) in rows]


def _count(plan: Plan, chunk: Chunk, added: int, problems: list[Problem]) -> None:
    new = literal([problem.as_json() for problem in problems], JSONB)
    session().execute(
        update(StockImport)
        .where(StockImport.id == plan.import_id)
        .values(
            rows_done=chunk.end,
            added=StockImport.added + added,
            repeated_in_file=StockImport.repeated_in_file + chunk.repeated,
            already_on_platform=StockImport.already_on_platform + chunk.fresh - added,
            malformed=StockImport.malformed + chunk.malformed,
            problems=StockImport.problems.op("||")(new),
        )
    )
