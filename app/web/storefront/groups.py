"""A group's own page, which its members share; opening a group and joining one lead to the checkout of one thing."""

from dataclasses import replace

import segno
from flask import abort, redirect, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from app.domain.catalog import shelves
from app.domain.groups import queries, service
from app.domain.groups.errors import GroupOver
from app.domain.groups.models import Group
from app.domain.orders.rules import clean_buyer_fields
from app.foundation import clock
from app.foundation.errors import ProductError
from app.web.answers import status_of
from app.web.storefront import basket, group_choice, seats
from app.web.storefront.basket import Wish
from app.web.storefront.cart import FIELD, told_at_product
from app.web.storefront.group_data import GroupPage, page_of
from app.web.storefront.group_prices import cheaper_than_group
from app.web.storefront.pages import here, show, wants_fragment
from app.web.storefront.product import product_page
from app.web.storefront.visitor import device
from app.web.wording import error_text

CHECKOUT = "/checkout?now=1"


def group(token: str) -> ResponseReturnValue:
    """Product, price, who is in, places left, time left, and how to share it; a script is given the part that moves."""
    found = _found(token)
    if wants_fragment():
        return show("storefront/_group.html", page=page_of(found))
    return _show(page_of(found))


def join(token: str) -> ResponseReturnValue:
    """On to the checkout of one place in this group."""
    found = _found(token)
    offer = queries.offer(found.promotion_id)
    device()
    try:
        if offer is None:
            raise GroupOver(reason="not_offered")
        service.refuse_joining(found, offer[1], clock.now())
        _choose(found.promotion_id, found.listing_id, offer[0].per_member, found.id)
        words = cheaper_than_group(found.promotion_id, found.listing_id, offer[0].per_member)
        if words:
            group_choice.forget()
            return _told_cheaper(words, found.listing_id, offer[0].per_member)
    except ProductError as error:
        return _show(page_of(found, problem=error_text(error)), status=status_of(error))
    return redirect(CHECKOUT, 303)


def open_group() -> ResponseReturnValue:
    """On to the checkout of the first place in a group that is opened with it."""
    promotion_id = request.form.get("group", 0, type=int)
    offer = queries.offer(promotion_id)
    if offer is None:
        abort(404)
    device()
    try:
        _choose(promotion_id, offer[0].listing_id, offer[0].per_member, None)
        words = cheaper_than_group(promotion_id, offer[0].listing_id, offer[0].per_member)
        if words:
            group_choice.forget()
            return _told_cheaper(words, offer[0].listing_id, offer[0].per_member)
    except ProductError as error:
        return told_at_product(error, offer[0].listing_id, 1, _told())
    return redirect(CHECKOUT, 303)


def _told_cheaper(words: str, listing_id: int, pieces: int) -> ResponseReturnValue:
    """The product page, which sells it at the lower price with one tap."""
    names = shelves.names([listing_id])[listing_id]
    page = product_page(names.slug, chosen=listing_id, quantity=pieces, told=_told(), problem=words)
    return show("storefront/product.html", page=replace(page, cheaper=listing_id), status=409)


def _choose(promotion_id: int, listing_id: int, pieces: int, group_id: int | None) -> None:
    names = shelves.names([listing_id]).get(listing_id)
    if names is None:
        raise GroupOver(reason="not_offered")
    basket.write(basket.NOW, {listing_id: Wish(pieces, clean_buyer_fields(names.buyer_fields, _told()))})
    seats.leave()
    group_choice.choose(promotion_id, listing_id, group_id)


def _told() -> dict[str, str]:
    """What the buyer told; of fields that several Skus share the first that is filled in counts."""
    return {
        key.removeprefix(FIELD): value.strip() for key, value in request.form.items() if key.startswith(FIELD)
    }


def _found(token: str) -> Group:
    found = queries.by_token(token.upper()[:20])
    if found is None:
        abort(404)
    return found


def _show(page: GroupPage, *, status: int = 200) -> ResponseReturnValue:
    drawn = segno.make(here(f"/g/{page.token}"), error="m")
    qr = Markup(drawn.svg_inline(scale=4, border=2, dark="#111", light="#fff"))  # noqa: S704 - squares drawn by segno
    return show("storefront/group.html", page=page, qr=qr, status=status)
