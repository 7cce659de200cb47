"""A flash sale: one page for everybody, a place in its line, and the seat's way to the checkout.

What waiting buyers ask again and again is answered from Redis and this process's memory alone.
"""

import json
from dataclasses import dataclass
from typing import Any

from flask import Response, abort, g, redirect, request
from flask.typing import ResponseReturnValue

from app.domain.catalog import shelves
from app.domain.flash import queries
from app.domain.flash.tickets import Ticket
from app.foundation import challenge, clock
from app.web import language
from app.web.storefront import group_choice, line, seats
from app.web.storefront import page_data as data
from app.web.storefront.line import PURPOSE, Caller, Story, answered, known_drop, ticket_of
from app.web.storefront.page_cache import Shown, same_for_everyone
from app.web.storefront.pages import in_language
from app.web.storefront.product import fields_of
from app.web.storefront.visitor import buyer, device, known_device

FIELD, TICKET = "field.", "X-Ticket"


@dataclass(frozen=True, slots=True)
class DropPage:
    """What the page says, the same for everybody. Money in minor units."""

    id: int
    title: str
    name: str
    sku: str
    slug: str
    picture: str | None
    price_minor: int
    list_minor: int
    units: int
    per_buyer: int
    seat_minutes: int
    sign_in: bool
    challenge: bool
    starts_at: Any
    ends_at: Any
    state: str
    fields: tuple[data.BuyerField, ...] = ()


@same_for_everyone
def flash(drop_id: int) -> Shown:
    return "storefront/flash.html", {"page": _page(drop_id)}


def flash_place(drop_id: int) -> ResponseReturnValue:
    """Where the holder of a ticket stands; without one, how the sale stands."""
    return _answer(line.look, drop_id)


def flash_enter(drop_id: int) -> ResponseReturnValue:
    """Take a place in the line. One for each device, account and mailbox, however often it is asked for."""
    return _answer(line.enter, drop_id)


def flash_task(drop_id: int) -> ResponseReturnValue:
    """The proof of work that a place costs; worked on while counting down."""
    row = known_drop(drop_id)
    task = challenge.issue(f"{PURPOSE}-{row.id}", shop_id=g.tenant.id, difficulty=max(row.difficulty, 1))
    response = Response(json.dumps(task), mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def flash_take(drop_id: int) -> ResponseReturnValue:
    """With the seat to the checkout; whoever has none is back on the sale's page."""
    row = known_drop(drop_id)  # another shop's does not exist
    ticket = _ticket(request.form.get("ticket", ""), drop_id)
    seat = queries.seat_at(drop_id, ticket.position) if ticket else None
    here = f"/flash/{drop_id}"
    if seat is None or seat.state != "granted" or seat.until <= clock.now():
        return redirect(here, 303)
    told = {
        key.removeprefix(FIELD): value.strip() for key, value in request.form.items() if key.startswith(FIELD)
    }
    group_choice.forget()
    seats.take(seat, row.listing_id, told)
    return redirect("/checkout?now=1", 303)


def _page(drop_id: int) -> DropPage:
    found = queries.shown(drop_id)
    if found is None:
        abort(404)
    drop, promotion, product = found.drop, found.promotion, found.product
    rows = [row for row in shelves.product(g.tenant.id, product.slug) if row.listing_id == drop.listing_id]
    return DropPage(
        id=drop.id, title=in_language(promotion.title, promotion.title_en),
        name=in_language(product.name, product.name_en), sku=in_language(found.sku.name, found.sku.name_en),
        slug=product.slug, picture=product.picture, price_minor=found.price_minor,
        list_minor=found.listing.price_minor, units=drop.units, per_buyer=drop.per_buyer,
        seat_minutes=drop.seat_minutes, sign_in=drop.sign_in, challenge=drop.difficulty > 0,
        starts_at=drop.starts_at, ends_at=drop.ends_at, state="over" if line.over(drop) else "scheduled",
        fields=fields_of(rows, {}, {}) if rows else (),
    )  # fmt: skip


def _answer(story: Story, drop_id: int) -> Response:
    """Where the turnstile in front let it through: a signed-in buyer, a drop or shop not known yet."""
    signed_in = buyer()
    caller = Caller(
        device=device(), ticket=request.headers.get(TICKET, ""), email=request.form.get("email", ""),
        solution=request.form.get("challenge", ""), locale=language.choose(), address=request.remote_addr or "",
        account=(signed_in.id, signed_in.email) if signed_in else None,
    )  # fmt: skip
    status, said = answered(story, known_drop(drop_id), caller)
    response = Response(json.dumps(said), status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def _ticket(text: str, drop_id: int) -> Ticket | None:
    mine = known_device()
    return ticket_of(text, drop_id, mine) if mine else None
