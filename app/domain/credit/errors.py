"""What can be wrong with spending store credit."""

from app.foundation.errors import Kind, ProductError


class CreditChanged(ProductError):
    """There is another amount of credit to spend than the buyer agreed to."""

    code, kind = "credit_changed", Kind.CONFLICT


class CreditOfAnother(ProductError):
    """The order is for another mailbox than the one whose credit is to be spent (`email` is the holder's)."""

    code, kind = "credit_of_another", Kind.CONFLICT
