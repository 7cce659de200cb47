"""An order's page: following it, paying it, giving it up, and looking at what was bought."""

from flask import abort, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.domain.distributors.errors import ShopClosed
from app.domain.orders import queries
from app.domain.orders.errors import NotDeliveredYet, OrderNotPayable
from app.domain.orders.models import Order
from app.domain.payments.errors import CheckoutTooLate, GatewayRefused, GatewayUnavailable
from app.flows import grouping, purchase
from app.flows import reveal as revealing
from app.foundation import clock, ids
from app.foundation.errors import Busy, StaleState, TooManyRequests
from app.foundation.logs import order_number
from app.web.answers import status_of
from app.web.storefront.order_pages import order_page
from app.web.storefront.pages import here, show, wants_fragment
from app.web.storefront.secrets_shown import shown
from app.web.storefront.visitor import actor, let_see, may_see
from app.web.wording import error_text

UNPAYABLE = (OrderNotPayable, CheckoutTooLate, GatewayUnavailable, GatewayRefused)


def order(number: str) -> ResponseReturnValue:
    """The page that follows an order; a mailed key opens it and leaves the address."""
    key = request.args.get("key")
    if key is not None:
        return _opened(number, key)
    found = _own(number)
    problem = ""
    if "unreachable" in request.args:
        problem = gettext(
            "The payment service does not answer right now. Nothing was charged; please try again."
        )
    return show(
        "storefront/order.html", page=order_page(found, awaited="paid" in request.args, problem=problem)
    )


def progress(number: str) -> ResponseReturnValue:
    """Only the part of the page that moves; nothing, where the order still waits for money as was seen."""
    found = _own(number)
    if found.state == request.args.get("seen") == "pending" and found.expires_at > clock.now():
        return "", 204
    return show("storefront/_order.html", page=order_page(found, awaited="paid" in request.args))


def reveal(number: str) -> ResponseReturnValue:
    """What was bought, after the look has been recorded."""
    found = _own(number)
    line_id = request.form.get("line", 0, type=int)
    try:
        secrets = {line_id: shown(revealing.reveal(found.id, line_id, actor=actor()))}
    except NotDeliveredYet as error:
        return show(
            "storefront/order.html",
            page=order_page(found, problem=error_text(error)),
            status=status_of(error),
        )
    page = order_page(found, secrets=secrets)
    if wants_fragment():
        line = next(line for line in page.lines if line.id == line_id)
        return show("storefront/_order_line.html", page=page, line=line)
    return show("storefront/order.html", page=page)


def pay(number: str) -> ResponseReturnValue:
    """To the gateway again, by the same or another way."""
    found = _own(number)
    try:
        placed = purchase.try_again(found.id, request.form.get("method", ""), actor=actor())
        address = purchase.open_payment(
            placed.payment_id or 0, shop=g.tenant, return_url=here(f"/orders/{number}?paid=1")
        )
    except (*UNPAYABLE, ShopClosed, TooManyRequests, Busy) as error:
        return show(
            "storefront/order.html",
            page=order_page(_own(number), problem=error_text(error)),
            status=status_of(error),
        )
    return redirect(address, 303)


def cancel(number: str) -> ResponseReturnValue:
    """Give up an unpaid order; the goods go back on the shelf at once."""
    found = _own(number)
    try:
        purchase.cancel_order(found.id, actor=actor())
    except (OrderNotPayable, StaleState) as error:
        return show(
            "storefront/order.html",
            page=order_page(_own(number), problem=error_text(error)),
            status=status_of(error),
        )
    return redirect(f"/orders/{number}", 303)


def leave(number: str) -> ResponseReturnValue:
    """Out of a group that is still open: the money goes back, the place opens again."""
    found = _own(number)
    try:
        grouping.leave(found.id, actor=actor())
    except StaleState as error:
        return show(
            "storefront/order.html",
            page=order_page(_own(number), problem=error_text(error)),
            status=status_of(error),
        )
    return redirect(f"/orders/{number}", 303)


def _opened(number: str, key: str) -> ResponseReturnValue:
    # The key is compared before anything is read: a guess costs nothing and tells nothing.
    if (
        not ids.same(key.encode(), purchase.access_token(number).encode())
        or queries.by_number(number) is None
    ):
        abort(404)
    let_see(number)
    return redirect(f"/orders/{number}", 303)


def _own(number: str) -> Order:
    """The visitor's own order; another's is not there, as one that does not exist."""
    found = queries.by_number(number)
    if found is None or not may_see(found):
        abort(404)
    order_number.set(found.number)
    return found
