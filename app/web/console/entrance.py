"""Coming in and going out."""

import time
from typing import Any

from flask import flash, redirect, render_template, request, session, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import logout_user

from app.flows import invite
from app.flows import sign_in as coming
from app.flows import sign_up as founding
from app.foundation.errors import ProductError
from app.foundation.runtime import settings
from app.web.console import console
from app.web.console.desk import back, seat_names
from app.web.console.persons import (
    SEAT,
    actor,
    let_in,
    load_visitor,
    person,
    take_seat,
    the_person,
    to_sign_in,
)
from app.web.console.typed import Typed

WAITING, WAITING_SECONDS = "code_for", 600


@console.get("/")
def home() -> Any:
    """To the console of the chosen seat; to the choice where there are several."""
    known = person()
    if known is None:
        return to_sign_in()
    seat = take_seat()
    if seat is None:
        return back("console.seats")
    return back(f"{seat.kind}.home")


@console.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Any:
    form = Typed()
    if request.method == "GET":
        return back("console.home") if person() else render_template("console/sign_in.html", form=form)
    email, password = form.text("email", most=254), request.form.get("password", "")
    if not password:
        form.errors["password"] = _("Please fill this in.")
    if form.ok:
        try:
            came = coming.sign_in(email, password, actor=actor())
        except ProductError as error:
            form.blame(error, otherwise="password")
        else:
            if came.needs_code:
                session[WAITING] = [came.user_id, came.epoch, int(time.time())]
                return back("console.code", next=onward())
            let_in(came.user_id)
            return redirect(onward() or url_for("console.home"), 303)
    return render_template("console/sign_in.html", form=form), 422


@console.route("/sign-in/code", methods=["GET", "POST"])
def code() -> Any:
    """The second step, for people with a telephone that knows six digits."""
    user_id = _waiting()
    if user_id is None:
        return back("console.sign_in")
    form = Typed()
    if request.method == "POST":
        try:
            coming.confirm_code(user_id, form.text("code", most=12), actor=actor())
        except ProductError as error:
            form.blame(error, otherwise="code")
        else:
            let_in(user_id)
            return redirect(onward() or url_for("console.home"), 303)
    return render_template("console/code.html", form=form), 422 if form.errors else 200


@console.post("/sign-out")
def sign_out() -> Any:
    logout_user()
    session.clear()
    return back("console.sign_in")


@console.route("/sign-up", methods=["GET", "POST"])
def sign_up() -> Any:
    """A new distributor or brand with its first person."""
    form = Typed({"kind": "brand" if request.args.get("as") == "brand" else "distributor"})
    token = request.args.get("invite", "")[:60]
    if request.method == "POST":
        kind = form.choice("kind", ("distributor", "brand"))
        values = {
            "firm": form.text("firm", most=60), "name": form.text("name", most=60),
            "email": form.text("email", most=254), "password": form.text("password", most=200),
        }  # fmt: skip
        if form.ok:
            try:
                user_id, seat_id = founding.sign_up(
                    kind, **values, locale=str(get_locale()), actor=actor(), invite=token
                )
            except ProductError as error:
                form.blame(error, otherwise="email")
            else:
                let_in(user_id)
                session[SEAT] = seat_id
                return back("distributor.opening" if kind == "distributor" else "brand.home")
    told = {
        "form": form,
        "auto_approve": settings().auto_approve,
        "inviting": _inviting(token),
        "token": token,
    }
    return render_template("console/sign_up.html", **told), 422 if form.errors else 200


@console.route("/seats", methods=["GET", "POST"])
def seats() -> Any:
    """For whom to work now."""
    known = person()
    if known is None:
        return to_sign_in()
    if request.method == "POST":
        chosen = request.form.get("seat", "")
        seat = known.seat(int(chosen)) if chosen.isdecimal() else None
        if seat is not None:
            session[SEAT] = seat.id
            return back(f"{seat.kind}.home")
        flash(_("Please choose one."), "warning")
    return render_template(
        "console/seats.html", seats=seat_names(the_person().seats), chosen=session.get(SEAT)
    )


def _inviting(token: str) -> str:
    """By whom somebody was sent here; empty where by nobody, or by a link that is over."""
    try:
        return invite.who_invites(token)[1] if token else ""
    except ProductError:
        return ""


def onward() -> str | None:
    """Where the visitor wanted to go: a path of this host and nothing else."""
    wanted = request.args.get("next", "")
    harmless = (
        wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted and wanted.isprintable()
    )
    return wanted if harmless else None


def _waiting() -> int | None:
    user_id, epoch, since = session.get(WAITING) or (None, None, 0)
    # A password changed meanwhile, or a sign-out everywhere, ends this half of a sign-in too.
    known = time.time() - since < WAITING_SECONDS and load_visitor(f"{user_id}.{epoch}") is not None
    return user_id if known else None
