"""Pictures of goods and shops, kept under the digest of their content."""

import re

from flask import Blueprint, Response, abort, g, send_from_directory

from app.foundation.runtime import settings

NAME = re.compile(r"[0-9a-f]{16,64}\.(svg|webp|png|jpe?g)")
FOR_EVER = "public, max-age=31536000, immutable"
# A drawing may hold a script: opened by itself it runs nothing and loads nothing.
SHUT = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

media = Blueprint("media", __name__)


@media.get("/media/<name>")
def picture(name: str) -> Response:
    """One picture; its name says its content, so it is never asked for twice."""
    if not NAME.fullmatch(name):
        abort(404)
    g.same_for_everyone = True
    answer = send_from_directory(settings().home / "media", name, conditional=True)
    answer.headers["Cache-Control"] = FOR_EVER
    answer.headers["Content-Security-Policy"] = SHUT
    return answer
