"""Brands, distributors and shops: who may work."""

from typing import Any

from flask import abort, flash, request
from flask_babel import gettext as _

from app.domain.brands import queries as brands_of
from app.domain.distributors import shops as shops_of
from app.flows import oversee
from app.foundation.errors import ProductError
from app.foundation.runtime import settings
from app.web.console.columns import Col
from app.web.console.desk import back
from app.web.console.listing import Listing, answer
from app.web.console.names import FIRM_STATES, SHOP_STATES, options
from app.web.console.persons import actor, needs
from app.web.console.sentences import sentence
from app.web.console.typed import ids
from app.web.platform import platform


@platform.get("/distributors")
def distributors() -> Any:
    listing = Listing(
        name="distributors",
        usual="-created",
        searches=_("Name or e-mail"),
        columns=(
            Col("name", _("Distributor"), sort=True),
            Col("email", _("E-mail"), shown=False),
            Col("shops", _("Shops"), sort=True, figures=True),
            Col("state", _("State"), sort=False),
            Col("created", _("Signed up"), sort=True),
            Col("do", "", filed=False),
        ),
        filters=(("status", _("State"), options(FIRM_STATES)),),
        empty=_("Nobody has signed up yet."),
    )

    def row(found: Any) -> dict[str, Any]:
        distributor, shops = found
        return _firm(distributor) | {"shops": shops}

    return answer(listing, shops_of.distributors_page, row, "platform/firms.html", kind="distributor")


@platform.get("/brands")
def brands() -> Any:
    listing = Listing(
        name="brands",
        usual="-created",
        searches=_("Name or e-mail"),
        columns=(
            Col("name", _("Brand"), sort=True),
            Col("email", _("E-mail"), shown=False),
            Col("state", _("State")),
            Col("created", _("Signed up"), sort=True),
            Col("do", "", filed=False),
        ),
        filters=(("status", _("State"), options(FIRM_STATES)),),
        empty=_("Nobody has signed up yet."),
    )
    return answer(listing, brands_of.page, _firm, "platform/firms.html", kind="brand")


def _firm(firm: Any) -> dict[str, Any]:
    state, tone = FIRM_STATES[firm.status]
    return {
        "id": firm.id,
        "name": firm.name,
        "email": firm.contact_email,
        "state": str(state),
        "tone": tone,
        "status": firm.status,
        "created": firm.created_at,
    }


@platform.post("/<kind>/decide")
@needs("manage")
def decide(kind: str) -> Any:
    """Approve, or suspend with a reason."""
    if kind not in oversee.FIRMS:
        abort(404)
    for firm_id in ids("firm"):
        try:
            if request.form.get("do") == "approve":
                oversee.approve(kind, firm_id, actor=actor())
                flash(_("Approved."), "success")
            elif request.form.get("do") == "suspend":
                oversee.suspend(kind, firm_id, reason=request.form.get("reason", ""), actor=actor())
                flash(_("Suspended."), "warning")
        except ProductError as error:
            flash(_("A suspension needs a reason.") if error.param == "reason" else sentence(error), "error")
    return back(f"platform.{kind}s")


@platform.get("/shops")
def shops() -> Any:
    listing = Listing(
        name="shops",
        usual="-opened",
        searches=_("Shop, address or distributor"),
        columns=(
            Col("name", _("Shop"), sort=True),
            Col("slug", _("Address"), sort=True),
            Col("distributor", _("Distributor"), sort=True),
            Col("currency", _("Currency")),
            Col("state", _("State")),
            Col("opened", _("Opened"), sort=True),
        ),
        filters=(("status", _("State"), options(SHOP_STATES)),),
        empty=_("No shop yet."),
    )

    def row(found: Any) -> dict[str, Any]:
        shop, distributor = found
        state, tone = SHOP_STATES[shop.status]
        return {
            "id": shop.id,
            "name": shop.name,
            "slug": shop.slug,
            "distributor": distributor.name,
            "currency": shop.currency,
            "state": str(state),
            "tone": tone,
            "opened": shop.opened_at,
            "address": settings().shop_url(shop.slug),
        }

    return answer(listing, shops_of.shops_page, row, "platform/shops.html")
