"""What can go wrong on the way of money to a firm."""

from app.foundation.errors import Kind, ProductError


class PayoutAccountCurrency(ProductError):
    """The account is of another currency than what is to be paid (`currency`, `account_currency`)."""

    code, kind = "payout_account_currency", Kind.INVALID


class PayoutNeedsAnother(ProductError):
    """A payout above the limit is approved by two different people."""

    code, kind = "payout_needs_another", Kind.FORBIDDEN


class BankResultRefused(ProductError):
    """A bank's file that cannot be true as a whole; `lines` says where and why. Nothing of it is taken."""

    code, kind = "bank_result_refused", Kind.INVALID


class CarrierUnavailable(ProductError):
    """No answer from whoever carries the money: nobody knows, ask again under the same key."""

    code, kind = "carrier_unavailable", Kind.UPSTREAM


class CarrierDisagrees(ProductError):
    """The carrier knows our key with another amount, currency or destination; a person must look."""

    code, kind = "carrier_disagrees", Kind.BUG
