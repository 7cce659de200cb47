"""Many rows in few statements."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Table, insert

from app.foundation.database import Record, session


def plant(kind: type[Record], rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Insert the rows, which all name the same columns, and return their ids in the same order."""
    if not rows:
        return []
    table = cast(Table, kind.__table__)
    statement = insert(table).returning(table.c.id, sort_by_parameter_order=True)
    return list(session().execute(statement, list(rows)).scalars())


def plant_quietly(kind: type[Record], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows whose ids nobody needs."""
    if rows:
        session().execute(insert(cast(Table, kind.__table__)), list(rows))
