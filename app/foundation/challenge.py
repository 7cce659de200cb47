"""Proof of work, in the manner of ALTCHA: cheap to make and to check, and worth a moment of somebody's processor."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import Any

from app.foundation import pace
from app.foundation.errors import Kind, ProductError
from app.foundation.runtime import settings
from tenants.keys import shop_key

SECONDS = 900


class ChallengeFailed(ProductError):
    """The proof of work is missing, wrong, too old or was used before (`reason`)."""

    code, kind = "challenge_failed", Kind.INVALID


def issue(purpose: str, *, shop_id: int, difficulty: int = 1_000) -> dict[str, Any]:
    """A task: find the number from 0 to `maxnumber`, twice `difficulty`, whose digest with the salt is `challenge`."""
    salt = f"{secrets.token_hex(8)}?{purpose}&{shop_id}&{int(time.time()) + SECONDS}"
    wanted = hashlib.sha256(f"{salt}{secrets.randbelow(2 * difficulty)}".encode()).hexdigest()
    return {
        "algorithm": "SHA-256", "challenge": wanted, "salt": salt, "maxnumber": 2 * difficulty, "signature": _sign(wanted),
    }  # fmt: skip


def check(payload: str, purpose: str, *, shop_id: int) -> None:
    """ChallengeFailed where the answer is none to a task of ours, for this, now, for the first time."""
    try:
        told = json.loads(base64.b64decode(payload))
        salt, number, wanted = str(told["salt"]), int(told["number"]), str(told["challenge"])
        _, _, of = salt.partition("?")
        what, shop, until = of.rsplit("&", 2)
    except (ValueError, KeyError, TypeError) as error:
        raise ChallengeFailed(param="challenge", reason="unreadable") from error
    if not hmac.compare_digest(str(told.get("signature", "")), _sign(wanted)):
        raise ChallengeFailed(param="challenge", reason="not_ours")
    if hashlib.sha256(f"{salt}{number}".encode()).hexdigest() != wanted:
        raise ChallengeFailed(param="challenge", reason="wrong")
    if (what, shop) != (purpose, str(shop_id)) or int(until) < time.time():
        raise ChallengeFailed(param="challenge", reason="too_old")
    counted = pace.count(shop_key("challenge", wanted[:32]), seconds=SECONDS)
    if counted is not None and counted.tries > 1:
        raise ChallengeFailed(param="challenge", reason="used")


def _sign(wanted: str) -> str:
    return hmac.new(settings().key_for("challenge"), wanted.encode(), hashlib.sha256).hexdigest()
