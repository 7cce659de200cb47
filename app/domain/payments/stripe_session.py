"""A checkout in the words of Stripe's Checkout Sessions. Pure."""

import re
from datetime import datetime, timedelta
from typing import Any

from stripe.params.checkout import SessionCreateParams

from app.domain.payments.gateway import CheckoutRequest
from app.domain.payments.stripe_amounts import to_stripe

# Since 2026-09-30 Stripe takes a list of allowed methods and offers those that fit
# the currency and the account; the older `payment_method_types` is an error.
METHODS = ["card", "alipay", "wechat_pay"]
# Stripe keeps a session open for thirty minutes at least, and a retry under the
# same key must say the same time: so it is the order's own end and a little more
# than thirty minutes. Whoever lets the order expire calls close_checkout; money
# that slips in between is late money.
KEPT_OPEN = timedelta(minutes=31)
LONGEST = timedelta(hours=23)
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
LOCALES = {"zh_Hans": "zh", "zh_Hant": "zh-TW"}


def session_params(request: CheckoutRequest, now: datetime) -> SessionCreateParams:
    """The same request gives the same parameters, as its idempotency key demands.

    (`now` decides only whether an order open for most of a day fits into Stripe's longest.)
    """
    metadata = {"reference": request.reference, "order": request.order_number}
    params: SessionCreateParams = {
        "mode": "payment",
        "client_reference_id": request.reference,
        "metadata": metadata,
        "payment_intent_data": {"metadata": metadata, "description": request.description},
        "line_items": _line_items(request),
        "allowed_payment_method_types": METHODS,
        "payment_method_options": {"wechat_pay": {"client": "web"}},
        # Another currency than the order's could not be compared with it.
        "adaptive_pricing": {"enabled": False},
        "success_url": request.return_url,
        "cancel_url": request.cancel_url,
        "locale": LOCALES.get(request.locale, request.locale),
        "branding_settings": {"display_name": request.shop_name},
    }
    if request.email:
        params["customer_email"] = request.email
    primary = str(request.shop_theme.get("primary", ""))
    if COLOUR.fullmatch(primary):
        params["branding_settings"]["button_color"] = primary
    if request.expires_at - now < LONGEST:
        params["expires_at"] = int((request.expires_at + KEPT_OPEN).timestamp())
    return params


def _line_items(request: CheckoutRequest) -> list[Any]:
    shown = [(f"{line.name} × {line.quantity}", line.amount_minor) for line in request.lines]
    amounts = [amount for _, amount in shown]
    if sum(amounts) != request.amount_minor or any(amount <= 0 for amount in amounts):
        shown = [(request.description or request.order_number, request.amount_minor)]
    return [
        {
            "quantity": 1,
            "price_data": {
                "currency": request.currency.lower(),
                "unit_amount": to_stripe(amount, request.currency),
                "product_data": {"name": name},
            },
        }
        for name, amount in shown
    ]
