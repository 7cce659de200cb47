"""What can go wrong with an order."""

from app.foundation.errors import Kind, ProductError


class TooManyOpenOrders(ProductError):
    """This buyer or device already holds `most` unpaid orders."""

    code, kind = "too_many_open_orders", Kind.EXHAUSTED


class TooManyFromAddress(ProductError):
    """Unpaid orders from one address hold `most` already, orders or pieces of something."""

    code, kind = "too_many_from_address", Kind.EXHAUSTED


class OrderNotFound(ProductError):
    """No order matches; the same answer whatever part was wrong."""

    code, kind = "order_not_found", Kind.NOT_FOUND


class OrderNotPayable(ProductError):
    """The order is not waiting for money (`state`)."""

    code, kind = "order_not_payable", Kind.CONFLICT


class NotDeliveredYet(ProductError):
    """There is nothing to look at yet."""

    code, kind = "not_delivered_yet", Kind.CONFLICT


class BuyerFieldInvalid(ProductError):
    """A buyer field does not match its pattern (`field`, `label`, `label_en`)."""

    code, kind = "buyer_field_invalid", Kind.INVALID
