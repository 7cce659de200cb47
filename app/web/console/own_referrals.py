"""A referral programme that a brand or the platform starts in chosen shops."""

from typing import Any

from flask import Blueprint, flash, g, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.domain.promotions import switch_queries as queries
from app.domain.promotions.lists import Owner
from app.flows import own_referrals
from app.foundation.errors import NotFound, ProductError
from app.web.console.desk import back
from app.web.console.persons import actor, needs
from app.web.console.promotion_form import PromotionForm
from app.web.console.promotion_words import ICONS, KIND_HINTS, KINDS
from app.web.console.referral_form import FIELDS, START, typed_plan
from app.web.console.sentences import sentence


def hang_under(blueprint: Blueprint) -> None:
    """Add the page to a console of a brand or the platform."""
    blueprint.add_url_rule(
        "/promotions/new/referral", "new_own_referral", needs("manage")(new_own_referral), methods=["GET", "POST"]
    )  # fmt: skip


def card(currency: str) -> tuple[Any, Any, str, str]:
    """The kind as a card of the page on which one is chosen."""
    href = url_for(".new_own_referral", currency=currency)
    return KINDS["referral"], KIND_HINTS["referral"], ICONS["referral"], href


def new_own_referral() -> Any:
    """One form for all chosen shops; started at once."""
    currency = request.values.get("currency", "CNY")
    shops = [(row[0], row[1], row[2]) for row in queries.shops() if row[3] == currency]
    if not shops:
        flash(_("No shop sells in %(currency)s yet.", currency=currency[:3]), "warning")
        return back(f"{g.seat.kind}.new_own_promotion")
    form = PromotionForm({**START, "shop": [row[0] for row in shops]})
    if not form.sent:
        return _page(form, currency, shops)
    chosen, plan = _chosen(form, shops), typed_plan(form, currency)
    if plan is None or not form.ok:
        return _page(form, currency, shops)
    owner = Owner("brand", g.seat.brand_id) if g.seat.kind == "brand" else Owner("platform")
    try:
        made = own_referrals.launch(owner, chosen, currency, plan, actor=actor())
    except NotFound:
        raise
    except ProductError as error:
        form.errors[FIELDS.get(error.param or "", error.param or "title")] = sentence(error)
        return _page(form, currency, shops)
    there = sum(one.error is None for one in made.shops)
    flash(ngettext("Started in %(num)d shop.", "Started in %(num)d shops.", there), "success")
    return back(f"{g.seat.kind}.promotion", promotion_id=made.promotion_id)


def _chosen(form: PromotionForm, shops: list[tuple[Any, Any, Any]]) -> list[int]:
    known = {str(row[0]): int(row[0]) for row in shops}
    ticked = form.many("shop")
    if any(one not in known for one in ticked):
        raise NotFound(what="shop")
    if not ticked:
        form.errors["shop"] = _("Choose at least one.")
    return [known[one] for one in ticked]


def _page(form: PromotionForm, currency: str, shops: list[tuple[Any, Any, Any]]) -> Any:
    page = render_template("console/own_referral_form.html", form=form, currency=currency, shops=shops)
    return page, 422 if form.errors else 200
