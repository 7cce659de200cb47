"""Goods of approved brands that a shop does not sell yet."""

from typing import Any

from flask import flash, g
from flask_babel import gettext as _
from flask_babel import ngettext

from app.domain.catalog import goods, shelf
from app.domain.commissions.expected import kept_per_unit
from app.domain.commissions.standing import standing
from app.flows import listings as pricing
from app.foundation import clock
from app.foundation.errors import ProductError
from app.foundation.paging import Asked, Page
from app.web.console.columns import Col
from app.web.console.desk import back
from app.web.console.floor_words import floors_explained
from app.web.console.listing import Listing, answer
from app.web.console.names import KINDS, named, options
from app.web.console.persons import actor, needs
from app.web.console.refusal import tell
from app.web.console.rule_words import terms_words
from app.web.console.typed import ids
from app.web.distributor import distributor


@distributor.get("/shops/<slug>/catalogue")
def catalogue(slug: str) -> Any:
    listing = Listing(
        name=f"{slug}-catalogue", usual="-newest", searches=_("Product or brand"), selects="sku",
        columns=(
            Col("name", _("Product"), sort=True), Col("brand", _("Brand")), Col("kind", _("Delivery")),
            Col("floor", _("Floor"), money=True), Col("price", _("Suggested"), sort=True, money=True),
            Col("terms", _("Terms")), Col("margin", _("You keep"), money=True),
        ),
        filters=(
            ("brand", _("Brand"), [(brand.slug, named(brand)) for brand in shelf.brands_on_offer()]),
            ("category", _("Category"), [(one.slug, named(one)) for one in goods.categories()]),
            ("kind", _("Delivery"), options(KINDS)),
        ),
        empty=_("Everything on offer is in your shop already."),
    )  # fmt: skip
    return answer(
        listing, _with_floors, _row, "distributor/catalogue.html", fixed={"currency": g.shop.currency},
        others=shelf.brands_by_application(),
    )  # fmt: skip


def _with_floors(asked: Asked) -> Page[Any]:
    """The catalogue's rows with the floor and the terms that would count here."""
    page = shelf.catalogue_page(asked)
    floors = floors_explained([row.Sku.id for row in page.rows], g.shop.currency)
    now = clock.now()
    stands = standing([row.Sku.id for row in page.rows], now=now)
    rows = [(row, floors[row.Sku.id], stands[row.Sku.id], now) for row in page.rows]
    return Page(rows, page.total, page.asked)


def _row(found: Any) -> dict[str, Any]:
    (sku, product, brand), floor, stand, now = found
    return {
        "id": sku.id, "name": f"{named(product)} · {named(sku)}", "product": named(product), "sku": named(sku),
        "brand": named(brand), "kind": str(KINDS[sku.delivery_kind]), "floor": floor.minor,
        "why": floor.why, "said": floor.sentence,
        "price": sku.suggested_minor, "terms": terms_words(stand.terms(now), sku.currency),
        "margin": kept_per_unit(stand, sku.suggested_minor, at=now), "currency": sku.currency,
        "picture": product.picture,
    }  # fmt: skip


@distributor.post("/shops/<slug>/catalogue")
@needs("sell")
def add_goods(slug: str) -> Any:
    """List the ticked goods at their suggested prices."""
    chosen = ids("sku")
    if not chosen:
        flash(_("Tick at least one row first."), "warning")
        return back("distributor.catalogue", slug=slug)
    prices = {sku.id: sku.suggested_minor for sku, *_rest in shelf.sellable_skus(g.shop.currency, chosen)}
    try:
        added = pricing.add(prices, currency=g.shop.currency, actor=actor())
    except ProductError as error:
        tell(error)
        return back("distributor.catalogue", slug=slug)
    flash(ngettext("%(num)d thing is on sale now.", "%(num)d things are on sale now.", added), "success")
    return back("distributor.listings", slug=slug)
