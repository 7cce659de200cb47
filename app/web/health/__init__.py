"""Is it alive, is it ready, how is it doing."""

import os

from flask import Blueprint, Response, abort, g, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import text

from app.foundation.database import session
from app.foundation.runtime import redis
from app.web.doors import BASE
from app.web.health.collector import Waiting
from tenants.context import platform_scope

health = Blueprint("health", __name__)


@health.get("/healthz")
def alive() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@health.get("/readyz")
def ready() -> tuple[Response, int] | Response:
    """PostgreSQL and Redis answer too; 503 says which does not."""
    checks = {}
    for name, check in (("postgresql", _ask_postgresql), ("redis", redis().ping)):
        try:
            check()
            checks[name] = "ok"
        except Exception as error:  # noqa: BLE001  # whatever it is, the answer is "not ready"
            checks[name] = type(error).__name__
    ok = all(answer == "ok" for answer in checks.values())
    return jsonify(status="ok" if ok else "not ready", checks=checks), 200 if ok else 503


@health.get("/metrics")
def metrics() -> Response:
    """Figures for Prometheus; only at the base host, which a proxy keeps from the public."""
    if g.door != BASE:
        abort(404)
    told = generate_latest(_registry()) + generate_latest(Waiting())
    return Response(told, content_type=CONTENT_TYPE_LATEST)


def _registry() -> CollectorRegistry:
    """This process's counters, or those of every process where they share a folder."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return registry


def _ask_postgresql() -> None:
    with platform_scope():
        session().execute(text("SELECT 1"))
