"""A real PostgreSQL and Redis for tests that ask for one, in a home that is thrown away.

Each xdist worker that asks has its own, so workers share nothing and wait for nobody.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.foundation.embedded import Home, HomeBusy, Servers

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


def _sweep() -> None:
    """Remove homes of runs that were killed; a home in use holds its lock."""
    for place in GROUND.glob(f"{NAME}*"):
        home = Home(place)
        try:
            with home.lock("sweeping"):
                Servers.of(home).stop()
                home.delete()
        except (HomeBusy, OSError):
            continue
