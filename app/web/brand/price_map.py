"""All shops × Skus against floor and list price: as a map, as a list, and each price's history."""

from typing import Any

from flask import render_template, request
from flask_babel import gettext as _

from app.domain.catalog import goods
from app.domain.pricing import floor_queries as queries
from app.domain.pricing import price_map as prices
from app.foundation import clock
from app.foundation.errors import NotFound
from app.foundation.money import Money
from app.foundation.paging import Asked
from app.web.brand import brand
from app.web.console.columns import Col
from app.web.console.listing import Listing, answer
from app.web.console.names import LISTING_STATES, named


def state_words(status: str) -> tuple[str, str]:
    """A listing's state and the colour it is shown in; one whose shop may not sell any more is off sale."""
    words, tone = LISTING_STATES.get(status, (_("Off sale: not approved"), "error"))
    return str(words), tone


@brand.get("/price-map")
def price_map() -> Any:
    stands = request.args.get("stands", "")
    stands = stands if stands in prices.STANDS else ""
    asked = Asked(
        words=request.args.get("q", "").strip()[:60], page=max(1, request.args.get("page", 1, type=int)), size=20,
        filters={"stands": stands},
    )  # fmt: skip
    page = prices.map_page(asked)
    across = Asked(page=max(1, request.args.get("shops", 1, type=int)), size=prices.SHOPS_ON_A_PAGE)
    shops = prices.shops(across)
    cells: dict[int, dict[int, prices.Cell]] = {}
    for cell in prices.cells([row.Sku.id for row in page.rows]):
        if not stands or cell.stands == stands:
            cells.setdefault(cell.sku_id, {})[cell.shop_id] = cell
    return render_template(
        "brand/price_map.html", page=page, shops=shops, cells=cells, stands=stands, counts=prices.counts(),
        named=named, states=LISTING_STATES,
    )  # fmt: skip


@brand.get("/price-map/<int:listing_id>")
def price_history(listing_id: int) -> Any:
    """What one shop has asked for one Sku, and the floor then."""
    found = prices.one(listing_id)
    if found is None:
        raise NotFound(what="listing")
    history = queries.price_history(listing_id)
    return render_template(
        "brand/price_history.html", found=found, history=history[::-1], option=_option(history, found),
        named=named, state=state_words(found.Listing.status), states=state_words,
    )  # fmt: skip


def _option(history: Any, found: Any) -> dict[str, Any]:
    """Steps of price and floor over time, up to today's."""
    currency = found.Sku.currency
    days = [row.created_at.isoformat() for row in history] + [clock.now().isoformat()]

    def steps(name: str, last: int) -> list[list[Any]]:
        minors = [getattr(row, name) for row in history] + [last]
        return [
            [day, float(Money(minor, currency).decimal())] for day, minor in zip(days, minors, strict=True)
        ]

    return {
        "legend": {"top": 0},
        "grid": {"left": 8, "right": 12, "top": 40, "bottom": 8, "containLabel": True},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "time"},
        "yAxis": {"type": "value", "scale": True},
        "series": [
            {
                "name": _("List price"),
                "type": "line",
                "step": "end",
                "data": steps("price_minor", found.Listing.price_minor),
            },
            {"name": _("Floor"), "type": "line", "step": "end", "data": steps("floor_minor", found.floor)},
        ],
    }


@brand.get("/sellers")
def sellers() -> Any:
    """The map as a list: which shop sells what at what price, and how far above the floor."""
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
    return answer(listing, goods.sellers_page, _seller, "brand/sellers.html")


def _seller(found: Any) -> dict[str, Any]:
    shown, shop, sku, product, floor = found
    state, tone = state_words(shown.status)
    return {
        "id": shown.id, "shop": shop.name, "slug": shop.slug, "product": named(product), "sku": named(sku),
        "price": shown.price_minor, "floor": floor, "over": shown.price_minor - floor, "currency": sku.currency,
        "state": state, "tone": tone, "product_id": product.id,
    }  # fmt: skip
