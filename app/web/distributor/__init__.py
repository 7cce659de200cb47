"""The distributor's console: opening a shop, its goods and prices, its orders, its settings."""

from typing import Any

from flask import Blueprint, g, request, url_for
from flask_babel import gettext as _

from app.domain.distributors import shops
from app.foundation.errors import NotFound
from app.web.console import desk, people
from app.web.look.frames import Frame, NavGroup, NavItem
from tenants import context

distributor = Blueprint("distributor", __name__, url_prefix="/distributor", template_folder="templates")
desk.put_around(distributor, "distributor")
people.hang_under(distributor)


@distributor.before_request
def open_shop_scope() -> None:
    """A page of one shop works in that shop's scope; somebody else's shop does not exist."""
    with context.platform_scope():
        g.shops = [shop for shop in shops.shops_of(g.seat.distributor_id) if shop.status != "draft"]
    slug = (request.view_args or {}).get("slug")
    g.shop = None
    if slug is None:
        return
    g.shop = next((shop for shop in g.shops if shop.slug == slug), None)
    if g.shop is None:
        raise NotFound(what="shop")
    # doors.close_door leaves it when the request ends
    g.scope_token = context.enter(context.Scope(context.SHOP_ROLE, context.SHOP_SETTING, g.shop.id))


@distributor.context_processor
def around() -> dict[str, Any]:
    if "seat" not in g:  # nobody has come in: an error is being shown
        return {}
    return {
        "frame": frame(),
        "shop_row": g.get("shop"),
        "may": g.seat.may,
        "firm_status": g.get("firm_status"),
    }


PAGES = (
    ("shop_home", "home"), ("listings", "tag"), ("catalogue", "plus"), ("orders", "receipt"),
    ("shop_settings", "settings"), ("look", "spark"), ("domains", "globe"),
)  # fmt: skip


def frame() -> Frame:
    labels = {
        "shop_home": _("Overview"), "listings": _("Listings"), "catalogue": _("Add goods"), "orders": _("Orders"),
        "shop_settings": _("Shop settings"), "look": _("Look"), "domains": _("Domains"),
    }  # fmt: skip
    own = NavItem(_("Shops"), url_for("distributor.home"), "shop")
    groups = [NavGroup((own, NavItem(_("Open a shop"), url_for("distributor.opening"), "plus")))]
    if g.get("shop"):
        items = [
            NavItem(labels[page], url_for(f"distributor.{page}", slug=g.shop.slug), mark)
            for page, mark in PAGES
        ]
        groups.append(NavGroup(tuple(items), g.shop.name))
    people = NavItem(_("People"), url_for("distributor.people"), "users")
    if g.seat.may("people"):
        groups.append(NavGroup((people,), _("Firm")))
    return desk.frame(tuple(groups), g.get("nav_at") or _current())


def _current() -> str:
    """The place in the menu of the page that is shown; the list of shops where it has none."""
    endpoint = (request.endpoint or "").removeprefix("distributor.")
    page = BELONGS.get(endpoint, endpoint)
    if page in dict(PAGES):
        return url_for(f"distributor.{page}", slug=g.shop.slug) if g.get("shop") else ""
    return url_for(f"distributor.{page}") if page in {"home", "opening", "people"} else ""


# Pages that belong to another page's place in the menu.
BELONGS = {
    "order": "orders", "preview_prices": "listings", "apply_prices": "listings", "set_price": "listings",
    "bulk": "listings", "opening_step": "opening", "change_person": "people", "reveal": "orders",
    "give_back": "orders",
}  # fmt: skip
