"""From rows of the catalogue to what templates show."""

from typing import Any

from flask_babel import gettext

from app.domain.catalog.shelves import FEW, Shelf
from app.flows.shop_window import Window
from app.web.storefront import page_data as data
from app.web.storefront import windows
from app.web.storefront.pages import in_language
from app.web.storefront.price_words import badge, ends

BY_PRICE = ("cheap", "dear")
PROMISES = {"topup": data.Promise.MINUTES, "manual": data.Promise.BY_HAND}


def goods_page(shelf: Shelf, window: Window, **facts: Any) -> data.GoodsPage:
    """A grid with its categories and its place among the pages; sorted by price, it is so by the price it shows."""
    categories = tuple(
        data.Category(slug, in_language(name, en), count) for slug, name, en, count in shelf.categories
    )
    goods = tuple(card(row, window) for row in shelf.cards)
    if facts.get("sort") in BY_PRICE:
        goods = tuple(sorted(goods, key=lambda good: good.price_minor, reverse=facts["sort"] == "dear"))
    return data.GoodsPage(categories=categories, goods=goods, **facts)


def card(row: Any, window: Window) -> data.GoodCard:
    """A card at the lowest price that anybody pays for one piece now; beside it the list price, or the face value."""
    line, price_minor, several_prices = windows.cheapest(row, window)
    ending = windows.shared_end(line, window) if line else None
    return data.GoodCard(
        slug=row.slug,
        name=in_language(row.name, row.name_en),
        brand=in_language(row.brand, row.brand_en),
        price_minor=price_minor,
        stock=stock_of(row.available),
        promise=promise_of(row.delivery_kind),
        picture=row.picture,
        was_minor=line.list_minor if line else was(row.face_minor, row.price_minor),
        several_prices=several_prices,
        tag=badge(line.list_minor, line.net_minor) if line else "",
        until=ends(ending.ends_at, window.at) if ending else None,
    )


def stock_of(available: int) -> data.Stock:
    if available <= 0:
        return data.Stock.OUT
    return data.Stock.LOW if available < FEW else data.Stock.PLENTY


def promise_of(delivery_kind: str) -> data.Promise:
    return PROMISES.get(delivery_kind, data.Promise.INSTANT)


def was(face_minor: int | None, price_minor: int) -> int | None:
    """The face value, where the shop asks less."""
    return face_minor if face_minor and face_minor > price_minor else None


def region(code: str) -> str:
    """Where it works, in words."""
    words = {
        "CN": gettext("Accounts in mainland China"),
        "GLOBAL": gettext("International accounts, not mainland China"),
        "HK": gettext("Accounts in Hong Kong"),
        "US": gettext("Accounts in the United States"),
    }
    return words.get(code, code)
