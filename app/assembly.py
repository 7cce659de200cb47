"""create_app(): the only place that knows all the parts, and puts them together."""

from datetime import timedelta

from flask import Flask
from flask_babel import Babel
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisGone
from redis.retry import Retry
from werkzeug.middleware.proxy_fix import ProxyFix

from app import outside
from app.config import Settings, load
from app.domain import tables
from app.domain.distributors.queries import ShopDirectory
from app.domain.notifications.mailer import mailer_for
from app.foundation import logs
from app.foundation.database import db
from app.foundation.runtime import Runtime, vault_for
from app.web import answers, doors, headers, language, register_doors, share
from app.web.doors import House
from app.web.uploads import SealedUploads
from tenants.directory import CachedDirectory
from tenants.web import HostBoundSessions, cookie_name

__all__ = ["create_app", "tables"]


# A page waits no longer for a counter; a worker waits for its next job as long as it takes.
REDIS_SECONDS = 2.0


def create_app(settings: Settings | None = None, *, redis_seconds: float | None = REDIS_SECONDS) -> Flask:
    """Put the parts together. `redis_seconds` is how long Redis may take to answer; None waits, as workers must."""
    settings = settings or load()
    logs.set_up(settings.log_level)
    app = House("app.web", static_folder=None, template_folder="look/templates")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_app_url,
        SQLALCHEMY_ENGINE_OPTIONS={
            "pool_size": settings.web_threads + 2,
            "max_overflow": 4,
            "pool_timeout": 10,
            # An error may be logged, a buyer's words may not.
            "hide_parameters": True,
            "connect_args": {"prepare_threshold": 2},
        },
        SESSION_COOKIE_NAME=cookie_name("perkline", scheme=settings.scheme),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.scheme == "https",
        PERMANENT_SESSION_LIFETIME=timedelta(days=31),
        MAX_CONTENT_LENGTH=64 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=8 * 1024 * 1024,
        BABEL_TRANSLATION_DIRECTORIES=language.DIRECTORIES,
        BABEL_DEFAULT_LOCALE="zh_Hans",
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]  # JSONProvider's own attribute
    app.request_class = SealedUploads
    app.session_interface = HostBoundSessions()
    db.init_app(app)
    Babel(app, locale_selector=language.choose, timezone_selector=language.timezone)
    app.extensions["perkline"] = Runtime(
        settings,
        _redis(settings.redis_url, redis_seconds),
        vault_for(settings),
        mailer_for(settings.smtp_url, settings.home),
    )
    outside.connect(settings)
    doors.install(app, CachedDirectory(ShopDirectory()))
    answers.install(app)
    headers.install(app)
    share.install(app, settings)
    register_doors(app, settings)
    # Last, so that what stands in front of the application sees the visitor's host and not the proxy's.
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def _redis(url: str, seconds: float | None) -> Redis:
    if seconds is None:
        return Redis.from_url(url)
    # A connection that Redis closed meanwhile is opened anew at once; silence is not waited for twice.
    retry = Retry(NoBackoff(), 1, supported_errors=(RedisGone,))
    return Redis.from_url(url, socket_timeout=seconds, socket_connect_timeout=seconds, retry=retry)
