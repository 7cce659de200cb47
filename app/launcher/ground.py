"""What every command stands on: a home, its secrets, and the addresses of PostgreSQL and Redis."""

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from app.foundation.embedded import (
    Home,
    Servers,
    default_home,
    ensure_secrets,
    random_key,
    random_text,
    serving,
)

ROOT = Path(__file__).resolve().parents[2]

MAKERS = {
    "SECRET_KEY": random_text,
    "FINGERPRINT_KEY": random_text,
    # The name of a key stays with everything it wraps, so a later key needs another.
    "MASTER_KEYS": lambda: f"{secrets.token_hex(4)}:{random_key()}",
    "SANDBOX_SECRET": random_text,
    "SUPPLIER_KEY": lambda: "perkline",
    "SUPPLIER_SECRET": random_text,
}


@dataclass(frozen=True)
class Ground:
    """One home and the settings somebody gave."""

    home: Home
    given: Mapping[str, str]

    @classmethod
    def of(cls, environ: Mapping[str, str], checkout: Path = ROOT) -> "Ground":
        named = environ.get("PERKLINE_HOME")
        return cls(Home(Path(named).expanduser().resolve() if named else default_home(checkout)), environ)

    @cached_property
    def servers(self) -> Servers:
        """The servers this home must run itself, because nobody named others."""
        return Servers.of(
            self.home,
            want_postgres=not self.given.get("DATABASE_URL"),
            want_redis=not self.given.get("REDIS_URL"),
        )

    def settings(self, *, make_secrets: bool) -> dict[str, str]:
        """Return the environment with everything filled in that nobody gave.

        A secret is made only for a house on its own machine: a key that one machine
        of many made for itself would be lost with it, and every code with the key.
        """
        filled = ensure_secrets(self.home, MAKERS if make_secrets else {})
        filled |= {"DATABASE_URL": self.servers.database_url, "REDIS_URL": self.servers.redis_url}
        given = {name: value for name, value in self.given.items() if value}
        return filled | given | {"PERKLINE_HOME": str(self.home.path)}


@contextmanager
def standing(environ: Mapping[str, str] = os.environ, *, who: str = "a command") -> Iterator[dict[str, str]]:
    """Give the settings for one command, with the servers they name running.

    Beside a running house it uses that house's servers; otherwise it starts them for this while.
    """
    ground = Ground.of(environ)
    embedded = bool(ground.servers.wanted)
    with serving(ground.servers, who=who) if embedded else nullcontext():
        yield ground.settings(make_secrets=embedded)
