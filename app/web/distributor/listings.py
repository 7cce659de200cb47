"""What a shop sells and at what price."""

from typing import Any

from flask import flash, g, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext

from app.domain.catalog import goods, shelf
from app.domain.catalog.rules import PriceChange
from app.domain.inventory.queries import levels
from app.flows import listings as pricing
from app.foundation import money
from app.foundation.errors import InvalidInput, NotFound, ProductError
from app.foundation.paging import Asked, Page
from app.web.console.columns import Col
from app.web.console.desk import back
from app.web.console.floor_words import floors_explained
from app.web.console.listing import Listing, answer
from app.web.console.names import KINDS, LISTING_STATES, named, options
from app.web.console.persons import actor, needs
from app.web.console.refusal import tell
from app.web.console.sentences import sentence
from app.web.console.typed import Typed, ids
from app.web.distributor import distributor

LOW, MOST_COUNTED = 10, 1000


@distributor.get("/shops/<slug>/listings")
def listings(slug: str) -> Any:
    listing = Listing(
        name=f"{slug}-listings",
        usual="-added",
        searches=_("Product or Sku"),
        selects="listing",
        columns=(
            Col("name", _("Product"), sort=True),
            Col("brand", _("Brand"), shown=False),
            Col("kind", _("Delivery"), shown=False),
            Col("price", _("List price"), sort=True, money=True),
            Col("floor", _("Floor"), money=True),
            Col("why", _("Why this floor"), shown=False),
            Col("over", _("Above the floor"), sort=True, money=True),
            Col("suggested", _("Suggested"), money=True, shown=False),
            Col("stock", _("Stock"), figures=True),
            Col("state", _("State")),
        ),
        filters=(
            ("status", _("State"), (*options(LISTING_STATES), ("featured", _("Featured")))),
            ("brand", _("Brand"), [(brand.slug, named(brand)) for brand in shelf.brands_on_offer()]),
            ("category", _("Category"), [(one.slug, named(one)) for one in goods.categories()]),
            ("kind", _("Delivery"), options(KINDS)),
        ),
        empty=_("Nothing is listed yet. Add goods from the catalogue."),
    )
    return answer(listing, _with_stock(shelf.listings_page), _row, "distributor/listings.html")


def _with_stock(find: Any) -> Any:
    """The same rows with each Sku's stock and floor behind them."""

    def found(asked: Asked) -> Page[Any]:
        page = find(asked)
        skus = [row.Sku.id for row in page.rows]
        stock, floors = levels(skus, most=MOST_COUNTED), floors_explained(skus, g.shop.currency)
        rows = [(row, stock.get(row.Sku.id, 0), floors[row.Sku.id]) for row in page.rows]
        return Page(rows, page.total, page.asked)

    return found


def _row(counted: Any) -> dict[str, Any]:
    (listing, sku, product, brand), stock, floor = counted
    state, tone = LISTING_STATES[listing.status]
    return {
        "id": listing.id,
        "name": f"{named(product)} · {named(sku)}",
        "product": named(product),
        "sku": named(sku),
        "brand": named(brand),
        "kind": str(KINDS[sku.delivery_kind]),
        "price": listing.price_minor,
        "floor": floor.minor,
        "why": floor.why,
        "said": floor.sentence,
        "suggested": sku.suggested_minor,
        "over": listing.price_minor - floor.minor,
        "supply": sku.supply_price_minor,
        "currency": sku.currency,
        "unlimited": sku.unlimited,
        "stock": "∞" if sku.unlimited else stock if stock < MOST_COUNTED else f"{MOST_COUNTED}+",
        "low": not sku.unlimited and stock < LOW,
        "state": str(state),
        "tone": tone,
        "live": listing.status == "live",
        "featured": listing.featured,
        "picture": product.picture,
        "on_offer": product.status == "active" and sku.status == "active" and brand.status == "approved",
    }


