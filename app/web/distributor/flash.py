"""Flash sales of a shop: made in one form, watched while they run, ended."""

from datetime import timedelta
from typing import Any

from flask import flash, g, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from app.domain.catalog import shelf
from app.domain.flash import queries
from app.domain.flash.queries import ShownDrop
from app.domain.flash.room import Room
from app.domain.flash.service import Plan
from app.domain.inventory.queries import levels
from app.flows import drops
from app.foundation import clock
from app.foundation.errors import NotFound, ProductError
from app.foundation.paging import Asked
from app.foundation.runtime import settings
from app.web.console.desk import back
from app.web.console.names import named
from app.web.console.others import paid_by
from app.web.console.persons import actor, needs
from app.web.console.refusal import tell
from app.web.console.typed import Typed
from app.web.console.typed_terms import as_field, typed_moment
from app.web.distributor import distributor

MOST_COUNTED, MOST_UNITS, NEWEST = 1_001, 100_000, 20
USUAL_WORK = 1_000
SEATS = {
    "granted": (lazy_gettext("Held, not ordered"), "info"),
    "ordered": (lazy_gettext("Ordered, not paid"), "warning"),
    "bought": (lazy_gettext("Bought"), "success"),
    "lapsed": (lazy_gettext("Lapsed"), ""),
    "returned": (lazy_gettext("Given back"), ""),
}
STATES = {
    "coming": (lazy_gettext("Scheduled"), "info"),
    "running": (lazy_gettext("Running"), "success"),
    "over": (lazy_gettext("Over"), ""),
}


@distributor.get("/shops/<slug>/promotions/flash")
def flash_sales(slug: str) -> Any:  # noqa: ARG001 - open_shop_scope has read it
    return render_template("distributor/flash_sales.html", rows=[_row(one) for one in queries.latest()])


@distributor.route("/shops/<slug>/promotions/new/flash", methods=["GET", "POST"])
@needs("sell")
def flash_new(slug: str) -> Any:
    """One form: what, for how much, how many, from when to when, and who may."""
    begins = clock.now().replace(second=0, microsecond=0) + timedelta(hours=1)
    form = Typed({
        "listing": request.args.get("listing", ""), "per_buyer": 1, "seat_minutes": 5, "challenge": "1",
        "starts_at": as_field(begins), "ends_at": as_field(begins + timedelta(hours=2)),
    })  # fmt: skip
    if form.sent:
        plan = _typed(form)
        if plan is not None:
            try:
                drop_id = drops.schedule(plan, currency=g.shop.currency, actor=actor())
            except ProductError as error:
                form.blame(error, otherwise="units")
            else:
                flash(_("The flash sale is scheduled, and its stock is set aside."), "success")
                return back("distributor.flash_live", slug=slug, drop_id=drop_id)
    page = render_template("distributor/flash_new.html", form=form, goods=_goods(), currency=g.shop.currency)
    return page, 422 if form.errors else 200


@distributor.get("/shops/<slug>/promotions/flash/<int:drop_id>")
def flash_live(slug: str, drop_id: int) -> Any:
    """The sale as it stands; its figures come anew every two seconds while it runs."""
    found = _known(drop_id)
    template = (
        "distributor/flash_figures.html" if "HX-Request" in request.headers else "distributor/flash_live.html"
    )
    return render_template(
        template, slug=slug, sale=_row(found), figures=_figures(found), seats=_seats(found)
    )


@distributor.post("/shops/<slug>/promotions/flash/<int:drop_id>/end")
@needs("sell")
def flash_end(slug: str, drop_id: int) -> Any:
    if _known(drop_id).promotion.owner != "shop":
        raise NotFound(what="drop")  # to be ended by who made it, or by nobody
    try:
        drops.end(drop_id, actor=actor())
        flash(_("The flash sale is over. What was left is on the shelf again."), "success")
    except ProductError as error:
        tell(error)
    return back("distributor.flash_live", slug=slug, drop_id=drop_id)


def _known(drop_id: int) -> ShownDrop:
    found = queries.shown(drop_id)
    if found is None:
        raise NotFound(what="drop")
    return found


def _typed(form: Typed) -> Plan | None:
    listing = form["listing"]
    if not str(listing).isdecimal():
        form.errors["listing"] = _("Please choose one.")
    title, english = form.text("title", most=60), form.text("title_en", required=False, most=80)
    price = form.money("price", g.shop.currency)
    units = form.whole("units", least=1, most=MOST_UNITS)
    per_buyer = form.whole("per_buyer", least=1, most=50)
    minutes = form.whole("seat_minutes", least=1, most=60)
    starts, ends = typed_moment(form, "starts_at"), typed_moment(form, "ends_at")
    if not form.ok or starts is None or ends is None:
        return None
    return Plan(
        int(listing), title, price or 0, units or 0, starts, ends, per_buyer or 1, form.flag("sign_in"),
        USUAL_WORK if form.flag("challenge") else 0, minutes or 5, english,
    )  # fmt: skip


def _goods() -> list[tuple[int, str]]:
    """The live listings that can be dropped: counted ones, with what is left of each."""
    found = shelf.listings_page(Asked(filters={"status": "live"}).whole()).rows
    rows = [row for row in found if not row.Sku.unlimited]
    stock = levels([row.Sku.id for row in rows], most=MOST_COUNTED)
    return [(row.Listing.id, _good(row, stock.get(row.Sku.id, 0))) for row in rows]


def _good(row: Any, left: int) -> str:
    many = str(left) if left < MOST_COUNTED else f"{MOST_COUNTED - 1}+"
    return _("%(name)s · %(left)s in stock", name=f"{named(row.Product)} · {named(row.Sku)}", left=many)


def _row(found: ShownDrop) -> dict[str, Any]:
    drop, now = found.drop, clock.now()
    state = (
        "over"
        if drop.state == "ended" or drop.ends_at <= now
        else "running"
        if drop.starts_at <= now
        else "coming"
    )
    words, tone = STATES[state]
    return {
        "id": drop.id, "title": found.promotion.title, "goods": f"{named(found.product)} · {named(found.sku)}",
        "price": found.price_minor, "list": found.listing.price_minor, "currency": found.promotion.currency,
        "units": drop.units, "per_buyer": drop.per_buyer, "starts_at": drop.starts_at, "ends_at": drop.ends_at,
        "state": state, "words": words, "tone": tone, "sign_in": drop.sign_in, "challenge": drop.difficulty > 0,
        "by": paid_by(found.promotion),
        "seat_minutes": drop.seat_minutes, "address": settings().shop_url(g.shop.slug, f"/flash/{drop.id}"),
    }  # fmt: skip


def _figures(found: ShownDrop) -> dict[str, int]:
    news = drops.stands(found.drop)
    return {
        "left": news.left, "unpaid": news.unpaid, "bought": news.bought, "back": news.back,
        "waiting": 0 if news.over else Room(found.drop.id).waiting(), "taken_minor": news.bought * found.price_minor,
    }  # fmt: skip


def _seats(found: ShownDrop) -> list[dict[str, Any]]:
    return [
        {"at": seat.granted_at, "email": _covered(seat.email), "until": seat.until, "state": seat.state,
         "words": SEATS[seat.state][0], "tone": SEATS[seat.state][1]}
        for seat in reversed(queries.seats(found.drop.id)[-NEWEST:])
    ]  # fmt: skip


def _covered(email: str) -> str:
    name, _at, host = email.partition("@")
    return f"{name[:2]}***@{host}" if host else ""
