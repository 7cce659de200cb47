"""A product's choices: the price of each now and how it came about, more pieces at a time, and what goes with it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.domain.catalog import shelf
from app.domain.catalog.on_sale import OnSale, on_sale
from app.domain.inventory import queries as stock
from app.domain.pricing.rules import PricedLine
from app.domain.promotions.rules import Bundle, Tiers
from app.flows import shop_window
from app.flows.shop_window import Piece, Window
from app.web.storefront import page_data as data
from app.web.storefront import windows
from app.web.storefront.cards import promise_of, stock_of, was
from app.web.storefront.offer_data import Together
from app.web.storefront.pages import in_language
from app.web.storefront.price_words import badge, ends, held, sentence, title

MOST_TOGETHER, MOST_TIERS = 3, 6
HELD = frozenset({"floor", "funder", "last_unit"})


def look(rows: Sequence[Any], others: Iterable[Any]) -> Window:
    """The window over a product's listings and the cards beside it."""
    own = [
        Piece(row.listing_id, row.sku_id, row.product_id, row.brand_id, row.category_id, row.price_minor)
        for row in rows
    ]
    return windows.over_pieces([*own, *(piece for other in others for piece in windows.pieces(other))])


def choice(row: Any, window: Window) -> data.SkuChoice:
    left = stock_of(row.available)
    line = window.one(row.listing_id)
    most = min(row.max_per_order, row.available) if left == data.Stock.LOW else row.max_per_order
    known = data.SkuChoice(
        id=row.listing_id,
        name=in_language(row.sku_name, row.sku_name_en),
        price_minor=row.price_minor,
        stock=left,
        promise=promise_of(row.delivery_kind),
        most=most,
        left=row.available if left == data.Stock.LOW else None,
        was_minor=was(row.face_value_minor if row.face_currency == row.currency else None, row.price_minor),
    )
    return known if line is None else _offered(known, line, window)


def together(rows: Sequence[Any], window: Window) -> tuple[Together, ...]:
    """The bundles that a product belongs to and that are all there, each as a whole set."""
    own = {row.sku_id: row.listing_id for row in rows}
    bundles = {
        at: value.parts
        for at, one in window.anybodys.items()
        if isinstance(value := one.value, Bundle) and not own.keys().isdisjoint(value.parts)
    }
    if not bundles:
        return ()
    listed, goods, left = _goods({sku_id for parts in bundles.values() for sku_id in parts})
    wide = shop_window.more(window, [*goods.values()])
    found = []
    for at, parts in bundles.items():
        cart = {listed[sku_id]: units for sku_id, (units, _) in parts.items() if sku_id in listed}
        there = all(at in goods and left[at] >= units for at, units in cart.items())
        lines = wide.together(cart) if there and len(cart) == len(parts) else ()
        if lines and _sum(lines) < _sum(wide.together(cart, without={at})):
            found.append(_together(at, lines, goods, set(own.values()), window))
    return tuple(found[:MOST_TOGETHER])


def parts_of(promotion_id: int) -> dict[int, int]:
    """The listings of a bundle that is on here, with how many pieces of each; nothing where one is not on sale."""
    promotion = windows.over_pieces(()).anybodys.get(promotion_id)
    if promotion is None or not isinstance(promotion.value, Bundle):
        return {}
    parts = promotion.value.parts
    listed, goods, _ = _goods(parts)
    found = {listed[sku_id]: units for sku_id, (units, _) in parts.items() if sku_id in listed}
    return found if len(found) == len(parts) and found.keys() <= goods.keys() else {}


def _offered(known: data.SkuChoice, line: PricedLine, window: Window) -> data.SkuChoice:
    """A choice with what promotions make of it; one that takes nothing off is named only where a limit is why."""
    limits = tuple(
        f"{title(window.on[step.promotion_id])}: {words}"
        for step in line.steps
        if step.because in HELD and (words := held(step))
    )
    facts: dict[str, Any] = {
        "id": known.id, "name": known.name, "stock": known.stock, "promise": known.promise, "most": known.most,
        "left": known.left, "limits": limits, "tiers": _tiers(known, window), "price_minor": known.price_minor,
        "was_minor": known.was_minor,
    }  # fmt: skip
    if line.net_minor < line.list_minor:
        ending = windows.shared_end(line, window)
        facts |= {
            "price_minor": line.net_minor, "was_minor": line.list_minor,
            "tag": badge(line.list_minor, line.net_minor), "how": sentence(line, window.on, window.at),
            "until": ends(ending.ends_at, window.at) if ending else None,
        }  # fmt: skip
    return data.SkuChoice(**facts)


def _tiers(known: data.SkuChoice, window: Window) -> tuple[tuple[int, int], ...]:
    """(from how many, price of each) where more at a time costs less, each as a cart of so many would cost."""
    starts = {
        start
        for promotion in window.anybodys.values()
        if isinstance(promotion.value, Tiers)
        for start, _ in promotion.value.steps
        if 1 < start <= known.most
    }
    before, found = window.one(known.id), []
    last = before.net_minor if before else known.price_minor
    for start in sorted(starts)[:MOST_TIERS]:
        line = window.one(known.id, start)
        each = -(-line.net_minor // start) if line else last
        if each < last:
            found.append((start, each))
            last = each
    return tuple(found)


def _goods(sku_ids: Iterable[int]) -> tuple[Mapping[int, int], Mapping[int, OnSale], Mapping[int, int]]:
    """(listing by Sku, what is on sale by listing, pieces left by listing) of these Skus."""
    listed = {sku_id: listing_id for listing_id, sku_id in shelf.listing_ids(list(sku_ids)).items()}
    goods = on_sale(list(listed.values()))
    levels = stock.levels(list(listed))
    left = {
        at: item.max_per_order if item.unlimited else levels.get(item.sku_id, 0) for at, item in goods.items()
    }
    return listed, goods, left


def _together(
    promotion_id: int, lines: Sequence[PricedLine], goods: Mapping[int, OnSale], own: set[int], window: Window
) -> Together:
    ordered = sorted(lines, key=lambda line: line.listing_id not in own)
    return Together(
        id=promotion_id,
        title=title(window.on[promotion_id]),
        parts=tuple(
            (_name(goods[line.listing_id]), f"/p/{goods[line.listing_id].slug}", line.quantity)
            for line in ordered
        ),
        price_minor=_sum(lines),
        was_minor=sum(line.list_minor * line.quantity for line in lines),
        skus=tuple(line.listing_id for line in lines if line.listing_id in own),
    )


def _sum(lines: Sequence[PricedLine]) -> int:
    return sum(line.net_minor for line in lines)


def _name(item: OnSale) -> str:
    return f"{in_language(item.product_name, item.product_name_en)} {in_language(item.sku_name, item.sku_name_en)}"
