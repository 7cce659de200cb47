"""Doors for people and machines."""

from app.config import Settings
from app.web.consoles import open_consoles
from app.web.doors import House
from app.web.health import health
from app.web.hooks import hooks
from app.web.landing import landing, verify  # noqa: F401  # its pages
from app.web.look import furnish
from app.web.media import media
from app.web.sandbox import sandbox
from app.web.storefront import open_storefront


def register_doors(app: House, settings: Settings) -> None:
    """Every blueprint of the product; doors.DOOR_OF says at which host each answers."""
    furnish(app, pay_origin=pay_origin(settings))
    open_storefront(app)
    open_consoles(app)
    for blueprint in (landing, sandbox, hooks, media, health):
        app.stand(blueprint)


def pay_origin(settings: Settings) -> str:
    """Where a checkout's form may lead after our own answer."""
    if settings.gateway == "stripe":
        return "https://checkout.stripe.com"
    return settings.host_url(f"pay.{settings.base_host}", "")
