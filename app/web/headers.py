"""What every answer carries, and the line that is logged of it."""

import logging
import time

from flask import Flask, Response, g, request

from app.foundation.logs import request_id
from app.foundation.runtime import settings

log = logging.getLogger("perkline.requests")

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def install(app: Flask) -> None:
    app.before_request(start_watch)
    app.after_request(finish)


def start_watch() -> None:
    g.started = time.perf_counter()


def finish(response: Response) -> Response:
    for name, value in ALWAYS.items():
        response.headers.setdefault(name, value)
    if settings().scheme == "https":
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    response.headers["X-Request-Id"] = request_id.get() or ""
    _tell(response)
    return response


def _tell(response: Response) -> None:
    # The rule, not the address: addresses carry order keys and sign-in tokens.
    rule = request.url_rule.rule if request.url_rule else None
    took = (time.perf_counter() - g.get("started", time.perf_counter())) * 1000
    log.info(
        "request",
        extra={
            "method": request.method,
            "rule": rule,
            "door": g.get("door"),
            "status": response.status_code,
            "ms": round(took, 1),
        },
    )
