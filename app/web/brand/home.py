"""The brand at a glance, and what was sold."""

from datetime import timedelta
from typing import Any

from flask import g, render_template
from flask_babel import gettext as _

from app.domain.catalog import goods
from app.domain.distributors import partners
from app.domain.inventory.levels import levels_of
from app.domain.orders import lists as orders
from app.domain.pricing.floor_queries import attempts_since
from app.foundation import browse, clock
from app.foundation.paging import Asked
from app.web.brand import brand
from app.web.console.columns import Col
from app.web.console.listing import Listing, answer
from app.web.console.names import named
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
        attempts=attempts_since(clock.now() - timedelta(days=7)),
        best=orders.sold_page(Asked(size=6)).rows,
        reason=reason,
        waiting=partners.waiting(),
        named=named,
        strip=strip(),
    )


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
