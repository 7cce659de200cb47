"""How much of each Sku there is, in which batches; counted and reusable stock."""

from typing import Any

from flask import flash, render_template
from flask_babel import gettext as _

from app.domain.catalog import goods as catalog
from app.domain.inventory import imports as imported
from app.domain.inventory import levels
from app.flows import goods as keeping
from app.foundation.errors import NotFound, ProductError
from app.foundation.paging import Asked, Page
from app.foundation.vault import Secret
from app.web.brand import brand
from app.web.brand.wording import IMPORT_STATES
from app.web.console.columns import Col
from app.web.console.desk import back
from app.web.console.listing import Listing, answer
from app.web.console.names import KINDS, named, options
from app.web.console.persons import actor, needs
from app.web.console.typed import Typed
from tenants.context import current_scope


@brand.get("/stock")
def stock() -> Any:
    listing = Listing(
        name="stock",
        usual="name",
        searches=_("Product or Sku"),
        columns=(
            Col("name", _("Product"), sort=True),
            Col("kind", _("Delivery"), sort=True),
            Col("free", _("Free"), figures=True),
            Col("reserved", _("Reserved"), figures=True),
            Col("sold", _("Sold"), figures=True),
            Col("floor", _("Floor"), sort=True, money=True),
            Col("suggested", _("Suggested"), sort=True, money=True),
        ),
        filters=(("kind", _("Delivery"), options(KINDS)),),
        empty=_("No Sku yet. Make a product first."),
    )

    def find(asked: Asked) -> Page[Any]:
        page = catalog.skus_page(asked)
        counted = levels.levels_of([row.Sku.id for row in page.rows])
        return Page([(row, counted[row.Sku.id]) for row in page.rows], page.total, page.asked)

    return answer(listing, find, _row, "brand/stock.html")


def _row(found: Any) -> dict[str, Any]:
    (sku, product), level = found
    pooled = sku.delivery_kind in {"code", "link"}
    return {
        "id": sku.id,
        "name": f"{named(product)} · {named(sku)}",
        "product": named(product),
        "sku": named(sku),
        "product_id": product.id,
        "kind": str(KINDS[sku.delivery_kind]),
        "free": "∞" if sku.unlimited else level.free,
        "reserved": level.reserved if pooled else None,
        "sold": level.sold if pooled else None,
        "floor": sku.floor_minor,
        "suggested": sku.suggested_minor,
        "currency": sku.currency,
        "picture": product.picture,
        "low": not sku.unlimited and level.free <= sku.low_stock_at,
        "out": not sku.unlimited and level.free == 0,
    }


@brand.get("/stock/<int:sku_id>")
def sku_stock(sku_id: int) -> Any:
    return _page(sku_id, Typed({"pieces": ""}))


@brand.post("/stock/<int:sku_id>/count")
@needs("sell")
def add_stock(sku_id: int) -> Any:
    """More or fewer pieces of a counted Sku."""
    form = Typed()
    pieces = form.whole("pieces", least=-1_000_000, most=1_000_000)
    if form.ok and pieces:
        try:
            left = keeping.add_counted_stock(_sku(sku_id).product_id, sku_id, pieces, actor=actor())
            flash(_("%(left)d pieces remain.", left=left), "success")
            return back("brand.sku_stock", sku_id=sku_id)
        except ProductError as error:
            form.blame(error, otherwise="pieces")
    return _page(sku_id, form)


@brand.post("/stock/<int:sku_id>/reusable")
@needs("sell")
def replace_reusable(sku_id: int) -> Any:
    """The code that every buyer receives from now on."""
    form = Typed()
    words = form.text("secret", most=2000)
    if form.ok:
        try:
            keeping.replace_reusable(_sku(sku_id).product_id, sku_id, Secret.of(words), actor=actor())
            flash(_("Buyers receive the new code from now on."), "success")
            return back("brand.sku_stock", sku_id=sku_id)
        except ProductError as error:
            form.blame(error, otherwise="secret")
    return _page(sku_id, form)


def _page(sku_id: int, form: Typed) -> Any:
    sku = _sku(sku_id)
    page = render_template(
        "brand/sku_stock.html",
        sku=sku,
        product=catalog.product(sku.product_id),
        level=levels.levels_of([sku_id])[sku_id],
        batches=levels.batches_of(sku_id),
        reusable=levels.active_reusable(sku_id),
        form=form,
        kinds=KINDS,
        named=named,
        imports=imported.latest(current_scope().brand_id or 0, sku_id=sku_id, limit=10),
        import_states=IMPORT_STATES,
    )
    return page, 422 if form.errors else 200


def _sku(sku_id: int) -> Any:
    sku = catalog.sku(sku_id)
    if sku is None:
        raise NotFound(what="sku")
    return sku
