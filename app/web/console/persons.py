"""Who is signed in at the consoles, and in which seat."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast

from flask import Flask, g, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user, login_user

from app.domain.identity import queries
from app.domain.identity.rules import Person, Seat
from app.foundation.actor import Actor
from app.foundation.errors import Forbidden
from app.foundation.logs import request_id
from tenants.context import platform_scope

SEAT = "seat"
manager = LoginManager()


@dataclass(frozen=True, eq=False)
class Visitor(UserMixin):
    """A signed-in person as Flask-Login carries them; the cookie holds id and epoch."""

    person: Person

    def get_id(self) -> str:
        return f"{self.person.id}.{self.person.epoch}"


def install(app: Flask) -> None:
    # Without init_app: its hook for remember-me cookies, which we do not use, would touch every shop's session.
    app.login_manager = manager  # type: ignore[attr-defined]  # where Flask-Login looks for it


@manager.user_loader
def load_visitor(cookie: str) -> Visitor | None:
    """The person of a cookie, unless disabled or signed out everywhere since."""
    user_id, _, epoch = cookie.partition(".")
    if not (user_id.isdecimal() and epoch.isdecimal()):
        return None
    with platform_scope():
        person = queries.person(int(user_id))
    return Visitor(person) if person is not None and person.epoch == int(epoch) else None


@manager.unauthorized_handler
def to_sign_in() -> Any:
    """Sign in first; a page that was asked for is shown afterwards."""
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("console.sign_in", next=wanted if wanted != "/" else None))


def let_in(user_id: int) -> bool:
    """Start a fresh session for a person; False where they may not come in."""
    with platform_scope():
        person = queries.person(user_id)
    if person is None:
        return False
    session.clear()
    login_user(Visitor(person))
    if len(person.seats) == 1:
        session[SEAT] = person.seats[0].id
    return True


def person() -> Person | None:
    return current_user.person if current_user.is_authenticated else None


def the_person() -> Person:
    """The signed-in person of a page that needs one."""
    return cast(Person, current_user.person)


def take_seat(kind: str | None = None) -> Seat | None:
    """The seat this visit works from: the chosen one, or the first of that kind."""
    known = the_person()
    seat = known.seat(session.get(SEAT))
    if kind is not None and (seat is None or seat.kind != kind):
        seat = next((one for one in known.seats if one.kind == kind), None)
    if seat is not None and session.get(SEAT) != seat.id:
        session[SEAT] = seat.id
    return seat


def actor() -> Actor:
    """Who does what this request asks for."""
    known = person()
    return Actor(
        "staff" if known else "visitor", id=known.id if known else None, name=known.name if known else "",
        ip=request.remote_addr, request_id=request_id.get(),
    )  # fmt: skip


def needs(action: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Only for seats whose role reaches the action (app.domain.identity.rules.NEEDS)."""

    def guard(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if not g.seat.may(action):
                raise Forbidden(action=action)
            return view(*args, **kwargs)

        return guarded

    return guard
