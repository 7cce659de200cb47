"""Pictures, served by the digest of their content and for ever."""

import re

from flask import Blueprint, Response, abort, send_from_directory

from app.foundation.media import folder

NAME = re.compile(r"[0-9a-z][0-9a-z._-]{0,80}\.(webp|png|jpg|svg)")
# A picture opened by itself runs nothing and loads nothing.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

media = Blueprint("media", __name__)


@media.get("/media/<name>")
def picture(name: str) -> Response:
    """A stored picture, at every host."""
    if not NAME.fullmatch(name):
        abort(404)
    answer = send_from_directory(folder(), name, conditional=True, max_age=31536000)
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
