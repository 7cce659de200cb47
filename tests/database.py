"""A migrated database for each test process, emptied after every test that used it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, text

from app import create_app
from app.config import Settings, app_url
from app.foundation import clock
from app.foundation.database import db
from app.schema import migrate

SECRET = "tests only, never a real key"
MASTER = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


@pytest.fixture(scope="session")
def settings(pg_admin_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of a database of this test process's own, migrated (never create_all)."""
    admin = create_engine(pg_admin_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE perkline_tests"))
    url = str(admin.url.set(database="perkline_tests").render_as_string(hide_password=False))
    admin.dispose()
    home = Path(tmp_path_factory.mktemp("home"))
    made = Settings(
        home=home, database_url=url, database_app_url=app_url(url, SECRET), redis_url=redis_url, secret_key=SECRET,
        fingerprint_key=SECRET, master_keys=MASTER, sandbox_secret="whsec_dGVzdHM=", supplier_secret="supplier tests",
        log_level="WARNING", web_threads=40,
    )  # fmt: skip
    migrate(made)
    return made


@pytest.fixture(scope="session")
def built_app(settings: Settings) -> Iterator[Flask]:
    made = create_app(settings)
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()
    made.extensions["perkline"].redis.close()


@pytest.fixture(scope="session")
def owner(settings: Settings) -> Iterator[Engine]:
    """The owner's connection, past every wall: for looking, tampering and cleaning up."""
    engine = create_engine(settings.database_url, isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def _tables(owner: Engine, built_app: Flask) -> str:
    with owner.connect() as connection:
        names = connection.execute(
            text(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
            )
        ).scalars()
        return ", ".join(names)


@contextmanager
def opened(built_app: Flask, owner: Engine, tables: str) -> Iterator[Flask]:
    """The product with an app context open; every row and key is gone afterwards."""
    with built_app.app_context():
        yield built_app
    with owner.connect() as connection:
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
    built_app.extensions["perkline"].redis.flushall()
    built_app.extensions["tenant_directory"].forget()


@pytest.fixture
def app(built_app: Flask, owner: Engine, _tables: str) -> Iterator[Flask]:
    """The whole product, empty, for one test."""
    with opened(built_app, owner, _tables) as running:
        yield running


@pytest.fixture
def moved_clock() -> Iterator[Callable[..., None]]:
    """Move the house's clock: `moved_clock(minutes=16)`; it is right again afterwards."""
    yield lambda **by: clock.travel(timedelta(**by))
    clock.travel_back()
