"""Which requests share this process, and with whom; see fair_share.py."""

from collections.abc import Hashable
from typing import Any

from app.config import PLACES_EACH, Settings
from app.web.come_back import ComeBack
from app.web.doors import BASE, PAY, SHOP, House, door_of
from app.web.fair_share import FairShare, Turns
from tenants.hosts import host_only, subdomain

STRANGERS = "strangers"
# Asked by machines to learn how the house is, or cheaper than waiting.
NEVER_WAIT = ("/healthz", "/readyz", "/metrics", "/assets/")


def install(app: House, settings: Settings) -> None:
    """Stand in front of the application; what is handed out at the door (FrontDesk) never comes here."""
    hands = settings.web_threads
    # What gateways and pay pages ask belongs to some shop's sale, and who tries hosts is nobody's guest:
    # a shop that sells alone is not kept to half for them.
    turns = Turns(hands=hands, places=hands * PLACES_EACH, no_company=frozenset({BASE, PAY, STRANGERS}))

    def whose(environ: dict[str, Any]) -> Hashable | None:
        return _whose(app, settings.base_host, environ)

    share = FairShare(app.wsgi_app, whose, ComeBack(app), turns=turns)
    app.extensions["fair_share"] = share
    app.wsgi_app = share  # type: ignore[method-assign, assignment]  # Flask's own way to stand in front


def _whose(app: House, base: str, environ: dict[str, Any]) -> Hashable | None:
    """The shop's id, a console or another door, or "strangers": every host that nobody has asked for before."""
    if environ["PATH_INFO"].startswith(NEVER_WAIT):
        return None
    host = host_only(environ.get("HTTP_HOST", ""))
    door = door_of(host, base)
    if door != SHOP:
        return door
    label = subdomain(host, base)
    directory = app.extensions["tenant_directory"]
    shop = directory.known("slug", label) if label is not None else directory.known("host", host)
    return shop.id if shop is not None else STRANGERS
