"""PostgreSQL and Redis together, for the supervisor, the command line and the tests."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from app.foundation.embedded.errors import HomeBusy
from app.foundation.embedded.home import Home
from app.foundation.embedded.postgres import Postgres
from app.foundation.embedded.redis import Redis


@dataclass(frozen=True)
class Servers:
    """The servers of one home, and those of them that are wanted."""

    postgres: Postgres
    redis: Redis
    wanted: tuple[Postgres | Redis, ...]

    @classmethod
    def of(
        cls, home: Home, *, fast_unsafe: bool = False, want_postgres: bool = True, want_redis: bool = True
    ) -> "Servers":
        """Describe the servers of a home without starting them.

        `fast_unsafe` gives up what a power cut would need, for tests.
        """
        postgres, redis = Postgres(home, fast_unsafe=fast_unsafe), Redis(home, fast_unsafe=fast_unsafe)
        wishes = ((postgres, want_postgres), (redis, want_redis))
        return cls(postgres, redis, tuple(server for server, wanted in wishes if wanted))

    @property
    def database_url(self) -> str:
        return self.postgres.url()

    @property
    def redis_url(self) -> str:
        return self.redis.url()

    def start(self) -> None:
        """Start those wanted, or use those that run in the home already."""
        for server in self.wanted:
            server.start()

    def stop(self) -> None:
        """Stop those wanted, cleanly, the database last."""
        for server in reversed(self.wanted):
            server.stop()


@contextmanager
def serving(servers: Servers, *, who: str = "a command") -> Iterator[Servers]:
    """Have the servers of a home running for this while; whoever owns the home already keeps them."""
    with ExitStack() as stack:
        try:
            stack.enter_context(servers.postgres.home.lock(who))
            stack.callback(servers.stop)
        except HomeBusy:
            pass  # the owner runs them, or will in a moment
        servers.start()
        yield servers
