"""Somebody opens an invite link: who invites, and one button that follows it."""

from typing import Any

from flask import flash, render_template, request
from flask_babel import gettext as _

from app.flows import invite
from app.foundation.errors import ProductError
from app.web.console import console
from app.web.console.desk import back
from app.web.console.persons import actor, person, take_seat
from app.web.console.sentences import sentence


@console.route("/join/<token>", methods=["GET", "POST"])
def invited(token: str) -> Any:
    """The link itself changes nothing: only the button does, so that a preview of it uses nothing up."""
    try:
        kind, name = invite.who_invites(token)
    except ProductError as error:
        return _page(token, error=sentence(error)), 404 if error.facts.get("reason") == "unknown" else 410
    seat = take_seat("distributor") if person() else None
    if request.method == "POST" and seat is not None and seat.distributor_id is not None:
        if not seat.may("manage"):
            refusal = _("Ask an owner or manager of your firm to follow it.")
            return _page(token, kind=kind, name=name, error=refusal), 403
        try:
            brand_id = invite.accept(token, seat.distributor_id, actor=actor())
        except ProductError as error:
            return _page(token, kind=kind, name=name, error=sentence(error)), 409
        flash(_("%(brand)s has approved you: its goods are open to you.", brand=name), "success")
        return back("distributor.partner", brand_id=brand_id)
    return _page(token, kind=kind, name=name, seat=seat)


def _page(token: str, **told: Any) -> str:
    told = {"kind": "", "name": "", "seat": None, "error": "", "known": person() is not None, **told}
    return render_template("console/invited.html", token=token, **told)
