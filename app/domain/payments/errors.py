"""What can go wrong between us and a payment gateway."""

from app.foundation.errors import Kind, ProductError


class ForgedEvent(ProductError):
    """A message that claims to come from a gateway and does not; `reason` says how it was noticed."""

    code, kind = "forged_event", Kind.FORBIDDEN


class GatewayUnavailable(ProductError):
    """No answer, so nobody knows whether it happened: try again with the same reference."""

    code, kind = "gateway_unavailable", Kind.UPSTREAM


class GatewayRefused(ProductError):
    """The gateway said no, and will say no again; `reason` is its own code."""

    code, kind = "gateway_refused", Kind.UPSTREAM


class ReferenceReused(ProductError):
    """The gateway knows this reference with other contents."""

    code, kind = "payment_reference_reused", Kind.BUG


class CheckoutTooLate(ProductError):
    """The order's time to pay has passed."""

    code, kind = "checkout_too_late", Kind.CONFLICT


class AmountNotPayable(ProductError):
    """The gateway cannot take this amount of this currency."""

    code, kind = "amount_not_payable", Kind.INVALID
