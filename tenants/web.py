"""The wall at the web's door: host first, then a session that is worth nothing elsewhere."""

import hashlib
from typing import Any

from flask import Flask, Request, Response, g, request
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer
from werkzeug.exceptions import Forbidden

from tenants.hosts import host_only

UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def cookie_name(name: str, *, scheme: str) -> str:
    """Under https browsers themselves keep `__Host-` cookies to one host: a sibling shop cannot plant one."""
    return f"__Host-{name}" if scheme == "https" else name


class HostBoundSessions(SecureCookieSessionInterface):
    """Signed cookies whose key is derived from the host: a cookie carried to another shop is no cookie.

    The cookie is also host-only (no Domain attribute), HttpOnly and SameSite=Lax.
    """

    key_derivation = "hmac"
    digest_method = staticmethod(hashlib.sha256)

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        if not app.secret_key:
            return None
        host = host_only(request.host)
        return URLSafeTimedSerializer(
            app.secret_key,
            salt=f"perkline-session:{host}",
            serializer=self.serializer,
            signer_kwargs={"key_derivation": self.key_derivation, "digest_method": self.digest_method},
        )

    def get_cookie_domain(self, app: Flask) -> str | None:  # noqa: ARG002  # Flask's own signature
        return None

    def save_session(self, app: Flask, session: Any, response: Response) -> None:
        # A page that may be kept for every visitor carries nobody's cookie.
        if not g.get("same_for_everyone", False):
            super().save_session(app, session, response)


def require_same_origin(asked: Request) -> None:
    """Refuse an unsafe request that a page of another origin sent, sibling shops included.

    Browsers say where a request comes from (Sec-Fetch-Site, Origin); programs
    send neither and carry no ambient cookie that could be abused.
    """
    if asked.method not in UNSAFE:
        return
    site = asked.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in {"same-origin", "none"}:
            raise Forbidden("cross_origin")
        return
    origin = asked.headers.get("Origin")
    if origin is not None and origin.split("://", 1)[-1].lower() != asked.host.lower():
        raise Forbidden("cross_origin")
