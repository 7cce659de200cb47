"""What of a refund goes back to store credit and what through the gateway. Values in, values out; minor units."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paid:
    """A received payment, and what has gone back of it or is on its way.

    `credit_minor` of `received_minor` was store credit; `credit_back_minor` and `refunds_minor` are what refunds gave
    back of it and through the gateway, `banks_minor` what buyers' banks took.
    """

    received_minor: int
    credit_minor: int
    credit_back_minor: int = 0
    refunds_minor: int = 0
    banks_minor: int = 0

    @property
    def credit_left_minor(self) -> int:
        return self.credit_minor - self.credit_back_minor

    @property
    def gateway_left_minor(self) -> int:
        return self.received_minor - self.credit_minor - self.refunds_minor - self.banks_minor


def credit_part(paid: Paid, amount_minor: int) -> int:
    """What of a refund is credit: the same share as of the payment, over all refunds so far; the last evens out.

    Never more than is left of either side: where a bank took money already, the rest is credit.
    """
    back = paid.credit_back_minor + paid.refunds_minor + amount_minor
    part = (
        back * paid.credit_minor // paid.received_minor - paid.credit_back_minor if paid.received_minor else 0
    )
    least = max(amount_minor - paid.gateway_left_minor, 0)
    return min(max(part, least, 0), amount_minor, max(paid.credit_left_minor, 0))
