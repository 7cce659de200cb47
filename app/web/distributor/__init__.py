"""The distributor's console: opening a shop, its goods and prices, its orders, its settings, and its money."""

from typing import Any

from flask import Blueprint, g, request, url_for
from flask_babel import lazy_gettext as _

from app.domain.distributors import shops
from app.foundation.errors import NotFound
from app.web import money
from app.web.console import desk, payouts, people
from app.web.console.menus import Place, here, menu
from app.web.look.frames import Frame, NavGroup, NavItem
from tenants import context

distributor = Blueprint("distributor", __name__, url_prefix="/distributor", template_folder="templates")
desk.put_around(distributor, "distributor")
people.hang_under(distributor)
payouts.hang_under(distributor)
money.hang_under(distributor)


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


SHOPS = (Place("home", _("Shops"), "shop"), Place("opening", _("Open a shop"), "plus", ("opening_step",)))
PROMOTION_PAGES = (
    "promotion", "new_promotion", "edit_promotion", "new_timed_price", "new_quantity_tiers", "new_bundle_price",
    "new_threshold_coupon", "new_fixed_coupon", "new_percentage_coupon", "promotion_calendar", "promotion_report",
    "promotion_orders", "coupon_codes", "flash_new", "group_new", "referral_new", "promotions_of_others",
)  # fmt: skip
SHOP = (
    Place("shop_home", _("Overview"), "home"),
    Place("listings", _("Listings"), "tag", ("preview_prices", "apply_prices", "set_price", "bulk")),
    Place("flash_sales", _("Flash sales"), "bolt", ("flash_new", "flash_live")),
    Place("catalogue", _("Add goods"), "plus", ("add_goods",)),
    Place("groups", _("Group buys"), "users", ("group_new", "make_group_offer", "move_group_offer")),
    Place("orders", _("Orders"), "receipt", ("order", "reveal", "give_back")),
    Place("promotions", _("Promotions"), "megaphone", PROMOTION_PAGES),
    Place(
        "referrals_home", _("Referrals"), "gift", ("promoters", "rewards", "referral_new", "make_referral")
    ),
    Place("shop_settings", _("Shop settings"), "settings"),
    Place("look", _("Look"), "spark"),
    Place("domains", _("Domains"), "globe"),
)
MONEY = (
    Place("earnings", _("Earnings"), "coins", ("earning_lines", "earning")),
    Place("statements", _("Statements"), "receipt", ("money_move",)),
    Place("payouts", _("Payouts"), "arrow-right", ("payout", "payout_account", "payout_plan")),
    Place("own_terms", _("My terms"), "tag"),
)
PARTNERS = (
    Place("partners", _("Brands"), "brand", ("partner", "apply_to")),
    Place("recruit", _("Recruit"), "megaphone", ("make_recruit_link",)),
)
GROUPS = (("", SHOPS), (_("Money"), MONEY), (_("Partners"), PARTNERS))
FIRM = ((_("Firm"), (Place("people", _("People"), "users", ("change_person",)),)),)


def frame() -> Frame:
    groups = GROUPS + (FIRM if g.seat.may("people") else ())
    found = menu("distributor", groups)
    page = here("distributor", groups)
    at = url_for(f"distributor.{page}") if page else ""
    if g.get("shop"):
        of_shop = (("", SHOP),)
        items = [NavItem(str(place.label), _in_shop(place.page), place.icon) for place in SHOP]
        found = (found[0], NavGroup(tuple(items), g.shop.name), *found[1:])
        page = here("distributor", of_shop)
        at = _in_shop(page) if page else at
    return desk.frame(found, g.get("nav_at") or at)


def _in_shop(page: str) -> str:
    return url_for(f"distributor.{page}", slug=g.shop.slug)
