"""What is told, cheaply, to whom a busy house cannot let in: come back in a second or two.

A page that was asked for comes back by itself, without a script. A form that was sent is never sent again by
itself: its page says that nothing was changed.
"""

import base64
import hashlib
import json
import random
import re
import secrets
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from flask import Flask, Request, render_template
from flask_babel import force_locale, gettext

from app.web import language

SHORTEST, LONGEST = 1, 3
SAFE = frozenset({"GET", "HEAD"})
SECONDS = b"{seconds}"


class ComeBack:
    """A WSGI answer for those who are turned away, drawn once for each language."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._page = lru_cache(self._draw)
        self._words = lru_cache(self._say)

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        asked, number = Request(environ), secrets.token_hex(8)
        # Not all in the same instant.
        seconds = random.randint(SHORTEST, LONGEST)  # noqa: S311  # nothing depends on it
        spoken = language.pick(asked, language.LANGUAGES)
        headers = [
            ("Cache-Control", "no-store"), ("Retry-After", str(seconds)), ("X-Request-Id", number),
            ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"),
        ]  # fmt: skip
        if _wants_json(asked):
            headers.append(("Content-Type", "application/json"))
            body = self._told(spoken, seconds, number)
        else:
            body, policy = self._page(spoken, asked.method in SAFE)
            body = body.replace(SECONDS, str(seconds).encode())
            headers += [("Content-Type", "text/html; charset=utf-8"), ("Content-Security-Policy", policy)]
        start("503 Service Unavailable", [*headers, ("Content-Length", str(len(body)))])
        return [body]

    def _told(self, spoken: str, seconds: int, number: str) -> bytes:
        told = {"type": "error", "code": "busy", "message": self._words(spoken), "param": None}
        return json.dumps({"error": told | {"request_id": number, "retry_seconds": seconds}}).encode()

    def _say(self, spoken: str) -> str:
        with self._app.test_request_context(), force_locale(spoken):
            return str(
                gettext("Many people are here right now. Nothing was changed; please try again in a moment.")
            )

    def _draw(self, spoken: str, comes_back: bool) -> tuple[bytes, str]:
        with self._app.test_request_context(), force_locale(spoken):
            page = render_template("errors/come_back.html", comes_back=comes_back, seconds=SECONDS.decode())
        style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
        digest = hashlib.sha256((style.group(1) if style else "").encode()).digest()
        policy = f"default-src 'none'; frame-ancestors 'none'; style-src 'sha256-{base64.b64encode(digest).decode()}'"
        return page.encode(), policy


def _wants_json(asked: Request) -> bool:
    if asked.path.startswith(("/api/", "/hooks/")):
        return True
    accepted = asked.accept_mimetypes
    return bool(accepted) and not accepted.accept_html and accepted.accept_json
