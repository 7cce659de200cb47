"""The brand at a glance, who sells its goods, and what was sold."""

from typing import Any

from flask import g, render_template
from flask_babel import gettext as _

from app.domain.catalog import goods
from app.domain.inventory.levels import levels_of
from app.domain.orders import lists as orders
from app.foundation import browse
from app.foundation.paging import Asked
from app.web.brand import brand
from app.web.console.columns import Col
from app.web.console.listing import Listing, answer
from app.web.console.names import LISTING_STATES, named
from app.web.money.strip import strip
from tenants.context import platform_scope


@brand.get("/")
def home() -> Any:
    with platform_scope():
        told = browse.entries_about(f"brand:{g.seat.brand_id}", most=5)
    reason = next((entry.data.get("reason") for entry in told if entry.action == "brand.suspended"), None)
    skus = [row for row in goods.skus_page(Asked(size=500)).rows if row.Sku.delivery_kind in {"code", "link"}]
    levels = levels_of([row.Sku.id for row in skus])
    low = sorted(
        ((row, levels[row.Sku.id].free) for row in skus if levels[row.Sku.id].free <= row.Sku.low_stock_at),
        key=lambda pair: pair[1],
    )
    return render_template(
        "brand/home.html",
        figures=goods.figures(),
        low=low,
        below=goods.sellers_page(Asked(filters={"state": "below"})).total,
        best=orders.sold_page(Asked(size=6)).rows,
        reason=reason,
        named=named,
        strip=strip(),
    )


@brand.get("/sellers")
def sellers() -> Any:
    """Which shop sells what at what price, and how far above the floor."""
    listing = Listing(
        name="sellers",
        usual="over",
        searches=_("Shop or product"),
        columns=(
            Col("shop", _("Shop"), sort=True),
            Col("product", _("Product"), sort=True),
            Col("sku", _("Sku"), shown=False),
            Col("price", _("List price"), sort=True, money=True),
            Col("floor", _("Floor"), money=True),
            Col("over", _("Above the floor"), sort=True, money=True),
            Col("state", _("State")),
        ),
        filters=(
            (
                "state",
                _("State"),
                (
                    *((key, str(words)) for key, (words, _tone) in LISTING_STATES.items()),
                    ("below", _("Below the floor")),
                ),
            ),
        ),
        empty=_("No shop sells your goods yet."),
    )

    def row(found: Any) -> dict[str, Any]:
        shown, shop, sku, product = found
        state, tone = LISTING_STATES[shown.status]
        return {
            "id": shown.id,
            "shop": shop.name,
            "slug": shop.slug,
            "product": named(product),
            "sku": named(sku),
            "price": shown.price_minor,
            "floor": sku.floor_minor,
            "over": shown.price_minor - sku.floor_minor,
            "currency": sku.currency,
            "state": str(state),
            "tone": tone,
            "product_id": product.id,
        }

    return answer(listing, goods.sellers_page, row, "brand/sellers.html")


@brand.get("/sold")
def sold() -> Any:
    """What was delivered, by Sku; never to whom."""
    listing = Listing(
        name="sold",
        usual="-pieces",
        searches=_("Product"),
        columns=(
            Col("product", _("Product"), sort=True),
            Col("sku", _("Sku")),
            Col("shops", _("Shops"), sort=True, figures=True),
            Col("pieces", _("Pieces"), sort=True, figures=True),
            Col("net", _("Paid by buyers"), sort=True, money=True),
        ),
        empty=_("Nothing was sold yet."),
    )

    def row(found: Any) -> dict[str, Any]:
        return {
            "id": found.sku_id,
            "product": found.product,
            "sku": found.sku,
            "shops": found.shops,
            "pieces": int(found.pieces),
            "net": int(found.net),
            "currency": found.currency,
        }

    return answer(listing, orders.sold_page, row, "brand/sold.html")
