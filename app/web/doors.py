"""From a host to a door: which shop, which console, or nothing at all."""

import secrets

from flask import Flask, abort, current_app, g, request

from app.foundation.logs import request_id
from app.foundation.runtime import settings
from tenants import context
from tenants.directory import CachedDirectory
from tenants.hosts import find_tenant, host_only
from tenants.web import require_same_origin

SHOP, CONSOLE, PAY, BASE = "shop", "console", "pay", "base"

# Which door each blueprint stands behind; a blueprint that is not listed (health, static) answers at every known host.
DOOR_OF = {
    "storefront": SHOP,
    "console": CONSOLE,
    "distributor": CONSOLE,
    "brand": CONSOLE,
    "platform": CONSOLE,
    "sandbox": PAY,
    "landing": BASE,
    "hooks": BASE,
}
LOOPBACK = frozenset({"127.0.0.1", "[::1]"})


def install(app: Flask, directory: CachedDirectory) -> None:
    app.extensions["tenant_directory"] = directory
    app.before_request(open_door)
    app.teardown_request(close_door)


def open_door() -> None:
    """Find the door by host before anything else; an unknown host is 404."""
    request_id.set(request.headers.get("X-Request-Id", "")[:64] or secrets.token_hex(8))
    host, base = host_only(request.host), settings().base_host
    g.tenant = None
    if host == base or host in LOOPBACK:
        g.door = BASE
    elif host == f"console.{base}":
        g.door = CONSOLE
    elif host == f"pay.{base}":
        g.door = PAY
    else:
        g.door = SHOP
        g.tenant = find_tenant(host, base_host=base, directory=current_app.extensions["tenant_directory"])
        if g.tenant is None or g.tenant.status == "draft":
            abort(404)
        g.scope_token = context.enter(context.Scope(context.SHOP_ROLE, context.SHOP_SETTING, g.tenant.id))
    wanted = DOOR_OF.get(request.blueprint or "")
    if wanted is not None and wanted != g.door:
        abort(404)
    if request.blueprint != "hooks":  # gateways and suppliers sign what they send
        require_same_origin(request)


def close_door(error: BaseException | None) -> None:
    token = g.pop("scope_token", None)
    if token is not None:
        context.leave(token)
