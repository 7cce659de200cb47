"""Store credit at the checkout: how much of an order it pays, set aside with the order, spent with its money."""

from dataclasses import dataclass

from app.domain.credit import queries, service
from app.domain.credit.errors import CreditChanged, CreditOfAnother
from app.domain.credit.rules import part_of
from app.domain.orders import queries as orders
from app.domain.orders.models import Order
from app.domain.payments import queries as payment_queries
from app.domain.payments.models import Payment
from app.domain.pricing.quotes import Quote
from app.foundation.addresses import mailbox
from app.foundation.runtime import settings

GATEWAY = "credit"
"""Of a payment that asks no gateway for anything."""


@dataclass(frozen=True, slots=True)
class Wish:
    """To pay `minor` (minor units, as it was shown) with the credit of `email`, which its holder has proven."""

    email: str
    minor: int


def offered(email: str, currency: str, total_minor: int) -> int:
    """What of an order the credit of a proven address would pay now."""
    free = queries.free(mailbox(email), currency)
    return part_of(total_minor, free_minor=free, least_minor=least_charge(currency))


def least_charge(currency: str) -> int:
    """The smallest amount the gateway is asked for, in minor units."""
    return settings().least_charges.get(currency, settings().least_charges["*"])


def lock(wish: Wish | None, quoted: Quote, email: str) -> int:
    """Before any stock is held: lock the holder's account; what of the order it pays.

    CreditOfAnother where the order is for somebody else, CreditChanged where it is not what was agreed to.
    """
    if wish is None or not wish.minor:
        return 0
    if mailbox(email) != mailbox(wish.email):
        raise CreditOfAnother(param="credit", email=wish.email)
    free = queries.lock_mine(mailbox(wish.email), quoted.currency)
    part = part_of(quoted.total_minor, free_minor=free, least_minor=least_charge(quoted.currency))
    if part != wish.minor and orders.by_quote(quoted.id) is None:  # asked twice, it is held already
        raise CreditChanged(param="credit")
    return part


def hold(order: Order) -> None:
    """With the order, which is written: set its credit aside."""
    if order.credit_minor and not service.hold(order.id, mailbox(order.email), order.credit_minor):
        raise CreditChanged(param="credit")


def lock_of(order: Order) -> None:
    """Whoever ends an order takes the account behind it before group and stock, as those who pay do."""
    if order.credit_minor:
        queries.lock_of(order.id)


def ready(order: Order, payment: Payment) -> bool:
    """Before a payment is received: its credit is held, or held again; else it is the gateway's money alone."""
    if not payment.credit_minor or service.take_again(order.id):
        return True
    payment.credit_minor = 0
    return False


def going_back(order: Order) -> dict[str, int]:
    """For a mail: `credit_minor`, what of the money that has just been asked back is store credit."""
    return {"credit_minor": payment_queries.credit_on_its_way(order.id)} if order.credit_minor else {}