@distributor.post("/shops/<slug>/listings/<int:listing_id>/price")
@needs("sell")
def set_price(slug: str, listing_id: int) -> Any:
    """One price, changed in its cell; the cell comes back with the answer in it."""
    if shelf.listing(listing_id) is None:
        raise NotFound(what="listing")
    form, error = Typed(), ""
    minor = form.money("price", g.shop.currency)
    if form.ok and minor is not None:
        try:
            pricing.set_price(listing_id, minor, actor=actor())
        except ProductError as refused:
            error = sentence(refused)
    error = error or form.errors.get("price", "")
    if "HX-Request" not in request.headers:
        flash(error or _("Saved."), "error" if error else "success")
        return back("distributor.listings", slug=slug)
    row = shelf.listing(listing_id)
    shown = _row((row, 0, floors_explained([row.Sku.id], g.shop.currency)[row.Sku.id])) if row else None
    return render_template(
        "distributor/price_cell.html", row=shown, error=error, typed=form["price"], saved=not error
    )


@distributor.post("/shops/<slug>/listings/bulk")
@needs("sell")
def bulk(slug: str) -> Any:
    """What was chosen for the ticked rows: pause, resume, feature, or on to new prices."""
    chosen, what = ids("listing"), request.form.get("do", "")
    if not chosen:
        flash(_("Tick at least one row first."), "warning")
        return back("distributor.listings", slug=slug)
    if what == "price":
        return preview_prices(slug=slug)
    changed = 0
    try:
        if what in {"pause", "resume"}:
            changed = pricing.set_status(chosen, "paused" if what == "pause" else "live", actor=actor())
        if what in {"feature", "unfeature"}:
            changed = pricing.set_featured(chosen, featured=what == "feature", actor=actor())
    except ProductError as error:
        tell(error)
        return back("distributor.listings", slug=slug)
    flash(ngettext("%(num)d listing changed.", "%(num)d listings changed.", changed), "success")
    return back("distributor.listings", slug=slug)


@distributor.post("/shops/<slug>/listings/preview")
@needs("sell")
def preview_prices(slug: str) -> Any:  # noqa: ARG001 - open_shop_scope has read it
    """What a change would do to each chosen price, before anything is saved."""
    form, chosen = Typed({"change": "suggested"}), ids("listing")
    first = request.form.get("do") == "price"
    change = PriceChange("suggested") if first else _change(form)
    rows = pricing.preview(chosen, change) if change else []
    told = {
        "changed": sum(row.price.changed for row in rows),
        "limited": sum(row.price.limited for row in rows),
        "refused": sum(row.price.refused for row in rows),
    }
    page = render_template(
        "distributor/preview_prices.html",
        form=form,
        chosen=chosen,
        rows=rows,
        told=told,
        first=first,
        named=named,
    )
    return page, 422 if form.errors else 200


def _change(form: Typed) -> PriceChange | None:
    kind = form.choice("change", ("suggested", "percent", "amount"))
    ninety = form.flag("ninety")
    if not form.ok:
        return None
    if kind == "suggested":
        return PriceChange("suggested", to_ninety=ninety)
    text = request.form.get("by", "").strip().replace("−", "-").replace("%", "").replace("＋", "+")
    sign = -1 if text.startswith("-") else 1
    try:
        # hundredths of a percent and hundredths of a yuan are read alike
        currency = "CNY" if kind == "percent" else g.shop.currency
        value = money.parse(text.lstrip("+-"), currency, param="by").minor
    except InvalidInput:
        form.errors["by"] = _("A number such as 5, -3 or 1.50.")
        return None
    return PriceChange(kind, sign * value, to_ninety=ninety)  # type: ignore[arg-type]  # one of the two left


@distributor.post("/shops/<slug>/listings/prices")
@needs("sell")
def apply_prices(slug: str) -> Any:
    """Save exactly the prices that the preview showed."""
    wanted = {}
    for listing_id in ids("listing"):
        was, new = request.form.get(f"was-{listing_id}", ""), request.form.get(f"new-{listing_id}", "")
        if was.isdecimal() and new.isdecimal():
            wanted[listing_id] = (int(was), int(new))
    try:
        applied = pricing.apply_prices(wanted, actor=actor())
    except ProductError as error:
        flash(_("Nothing was changed: %(why)s", why=sentence(error)), "error")
        return back("distributor.listings", slug=slug)
    flash(ngettext("%(num)d price changed.", "%(num)d prices changed.", applied.changed), "success")
    if applied.overtaken:
        flash(
            ngettext(
                "%(num)d price had been changed meanwhile and was left alone.",
                "%(num)d prices had been changed meanwhile and were left alone.",
                applied.overtaken,
            ),
            "warning",
        )
    return back("distributor.listings", slug=slug)
