"""The brand's console: goods, floors, stock, who sells them on which terms, and its money."""

from typing import Any

from flask import Blueprint, g, url_for
from flask_babel import lazy_gettext as _

from app.domain.distributors import partners
from app.web import money
from app.web.console import desk, payouts, people, stopping
from app.web.console.menus import Place, here, menu
from app.web.look.frames import Frame
from tenants import context

brand = Blueprint("brand", __name__, url_prefix="/brand", template_folder="templates")
desk.put_around(brand, "brand")
people.hang_under(brand)
payouts.hang_under(brand)
money.hang_under(brand)
stopping.hang_under(brand)


@brand.before_request
def open_brand_scope() -> None:
    """Every page works in the brand's own scope; doors.close_door leaves it when the request ends."""
    g.scope_token = context.enter(context.Scope(context.BRAND_ROLE, context.BRAND_SETTING, g.seat.brand_id))


@brand.context_processor
def around() -> dict[str, Any]:
    if "seat" not in g:  # nobody has come in: an error is being shown
        return {}
    return {"frame": frame(), "may": g.seat.may, "firm_status": g.get("firm_status")}


GOODS = (
    Place(
        "products",
        _("Products"),
        "box",
        ("new_product", "product", "new_sku", "sku", "picture", "set_status"),
    ),
    Place("stock", _("Stock"), "key", ("sku_stock", "add_stock", "replace_reusable")),
    Place(
        "imports", _("Imports"), "upload", ("new_import", "stock_import", "decide_import", "import_progress")
    ),
    Place("sold", _("Sold"), "chart"),
)
PRICES = (
    Place("floors", _("Floors"), "lock", ("sku_floors", "set_floor", "end_floor")),
    Place("promotions", _("Promotions"), "megaphone", stopping.PAGES),
    Place("price_map", _("Price map"), "shop", ("sellers", "price_history")),
    Place("attempts", _("Attempts"), "alert"),
)
PARTNERS = (
    Place("distributors", _("Distributors"), "users", ("distributor",)),
    Place("levels", _("Levels"), "star", ("change_levels",)),
    Place("invites", _("Invites"), "link", ("make_invite",)),
    Place(
        "terms",
        _("Terms"),
        "tag",
        ("term", "terms_table", "terms_check", "new_term", "next_term", "end_term"),
    ),
)
MONEY = (
    Place("earnings", _("Earnings"), "coins", ("earning_lines", "earning")),
    Place("statements", _("Statements"), "receipt", ("money_move",)),
    Place("payouts", _("Payouts"), "arrow-right", ("payout", "payout_account", "payout_plan")),
)
GROUPS = (
    ("", (Place("home", _("Overview"), "home"),)),
    (_("Goods"), GOODS),
    (_("Prices"), PRICES),
    (_("Partners"), PARTNERS),
    (_("Money"), MONEY),
)
FIRM = ((_("Firm"), (Place("people", _("People"), "user", ("change_person",)),)),)


def frame() -> Frame:
    groups = GROUPS + (FIRM if g.seat.may("people") else ())
    page = here("brand", groups)
    counts = {"distributors": partners.waiting()}
    return desk.frame(menu("brand", groups, counts=counts), url_for(f"brand.{page}") if page else "")
