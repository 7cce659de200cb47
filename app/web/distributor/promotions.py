"""A shop's promotions: all of them with their numbers, one of them, and what can be done with it while it runs."""

from typing import Any

from flask import current_app, flash, g, render_template, request, url_for
from flask_babel import gettext as _

from app.domain.commissions import promotion_report as report
from app.domain.promotions import lists
from app.domain.promotions.lists import Owner
from app.domain.promotions.models import StoredPromotion
from app.domain.promotions.stored import code_is_shown
from app.domain.referrals import queries as referrals
from app.flows import promotions as making
from app.foundation import clock
from app.foundation.errors import NotFound, ProductError
from app.foundation.paging import Asked, Page
from app.foundation.runtime import settings
from app.web.console.columns import Col
from app.web.console.desk import back
from app.web.console.listing import Listing, answer
from app.web.console.names import options
from app.web.console.persons import actor, needs
from app.web.console.promotion_settings import belongs_to
from app.web.console.promotion_templates import TEMPLATES
from app.web.console.promotion_words import (
    DESIGNED,
    FUNDERS,
    ICONS,
    KIND_HINTS,
    KINDS,
    STATES,
    gives,
    how_got,
    state_of,
    titled,
)
from app.web.console.refusal import tell
from app.web.console.switched_off import off_for
from app.web.distributor import distributor

OWN_PAGES = {"flash_price": "flash_new", "group_price": "group_new", "referral": "referral_new"}
"""Kinds that are made on pages of their own, where this release has them."""
DOES = {"pause": making.pause, "go_on": making.go_on, "end": making.end}


def owner() -> Owner:
    """The open shop, as whoever makes its promotions."""
    return Owner("shop", g.shop.id)


def own(promotion_id: int) -> StoredPromotion:
    """One of the shop's own promotions; any other does not exist."""
    row = lists.own(owner(), promotion_id)
    if row is None:
        raise NotFound(what="promotion")
    return row


@distributor.get("/shops/<slug>/promotions")
def promotions(slug: str) -> Any:
    listing = Listing(
        name=f"{slug}-promotions", usual="-made", searches=_("Name, code or key"),
        columns=(
            Col("title", _("Promotion"), sort=True), Col("kind", _("Kind")), Col("gives", _("Gives"), shown=False),
            Col("state", _("State")), Col("starts", _("From"), sort=True), Col("ends", _("Until"), sort=True,
            shown=False),
            Col("code", _("Coupon code"), shown=False), Col("orders", _("Orders"), figures=True),
            Col("units", _("Pieces"), figures=True, shown=False), Col("sold", _("Sold"), money=True),
            Col("given", _("Given away"), money=True), Col("key", _("Promotion key"), shown=False),
            Col("belongs", _("Belongs to a promoter"), shown=False),
        ),
        filters=(("state", _("State"), options(STATES)), ("kind", _("Kind"), options(KINDS))),
        empty=_("No promotion yet. A template sets one up in two minutes."),
    )  # fmt: skip
    return answer(
        listing, _with_figures, _row, "distributor/promotions.html", last=lists.newest(owner()), titled=titled,
        designed=DESIGNED,
    )  # fmt: skip


def _with_figures(asked: Asked) -> Page[Any]:
    page = lists.page(asked, owner=owner())
    sums = report.figures([row.id for row in page.rows])
    owners = referrals.emails(
        {row.settings["promoter_id"] for row in page.rows if "promoter_id" in row.settings}
    )
    rows = [
        (row, sums.get(row.id, report.Figures()), owners.get(row.settings.get("promoter_id", 0), ""))
        for row in page.rows
    ]
    return Page(rows, page.total, page.asked)


def _row(found: Any) -> dict[str, Any]:
    row, sums, belongs = found
    state, tone = STATES[state_of(row, clock.now())]
    return {
        "id": row.id, "title": titled(row), "kind": str(KINDS[row.kind]), "icon": ICONS[row.kind],
        "gives": gives(row.kind, row.value, row.currency), "state": str(state), "tone": tone, "starts": row.starts_at,
        "ends": row.ends_at, "code": row.code or "", "orders": sums.orders, "units": sums.units,
        "sold": sums.sold_minor,
        "given": sums.given_minor, "currency": row.currency, "key": row.key, "is_draft": row.status == "draft",
        "belongs": belongs,
    }  # fmt: skip


@distributor.get("/shops/<slug>/promotions/new")
@needs("sell")
def new_promotion(slug: str) -> Any:
    """Which kind, or which template."""
    cards = [
        (KINDS[kind], KIND_HINTS[kind], ICONS[kind], url_for(f".new_{kind}", slug=slug)) for kind in DESIGNED
    ]
    cards += [
        (KINDS[kind], KIND_HINTS[kind], ICONS[kind], url_for(f".{page}", slug=slug))
        for kind, page in OWN_PAGES.items()
        if f"distributor.{page}" in current_app.view_functions
    ]
    return render_template(
        "distributor/promotion_new.html", cards=cards, templates=TEMPLATES, icons=ICONS, kinds=KINDS
    )


@distributor.get("/shops/<slug>/promotions/<int:promotion_id>")
def promotion(slug: str, promotion_id: int) -> Any:
    """One promotion: what it says, how it stands, what may be done."""
    row = own(promotion_id)
    codes = "distributor.coupon_codes" in current_app.view_functions
    by_codes = not row.automatic and row.code is None and row.claim == "none" and row.kind in DESIGNED
    return render_template(
        "distributor/promotion.html", row=row, **words_about(row), by_codes=by_codes,
        codes=url_for(".coupon_codes", slug=slug, promotion_id=row.id) if codes and by_codes else "",
        off=off_for(row.kind, row), link=settings().shop_url(slug, ""), designed=row.kind in DESIGNED,
        belongs=belongs_to(row), shown=code_is_shown(row),
    )  # fmt: skip


def words_about(row: StoredPromotion) -> dict[str, Any]:
    """What every page of one promotion says of it."""
    state = state_of(row, clock.now())
    return {
        "titled": titled(row), "state": state, "state_words": STATES[state], "kind_words": str(KINDS[row.kind]),
        "gives": gives(row.kind, row.value, row.currency), "how": how_got(row), "funder": str(FUNDERS[row.funder]),
        "beside": [str(KINDS[kind]) for kind in row.combines or ()],
    }  # fmt: skip


@distributor.post("/shops/<slug>/promotions/<int:promotion_id>/state")
@needs("sell")
def promotion_state(slug: str, promotion_id: int) -> Any:
    """Pause it, go on with it, or end it for good."""
    do = request.form.get("do", "")
    own(promotion_id)
    if do not in DOES:
        raise NotFound(what="action")
    try:
        DOES[do](owner(), promotion_id, actor=actor())
        told = {
            "pause": _("Paused. Nobody gets it until it goes on."), "go_on": _("It is on again."),
            "end": _("It has ended."),
        }  # fmt: skip
        flash(told[do], "success")
    except ProductError as error:
        tell(error)
    return back("distributor.promotion", slug=slug, promotion_id=promotion_id)
