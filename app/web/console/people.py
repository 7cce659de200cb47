"""The people of a firm, for its owner; each console hangs these pages under its own door."""

from typing import Any

from flask import Blueprint, flash, g, render_template, request
from flask_babel import gettext as _

from app.domain.identity import queries
from app.domain.identity.rules import ROLES
from app.flows import people as staffing
from app.foundation.errors import ProductError
from app.web.console.desk import back
from app.web.console.names import ROLES as ROLE_WORDS
from app.web.console.names import options
from app.web.console.persons import actor, needs
from app.web.console.refusal import tell
from app.web.console.typed import Typed, ids
from tenants.context import platform_scope


def hang_under(blueprint: Blueprint) -> None:
    """Add the people pages to a console."""
    blueprint.add_url_rule("/people", "people", needs("people")(people), methods=["GET", "POST"])
    blueprint.add_url_rule(
        "/people/change", "change_person", needs("people")(change_person), methods=["POST"]
    )


def people() -> Any:
    form = Typed({"role": "staff"})
    if request.method == "POST":
        values = {
            "email": form.text("email", most=254), "name": form.text("name", most=60, required=False),
            "password": form.text("password", most=200, required=False), "role": form.choice("role", ROLES),
        }  # fmt: skip
        if form.ok:
            try:
                staffing.invite(g.seat, **values, actor=actor())
                flash(_("They can sign in now."), "success")
                return back(f"{g.seat.kind}.people")
            except ProductError as error:
                form.blame(error, otherwise="email")
    with platform_scope():
        rows = queries.people(g.seat)
    page = render_template(
        "console/people.html", rows=rows, form=form, roles=options(ROLE_WORDS), role_words=ROLE_WORDS
    )
    return page, 422 if form.errors else 200


def change_person() -> Any:
    role = request.form.get("role") or None
    for seat_id in ids("seat"):
        try:
            staffing.change_role(
                g.seat, seat_id, None if request.form.get("do") == "remove" else role, actor=actor()
            )
            flash(_("Saved."), "success")
        except ProductError as error:
            tell(error)
    return back(f"{g.seat.kind}.people")
