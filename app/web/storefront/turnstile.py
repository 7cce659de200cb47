"""The line of a flash sale is answered at the door: a crowd that only asks where it stands wakes nobody in the house.

Like the front desk, it stands before the application. What it does not know (a shop or drop not read lately, a
signed-in buyer, a large or foreign request) goes on to the view, which gives the same answers.
"""

import json
import logging
import re
import secrets
import time
from collections.abc import Iterable
from http.client import responses
from io import BytesIO
from typing import Any

from flask import Flask, g
from flask_babel import force_locale
from itsdangerous import BadSignature
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Request

from app.web.fair_share import FairShare
from app.web.headers import ALWAYS
from app.web.language import COOKIE, LANGUAGES
from app.web.storefront import line, visitor
from app.web.storefront.front_desk import Wsgi
from app.web.storefront.line import Caller
from tenants import context
from tenants.directory import CachedDirectory, Tenant
from tenants.hosts import find_tenant, host_only
from tenants.web import require_same_origin

log = logging.getLogger("perkline.requests")

PATH = re.compile(r"/flash/([0-9]{1,18})/(enter|place)")
LARGEST_FORM = 8 << 10
Answer = tuple[int, list[tuple[str, str]], bytes]
STORIES = {"enter": ("POST", line.enter), "place": ("GET", line.look)}


class Turnstile:
    """Stands before the application, and answers for its line what it can."""

    def __init__(self, app: Flask, behind: Wsgi, directory: CachedDirectory, share: FairShare) -> None:
        self._app, self._behind, self._directory, self._share = app, behind, directory, share

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        path = PATH.fullmatch(environ.get("PATH_INFO", ""))
        if path is None or environ["REQUEST_METHOD"] != STORIES[path[2]][0] or not _small(environ):
            return self._behind(environ, start)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        unknown: list[bool] = []

        def tell(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            return self._tell(environ, start, path, unknown)

        # A line is long: who asks where it stands takes turns with its shop's other visitors.
        answer = self._share.through(environ, start, tell, urgent=True)
        if not unknown:
            return answer
        getattr(answer, "close", lambda: None)()
        environ["wsgi.input"] = BytesIO(body)
        return self._behind(environ, start)

    def _tell(
        self, environ: dict[str, Any], start: Any, path: re.Match[str], unknown: list[bool]
    ) -> Iterable[bytes]:
        """The line's answer; or nothing, and `unknown` says so."""
        with self._app.app_context():
            answer = self._answer(environ, int(path[1]), path[2])
        if answer is None:
            unknown.append(True)
            return []
        status, headers, text = answer
        start(f"{status} {responses[status]}", headers)
        return [text]

    def _answer(self, environ: dict[str, Any], drop_id: int, what: str) -> Answer | None:
        began, settings = time.perf_counter(), self._app.extensions["perkline"].settings
        host = host_only(environ.get("HTTP_HOST", ""))
        g.tenant = find_tenant(host, base_host=settings.base_host, directory=self._directory)
        if g.tenant is None or g.tenant.status == "draft":
            return None
        asked = Request(environ)
        # Who is signed in, only the house can read.
        if self._app.config["SESSION_COOKIE_NAME"] in asked.cookies:
            return None
        try:
            require_same_origin(asked)  # type: ignore[arg-type]  # asks for nothing that is Flask's own
        except Forbidden:
            return None
        token = context.enter(context.Scope(context.SHOP_ROLE, context.SHOP_SETTING, g.tenant.id))
        try:
            row = line.remembered(drop_id)
            if row is None:
                return None
            device, fresh = _device(asked)
            caller = Caller(
                device, asked.headers.get("X-Ticket", ""), asked.form.get("email", ""), asked.form.get("challenge", ""),
                _language(asked, g.tenant), asked.remote_addr or "",
            )  # fmt: skip
            with force_locale(caller.locale):
                status, said = line.answered(STORIES[what][1], row, caller)
            cookie = visitor.cookie_for(device) if fresh else ""
        finally:
            context.leave(token)
        took = round((time.perf_counter() - began) * 1000, 1)
        log.info("request", extra={"method": asked.method, "rule": f"/flash/<drop>/{what}", "door": "turnstile",
                                   "status": status, "ms": took})  # fmt: skip
        return _as_json(status, said, cookie, https=settings.scheme == "https")


def _as_json(status: int, said: line.Said, cookie: str, *, https: bool) -> Answer:
    """An answer as the house would send it."""
    text = json.dumps(said).encode()
    headers = [
        ("Content-Type", "application/json"), ("Cache-Control", "no-store"), *ALWAYS.items(),
        ("Content-Length", str(len(text))), ("X-Request-Id", secrets.token_hex(8)),
    ]  # fmt: skip
    if cookie:
        headers.append(("Set-Cookie", cookie))
    if https:
        headers.append(("Strict-Transport-Security", "max-age=31536000"))
    return status, headers, text


def _small(environ: dict[str, Any]) -> bool:
    length = environ.get("CONTENT_LENGTH") or "0"
    return length.isdecimal() and int(length) <= LARGEST_FORM and "HTTP_TRANSFER_ENCODING" not in environ


def _device(asked: Request) -> tuple[str, bool]:
    """The browser's sign, and whether it was made for it just now."""
    kept = asked.cookies.get(visitor.device_cookie())
    if kept:
        try:
            return visitor.device_signer().unsign(kept).decode(), False
        except BadSignature:
            pass
    return secrets.token_urlsafe(16), True


def _language(asked: Request, tenant: Tenant) -> str:
    """As language.choose: what was chosen, else what the browser asks for, else the shop's first."""
    offered = tenant.languages or LANGUAGES
    chosen = asked.cookies.get(COOKIE)
    if chosen in offered:
        return str(chosen)
    for wanted, _ in asked.accept_languages:
        match = {"zh": "zh_Hans", "en": "en"}.get(wanted.lower()[:2])
        if match is not None and match in offered:
            return match
    return str(offered[0])
