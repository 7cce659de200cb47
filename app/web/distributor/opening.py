"""The guided opening of a shop: name, look, goods, live."""

from collections.abc import Callable, Mapping
from itertools import groupby
from typing import Any

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app.domain.catalog import shelf
from app.domain.distributors import shops
from app.domain.distributors.models import Shop
from app.domain.distributors.rules import proposed_slug
from app.flows import open_shop
from app.foundation import money
from app.foundation.errors import InvalidInput, ProductError
from app.foundation.runtime import settings
from app.web.console.desk import back
from app.web.console.looks import LookForm, look_form, typed_look
from app.web.console.persons import actor, needs
from app.web.console.sentences import sentence
from app.web.console.typed import Typed
from app.web.distributor import distributor
from tenants.context import platform_scope, shop_scope
from tenants.hosts import is_free_form

PROPOSED = 6


@distributor.get("/open")
@needs("manage")
def opening() -> Any:
    """On to the first step that is not done yet."""
    draft = _draft()
    if draft is None:
        return back("distributor.opening_step", step="name")
    step = "look" if not draft.theme else "goods" if not _prices(draft) else "live"
    return back("distributor.opening_step", step=step)


@distributor.route("/open/<step>", methods=["GET", "POST"])
@needs("manage")
def opening_step(step: str) -> Any:
    if step not in STEPS:
        abort(404)
    draft = _draft()
    if draft is None and step != "name":
        return back("distributor.opening_step", step="name")
    return STEPS[step](draft)


@distributor.get("/open/free")
@needs("manage")
def slug_free() -> Any:
    """A line of HTML under the field: may this subdomain be taken?"""
    slug = request.args.get("slug", "").strip().lower()
    return render_template("distributor/open_free.html", slug=slug, **_freedom(slug))


def _freedom(slug: str) -> dict[str, Any]:
    draft = _draft()
    with platform_scope():
        free = is_free_form(slug) and shops.slug_is_free(slug, but_for=draft.id if draft else None)
        allowed = is_free_form(slug)
        proposal = "" if free or not allowed else _proposal(slug)
    return {
        "allowed": allowed,
        "free": free,
        "proposal": proposal,
        "address": settings().shop_url(slug or "…", ""),
    }


def _proposal(slug: str) -> str:
    names = [f"{slug[:34]}-{ending}" for ending in ("shop", "store", "vip", "2", "3", "4", "5")]
    return next((name for name in names if is_free_form(name) and shops.slug_is_free(name)), "")


def _name(draft: Shop | None) -> Any:
    start = (
        {"name": draft.name, "name_en": draft.name_en, "slug": draft.slug}
        if draft
        else {"slug": proposed_slug(g.firm)}
    )
    form = Typed(start)
    if request.method == "POST":
        values = {
            "name": form.text("name", most=30), "name_en": form.text("name_en", most=40, required=False),
            "slug": form.text("slug", most=40),
        }  # fmt: skip
        if form.ok:
            try:
                open_shop.name_shop(g.seat.distributor_id, **values, actor=actor())
                return back("distributor.opening_step", step="look")
            except ProductError as error:
                form.blame(error, otherwise="slug")
    slug = str(form["slug"])
    return _page("name", draft, form, checked=slug, base=settings().base_host, **_freedom(slug))


def _look(draft: Shop) -> Any:
    form = look_form(draft.theme, {"tagline": draft.settings.get("tagline", "")})
    if request.method == "POST":
        tagline, look = form.text("tagline", most=60, required=False), typed_look(form)
        if form.ok:
            try:
                open_shop.dress_shop(g.seat.distributor_id, look, tagline=tagline, actor=actor())
                return back("distributor.opening_step", step="goods")
            except ProductError as error:
                form.blame(error, otherwise="preset")
    return _page("look", draft, form, looks=LookForm(form))


def _goods(draft: Shop) -> Any:
    with shop_scope(draft.id):
        offered = shelf.all_sellable(draft.currency)
        floors = shelf.floors_here([row[0].id for row in offered])
    shelves = [(category, list(rows)) for category, rows in groupby(offered, key=lambda row: row[3])]
    kept = _prices(draft)
    form = Typed({f"price-{sku_id}": price for sku_id, price in kept.items()})
    if request.method == "POST":
        prices = _picked(draft, form, {sku.id: sku for sku, *_rest in offered})
        if not prices:
            form.errors["picked"] = _("Pick at least one thing to sell.")
        if form.ok:
            try:
                many = open_shop.fill_shop(g.seat.distributor_id, prices, actor=actor())
                flash(_("%(many)d goods are on the shelf.", many=many), "success")
                return back("distributor.opening_step", step="live")
            except ProductError as error:
                form.blame(error, otherwise="picked")
        chosen = set(prices)
    else:
        chosen = set(kept) or _proposed(shelves)
    return _page(
        "goods", draft, form, shelves=shelves, chosen=chosen, kept=kept, many=len(offered), floors=floors
    )


def _proposed(shelves: list[tuple[Any, list[Any]]]) -> set[int]:
    """A few of every category, so that a new shop looks like one."""
    return {row[0].id for _category, rows in shelves for row in rows[:PROPOSED]}


def _picked(draft: Shop, form: Typed, offered: Mapping[int, Any]) -> dict[int, int]:
    """Price by Sku of everything that is ticked; each fault at its own field."""
    prices: dict[int, int] = {}
    with shop_scope(draft.id):
        floors = shelf.floors_here(set(offered))
    for text in request.form.getlist("sku"):
        if not text.isdecimal() or int(text) not in offered:
            continue
        sku, name = offered[int(text)], f"price-{text}"
        try:
            prices[sku.id] = money.parse(request.form.get(name, ""), draft.currency, param=name).minor
        except InvalidInput as error:
            form.blame(error)
            continue
        if prices[sku.id] < floors[sku.id]:
            form.errors[name] = sentence(shelf.below_floor(sku, prices[sku.id], floors[sku.id], param=name))
    return prices


def _live(draft: Shop) -> Any:
    form = Typed()
    if request.method == "POST":
        try:
            opened = open_shop.open_shop(g.seat.distributor_id, actor=actor())
        except ProductError as error:
            form.blame(error, otherwise="live")
        else:
            flash(_("Your shop is live."), "success")
            return redirect(url_for("distributor.shop_home", slug=opened.slug), 303)
    return _page("live", draft, form, many=len(_prices(draft)), address=settings().shop_url(draft.slug, ""))


STEPS: dict[str, Callable[[Any], Any]] = {"name": _name, "look": _look, "goods": _goods, "live": _live}


def _draft() -> Shop | None:
    with platform_scope():
        return shops.draft_of(g.seat.distributor_id)


def _prices(draft: Shop) -> dict[int, int]:
    with shop_scope(draft.id):
        return shelf.listed_prices()


def _page(step: str, draft: Shop | None, form: Typed, **context: Any) -> Any:
    at = list(STEPS).index(step)
    if step == "goods" and draft is not None:
        with shop_scope(draft.id):
            context["others"] = shelf.brands_by_application()
    labels = [_("Name"), _("Look"), _("Goods to sell"), _("Go live")]
    page = render_template(
        f"distributor/open_{step}.html", draft=draft, form=form, at=at, labels=labels, **context
    )
    return page, 422 if form.errors else 200
