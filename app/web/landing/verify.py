"""Whether a statement that somebody holds is ours; asked by anybody, with its number and its digest."""

from flask import Response, make_response, render_template, request

from app.flows import statements
from app.web.landing import landing

MOST = 80
"""Signs of a number or a digest that are looked at."""


@landing.get("/verify")
def verify() -> Response:
    """The question, and the answer where both were given; a wrong number and a wrong digest look the same."""
    number, digest = (request.args.get(name, "").strip()[:MOST] for name in ("number", "digest"))
    found = statements.verify(number, digest) if number and digest else None
    asked = bool(number or digest)
    page = render_template("landing/verify.html", number=number, digest=digest, found=found, asked=asked)
    answer = make_response(page, 404 if asked and found is None else 200)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@landing.get("/verify.json")
def verify_json() -> tuple[dict[str, object], int]:
    """The same for a machine."""
    number, digest = (request.args.get(name, "").strip()[:MOST] for name in ("number", "digest"))
    found = statements.verify(number, digest) if number and digest else None
    if found is None:
        return {"genuine": False}, 404
    issued = found.issued
    return {
        "genuine": True, "number": issued.number, "firm": found.firm_name, "currency": issued.currency,
        "since": issued.since.isoformat(), "until": issued.until.isoformat(), "opening_minor": issued.opening_minor,
        "closing_minor": issued.closing_minor, "movements": issued.entries, "issued_at": issued.created_at.isoformat(),
        "still_so": found.still_so,
    }, 200  # fmt: skip
