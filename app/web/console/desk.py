"""What is around every console page: who, for whom, the menu, and what must be true before a page is shown."""

from typing import Any

from flask import Blueprint, Response, g, redirect, request, url_for
from flask_babel import gettext as _

from app.domain.brands import queries as brands
from app.domain.distributors import shops
from app.foundation.errors import NotFound
from app.web.console import persons
from app.web.console.names import door_name, role_name
from app.web.language import COOKIE, LANGUAGES
from app.web.look import PERKLINE, compose, content_security_policy
from app.web.look.frames import Frame
from tenants.context import platform_scope

POLICY = content_security_policy(compose(PERKLINE))
YEAR = 365 * 24 * 3600


def firm_name(kind: str, *, brand_id: int | None, distributor_id: int | None) -> tuple[str, str]:
    """The name and status of the firm behind a seat."""
    with platform_scope():
        if kind == "brand" and brand_id:
            brand = brands.brand(brand_id)
            return (brand.name, brand.status) if brand else ("", "")
        if kind == "distributor" and distributor_id:
            distributor = shops.distributor(distributor_id)
            return (distributor.name, distributor.status) if distributor else ("", "")
    return "Perkline", "approved"


def seat_names(seats: Any) -> list[tuple[int, str, str, str]]:
    """(seat id, firm, door, role) of a person's seats, in words."""
    return [
        (
            seat.id,
            firm_name(seat.kind, brand_id=seat.brand_id, distributor_id=seat.distributor_id)[0],
            door_name(seat.kind),
            role_name(seat.role),
        )
        for seat in seats
    ]


def guard(kind: str) -> Any:
    """Before each request of a console: signed in, with a seat of that kind; for anybody else it does not exist."""
    if persons.person() is None:
        return persons.to_sign_in()
    seat = persons.take_seat(kind)
    if seat is None:
        raise NotFound(what="console")
    g.seat = seat
    g.firm, g.firm_status = firm_name(kind, brand_id=seat.brand_id, distributor_id=seat.distributor_id)
    return None


def frame(nav: Any, current: str) -> Frame:
    """The frame of a console page."""
    person = persons.the_person()
    doors = [(_("Your profile"), url_for("console.profile"))]
    if len(person.seats) > 1:
        doors.insert(0, (_("Switch console"), url_for("console.seats")))
    return Frame(
        door=door_name(g.seat.kind), subject=g.firm, person=person.name or person.email, nav=nav, current=current,
        doors=tuple(doors), sign_out=url_for("console.sign_out"),
    )  # fmt: skip


def finish(response: Response) -> Response:
    """Headers of every console page, and the language that was chosen on it."""
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("Cache-Control", "no-store")
    chosen = request.args.get("lang")
    if chosen in LANGUAGES:
        response.set_cookie(
            COOKIE, chosen, max_age=YEAR, httponly=True, samesite="Lax", secure=request.is_secure
        )
    return response


def put_around(blueprint: Blueprint, kind: str) -> None:
    """Guard a console's blueprint and finish its answers."""
    blueprint.before_request(lambda: guard(kind))
    blueprint.after_request(finish)


def back(endpoint: str, **values: Any) -> Any:
    """After a change: to a page, so that reloading it repeats nothing."""
    return redirect(url_for(endpoint, **values), 303)
