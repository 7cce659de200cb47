"""Group buys of a shop: a form that offers a listing to groups, and the groups as they fill."""

from collections.abc import Sequence
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from app.domain.catalog import shelf
from app.domain.groups import queries
from app.domain.groups.prices import unit_price
from app.domain.groups.rules import HOURS, OPEN, PEOPLE
from app.flows import group_offers
from app.flows.group_offers import OfferGroups
from app.foundation.errors import NotFound, ProductError
from app.foundation.paging import Asked
from app.web.console.columns import Col
from app.web.console.desk import back
from app.web.console.listing import Listing, answer
from app.web.console.names import named
from app.web.console.others import paid_by
from app.web.console.persons import actor, needs
from app.web.console.refusal import tell
from app.web.console.typed import Typed
from app.web.distributor import distributor
from app.web.look.furnish import locale_here as language
from app.web.look.money import money as in_words

STATES = {
    "open": (lazy_gettext("Open"), "info"),
    "full": (lazy_gettext("Full"), "success"),
    "failed": (lazy_gettext("Not full, refunded"), ""),
}
BECAUSE = {
    "deadline": lazy_gettext("Time was over"),
    "empty": lazy_gettext("Nobody was left in it"),
    "ended": lazy_gettext("The offer was ended"),
}
STATUS = {
    "draft": (lazy_gettext("Draft"), ""),
    "live": (lazy_gettext("Running"), "success"),
    "paused": (lazy_gettext("Paused"), "warning"),
    "ended": (lazy_gettext("Ended"), ""),
}
DAYS, MOST_LISTINGS = (1, 90), 500


@distributor.get("/shops/<slug>/groups")
def groups(slug: str) -> Any:
    """The offers, and every group as it stands."""
    listing = Listing(
        name=f"{slug}-groups", usual="-opened", searches=_("Offer or link"),
        columns=(
            Col("title", _("Offer")), Col("token", _("Link")), Col("paid", _("Paid"), sort=True, figures=True),
            Col("held", _("Paying"), figures=True), Col("size", _("Group size"), sort=True, figures=True),
            Col("state", _("State")), Col("deadline", _("Until"), sort=True), Col("opened", _("Opened"), sort=True),
        ),
        filters=(("state", _("State"), [(key, words) for key, (words, _tone) in STATES.items()]),),
        empty=_("No group yet. The first opens when a buyer taps “Open a group” on the product's page."),
    )  # fmt: skip
    offers = [_offer(offer, promotion) for offer, promotion in queries.offers()]
    return answer(
        listing,
        queries.groups_page,
        _row,
        "distributor/groups.html",
        offers=offers,
        figures=queries.figures(),
    )


def _row(found: Any) -> dict[str, Any]:
    group, title, title_en, paid, held = found
    state, tone = STATES[group.state]
    return {
        "id": group.id, "title": _title(title, title_en), "token": group.token, "paid": paid, "held": held,
        "size": group.size, "state": str(state), "tone": tone, "because": str(BECAUSE.get(group.because, "")),
        "deadline": group.deadline, "opened": group.created_at,
    }  # fmt: skip


def _offer(offer: Any, promotion: Any) -> dict[str, Any]:
    state, tone = STATUS[promotion.status]
    listed = next(iter(shelf.listed([offer.listing_id])), None)
    return {
        "id": promotion.id, "title": _title(promotion.title, promotion.title_en), "people": offer.people,
        "hours": offer.hours, "status": promotion.status, "state": str(state), "tone": tone,
        "name": f"{named(listed[2])} · {named(listed[1])}" if listed else "–", "ends": promotion.ends_at,
        "price": unit_price(promotion, listed[0].price_minor) if listed else None,
        "by": paid_by(promotion), "listed": listed[0].price_minor if listed else None, "currency": promotion.currency,
    }  # fmt: skip


