"""How often somebody may try, counted in Redis."""

import hashlib
import logging
from dataclasses import dataclass
from typing import Literal

from redis.exceptions import RedisError

from app.foundation.errors import Busy, TooManyRequests
from app.foundation.runtime import redis
from tenants.keys import shop_key

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Counted:
    """How many tries there were in this window, and how long it still lasts."""

    tries: int
    seconds_left: int


def count_try(
    what: str,
    who: str,
    *,
    most: int,
    seconds: int,
    without_redis: Literal["refuse", "let through"] = "refuse",
) -> None:
    """Count one try in the open shop, or raise TooManyRequests once there were too many in the window.

    Where Redis does not answer, guesses are refused (Busy): nobody guesses uncounted.
    What only wards off a crowd and has another guard behind it says "let through".
    """
    counted = count(_key(what, who), seconds=seconds)
    if counted is None and without_redis == "refuse":
        raise Busy(retry_seconds=5)
    if counted is not None and counted.tries > most:
        raise TooManyRequests(retry_seconds=counted.seconds_left)


def forgive_try(what: str, who: str) -> None:
    """Take one counted try back: it was none of those that are counted."""
    key = _key(what, who)
    try:
        with redis().pipeline() as line:
            line.decr(key)
            line.ttl(key)
            _, left = line.execute()
        if left < 0:  # its window had ended: without an end this key would stay for ever
            redis().delete(key)
    except RedisError as error:
        log.warning("not forgiven", extra={"error": type(error).__name__})


def _key(what: str, who: str) -> str:
    # A digest, so that a dump of Redis is not a list of customers.
    return shop_key("tries", what, hashlib.sha256(who.encode()).hexdigest()[:32])


def count(key: str, *, seconds: int) -> Counted | None:
    """Count one under a key whose window begins with its first; None where Redis does not answer."""
    try:
        with redis().pipeline() as line:
            line.set(key, 0, ex=seconds, nx=True)
            line.incr(key)
            line.ttl(key)
            _, tries, left = line.execute()
    except RedisError as error:
        log.warning("not counted", extra={"error": type(error).__name__})
        return None
    return Counted(int(tries), max(int(left), 1))
