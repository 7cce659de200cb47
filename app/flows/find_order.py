"""A guest finds an order again by what only its buyer knows."""

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from app.domain.orders import queries as orders
from app.domain.orders.errors import OrderNotFound
from app.domain.orders.models import Order
from app.foundation import ids, pace

WINDOW_SECONDS = 15 * 60
PER_ADDRESS, PER_NUMBER = 30, 10
HASHER = PasswordHasher()
# Verified where there is nothing to verify, so that every answer takes the same work.
NOTHING = HASHER.hash("no order has this pass-phrase")


def find_order(number: str, email: str, passphrase: str, *, ip: str | None) -> Order:
    """The order with this number, e-mail and pass-phrase, or OrderNotFound whichever of them is wrong.

    Tries are counted by address and by number before anything is looked at.
    """
    number, email = number.strip().upper(), email.strip().lower()
    pace.count_try("find-order-address", ip or "unknown", most=PER_ADDRESS, seconds=WINDOW_SECONDS)
    pace.count_try("find-order-number", number, most=PER_NUMBER, seconds=WINDOW_SECONDS)
    order = orders.by_number(number)
    kept = order.passphrase_hash if order is not None else None
    said = _fits(kept or NOTHING, passphrase)
    same_email = ids.same((order.email if order is not None else "").encode(), email.encode())
    if order is None or not same_email or (kept is not None and not said):
        raise OrderNotFound
    return order


def _fits(kept: str, passphrase: str) -> bool:
    try:
        return HASHER.verify(kept, passphrase[:100])
    except (Argon2Error, InvalidHashError):
        return False
