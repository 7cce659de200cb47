"""One use case, one transaction: begun and ended in a flow, nowhere else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from psycopg.errors import DeadlockDetected, LockNotAvailable
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.foundation import audit, outbox
from app.foundation.actor import SYSTEM, Actor
from app.foundation.database import _work_session, fresh_session
from app.foundation.errors import Busy

BUSY_SECONDS = 2
Result = TypeVar("Result")


class NestedWork(RuntimeError):
    """A unit of work was opened inside another; the inner story belongs to a service."""


@dataclass(frozen=True, slots=True)
class Work:
    """The open transaction and what leaves with it."""

    session: Session
    actor: Actor

    def enqueue(
        self,
        kind: str,
        *,
        key: str | None = None,
        delay_seconds: float = 0,
        for_shop: int | None = None,
        **payload: Any,
    ) -> None:
        """Let a job leave with this transaction; a key that is already waiting is not doubled."""
        outbox.put(self.session, kind, payload, key=key, delay_seconds=delay_seconds, for_shop=for_shop)

    def keep_lease(self, key: str, *, seconds: float) -> None:
        """Let a long job keep its row; commits with what it has just done."""
        outbox.keep_lease(self.session, key, seconds=seconds)

    def record(self, action: str, subject: str, **data: Any) -> None:
        """Write the audit row of what is being done, in the same transaction."""
        audit.record(self.session, self.actor, action, subject, data)


@contextmanager
def unit_of_work(actor: Actor = SYSTEM, *, lock_seconds: float = 3) -> Iterator[Work]:
    """Commit when the block ends, roll back when it raises. Nesting raises NestedWork.

    A lock that was waited for in vain, or in a circle, comes out as Busy: nothing was changed.
    """
    if _work_session.get() is not None:
        raise NestedWork("a unit of work is already open")
    fresh = fresh_session()
    token = _work_session.set(fresh)
    try:
        with fresh.begin():
            if lock_seconds != 3:  # 3 s is every connection's own setting
                fresh.execute(
                    text("SELECT set_config('lock_timeout', :ms, true)"), {"ms": f"{lock_seconds * 1000:.0f}"}
                )
            yield Work(fresh, actor)
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable | DeadlockDetected):
            raise Busy(retry_seconds=BUSY_SECONDS) from error
        raise
    finally:
        _work_session.reset(token)
        fresh.close()


def once_more(story: Callable[[], Result]) -> Result:
    """Tell a story that is one transaction, and where somebody was in its way, once more from its beginning."""
    try:
        return story()
    except Busy:
        return story()
