"""PostgreSQL, and sessions that always know for whom they work."""

from contextvars import ContextVar
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from flask import has_app_context
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import BigInteger, DateTime, Engine, Identity, MetaData, Text, event, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, registry

from tenants import context, scoping

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

COLUMN_TYPES: dict[Any, Any] = {
    int: BigInteger,
    str: Text,
    datetime: DateTime(timezone=True),
    dict[str, Any]: JSONB,
    list[Any]: JSONB,
}


class Base(DeclarativeBase):
    """What every table has: naming, and UTC times."""

    registry = registry(metadata=MetaData(naming_convention=NAMES), type_annotation_map=COLUMN_TYPES)


class ScopedSession(FlaskSession):
    """A session behind the tenants' wall."""


scoping.install(ScopedSession)


class ReadingSession(ScopedSession):
    """The session outside a unit of work: PostgreSQL refuses its writes.

    It ends by COMMIT, because at a ROLLBACK the driver forgets every statement it has prepared.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.info[scoping.READS_ONLY] = True

    def close(self) -> None:
        if self.in_transaction() and self.is_active:
            self.commit()
        super().close()


db = SQLAlchemy(model_class=Base, session_options={"class_": ReadingSession, "expire_on_commit": False})

if TYPE_CHECKING:
    Record = Base
else:
    Record = db.Model

Id = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
CreatedAt = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]


@event.listens_for(Engine, "connect")
def _keep_prepared(connection: Any, _: Any) -> None:
    # More statements than the driver keeps by itself: those it forgets are planned again and again.
    connection.prepared_max = 600


def fresh_session() -> ScopedSession:
    """A session of its own, for one unit of work."""
    return ScopedSession(db, expire_on_commit=False)


_work_session: ContextVar[Session | None] = ContextVar("perkline_work_session", default=None)


def session() -> Session:
    """The unit of work's session inside one, the request's reading session outside."""
    return _work_session.get() or db.session()


def _forget_reading_session() -> None:
    # What was read for one scope is not carried into the next.
    if has_app_context() and db.session.registry.has():
        db.session.remove()


context.when_scope_changes(_forget_reading_session)
