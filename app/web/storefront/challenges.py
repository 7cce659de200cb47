"""What a visitor's browser asks for before it may take part: a challenge against scripts."""

import re

from flask import Response, abort, g, jsonify, request

from app.domain.flash import queries
from app.foundation import challenge

# How many tries a step costs on average: four thousandths of a second each, or less, on a phone.
TRIES = {"drop": challenge.USUAL_TRIES}
FIELD = "challenge"
DROP = re.compile(r"[0-9]{1,18}")


def challenge_for(purpose: str) -> Response:
    """A challenge for a step, or for one thing of a step (`drop`, `drop-17`), as JSON; never kept."""
    what, _, which = purpose.partition("-")
    tries = TRIES.get(what)
    if tries is None:
        abort(404)
    drop = queries.drop(int(which)) if what == "drop" and DROP.fullmatch(which) else None
    if drop is not None:  # as much work here as at its own door
        tries = max(drop.difficulty, 1)
    answer = jsonify(challenge.issue(purpose, shop_id=g.tenant.id, difficulty=tries))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def require(purpose: str) -> None:
    """Take the solution that this form carries, once, or raise ChallengeFailed."""
    challenge.check(request.form.get(FIELD, ""), purpose, shop_id=g.tenant.id)
