"""Proof of work against scripts, by the ALTCHA protocol (v2): a browser finds a number, which costs it some seconds.

It slows a crowd of programs down and keeps nobody out; limits per buyer are kept elsewhere, by the database.
A challenge is for one purpose in one shop, signed with a key of its own, and its solution is worth one entry.
"""

import logging
import secrets
from datetime import timedelta

import altcha
from redis.exceptions import RedisError

from app.foundation import clock
from app.foundation.errors import Busy, Kind, ProductError
from app.foundation.runtime import redis, settings
from tenants.context import shop_scope
from tenants.keys import shop_key

log = logging.getLogger(__name__)

ALGORITHM, ROUNDS = "PBKDF2/SHA-256", 1_000
"""What one try costs: about a quarter of a millisecond natively, and as much for us to issue a challenge."""
USUAL_TRIES = 1_000
LIFETIME = timedelta(minutes=15)
LONGEST = 2_000
"""Characters of a solution that we would read; ours have about 700."""


class ChallengeFailed(ProductError):
    """No good solution; `reason`: missing, unreadable, forged, expired, elsewhere, wrong or spent."""

    code, kind = "challenge_failed", Kind.INVALID


def issue(purpose: str, *, shop_id: int, difficulty: int = USUAL_TRIES) -> dict[str, object]:
    """A challenge for the page, as JSON; `difficulty`: how many tries it takes, from half to one and a half of it."""
    made = altcha.create_challenge(
        ALGORITHM,
        ROUNDS,
        # A number in a narrow range, and not any that fits a prefix: nobody is ten times as unlucky as the others.
        counter=difficulty // 2 + secrets.randbelow(max(difficulty, 1)),
        expires_at=clock.now() + LIFETIME,
        data=_meant_for(purpose, shop_id),
        hmac_secret=settings().key_for("challenge"),
        hmac_key_secret=settings().key_for("challenge-solution"),
    )
    return made.to_dict()


def check(payload: str, purpose: str, *, shop_id: int) -> None:
    """Take a solution once, or raise ChallengeFailed.

    Where Redis does not answer, nobody can say whether it was used before, and it is refused (Busy): a replayed
    solution would be no work at all. A Redis that has forgotten takes each solution, while it lasts, once more.
    """
    if not payload:
        raise ChallengeFailed(reason="missing")
    nonce, lasts_until = _solved(payload, _meant_for(purpose, shop_id))
    with shop_scope(shop_id):
        key = shop_key("challenge", nonce)
    seconds = max(int(lasts_until - clock.now().timestamp()), 0) + 60
    try:
        first = redis().set(key, 1, ex=seconds, nx=True)
    except RedisError as error:
        log.warning("solution not taken", extra={"error": type(error).__name__})
        raise Busy(retry_seconds=5) from error
    if not first:
        raise ChallengeFailed(reason="spent")


def _solved(payload: str, meant_for: dict[str, object]) -> tuple[str, float]:
    """The challenge's name and when it ends, if this solves one of ours that was meant for this."""
    given = _read(payload)
    found = altcha.verify_solution(
        given,
        settings().key_for("challenge"),
        hmac_key_secret=settings().key_for("challenge-solution"),
    )
    asked = given.challenge.parameters
    if found.expired or (not found.invalid_signature and (asked.expires_at or 0) < clock.now().timestamp()):
        raise ChallengeFailed(reason="expired")
    if found.invalid_signature:
        raise ChallengeFailed(reason="forged")
    if asked.data != meant_for:
        raise ChallengeFailed(reason="elsewhere")
    if not found.verified:
        raise ChallengeFailed(reason="wrong")
    return asked.nonce, float(asked.expires_at or 0)


def _read(payload: str) -> altcha.Payload:
    if len(payload) > LONGEST:
        raise ChallengeFailed(reason="unreadable")
    try:
        return altcha.Payload.from_base64(payload)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ChallengeFailed(reason="unreadable") from error


def _meant_for(purpose: str, shop_id: int) -> dict[str, object]:
    return {"purpose": purpose, "shop": int(shop_id)}
