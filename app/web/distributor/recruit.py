"""A distributor's recruit links, and what its line has brought it: names and sums, nobody's orders or buyers."""

from typing import Any

from flask import flash, g, render_template
from flask_babel import gettext as _

from app.domain.commissions import partner_money
from app.domain.distributors import invites as kept
from app.domain.distributors import partners, shops
from app.flows import invite
from app.foundation.errors import ProductError
from app.web.console.desk import back
from app.web.console.links import address_of, picture_of
from app.web.console.names import FIRM_STATES, INVITE_STATES
from app.web.console.persons import actor, needs
from app.web.console.refusal import tell
from app.web.console.typed import Typed
from app.web.distributor import distributor
from tenants.context import distributor_scope, platform_scope


@distributor.get("/recruit")
def recruit() -> Any:
    return _page(Typed({"most": 10, "days": 90}))


@distributor.post("/recruit")
@needs("manage")
def make_recruit_link() -> Any:
    form = Typed()
    most = form.whole("most", least=1, most=invite.MOST_USES)
    days = form.whole("days", least=1, most=invite.MOST_DAYS)
    note = form.text("note", most=80, required=False)
    if not form.ok:
        return _page(form)
    try:
        invite.make_recruit_link(
            g.seat.distributor_id, most=most or 1, days=days or 1, note=note, actor=actor()
        )
        flash(_("The link works now. Copy it from the list, or let it be scanned."), "success")
    except ProductError as error:
        tell(error)
    return back("distributor.recruit")


@distributor.post("/recruit/<int:invite_id>/end")
@needs("manage")
def end_recruit_link(invite_id: int) -> Any:
    invite.end_link(invite_id, distributor_id=g.seat.distributor_id, actor=actor())
    flash(_("The link brings nobody in any more."), "success")
    return back("distributor.recruit")


def _page(form: Typed) -> Any:
    own = g.seat.distributor_id
    with platform_scope():
        downline = partners.downline(own)
        firm = shops.distributor(own)
        above = shops.distributor(firm.upline_id) if firm and firm.upline_id else None
    with distributor_scope(own):
        sums = partner_money.brought(own)
        rows = [
            (one, kept.state_of(one), address_of(one) if g.seat.may("manage") else "") for one in kept.kept()
        ]
    page = render_template(
        "distributor/recruit.html", form=form, rows=rows, downline=downline, sums=sums,
        totals=partner_money.totals(sums), upline=above.name if above else "", states=INVITE_STATES,
        firm_states=FIRM_STATES, picture=picture_of,
    )  # fmt: skip
    return page, 422 if form.errors else 200
