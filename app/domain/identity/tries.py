"""How often somebody may try, counted in Redis."""

import hashlib
from contextlib import suppress

from redis.exceptions import RedisError

from app.foundation.addresses import neighbourhood
from app.foundation.errors import Busy, TooManyRequests
from app.foundation.pace import count
from app.foundation.runtime import redis
from tenants.keys import platform_key

WINDOW_SECONDS = 15 * 60
PER_EMAIL_HERE, PER_EMAIL, PER_ADDRESS, PER_CODE, PER_SIGN_UP = 10, 100, 60, 6, 10


def count_sign_in(email: str, ip: str | None) -> None:
    """Count one try, or raise TooManyRequests: few for an e-mail from one address, many for either alone.

    An e-mail alone is counted far more generously: a stranger who guesses at it from
    elsewhere must not shut its owner out. Where Redis is away nobody comes in: a
    password that may be guessed without counting is worse than a closed door.
    """
    _count("sign-in-address", neighbourhood(ip), PER_ADDRESS)
    _count("sign-in-email-here", _here(email, ip), PER_EMAIL_HERE)
    _count("sign-in-email", email, PER_EMAIL)


def count_code(user_id: int) -> None:
    _count("sign-in-code", str(user_id), PER_CODE)


def count_sign_up(ip: str | None) -> None:
    _count("sign-up", neighbourhood(ip), PER_SIGN_UP)


def forget_sign_in(email: str, ip: str | None) -> None:
    """After the right password the e-mail starts again from nothing."""
    with suppress(RedisError):
        redis().delete(_key("sign-in-email", email), _key("sign-in-email-here", _here(email, ip)))


def _here(email: str, ip: str | None) -> str:
    return f"{email} {neighbourhood(ip)}"


def _count(what: str, who: str, most: int) -> None:
    key = _key(what, who)
    counted = count(key, seconds=WINDOW_SECONDS)
    if counted is None:
        raise Busy(retry_seconds=5)
    if counted.tries > most:
        raise TooManyRequests(retry_seconds=counted.seconds_left)


def _key(what: str, who: str) -> str:
    # A digest, so that a dump of Redis is not a list of customers.
    return platform_key(what, hashlib.sha256(who.encode()).hexdigest()[:32])
