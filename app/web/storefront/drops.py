"""A flash sale: one page for everybody, a place in its line, and the seat's way to the checkout.

What waiting buyers ask again and again is answered from Redis and this process's memory alone.
"""

import json
import time
from dataclasses import dataclass
from typing import Any

from flask import Response, abort, g, redirect, request
from flask.typing import ResponseReturnValue

from app.domain.catalog import shelves
from app.domain.flash import queries, rules, tickets
from app.domain.flash.errors import DropNeedsSignIn, DropNotOpen, LineCrowded, PlaceTaken
from app.domain.flash.models import Drop
from app.domain.flash.room import MOST_PER_ADDRESS, Place, Room
from app.domain.flash.rules import Standing
from app.domain.flash.service import Ask
from app.domain.flash.tickets import Ticket
from app.domain.orders.rules import clean_email
from app.domain.promotions.buyers import Shopper
from app.flows import drops
from app.foundation import challenge, clock
from app.foundation.addresses import neighbourhood
from app.foundation.errors import ProductError
from app.foundation.runtime import settings
from app.web import language
from app.web.answers import status_of
from app.web.storefront import page_data as data
from app.web.storefront import seats
from app.web.storefront.page_cache import Shown, same_for_everyone
from app.web.storefront.pages import in_language
from app.web.storefront.product import fields_of
from app.web.storefront.visitor import buyer, device, known_device
from app.web.wording import error_text

FIELD, TICKET = "field.", "X-Ticket"
KNOWN_SECONDS, MOST_KNOWN = 2.0, 256
PURPOSE = "drop"


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
    return _answer(_look, drop_id)


def flash_enter(drop_id: int) -> ResponseReturnValue:
    """Take a place in the line. One for each device, account and mailbox, however often it is asked for."""
    return _answer(_enter, drop_id)


def flash_task(drop_id: int) -> ResponseReturnValue:
    """The proof of work that a place costs; worked on while counting down."""
    row = _known(drop_id)
    return _json(challenge.issue(f"{PURPOSE}-{row.id}", shop_id=g.tenant.id, difficulty=max(row.difficulty, 1)))


def flash_take(drop_id: int) -> ResponseReturnValue:
    """With the seat to the checkout; whoever has none is back on the sale's page."""
    ticket = _ticket(request.form.get("ticket", ""), drop_id)
    seat = queries.seat_at(drop_id, ticket.position) if ticket else None
    here = f"/flash/{drop_id}"
    if seat is None or seat.state != "granted" or seat.until <= clock.now():
        return redirect(here, 303)
    told = {key.removeprefix(FIELD): value.strip() for key, value in request.form.items() if key.startswith(FIELD)}
    seats.take(seat, _known(drop_id).listing_id, told)
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
        starts_at=drop.starts_at, ends_at=drop.ends_at, state="over" if _over(drop) else "scheduled",
        fields=fields_of(rows, {}, {}) if rows else (),
    )  # fmt: skip


def _look(row: Drop) -> dict[str, Any]:
    ticket = _ticket(request.headers.get(TICKET, ""), row.id)
    if ticket is None:
        return _of_sale(row)
    return _told(row, drops.enter(row, _ask(ticket.position, ticket.email, ticket.buyer_id)))


def _enter(row: Drop) -> dict[str, Any]:
    now = clock.now()
    if now < row.starts_at:
        raise DropNotOpen(reason="early", starts_at=row.starts_at.isoformat())
    if _over(row):
        raise DropNotOpen(reason="over")
    signed_in = buyer()
    if row.sign_in and signed_in is None:
        raise DropNeedsSignIn
    email = clean_email(request.form.get("email", "") or (signed_in.email if signed_in else ""))
    if row.difficulty:
        challenge.check(request.form.get("challenge", ""), f"{PURPOSE}-{row.id}", shop_id=g.tenant.id)
    device()
    own = signed_in.id if signed_in and signed_in.email == email else None
    address = neighbourhood(request.remote_addr) if request.remote_addr and settings().checkouts_per_address else ""
    place = drops.enter(row, _ask(0, email, own), address=address)
    return _told(row, place)


