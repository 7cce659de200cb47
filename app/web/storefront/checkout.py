"""Checkout: an explained quote, an e-mail, a way to pay; then the gateway's page."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import g, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.domain.catalog.errors import ListingUnavailable, QuantityNotAllowed
from app.domain.credit.errors import CreditChanged, CreditOfAnother
from app.domain.flash.errors import SeatGone
from app.domain.groups.errors import GroupOver
from app.domain.inventory.errors import StockExhausted
from app.domain.orders import queries as orders
from app.domain.orders.errors import BuyerFieldInvalid, TooManyFromAddress, TooManyOpenOrders
from app.domain.payments.errors import GatewayRefused, GatewayUnavailable
from app.domain.pricing.errors import BelowFloor, PriceChanged, QuoteExpired, QuoteInvalid
from app.domain.promotions.errors import PromotionOver
from app.flows import purchase
from app.flows.purchase import Placed, PlaceOrder
from app.foundation.errors import Busy, InvalidInput, ProductError, TooManyRequests
from app.foundation.runtime import settings
from app.web import language
from app.web.answers import status_of
from app.web.storefront import asking, basket, credit, receipts, seats
from app.web.storefront import page_data as data
from app.web.storefront.basket import CART, NOW, Basket
from app.web.storefront.cart import told_at_product
from app.web.storefront.pages import here, show
from app.web.storefront.price_words import Rows
from app.web.storefront.visitor import actor, buyer, device, known_device
from app.web.wording import error_text

METHODS = ("alipay", "wechat_pay", "card")
# The buyer looks at a new price and agrees to it here; what else goes wrong is mended where it was chosen.
AGREE_AGAIN = (
    PriceChanged,
    PromotionOver,
    QuoteExpired,
    QuoteInvalid,
    SeatGone,
    CreditChanged,
    CreditOfAnother,
)
CHOOSE_AGAIN = (
    GroupOver,
    StockExhausted,
    ListingUnavailable,
    QuantityNotAllowed,
    BelowFloor,
    BuyerFieldInvalid,
)


def checkout() -> ResponseReturnValue:
    """The price, explained, and what is still needed."""
    device()
    chosen = _chosen()
    if not basket.read(chosen):
        return redirect("/cart")
    try:
        return _page(chosen)
    except CHOOSE_AGAIN as error:
        return _choose_again(error, chosen)


def place() -> ResponseReturnValue:
    """Order, and go to pay."""
    chosen = _chosen()
    if asking.choose(request.form):
        return _priced_anew(chosen)
    try:
        placed = purchase.place_order(_command(basket.read(chosen)), shop=g.tenant, actor=actor())
    except AGREE_AGAIN as error:
        return _priced_anew(chosen, error)
    except CHOOSE_AGAIN as error:
        if isinstance(error, StockExhausted) and seats.had_one():  # the unit went to the next in line
            return _priced_anew(chosen, SeatGone(param="quote"))
        return _choose_again(error, chosen)
    except (InvalidInput, TooManyOpenOrders, TooManyFromAddress, TooManyRequests, Busy) as error:
        return _page(chosen, error=error, sealed=request.form.get("quote", ""))
    basket.empty(chosen)
    asking.spent()
    return basket.count(redirect(_where_to_pay(placed), 303))  # type: ignore[arg-type]  # a redirect is a Response


def _priced_anew(chosen: str, error: ProductError | None = None) -> ResponseReturnValue:
    """The page with what was typed and a new price: the old one is gone, or the buyer chose among promotions."""
    if not basket.read(chosen):
        return redirect("/cart", 303)
    try:
        return _page(chosen, error=error)
    except CHOOSE_AGAIN as another:
        return _choose_again(another, chosen)


def _where_to_pay(placed: Placed) -> str:
    """The gateway's page; the order's own, which can try again, where that did not answer."""
    order_page = f"/orders/{placed.number}"
    if placed.payment_id is None:
        return order_page
    try:
        return purchase.open_payment(
            placed.payment_id, shop=g.tenant, return_url=here(f"{order_page}?paid=1"), asking=placed.asking
        )
    except (GatewayUnavailable, GatewayRefused):
        return f"{order_page}?unreachable=1"


def _command(wishes: Basket) -> PlaceOrder:
    signed_in = buyer()
    return PlaceOrder(
        quote=request.form.get("quote", ""),
        email=request.form.get("email", ""),
        method=request.form.get("method", ""),
        passphrase=request.form.get("passphrase", "")[:100],
        device=device(),
        locale=language.choose(),
        ip=request.remote_addr,
        fields={listing_id: wish.told for listing_id, wish in wishes.items()},
        buyer_id=signed_in.id
        if signed_in and signed_in.email == request.form.get("email", "").strip().lower()
        else None,
        credit=credit.wish(),
    )


def _page(chosen: str, *, error: ProductError | None = None, sealed: str = "") -> ResponseReturnValue:
    wishes = basket.read(chosen)
    if sealed:
        quoted = purchase.open_quote(sealed, g.tenant)
        rows: Rows = receipts.rows_of(quoted)
    else:
        quoted, _, rows = purchase.explained(
            g.tenant,
            {listing_id: wish.quantity for listing_id, wish in wishes.items()},
            asking.asked(request.form.get("email", "")),
        )
    signed_in, asked = buyer(), request.form.get("method", "")
    page = data.CheckoutPage(
        quote=replace(receipts.agreed(quoted, wishes, rows), expires_at=seats.deadline(quoted.expires_at)),
        token=purchase.seal(quoted),
        methods=METHODS,
        method=asked if asked in METHODS else METHODS[0],
        email=request.form.get("email", signed_in.email if signed_in else seats.email()),
        passphrase=request.form.get("passphrase", ""),
        action=f"/checkout?{NOW}=1" if chosen == NOW else "/checkout",
        errors=_errors(error),
        open_orders=_open_orders() if isinstance(error, TooManyOpenOrders) else (),
        credit=credit.offer(quoted.total_minor),
        hold_minutes=int(g.tenant.settings.get("checkout_minutes") or settings().checkout_minutes),
    )
    return show("storefront/checkout.html", page=page, status=status_of(error) if error else 200)


def _choose_again(error: ProductError, chosen: str) -> ResponseReturnValue:
    """Back to the product for "buy now", to the cart otherwise: each says what is wrong with which line."""
    wishes = basket.read(chosen)
    if chosen == NOW and wishes:
        listing_id, wish = next(iter(wishes.items()))
        return told_at_product(error, listing_id, wish.quantity, wish.told)
    page = data.CartPage(receipts.priced(wishes), problem=error_text(error))
    return show("storefront/cart.html", page=page, status=status_of(error))


def _errors(error: ProductError | None) -> Mapping[str, Any]:
    if error is None:
        return {}
    if error.param == "email":
        return {"email": gettext("This does not look like an e-mail address.")}
    return {error.param if error.param == "method" else "": error_text(error)}


def _open_orders() -> tuple[str, ...]:
    here_now = known_device()
    return tuple(orders.open_on_device(here_now)) if here_now else ()


def _chosen() -> str:
    return NOW if NOW in request.args else CART
