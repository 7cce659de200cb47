"""A seat of a flash sale on its way through the checkout: what it grants, and until when."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from flask import request, session

from app.domain.flash import queries as flash
from app.domain.flash.models import DropSeat
from app.flows.priced import Asked
from app.foundation import clock
from app.web.storefront.basket import NOW, Wish, read, write
from app.web.storefront.visitor import known_device

SEAT, EMAIL = "seat", "seat_email"


def take(seat: DropSeat, listing_id: int, told: Mapping[str, str]) -> None:
    """Bring a seat's one unit to the checkout of "buy now"."""
    write(NOW, {listing_id: Wish(1, dict(told))})
    session[SEAT], session[EMAIL] = seat.id, seat.email


def granted(found: Asked) -> Asked:
    """The seat's price and its unit, where the checkout is of just that unit and the seat is this device's, in time."""
    seat = _here()
    if seat is None:
        return found
    drop = flash.drop(seat.drop_id)
    if drop is None or {at: wish.quantity for at, wish in read(NOW).items()} != {drop.listing_id: 1}:
        return found
    return replace(
        found, granted=found.granted | {drop.promotion_id},
        tied={**found.tied, "parent": seat.reservation_id, "seat": seat.id},
    )  # fmt: skip


def had_one() -> bool:
    """Whether this checkout came from a seat, whatever became of it."""
    return SEAT in session and NOW in request.args


def email() -> str:
    """To whom the seat was given; what a checkout from it begins with."""
    return str(session.get(EMAIL, "")) if had_one() else ""


def deadline(otherwise: datetime) -> datetime:
    """Until when this checkout's unit is the buyer's."""
    seat = _here()
    return min(otherwise, seat.until) if seat else otherwise


def leave() -> None:
    session.pop(SEAT, None)
    session.pop(EMAIL, None)


def _here() -> DropSeat | None:
    if not had_one():
        return None
    seat = flash.seat(int(session[SEAT]))
    if seat is None or seat.state != "granted" or seat.until <= clock.now() or seat.device != known_device():
        return None
    return seat
