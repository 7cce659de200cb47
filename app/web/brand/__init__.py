"""The brand's console: goods, floors, stock, and who sells them."""

from typing import Any

from flask import Blueprint, g, request, url_for
from flask_babel import gettext as _

from app.web.console import desk, payouts, people
from app.web.look.frames import Frame, NavGroup, NavItem
from tenants import context

brand = Blueprint("brand", __name__, url_prefix="/brand", template_folder="templates")
desk.put_around(brand, "brand")
people.hang_under(brand)
payouts.hang_under(brand)


@brand.before_request
def open_brand_scope() -> None:
    """Every page works in the brand's own scope; doors.close_door leaves it when the request ends."""
    g.scope_token = context.enter(context.Scope(context.BRAND_ROLE, context.BRAND_SETTING, g.seat.brand_id))


@brand.context_processor
def around() -> dict[str, Any]:
    if "seat" not in g:  # nobody has come in: an error is being shown
        return {}
    return {"frame": frame(), "may": g.seat.may, "firm_status": g.get("firm_status")}


PAGES = (
    ("home", "home"),
    ("products", "box"),
    ("stock", "key"),
    ("imports", "upload"),
    ("sellers", "shop"),
    ("sold", "chart"),
    ("payouts", "coins"),
)
BELONGS = {
    "new_product": "products",
    "product": "products",
    "new_sku": "products",
    "sku": "products",
    "picture": "products",
    "set_status": "products",
    "sku_stock": "stock",
    "add_stock": "stock",
    "replace_reusable": "stock",
    "new_import": "imports",
    "stock_import": "imports",
    "decide_import": "imports",
    "import_progress": "imports",
    "change_person": "people",
    "payout": "payouts",
    "payout_account": "payouts",
    "payout_plan": "payouts",
}


def frame() -> Frame:
    labels = {
        "home": _("Overview"),
        "products": _("Products"),
        "stock": _("Stock"),
        "imports": _("Imports"),
        "sellers": _("Who sells it"),
        "sold": _("Sold"),
        "payouts": _("Payouts"),
    }
    groups = [NavGroup(tuple(NavItem(labels[page], url_for(f"brand.{page}"), mark) for page, mark in PAGES))]
    if g.seat.may("people"):
        groups.append(NavGroup((NavItem(_("People"), url_for("brand.people"), "users"),), _("Firm")))
    endpoint = (request.endpoint or "").removeprefix("brand.")
    page = BELONGS.get(endpoint, endpoint)
    known = page in dict(PAGES) or page == "people"
    return desk.frame(tuple(groups), url_for(f"brand.{page}") if known else "")
