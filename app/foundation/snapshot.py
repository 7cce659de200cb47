"""Reading one moment of the database with two hands: a second connection that sees exactly what the first sees."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from typing import TypeVar

from flask import current_app
from sqlalchemy import text

from app.foundation.database import session
from tenants.scoping import SNAPSHOT

ONE_MOMENT = {"isolation_level": "REPEATABLE READ"}
Answer = TypeVar("Answer")


def begin() -> str:
    """Let the reading session see one moment from now on; the name by which another connection sees it, too."""
    session().connection(execution_options=ONE_MOMENT)
    return str(session().execute(text("SELECT pg_export_snapshot()")).scalar_one())


@contextmanager
def beside(snapshot: str, read: Callable[[], Answer]) -> Iterator[Future[Answer]]:
    """Run `read` in a thread with a session of its own in that moment; what it raises comes out of the result.

    The transaction that named the moment stays open until the block ends, and so does the reader.
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - the app itself, for a thread

    def run() -> Answer:
        with app.app_context():
            session().info[SNAPSHOT] = snapshot
            session().connection(execution_options=ONE_MOMENT)
            try:
                return read()
            finally:
                session().rollback()

    with ThreadPoolExecutor(1, thread_name_prefix="snapshot") as pool:
        yield pool.submit(copy_context().run, run)