def _ask(position: int, email: str, buyer_id: int | None) -> Ask:
    mine = device()
    return Ask(position, mine, email, buyer_id, language.choose(), Shopper(mine, email, buyer_id).keys())


def _told(row: Drop, place: Place) -> dict[str, Any]:
    """A place in words for the page's script, with the ticket that proves it."""
    if place.refused:
        raise PlaceTaken if place.refused == "taken" else LineCrowded(most=MOST_PER_ADDRESS)
    said: dict[str, Any] = {"ticket": _seal(row, place), "now": _now_ms()}
    if place.seat is not None and (place.seat["state"] != "granted" or not _over(row)):
        again = 4_000 if place.seat["state"] in {"granted", "ordered"} else 0
        return {**said, **place.seat, "again_ms": again}
    if place.news is None or place.rank < 0:
        return {**said, "state": "over" if _over(row) else "coming", "again_ms": rules.SOONEST_MS}
    stand: Standing = rules.standing(place.rank, place.news)
    return {
        **said, "state": stand.state, "nth": stand.nth, "odds": stand.odds, "again_ms": stand.again_ms,
        "left": place.news.left, "unpaid": place.news.unpaid, "sold_out": stand.state in {"standby", "none", "over"},
    }  # fmt: skip


def _of_sale(row: Drop) -> dict[str, Any]:
    now = clock.now()
    if _over(row):
        return {"state": "over", "now": _now_ms(), "again_ms": 0}
    if now < row.starts_at:
        return {"state": "early", "now": _now_ms(), "starts_at": row.starts_at.isoformat(), "again_ms": 30_000}
    room = Room(row.id)
    news = room.news()
    spoken = news is not None and news.left <= room.waiting()
    return {"state": "spoken" if spoken else "open", "now": _now_ms(), "again_ms": 2_000}


def _seal(row: Drop, place: Place) -> str:
    ticket = _ticket(request.headers.get(TICKET, ""), row.id)
    if ticket is not None and ticket.position == place.position:
        return request.headers[TICKET]
    signed_in = buyer()
    email = ticket.email if ticket else clean_email(request.form.get("email", "") or (signed_in.email if signed_in else ""))
    own = ticket.buyer_id if ticket else signed_in.id if signed_in and signed_in.email == email else None
    made = Ticket(row.id, place.position, email, own)
    return tickets.seal(made, device=device(), shop_id=g.tenant.id, key=settings().key_for("drop-ticket"))


def _ticket(text: str, drop_id: int) -> Ticket | None:
    mine = known_device()
    if not text or mine is None or len(text) > 800:
        return None
    found = tickets.read(text, device=mine, shop_id=g.tenant.id, key=settings().key_for("drop-ticket"))
    return found if found is not None and found.drop_id == drop_id else None


_kept: dict[tuple[int, int], tuple[float, Drop]] = {}


def _known(drop_id: int) -> Drop:
    """The drop's row, read anew after two seconds: what of it changes shows then."""
    key, now = (g.tenant.id, drop_id), time.monotonic()
    until, row = _kept.get(key, (0.0, None))
    if row is None or until < now:
        row = queries.drop(drop_id)
        if row is None:
            abort(404)
        if len(_kept) >= MOST_KNOWN:
            _kept.clear()
        _kept[key] = (now + KNOWN_SECONDS, row)
    return row


def _over(row: Drop) -> bool:
    return row.state == "ended" or row.ends_at <= clock.now()


def _now_ms() -> int:
    return int(clock.now().timestamp() * 1000)


def _answer(story: Any, drop_id: int) -> Response:
    try:
        return _json(story(_known(drop_id)))
    except ProductError as error:
        said = {"state": "refused", "code": error.code, "words": str(error_text(error)), "param": error.param}
        return _json({**said, **{name: error.facts[name] for name in ("reason", "starts_at") if name in error.facts}},
                     status_of(error))  # fmt: skip


def _json(said: dict[str, Any], status: int = 200) -> Response:
    response = Response(json.dumps(said), status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