@distributor.get("/shops/<slug>/promotions/new/group")
@needs("sell")
def group_new(slug: str) -> Any:  # noqa: ARG001 - open_shop_scope has read it
    """The form, filled in as most shops would."""
    start = {
        "people": 3,
        "hours": 24,
        "days": 14,
        "most_open": 20,
        "listing": request.args.get("listing", ""),
    }
    return _form(Typed(start))


@distributor.post("/shops/<slug>/promotions/new/group")
@needs("sell")
def make_group_offer(slug: str) -> Any:
    """Publish what was filled in."""
    form = Typed()
    listing = form.choice("listing", [key for key, _words in _goods()])
    wanted = OfferGroups(
        listing_id=int(listing) if listing.isdecimal() and len(listing) < 19 else 0,
        title=form.text("title", most=60), title_en=form.text("title_en", required=False, most=60),
        minor=form.money("price", g.shop.currency) or 0,
        people=form.whole("people", least=PEOPLE[0], most=PEOPLE[1]) or 0,
        hours=form.whole("hours", least=HOURS[0], most=HOURS[1]) or 0,
        days=form.whole("days", least=DAYS[0], most=DAYS[1]) or 0,
        most_open=form.whole("most_open", least=OPEN[0], most=OPEN[1]) or 0,
        per_buyer=form.whole("per_buyer", least=1, most=1000, required=False),
        budget_minor=form.money("budget", g.shop.currency, required=False),
        with_coupons=form.flag("with_coupons"),
    )  # fmt: skip
    if form.ok and wanted.minor < 1:
        form.errors["price"] = _("Please fill this in.")
    if not form.ok:
        return _form(form), 422
    try:
        group_offers.offer_groups(
            wanted, shop_id=g.shop.id, currency=g.shop.currency, created_by=actor().id, actor=actor()
        )
    except ProductError as error:
        form.blame(error, otherwise="title")
        if error.param == "price":
            form.errors["price"] = _("It must be lower than the list price.")
        return _form(form), 422
    flash(_("Published. Buyers find it on the product's page."), "success")
    _warn_of_floor(wanted)
    return redirect(url_for("distributor.groups", slug=slug), 303)


@distributor.post("/shops/<slug>/groups/<int:promotion_id>")
@needs("sell")
def move_group_offer(slug: str, promotion_id: int) -> Any:
    """Pause, resume or end an offer."""
    status = {"pause": "paused", "resume": "live", "end": "ended"}.get(request.form.get("do", ""), "")
    try:
        group_offers.move_offer(promotion_id, status, actor=actor())
        flash(_("Saved."), "success")
    except NotFound:
        raise
    except ProductError as error:
        tell(error)
    return back("distributor.groups", slug=slug)


def _form(form: Typed) -> str:
    return render_template("distributor/group_new.html", form=form, goods=_goods(), currency=g.shop.currency)


def _goods() -> Sequence[tuple[str, str]]:
    """The shop's live listings with list price and floor."""
    rows = shelf.listings_page(Asked(filters={"status": "live"}, size=MOST_LISTINGS, sort="name")).rows
    floors = shelf.floors_here([row.Sku.id for row in rows])
    return [
        (
            str(row.Listing.id),
            _("%(name)s: list price %(price)s, minimum %(floor)s", name=f"{named(row.Product)} · {named(row.Sku)}",
              price=_money(row.Listing.price_minor), floor=_money(floors[row.Sku.id])),
        )
        for row in rows
    ]  # fmt: skip


def _warn_of_floor(wanted: OfferGroups) -> None:
    row = next(iter(shelf.listed([wanted.listing_id])), None)
    floor = shelf.floors_here([row[1].id])[row[1].id] if row else 0
    if wanted.minor < floor:
        flash(
            _(
                "The brand's minimum price is %(floor)s: groups pay that until the brand allows less.",
                floor=_money(floor),
            ),
            "warning",
        )


def _money(minor: int) -> str:
    return in_words(minor, g.shop.currency, language())


def _title(title: str, title_en: str) -> str:
    return title_en if title_en and language() == "en" else title
