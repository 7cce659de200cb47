"""The sandbox gateway's pay page: an outside party by intent, on a host of its own, in the shop's colours."""

from datetime import timedelta
from urllib.parse import urlsplit

import segno
from flask import Blueprint, Response, abort, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, gettext
from markupsafe import Markup

from app.domain.payments.sandbox_events import Knobs
from app.domain.payments.sandbox_token import SandboxCheckout, read_token
from app.flows import sandbox_pay
from app.flows.sandbox_pay import Troubles
from app.foundation import clock, ids
from app.foundation.runtime import settings
from app.web.look import ShopFace, compose, content_security_policy, look_of
from app.web.sandbox.page_data import PaidPage, PayPage

sandbox = Blueprint("sandbox", __name__, template_folder="templates")

PAYER = "payer"
"""The cookie by which the sandbox knows a browser's own account again."""
METHODS = ("alipay", "wechat_pay", "card")
YEAR = 365 * 24 * 3600
AFTER_EXPIRY = timedelta(seconds=15)
# A phone reads a longer link no more.
LONGEST_QR = 900


@sandbox.get("/pay/<token>")
def page(token: str) -> ResponseReturnValue:
    checkout = _checkout(token)
    with force_locale(checkout.locale):
        over = (
            gettext("The time to pay is over. Go back to the shop.") if checkout.is_over(clock.now()) else ""
        )
        return _show("sandbox/pay.html", checkout, page=_pay_page(checkout, over))


@sandbox.post("/pay/<token>")
def pay(token: str) -> ResponseReturnValue:
    """Back to the order, which follows by itself; a refusal is said here first."""
    checkout = _checkout(token)
    with force_locale(checkout.locale):
        if checkout.is_over(clock.now()):
            over = gettext("The time to pay is over. Go back to the shop.")
            return _show("sandbox/pay.html", checkout, status=410, page=_pay_page(checkout, over))
        if sandbox_pay.pay(checkout, _troubles(checkout)):
            return redirect(checkout.return_url, 303)
        words = gettext("The bank refused. Nothing was charged; you can try again or pay another way.")
        refused = PaidPage(
            False, checkout.cancel_url.split("?")[0], checkout.amount_minor, checkout.currency, words
        )
        return _show("sandbox/done.html", checkout, page=refused)


def _checkout(token: str) -> SandboxCheckout:
    """What the signed link says; a link that is not ours is no page."""
    checkout = read_token(settings().sandbox_secret.split(","), token) if settings().sandbox_secret else None
    if checkout is None:
        abort(404)
    return checkout


def _pay_page(checkout: SandboxCheckout, problem: str) -> PayPage:
    asked = request.values.get("method", "")
    return PayPage(
        order_number=checkout.order_number,
        amount_minor=checkout.amount_minor,
        currency=checkout.currency,
        method=asked if asked in METHODS else checkout.method,
        action=request.path,
        back=checkout.cancel_url.split("?")[0],
        methods=METHODS,
        qr=_qr(request.base_url),
        expires_at=checkout.expires_at,
        problem=problem,
    )


def _qr(address: str) -> Markup:
    if len(address) > LONGEST_QR:
        return Markup("")
    return Markup(segno.make(address, error="l").svg_inline(scale=3, border=2))  # noqa: S704 - squares


def _troubles(checkout: SandboxCheckout) -> Troubles:
    """What the payer turned; anything unknown is as it should be."""
    knob = {
        name.removeprefix("knob."): value for name, value in request.form.items() if name.startswith("knob.")
    }
    late = (checkout.expires_at - clock.now() + AFTER_EXPIRY).total_seconds()
    delay = {"5": 5.0, "60": 60.0, "late": late}.get(knob.get("delay", ""), 0.0)
    more = {"less": -1, "more": 1}.get(knob.get("amount", ""), 0)
    return Troubles(
        Knobs(
            failure=knob.get("outcome") == "fail",
            delay_seconds=delay,
            duplicates={"2": 1, "5": 4}.get(knob.get("repeat", ""), 0),
            out_of_order=knob.get("order") == "wrong",
            wrong_amount_minor=more,
        ),
        silent=knob.get("outcome") == "silent",
        other_currency=knob.get("amount") == "currency",
        nothing=knob.get("amount") == "zero",
        forged=knob.get("signature") == "wrong",
        refund=knob.get("refund", "succeed"),
        dispute=knob.get("dispute", ""),
        payer=_payer(request.form.get("payer", "own")),
    )


def _payer(chosen: str) -> str:
    """The account that pays: the browser's own, another of it, one that everybody here shares, or nobody knows."""
    browser = request.cookies.get(PAYER, "")
    if chosen == "family":
        return "acct_family"
    return f"acct_{chosen}_{browser}" if browser and chosen in {"own", "other"} else ""


def _show(
    template: str, checkout: SandboxCheckout, *, status: int = 200, page: PayPage | PaidPage
) -> Response:
    theme = compose(look_of(checkout.shop_theme))
    shop = urlsplit(checkout.return_url)
    face = ShopFace(checkout.shop_name, f"{shop.scheme}://{shop.netloc}", checkout.currency, theme)
    response = make_response(render_template(template, shop=face, page=page), status)
    response.headers["Content-Security-Policy"] = content_security_policy(theme, pay_origin=face.home)
    response.headers["Cache-Control"] = "no-store"
    if not request.cookies.get(PAYER):
        response.set_cookie(
            PAYER, ids.token(), max_age=YEAR, httponly=True, samesite="Lax", secure=request.is_secure
        )
    return response
