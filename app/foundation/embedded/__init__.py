"""A real PostgreSQL and Redis from the installed wheels, for a machine that has neither."""

from app.foundation.embedded.errors import EmbeddedError, HomeBusy
from app.foundation.embedded.home import Home, default_home
from app.foundation.embedded.keyring import ensure_secrets, random_key, random_text
from app.foundation.embedded.postgres import Postgres
from app.foundation.embedded.redis import Redis
from app.foundation.embedded.servers import Servers, serving

__all__ = [
    "EmbeddedError",
    "Home",
    "HomeBusy",
    "Postgres",
    "Redis",
    "Servers",
    "default_home",
    "ensure_secrets",
    "random_key",
    "random_text",
    "serving",
]
