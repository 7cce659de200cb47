"""Finding an order again by its number."""

from flask import redirect, request
from flask.typing import ResponseReturnValue

from app.domain.orders.errors import OrderNotFound
from app.flows.find_order import find_order
from app.foundation.errors import TooManyRequests
from app.web.answers import status_of
from app.web.storefront import page_data as data
from app.web.storefront.pages import show
from app.web.storefront.visitor import let_see
from app.web.wording import error_text


def lookup() -> ResponseReturnValue:
    return show("storefront/lookup.html", page=data.LookupPage(number=request.args.get("number", "")[:40]))


def look_up() -> ResponseReturnValue:
    """To the order's page, or one and the same answer whatever was wrong."""
    number, email = request.form.get("number", "")[:40], request.form.get("email", "")[:254]
    try:
        order = find_order(number, email, request.form.get("passphrase", ""), ip=request.remote_addr)
    except (OrderNotFound, TooManyRequests) as error:
        page = data.LookupPage(number=number, email=email, error=error_text(error))
        return show("storefront/lookup.html", page=page, status=status_of(error))
    let_see(order.number)
    return redirect(f"/orders/{order.number}", 303)
