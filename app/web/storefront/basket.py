"""What a visitor means to buy, kept in the signed session: the cart, and the one thing of "buy now"."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import Response, session

from app.foundation.errors import Kind, ProductError
from app.web.storefront.visitor import CART_COUNT, MONTH

CART, NOW = "cart", "now"
# A cookie holds four kilobytes: room for these lines with what buyers must tell.
MOST_LINES, MOST_TOLD = 20, 1600


class CartFull(ProductError):
    """No more than `most` different goods at a time."""

    code, kind = "cart_full", Kind.INVALID


@dataclass(frozen=True, slots=True)
class Wish:
    """So many of a listing, and what the buyer told for it."""

    quantity: int
    told: Mapping[str, str] = field(default_factory=dict)


Basket = dict[int, Wish]


def read(name: str) -> Basket:
    """The cart or the one thing, by listing id."""
    return {
        int(listing_id): Wish(int(quantity), dict(told))
        for listing_id, quantity, told in session.get(name, [])
    }


def write(name: str, basket: Basket) -> None:
    told = sum(len(key) + len(value) for wish in basket.values() for key, value in wish.told.items())
    if len(basket) > MOST_LINES or told > MOST_TOLD:
        raise CartFull(param="cart", most=MOST_LINES)
    session.permanent = True
    session[name] = [[listing_id, wish.quantity, dict(wish.told)] for listing_id, wish in basket.items()]


def add(listing_id: int, wish: Wish) -> None:
    """More of the same adds up; what the buyer told last is what counts."""
    cart = read(CART)
    before = cart.get(listing_id)
    cart[listing_id] = Wish(wish.quantity + (before.quantity if before else 0), wish.told)
    write(CART, cart)


def change(listing_id: int, quantity: int) -> None:
    """Another quantity; none takes the line away."""
    cart = read(CART)
    if listing_id not in cart:
        return
    if quantity < 1:
        del cart[listing_id]
    else:
        cart[listing_id] = Wish(quantity, cart[listing_id].told)
    write(CART, cart)


def empty(name: str) -> None:
    session.pop(name, None)


def count(response: Response) -> Response:
    """Tell the badge, whose page is the same for everybody, how many pieces there are."""
    pieces = sum(wish.quantity for wish in read(CART).values())
    if pieces:
        response.set_cookie(CART_COUNT, str(pieces), max_age=MONTH, samesite="Lax")
    else:
        response.delete_cookie(CART_COUNT, samesite="Lax")
    return response
