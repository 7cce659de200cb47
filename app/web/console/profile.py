"""One's own name, language, password and second step."""

from typing import Any

import segno
from flask import flash, g, render_template, request, session
from flask_babel import gettext as _
from markupsafe import Markup

from app.domain.identity import totp
from app.flows import sign_in as coming
from app.foundation.errors import ProductError
from app.web.console import console
from app.web.console.desk import back, firm_name, frame
from app.web.console.names import LANGUAGE_NAMES
from app.web.console.persons import SEAT, actor, let_in, person, take_seat, the_person, to_sign_in
from app.web.console.typed import Typed
from app.web.language import COOKIE
from app.web.look.frames import NavGroup, NavItem

SECRET = "totp_secret"  # noqa: S105 - a name in the session


@console.route("/profile", methods=["GET", "POST"])
def profile() -> Any:
    known = person()
    if known is None:
        return to_sign_in()
    form = Typed({"name": known.name, "locale": known.locale})
    if request.method == "POST":
        name, locale = form.text("name", most=60), form.choice("locale", LANGUAGE_NAMES)
        if form.ok:
            coming.change_profile(known.id, name=name, locale=locale, actor=actor())
            flash(_("Saved."), "success")
            answer = back("console.profile")
            answer.set_cookie(COOKIE, locale, max_age=365 * 24 * 3600, httponly=True, samesite="Lax")
            return answer
    return _page("console/profile.html", form=form)


@console.route("/profile/password", methods=["GET", "POST"])
def password() -> Any:
    """A new password; other sign-ins end."""
    known = person()
    if known is None:
        return to_sign_in()
    form = Typed()
    if request.method == "POST":
        old, new = request.form.get("old", ""), form.text("password", most=200)
        if form.ok:
            try:
                coming.change_password(known.id, old, new, actor=actor())
            except ProductError as error:
                form.blame(error, otherwise="password")
            else:
                return _stay(known.id, _("Your password is changed. Everywhere else you are signed out."))
    return _page("console/password.html", form=form)


@console.route("/profile/totp", methods=["GET", "POST"])
def totp_setup() -> Any:
    """Show a QR code to the telephone, and let it prove that it read it."""
    known = person()
    if known is None:
        return to_sign_in()
    secret = session.get(SECRET) or totp.new_secret()
    session[SECRET] = secret
    form = Typed()
    if request.method == "POST":
        try:
            coming.set_up_totp(known.id, secret, form.text("code", most=12), actor=actor())
        except ProductError as error:
            form.blame(error, otherwise="code")
        else:
            return _stay(known.id, _("Two-step sign-in is on."))
    picture = segno.make(totp.address(secret, email=known.email), error="m")
    svg = Markup(picture.svg_inline(scale=5, border=2, dark="#111", light="#fff"))  # noqa: S704 - drawn by us
    return _page("console/totp.html", form=form, qr=svg, secret=secret)


@console.post("/profile/totp/remove")
def totp_remove() -> Any:
    known = person()
    if known is None:
        return to_sign_in()
    try:
        coming.remove_totp(known.id, request.form.get("old", ""), actor=actor())
        flash(_("Two-step sign-in is off."), "warning")
    except ProductError:
        flash(_("The password is not right. Nothing was changed."), "error")
    return back("console.profile")


@console.post("/profile/sign-out-everywhere")
def sign_out_everywhere() -> Any:
    known = person()
    if known is None:
        return to_sign_in()
    coming.sign_out_everywhere(known.id, actor=actor())
    session.clear()
    flash(_("You are signed out everywhere."), "success")
    return back("console.sign_in")


def _stay(user_id: int, words: str) -> Any:
    """Go on with the new epoch, in the same seat."""
    seat_id = session.get(SEAT)
    let_in(user_id)
    session[SEAT] = seat_id
    flash(words, "success")
    return back("console.profile")


def _page(template: str, **context: Any) -> Any:
    seat = take_seat()
    g.firm, g.seat = "Perkline", seat
    home = "/"
    if seat is not None:
        g.firm, _status = firm_name(seat.kind, brand_id=seat.brand_id, distributor_id=seat.distributor_id)
    nav = (
        NavGroup(
            (NavItem(_("Back to work"), home, "arrow-left"), NavItem(_("Your profile"), "/profile", "user"))
        ),
    )
    form = context["form"]
    page = render_template(
        template,
        frame=frame(nav, "/profile") if seat else None,
        person=the_person(),
        languages=LANGUAGE_NAMES,
        **context,
    )
    return page, 422 if form.errors else 200
