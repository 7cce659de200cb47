"""How often somebody may try, counted in Redis."""

import hashlib

from app.foundation.errors import TooManyRequests
from app.foundation.runtime import redis
from tenants.keys import shop_key


def count_try(what: str, who: str, *, most: int, seconds: int) -> None:
    """Count one try in the open shop, or raise TooManyRequests once there were too many in the window."""
    # A digest, so that a dump of Redis is not a list of customers.
    key = shop_key("tries", what, hashlib.sha256(who.encode()).hexdigest()[:32])
    with redis().pipeline() as line:
        line.set(key, 0, ex=seconds, nx=True)
        line.incr(key)
        line.ttl(key)
        _, tries, left = line.execute()
    if tries > most:
        raise TooManyRequests(retry_seconds=max(int(left), 1))
