"""From a host to a door: which shop, which console, or nothing at all."""

import secrets

from flask import Blueprint, Flask, Request, abort, current_app, g, request
from werkzeug.routing import MapAdapter

from app.foundation.logs import request_id
from app.foundation.runtime import settings
from tenants import context
from tenants.directory import CachedDirectory
from tenants.hosts import find_tenant, host_only
from tenants.web import require_same_origin

SHOP, CONSOLE, PAY, BASE = "shop", "console", "pay", "base"

# Which door each blueprint stands behind; one that is not listed (health, assets, media) answers at every known host.
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
ANY = "<door>"
# Where files are uploaded; everybody else who sends much is refused before it is read.
UPLOADS = frozenset({"brand.new_import", "brand.picture", "distributor.logo", "distributor.apply_to"})
SMALL_FORM_BYTES, HOOK_BYTES, FORM_BYTES, UPLOAD_BYTES = 64 << 10, 1 << 20, 2 << 20, 64 << 20
LOOPBACK = frozenset({"127.0.0.1", "[::1]"})


class House(Flask):
    """An application with several doors: the same path may lead elsewhere behind another host."""

    any_door = ANY

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        if request is None:
            return super().create_url_adapter(None)
        door = door_of(host_only(request.host), self.extensions["perkline"].settings.base_host)
        return DoorAdapter(
            self.url_map, request.host, request.root_path or "/", door, request.scheme, request.path, request.method,
            request.query_string.decode("latin1"),
        )  # fmt: skip

    def stand(self, blueprint: Blueprint) -> None:
        """Register a blueprint behind its door. Werkzeug's rules call a door a subdomain."""
        self.register_blueprint(blueprint, subdomain=DOOR_OF.get(blueprint.name, ANY))


class DoorAdapter(MapAdapter):
    """Matches behind one door, and leads nowhere but to the host that was asked."""

    def get_host(self, domain_part: str | None) -> str:  # noqa: ARG002 - Werkzeug's own signature
        return self.server_name


def door_of(host: str, base: str) -> str:
    """The door a host leads to; any other host may be a shop's."""
    if host == base or host in LOOPBACK:
        return BASE
    return {f"console.{base}": CONSOLE, f"pay.{base}": PAY}.get(host, SHOP)


def install(app: Flask, directory: CachedDirectory) -> None:
    app.extensions["tenant_directory"] = directory
    app.url_value_preprocessor(_forget_door)
    app.before_request(open_door)
    app.teardown_request(close_door)


def open_door() -> None:
    """Find the door by host before anything else; an unknown host is 404."""
    request_id.set(request.headers.get("X-Request-Id", "")[:64] or secrets.token_hex(8))
    host, base = host_only(request.host), settings().base_host
    g.tenant, g.door = None, door_of(host, base)
    if g.door == SHOP:
        g.tenant = find_tenant(host, base_host=base, directory=current_app.extensions["tenant_directory"])
        if g.tenant is None or g.tenant.status == "draft":
            abort(404)
        g.scope_token = context.enter(context.Scope(context.SHOP_ROLE, context.SHOP_SETTING, g.tenant.id))
    request.max_content_length = _most_bytes(g.door)
    if request.blueprint != "hooks":  # gateways and suppliers sign what they send
        require_same_origin(request)


def _most_bytes(door: str) -> int:
    """How much a request may send: files where files are expected, otherwise what a person types."""
    if request.endpoint in UPLOADS:
        return UPLOAD_BYTES
    if request.blueprint == "hooks":
        return HOOK_BYTES
    return FORM_BYTES if door == CONSOLE and request.blueprint != "console" else SMALL_FORM_BYTES


def _forget_door(_endpoint: str | None, values: dict[str, object] | None) -> None:
    # What answers at every door is told at which; its views do not care.
    if values is not None:
        values.pop("door", None)


def close_door(_error: BaseException | None) -> None:
    token = g.pop("scope_token", None)
    if token is not None:
        context.leave(token)
