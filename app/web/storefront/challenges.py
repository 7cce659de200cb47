"""What a visitor's browser asks for before it may take part: a challenge against scripts."""

from flask import Response, abort, g, jsonify, request

from app.foundation import challenge

# How many tries a step costs on average: four thousandths of a second each, or less, on a phone.
TRIES = {"drop": challenge.USUAL_TRIES}
FIELD = "challenge"


def challenge_for(purpose: str) -> Response:
    """A challenge for a step, or for one thing of a step (`drop`, `drop-17`), as JSON; never kept."""
    tries = TRIES.get(purpose.partition("-")[0])
    if tries is None:
        abort(404)
    answer = jsonify(challenge.issue(purpose, shop_id=g.tenant.id, difficulty=tries))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def require(purpose: str) -> None:
    """Take the solution that this form carries, once, or raise ChallengeFailed."""
    challenge.check(request.form.get(FIELD, ""), purpose, shop_id=g.tenant.id)
