"""The cart; what a product page sends comes here first, also on its way to "buy now"."""

from collections.abc import Mapping

from flask import redirect, request
from flask.typing import ResponseReturnValue

from app.domain.catalog import shelves
from app.domain.catalog.errors import ListingUnavailable
from app.domain.orders.errors import BuyerFieldInvalid
from app.domain.orders.rules import clean_buyer_fields
from app.foundation.errors import InvalidInput, ProductError
from app.web.answers import status_of
from app.web.storefront import asking, basket, choices, group_choice, receipts
from app.web.storefront import page_data as data
from app.web.storefront.basket import Wish
from app.web.storefront.pages import show
from app.web.storefront.product import product_page
from app.web.storefront.visitor import device
from app.web.wording import error_text

FIELD = "field."


def cart() -> ResponseReturnValue:
    quote = receipts.priced(basket.read(basket.CART))
    return basket.count(show("storefront/cart.html", page=data.CartPage(quote)))


def take() -> ResponseReturnValue:
    """From a product page: into the cart, or straight to the checkout with just this."""
    listing_id = request.form.get("sku", 0, type=int)
    quantity = request.form.get("quantity", 1, type=int)
    told = {
        key.removeprefix(FIELD): value.strip() for key, value in request.form.items() if key.startswith(FIELD)
    }
    device()
    try:
        wish = _checked(listing_id, quantity, told)
        if request.form.get("then") == "buy":
            basket.write(basket.NOW, {listing_id: wish})
            group_choice.forget()
            return redirect("/checkout?now=1", 303)
        basket.add(listing_id, wish)
    except ProductError as error:
        return told_at_product(error, listing_id, quantity, told)
    return basket.count(redirect("/cart", 303))  # type: ignore[arg-type]  # a redirect is a Response


def update() -> ResponseReturnValue:
    listing_id = request.form.get("line", 0, type=int)
    quantity = 0 if "remove" in request.form else request.form.get("quantity", 1, type=int)
    basket.change(listing_id, min(max(quantity, 0), 1000))
    return basket.count(redirect("/cart", 303))  # type: ignore[arg-type]  # a redirect is a Response


def take_together() -> ResponseReturnValue:
    """A whole set into the cart, with one press: the page's product as it was filled in, and what goes with it."""
    listing_id = request.form.get("sku", 0, type=int)
    told = {
        key.removeprefix(FIELD): value.strip() for key, value in request.form.items() if key.startswith(FIELD)
    }
    device()
    units = choices.parts_of(request.form.get("together", 0, type=int))
    if not units:
        return told_at_product(ListingUnavailable(), listing_id, 1, told)
    wanted = basket.read(basket.CART)
    for part, many in units.items():
        try:
            wish = _checked(part, many, told if part == listing_id else {})
        except ProductError as error:
            return told_at_product(error, part, many, told)
        before = wanted.get(part)
        wanted[part] = Wish(max(wish.quantity, before.quantity if before else 0), wish.told)
    try:
        basket.write(basket.CART, wanted)
    except ProductError as error:
        return told_at_product(error, listing_id, 1, told)
    return basket.count(redirect("/cart", 303))  # type: ignore[arg-type]  # a redirect is a Response


def choose_offer() -> ResponseReturnValue:
    """Go without one promotion, so that another may count; or take it back."""
    asking.choose(request.form)
    return redirect("/cart", 303)


def told_at_product(
    error: ProductError, listing_id: int, quantity: int, told: Mapping[str, str]
) -> ResponseReturnValue:
    """The product page again, with what was typed and what is wrong with it."""
    names = shelves.names([listing_id])
    if listing_id not in names:
        raise error
    wrong = str(error.facts.get("field", "")) if isinstance(error, BuyerFieldInvalid) else ""
    page = product_page(
        names[listing_id].slug, chosen=listing_id, quantity=max(1, quantity), told=told,
        errors={wrong: error_text(error)} if wrong else {}, problem="" if wrong else error_text(error),
    )  # fmt: skip
    return show("storefront/product.html", page=page, status=status_of(error))


def _checked(listing_id: int, quantity: int, told: Mapping[str, str]) -> Wish:
    names = shelves.names([listing_id]).get(listing_id)
    if names is None:
        raise (
            ListingUnavailable(listing_id=listing_id)
            if listing_id
            else InvalidInput(param="sku", reason="none_chosen")
        )
    return Wish(min(max(quantity, 1), 1000), clean_buyer_fields(names.buyer_fields, told))
