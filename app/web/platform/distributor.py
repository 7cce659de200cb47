"""One distributor as the platform sees it: who stands above and below it, and which brands it sells."""

from typing import Any

from flask import flash, render_template, request
from flask_babel import gettext as _

from app.domain.brands import queries as brands
from app.domain.distributors import partners, shops
from app.flows import uplines
from app.foundation import browse
from app.foundation.errors import NotFound, ProductError
from app.web.console.desk import back
from app.web.console.names import FIRM_STATES, SHOP_STATES, named
from app.web.console.persons import actor, needs
from app.web.console.refusal import tell
from app.web.platform import platform

STATES = {"applied": "warning", "approved": "success", "declined": "", "suspended": "error"}


@platform.get("/distributors/<int:distributor_id>")
def distributor(distributor_id: int) -> Any:
    firm = shops.distributor(distributor_id)
    if firm is None:
        raise NotFound(what="distributor")
    rows = partners.all_of(distributor_id)
    words = {
        "applied": _("Applied"),
        "approved": _("Approved"),
        "declined": _("Declined"),
        "suspended": _("Suspended"),
    }
    return render_template(
        "platform/distributor.html", firm=firm, upline=shops.distributor(firm.upline_id) if firm.upline_id else None,
        downline=partners.downline(distributor_id), rows=rows,
        brand_names=brands.names([row.Partnership.brand_id for row in rows]), shops=shops.shops_of(distributor_id),
        choosable=partners.choosable(distributor_id), firm_states=FIRM_STATES, shop_states=SHOP_STATES, words=words,
        tones=STATES, trail=browse.entries_about(f"distributor:{distributor_id}", most=12), named=named,
    )  # fmt: skip


@platform.post("/distributors/<int:distributor_id>/upline")
@needs("manage")
def set_upline(distributor_id: int) -> Any:
    """Another upline, or none, with a reason."""
    chosen = request.form.get("upline", "")
    upline_id = int(chosen) if chosen.isdecimal() and len(chosen) < 19 else None
    try:
        uplines.set_upline(distributor_id, upline_id, reason=request.form.get("reason", ""), actor=actor())
        flash(_("Saved."), "success")
    except ProductError as error:
        if error.param == "reason":
            flash(_("A change of upline needs a reason: the distributor reads it."), "error")
        else:
            tell(error)
    return back("platform.distributor", distributor_id=distributor_id)
