"""A ticket says where in which line its holder stands; only our key makes one.

It is handed out with a place, so that a waiting room that has lost everything puts everybody back where they stood.
"""

import hmac
from dataclasses import dataclass
from hashlib import sha256

from app.foundation import ids


@dataclass(frozen=True, slots=True)
class Ticket:
    """Drop, arrival, and whose: the device's digest, so that a ticket in other hands is worth nothing."""

    drop_id: int
    position: int
    email: str
    buyer_id: int | None = None


def seal(ticket: Ticket, *, device: str, shop_id: int, key: bytes) -> str:
    told = f"{ticket.drop_id}.{ticket.position}.{ticket.buyer_id or 0}.{ticket.email.encode().hex()}"
    return f"{told}.{ids.keyed(key, _bound(told, device, shop_id))}"


def read(text: str, *, device: str, shop_id: int, key: bytes) -> Ticket | None:
    """The ticket, or None where it is not ours, of another shop or in other hands."""
    told, _, sign = text.rpartition(".")
    if not told or not hmac.compare_digest(
        sign.encode(), ids.keyed(key, _bound(told, device, shop_id)).encode()
    ):
        return None
    drop_id, position, buyer_id, email = told.split(".")
    return Ticket(int(drop_id), int(position), bytes.fromhex(email).decode(), int(buyer_id) or None)


def _bound(told: str, device: str, shop_id: int) -> str:
    return f"{shop_id}:{sha256(device.encode()).hexdigest()}:{told}"
