"""The brand's invite links."""

from typing import Any

from flask import flash, g, render_template, request
from flask_babel import gettext as _

from app.domain.distributors import invites as kept
from app.domain.distributors import levels
from app.flows import invite
from app.foundation.errors import ProductError
from app.web.brand import brand
from app.web.console.desk import back
from app.web.console.links import address_of, picture_of
from app.web.console.names import INVITE_STATES, named
from app.web.console.persons import actor, needs
from app.web.console.refusal import tell
from app.web.console.typed import Typed


@brand.get("/invites")
def invites() -> Any:
    return _page(Typed({"most": 1, "days": 14}))


@brand.post("/invites")
@needs("manage")
def make_invite() -> Any:
    form = Typed()
    steps = {str(step.id) for step in levels.ladder(g.seat.brand_id)}
    level = form.choice("level", steps)
    most = form.whole("most", least=1, most=invite.MOST_USES)
    days = form.whole("days", least=1, most=invite.MOST_DAYS)
    note = form.text("note", most=80, required=False)
    if not form.ok:
        return _page(form)
    try:
        invite.make_brand_link(
            g.seat.brand_id, level_id=int(level), most=most or 1, days=days or 1, note=note, actor=actor()
        )
        flash(_("The link works now. Copy it from the list, or let it be scanned."), "success")
    except ProductError as error:
        tell(error)
    return back("brand.invites")


@brand.post("/invites/<int:invite_id>/end")
@needs("manage")
def end_invite(invite_id: int) -> Any:
    invite.end_link(invite_id, brand_id=g.seat.brand_id, actor=actor())
    flash(_("The link brings nobody in any more."), "success")
    return back("brand.invites")


def _page(form: Typed) -> Any:
    steps = levels.ladder(g.seat.brand_id)
    names = {step.id: named(step) for step in steps}
    rows = [(one, kept.state_of(one), address_of(one) if g.seat.may("manage") else "") for one in kept.kept()]
    page = render_template(
        "brand/invites.html", form=form, rows=rows, steps=list(names.items()), names=names, states=INVITE_STATES,
        picture=picture_of, asked=request.args,
    )  # fmt: skip
    return page, 422 if form.errors else 200
