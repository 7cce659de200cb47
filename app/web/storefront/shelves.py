"""Home, categories and search."""

import math
from dataclasses import replace
from datetime import timedelta

from flask import abort, g, redirect, request
from flask.typing import ResponseReturnValue

from app.domain.catalog import shelves
from app.domain.catalog.rules import search_query
from app.web.storefront import drawing, offers, windows
from app.web.storefront import page_data as data
from app.web.storefront.cards import card, goods_page
from app.web.storefront.page_cache import Shown, same_for_everyone

MOST_PAGES = 1000
MOST_PRICED = 1000
"""On a shelf of more goods than this, prices of the list decide which are cheap."""
FANNED = 3


@same_for_everyone
def home() -> Shown:
    shelf, paging = _asked()
    first = paging.page == 1 and not _sort()
    liked = sorted(shelf.cards, key=lambda row: not row.featured)[:FANNED] if first else []
    window = windows.over(shelf.cards, ahead=offers.AHEAD if first else timedelta())
    page = goods_page(
        shelf, window, paging=paging, sort=_sort(), featured=tuple(card(row, window) for row in liked),
        offers=offers.strip(window) if first else (),
    )  # fmt: skip
    return "storefront/home.html", {"page": page}


@same_for_everyone
def category(slug: str) -> Shown:
    shelf, paging = _asked(category=slug)
    page = goods_page(shelf, windows.over(shelf.cards), paging=paging, sort=_sort())
    this = next((one for one in page.categories if one.slug == slug), None)
    if this is None:
        abort(404)
    return "storefront/goods.html", {"page": replace(page, category=this)}


def search() -> ResponseReturnValue:
    return found() if _words() else redirect("/")


@same_for_everyone
def found() -> Shown:
    words = _words()
    shelf, paging = _asked(words=search_query(words))
    window = windows.over(shelf.cards)
    return "storefront/goods.html", {
        "page": goods_page(shelf, window, paging=paging, sort=_sort(), asked=words)
    }


def _words() -> str:
    return " ".join(request.args.get("q", "").split())[:60]


def _asked(*, category: str | None = None, words: str | None = None) -> tuple[shelves.Shelf, data.Paging]:
    number = min(max(request.args.get("page", 1, type=int), 1), MOST_PAGES)
    shelf = _by_price(number, category, words) or shelves.shelf(
        g.tenant.id, sort=_sort(), page=number, category=category, words=words
    )
    if number > 1 and not shelf.cards:
        abort(404)
    return shelf, data.Paging(number, max(1, math.ceil(shelf.total / shelves.PAGE_SIZE)), shelf.total)


def _by_price(number: int, category: str | None, words: str | None) -> shelves.Shelf | None:
    """A page in the order of what a passer-by pays; None where the list says that already, or goods are too many."""
    if _sort() not in shelves.BY_PRICE or drawing.here().quiet:
        return None
    rows = shelves.prices(g.tenant.id, category=category, words=words, most=MOST_PRICED + 1)
    if len(rows) > MOST_PRICED:
        return None
    window, up = windows.over(rows), 1 if _sort() == "cheap" else -1
    paid = {row.product_id: windows.cheapest(row, window)[1] for row in rows}
    ranked = sorted(
        paid, key=lambda product_id: up * paid[product_id]
    )  # equals stay as the shop arranges them
    first = (number - 1) * shelves.PAGE_SIZE
    found = shelves.chosen(g.tenant.id, ranked[first : first + shelves.PAGE_SIZE])
    return replace(found, total=len(rows))


def _sort() -> str:
    sort = request.args.get("sort", "")
    return sort if sort in shelves.SORTS else ""
