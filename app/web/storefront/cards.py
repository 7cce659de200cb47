"""From rows of the catalogue to what templates show."""

from typing import Any

from flask_babel import gettext

from app.domain.catalog.shelves import FEW, Shelf
from app.web.storefront import page_data as data
from app.web.storefront.pages import in_language

PROMISES = {"topup": data.Promise.MINUTES, "manual": data.Promise.BY_HAND}


def goods_page(shelf: Shelf, **facts: Any) -> data.GoodsPage:
    """A grid with its categories and its place among the pages."""
    categories = tuple(
        data.Category(slug, in_language(name, en), count) for slug, name, en, count in shelf.categories
    )
    return data.GoodsPage(categories=categories, goods=tuple(card(row) for row in shelf.cards), **facts)


def card(row: Any) -> data.GoodCard:
    return data.GoodCard(
        slug=row.slug,
        name=in_language(row.name, row.name_en),
        brand=in_language(row.brand, row.brand_en),
        price_minor=row.price_minor,
        stock=stock_of(row.available),
        promise=promise_of(row.delivery_kind),
        picture=row.picture,
        was_minor=was(row.face_minor, row.price_minor),
        several_prices=row.several_prices,
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
