"""PostgreSQL and Redis together, for the supervisor, the command line and the tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from app.foundation.embedded.errors import HomeBusy
from app.foundation.embedded.home import Home
from app.foundation.embedded.postgres import Postgres
from app.foundation.embedded.redis import Redis


@dataclass(frozen=True)
class Servers:
    """The servers of one home."""

    postgres: Postgres
    redis: Redis

    @classmethod
    def of(cls, home: Home, *, fast_unsafe: bool = False) -> "Servers":
        """Describe the servers of a home without starting them.

        `fast_unsafe` gives up what a power cut would need, for tests.
        """
        return cls(Postgres(home, fast_unsafe=fast_unsafe), Redis(home, fast_unsafe=fast_unsafe))

    @property
    def database_url(self) -> str:
        return self.postgres.url()

    @property
    def redis_url(self) -> str:
        return self.redis.url()

    def start(self) -> None:
        """Start both, or use those that run in the home already."""
        self.redis.start()
        self.postgres.start()

    def stop(self) -> None:
        """Stop both, cleanly, the database last."""
        self.redis.stop()
        self.postgres.stop()


@contextmanager
def serving(home: Home, *, who: str = "a command") -> Iterator[Servers]:
    """Give the running servers of a home, starting them for this while if nobody has."""
    servers = Servers.of(home)
    try:
        with home.lock(who):
            try:
                servers.start()
                yield servers
            finally:
                servers.stop()
    except HomeBusy:
        servers.start()
        yield servers
