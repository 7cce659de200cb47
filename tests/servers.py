"""A real PostgreSQL and Redis for tests that ask for one, in a home that is thrown away.

Each xdist worker that asks has its own, so workers share nothing and wait for nobody.
"""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from app.foundation.embedded import EmbeddedError, Home, Servers

GROUND = Path(tempfile.gettempdir())
NAME = "perkline-tests-"


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Running servers with nothing in them but an empty database `perkline`."""
    _sweep()
    home = Home(Path(tempfile.mkdtemp(prefix=NAME, dir=GROUND)))
    with home.lock("tests"):
        running = Servers.of(home, fast_unsafe=True)
        try:
            running.start()
            yield running
        finally:
            running.stop()
            home.delete()


@pytest.fixture(scope="session")
def pg_admin_url(servers: Servers) -> str:
    """The superuser's address of the maintenance database, to make and drop databases from."""
    return servers.postgres.url("postgres")


@pytest.fixture(scope="session")
def redis_url(servers: Servers) -> str:
    return servers.redis_url


@pytest.fixture
def empty_home() -> Iterator[Home]:
    """A home for one test, where every account can reach it; whatever runs in it is stopped afterwards."""
    home = Home(Path(tempfile.mkdtemp(prefix=NAME, dir=GROUND)) / "home")
    home.path.parent.chmod(0o711)
    yield home
    Servers.of(home).stop()
    home.delete()
    shutil.rmtree(home.path.parent, ignore_errors=True)


def _sweep() -> None:
    """Remove homes of runs that were killed; a home in use holds its lock, a young one will in a moment."""
    for place in GROUND.glob(f"{NAME}*"):
        with suppress(EmbeddedError, OSError):
            if time.time() - place.stat().st_mtime < 600:
                continue
            home = Home(place / "home" if (place / "home").exists() else place)
            with home.lock("sweeping"):
                Servers.of(home).stop()
                home.delete()
            shutil.rmtree(place, ignore_errors=True)
