"""How often somebody may try, counted in Redis."""

import hashlib

from app.foundation.errors import TooManyRequests
from app.foundation.runtime import redis
from tenants.keys import platform_key

WINDOW_SECONDS = 15 * 60
PER_EMAIL, PER_ADDRESS, PER_CODE = 10, 60, 6


def count_sign_in(email: str, ip: str | None) -> None:
    """Count one try for the e-mail and for the address, or raise TooManyRequests."""
    _count("sign-in-email", email, PER_EMAIL)
    _count("sign-in-address", ip or "unknown", PER_ADDRESS)


def count_code(user_id: int) -> None:
    _count("sign-in-code", str(user_id), PER_CODE)


def count_sign_up(ip: str | None) -> None:
    _count("sign-up", ip or "unknown", PER_EMAIL)


def forget_sign_in(email: str) -> None:
    """After the right password the e-mail starts again from nothing."""
    redis().delete(_key("sign-in-email", email))


def _count(what: str, who: str, most: int) -> None:
    key = _key(what, who)
    with redis().pipeline() as line:
        line.set(key, 0, ex=WINDOW_SECONDS, nx=True)
        line.incr(key)
        line.ttl(key)
        _, tries, seconds = line.execute()
    if tries > most:
        raise TooManyRequests(retry_seconds=max(int(seconds), 1))


def _key(what: str, who: str) -> str:
    # A digest, so that a dump of Redis is not a list of customers.
    return platform_key(what, hashlib.sha256(who.encode()).hexdigest()[:32])
