"""What the open shop's goods cost a passer-by, for cards and choices."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from app.domain.pricing.rules import PricedLine
from app.domain.promotions.models import StoredPromotion
from app.flows import shop_window
from app.flows.shop_window import Piece, Window
from app.foundation import clock
from app.web.storefront import drawing


def over(rows: Iterable[Any], *, ahead: timedelta = timedelta()) -> Window:
    """The window over some cards, for whoever looks."""
    return over_pieces((piece for row in rows for piece in pieces(row)), ahead=ahead)


def over_pieces(wares: Iterable[Piece], *, ahead: timedelta = timedelta()) -> Window:
    if drawing.here().quiet:
        return Window(clock.now())
    return shop_window.look(wares, without=drawing.held_out(), drawn=drawing.here().ids, ahead=ahead)


def pieces(row: Any) -> list[Piece]:
    """The listings behind a card."""
    return [
        Piece(listing_id, sku_id, row.product_id, row.brand_id, row.category_id, price_minor)
        for listing_id, sku_id, price_minor in zip(row.listing_ids, row.sku_ids, row.prices, strict=True)
    ]


def cheapest(row: Any, window: Window) -> tuple[PricedLine | None, int, bool]:
    """A card's lowest price: its line (None where no promotion is in it), the price, and whether others are dearer."""
    lines = {
        at: line
        for at in row.listing_ids
        if (line := window.one(at)) is not None and line.net_minor < line.list_minor
    }
    if not lines:
        return None, row.price_minor, row.several_prices
    prices = {
        at: lines[at].net_minor if at in lines else price
        for at, price in zip(row.listing_ids, row.prices, strict=True)
    }
    best = min(prices, key=lambda at: (prices[at], at not in lines))
    return lines.get(best), prices[best], len(set(prices.values())) > 1


def shared_end(line: PricedLine, window: Window) -> StoredPromotion | None:
    """Of the promotions in a price, the one that ends first; None where none ends."""
    taken = [window.on[step.promotion_id] for step in line.steps if step.minor]
    ending = [row for row in taken if row.ends_at is not None]
    return min(ending, key=lambda row: row.ends_at or window.at, default=None)
