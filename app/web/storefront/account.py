"""A buyer's own door: in by a mailed link, their orders, out again."""

import math

from flask import g, redirect, request, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app.domain.identity.errors import SignInLinkSpent
from app.domain.orders import history
from app.flows import sign_in_buyer
from app.foundation.errors import InvalidInput, TooManyRequests
from app.web import language
from app.web.answers import status_of
from app.web.storefront import basket, credit, visitor
from app.web.storefront import page_data as data
from app.web.storefront.order_pages import row_state
from app.web.storefront.pages import in_language, show
from app.web.wording import error_text

PAGE_SIZE = 20


def account() -> ResponseReturnValue:
    buyer = visitor.buyer()
    if buyer is None:
        return redirect("/sign-in", 303)
    number = max(1, request.args.get("page", 1, type=int))
    rows, total = history.of_buyer(buyer.email, page=number, size=PAGE_SIZE)
    paging = data.Paging(number, max(1, math.ceil(total / PAGE_SIZE)), total)
    return show(
        "storefront/account.html",
        page=data.AccountPage(buyer.email, tuple(_row(row) for row in rows), paging),
        purse=credit.purse(buyer.email),
    )


def sign_in() -> ResponseReturnValue:
    return (
        redirect("/account") if visitor.buyer() else show("storefront/sign_in.html", page=data.SignInPage())
    )


def ask() -> ResponseReturnValue:
    """Mail a link; the answer is the same whoever asks."""
    email = request.form.get("email", "")[:254]
    try:
        sign_in_buyer.ask(email, shop=g.tenant, locale=language.choose(), actor=visitor.actor())
    except (InvalidInput, TooManyRequests) as error:
        words = (
            gettext("This does not look like an e-mail address.")
            if error.param == "email"
            else error_text(error)
        )
        return show("storefront/sign_in.html", page=data.SignInPage(email, words), status=status_of(error))
    return show("storefront/sign_in.html", page=data.SignInPage(email.strip(), sent=True))


def arrive(token: str) -> ResponseReturnValue:
    """Where the mailed link leads. It is spent by the button, not by a mail scanner that opens links."""
    return show("storefront/sign_in_confirm.html", token=token)


def confirm() -> ResponseReturnValue:
    try:
        buyer = sign_in_buyer.use(
            request.form.get("token", ""), shop=g.tenant, locale=language.choose(), actor=visitor.actor()
        )
    except SignInLinkSpent as error:
        return show(
            "storefront/sign_in.html", page=data.SignInPage(error=error_text(error)), status=status_of(error)
        )
    goal = session.get("then", "/account")
    visitor.sign_in(buyer.buyer_id, buyer.email)
    return redirect(goal, 303)


def sign_out() -> ResponseReturnValue:
    visitor.sign_out()
    return basket.count(redirect("/", 303))  # type: ignore[arg-type]  # a redirect is a Response


def _row(row: history.Bought) -> data.OrderRow:
    name = (
        f"{in_language(row.product_name, row.product_name_en)} {in_language(row.sku_name, row.sku_name_en)}"
    )
    more = gettext("%(name)s and %(count)s more", name=name, count=row.lines - 1) if row.lines > 1 else name
    return data.OrderRow(row.number, row_state(row.state), row.created_at, row.total_minor, more, row.picture)
