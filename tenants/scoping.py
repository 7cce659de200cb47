"""The first wall: sessions refuse what does not say whose it is.

PostgreSQL's row security (rls.py) is the second wall and the one that also
holds for raw SQL; this one turns a forgotten scope into an error at the line
that forgot it.
"""

from functools import lru_cache
from typing import Any

from psycopg import sql
from sqlalchemy import BigInteger, event
from sqlalchemy.orm import ORMExecuteState, Session, mapped_column, with_loader_criteria

from tenants.context import Scope, current_scope, current_scope_or_none
from tenants.errors import ForeignRow, NoScope, ScopeChanged


class TenantOwned:
    """Mixin of every mapped table whose rows belong to one shop; it has a column `shop_id`."""

    shop_id: Any = mapped_column(BigInteger, nullable=False)


OPEN = (
    "SELECT set_config('role', %s, true), set_config('transaction_read_only', %s, true),"
    " set_config(coalesce(%s, 'perkline.none'), coalesce(%s, ''), true)"
)
READS_ONLY = "reads_only"
"""A session whose `info` says so opens transactions in which PostgreSQL refuses every write."""
SNAPSHOT = "snapshot"
"""A session whose `info` names one sees the very moment that another transaction has exported."""
IN_SNAPSHOT = "SET TRANSACTION SNAPSHOT {}"


def install(session_class: type[Session]) -> None:
    """Put the wall into every session of this class."""
    event.listen(session_class, "after_begin", _open_in_database)
    event.listen(session_class, "do_orm_execute", _narrow_reads)
    event.listen(session_class, "before_flush", _check_writes)


def _open_in_database(session: Session, _transaction: Any, connection: Any) -> None:
    scope = current_scope()
    session.info["scope"] = scope
    # To the driver itself: this stands before every first question, and leaves together with BEGIN.
    driver = connection.connection.driver_connection
    reads = "on" if session.info.get(READS_ONLY) else "off"
    snapshot = session.info.get(SNAPSHOT)
    if snapshot is not None:  # before any question, or PostgreSQL refuses
        driver.execute(sql.SQL(IN_SNAPSHOT).format(sql.Literal(snapshot)))
    with driver.pipeline():
        driver.execute(
            OPEN, (scope.role, reads, scope.setting, None if scope.value is None else str(scope.value))
        )


def _scope_of(session: Session) -> Scope:
    scope = current_scope_or_none()
    if scope is None:
        raise NoScope("a tenant's table was read outside any scope")
    begun = session.info.get("scope")
    if session.in_transaction() and begun is not None and begun != scope:
        raise ScopeChanged(f"session begun for {begun} used for {scope}")
    return scope


def _narrow_reads(state: ORMExecuteState) -> None:
    scope = _scope_of(state.session)
    shop_id = scope.shop_id
    if shop_id is None or not (state.is_select or state.is_update or state.is_delete):
        return
    state.statement = state.statement.options(_only_of(shop_id))


@lru_cache(maxsize=4096)
def _only_of(shop_id: int) -> Any:
    """The criterion of one shop, made once: every read of a tenant's table carries it."""
    return with_loader_criteria(TenantOwned, lambda cls: cls.shop_id == shop_id, include_aliases=True)


def _check_writes(session: Session, *_: object) -> None:
    scope = _scope_of(session)
    if scope.shop_id is None:
        return
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, TenantOwned) and row.shop_id != scope.shop_id:
            raise ForeignRow(
                f"{type(row).__name__} of shop {row.shop_id} in the scope of shop {scope.shop_id}"
            )
