"""A priced basket in words, line by line; what cannot be bought says why."""

from collections.abc import Mapping
from typing import Any

from flask import g
from flask_babel import gettext

from app.domain.catalog import shelf, shelves
from app.domain.catalog.errors import ListingUnavailable, QuantityNotAllowed
from app.domain.catalog.on_sale import OnSale, on_sale
from app.domain.inventory import queries as stock
from app.domain.pricing.errors import BelowFloor
from app.domain.pricing.quotes import Quote
from app.domain.pricing.rules import PricedLine
from app.domain.promotions import queries as promotions
from app.flows import purchase
from app.web.storefront import asking, breakdown
from app.web.storefront import page_data as data
from app.web.storefront.basket import Basket, Wish
from app.web.storefront.pages import in_language
from app.web.storefront.price_words import Rows, amount
from app.web.wording import error_text


def priced(basket: Basket) -> data.Quote | None:
    """The basket at today's prices, with a word on each line that cannot be bought; None where nothing is left."""
    names = shelves.names(list(basket))
    goods = on_sale(list(names))
    known = {listing_id: wish for listing_id, wish in basket.items() if listing_id in names}
    if not known:
        return None
    problems = _problems(known, names, goods)
    good = {listing_id: wish.quantity for listing_id, wish in known.items() if listing_id not in problems}
    quoted, _, rows = purchase.explained(g.tenant, good, asking.asked()) if good else (None, None, {})
    g.quoted = quoted
    prices = {line.listing_id: line for line in quoted.lines} if quoted else {}
    lines = tuple(
        _line(names[listing_id], wish, prices.get(listing_id), problems.get(listing_id, ""), rows)
        for listing_id, wish in known.items()
    )
    if quoted is None:
        return data.Quote(lines, subtotal_minor=0, total_minor=0)
    return data.Quote(
        lines, _at_list(quoted), quoted.total_minor, breakdown.steps(quoted, rows),
        left=breakdown.left_out(quoted, rows),
    )  # fmt: skip


def rows_of(quoted: Quote) -> Rows:
    """The promotions in a quote that came back sealed."""
    taken = {step.promotion_id for line in quoted.lines for step in line.steps}
    return promotions.by_ids(taken) if taken else {}


def agreed(quoted: Quote, basket: Basket, rows: Rows) -> data.Quote:
    """A quote as the checkout shows it."""
    g.quoted = quoted
    names = shelves.names([line.listing_id for line in quoted.lines])
    lines = tuple(
        _line(names[line.listing_id], basket.get(line.listing_id, Wish(line.quantity)), line, "", rows)
        for line in quoted.lines
    )
    return data.Quote(
        lines, _at_list(quoted), quoted.total_minor, breakdown.steps(quoted, rows), quoted.expires_at,
        breakdown.left_out(quoted, rows),
    )  # fmt: skip


def facts(
    fields: list[Mapping[str, Any]], told: Mapping[str, str], *, covered: bool = False
) -> tuple[tuple[str, str], ...]:
    """What a buyer told, by the fields' labels; covered shows only enough to recognise it."""
    labels = {
        str(field["name"]): in_language(
            str(field.get("label") or field["name"]), str(field.get("label_en") or "")
        )
        for field in fields
    }
    return tuple((labels.get(name, name), cover(value) if covered else value) for name, value in told.items())


def cover(value: str) -> str:
    """138****8000: the ends of something long, less of something short."""
    ends = 4 if len(value) > 10 else 2 if len(value) > 5 else 1
    first = min(3, ends)
    return f"{value[:first]}{'*' * 4}{value[-ends:] if len(value) > 3 else ''}"


def _problems(basket: Basket, names: Mapping[int, Any], goods: Mapping[int, OnSale]) -> dict[int, str]:
    most = max(wish.quantity for wish in basket.values())
    skus = {listing_id: names[listing_id].sku_id for listing_id in basket}
    pieces, floors = stock.levels(list(skus.values()), most=most), shelf.floors_here(set(skus.values()))
    found = {
        listing_id: _problem(
            wish, goods.get(listing_id), pieces.get(skus[listing_id], 0), floors[skus[listing_id]]
        )
        for listing_id, wish in basket.items()
    }
    return {listing_id: words for listing_id, words in found.items() if words}


def _problem(wish: Wish, item: OnSale | None, available: int, floor_minor: int) -> str:
    if item is None:
        return error_text(ListingUnavailable())
    if not 1 <= wish.quantity <= item.max_per_order:
        return error_text(QuantityNotAllowed(most=item.max_per_order))
    if item.price_minor < floor_minor:
        return error_text(BelowFloor())
    if available <= 0 and not item.unlimited:
        return gettext("This one has just sold out. Please remove it.")
    if available < wish.quantity and not item.unlimited:
        return gettext("Only %(count)s left. Please take fewer.", count=available)
    return ""


def _line(names: Any, wish: Wish, line: PricedLine | None, problem: str, rows: Rows) -> data.QuoteLine:
    unit = line.offer_minor if line else names.price_minor
    return data.QuoteLine(
        name=in_language(names.name, names.name_en),
        sku=in_language(names.sku_name, names.sku_name_en),
        quantity=wish.quantity,
        unit_minor=unit,
        total_minor=line.net_minor if line else unit * wish.quantity,
        picture=names.picture,
        slug=names.slug,
        id=str(names.listing_id),
        most=names.max_per_order,
        facts=facts(names.buyer_fields, wish.told),
        notes=_notes(line, wish.quantity, rows) if line else (),
        was_minor=_was(line) if line else None,
        problem=problem,
    )


def _notes(line: PricedLine, quantity: int, rows: Rows) -> tuple[str, ...]:
    """Each promotion that is in the line's price, with what it takes off and what held it; the price of a piece."""
    notes = [
        gettext("%(title)s: %(amount)s off", title=breakdown.name(step, rows), amount=amount(step.minor))
        for step in line.steps
        if step.minor
    ]
    if quantity > 1:
        notes.insert(0, gettext("%(price)s each", price=amount(line.list_minor)))
    return tuple(notes)


def _was(line: PricedLine) -> int | None:
    at_list = line.list_minor * line.quantity
    return at_list if line.net_minor < at_list else None


def _at_list(quoted: Quote) -> int:
    return sum(line.list_minor * line.quantity for line in quoted.lines)
