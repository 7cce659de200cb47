"""Numbers people read aloud and tokens nobody can guess."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime

# No 0/O, 1/I/L, U: they are misread over the phone.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def order_number(at: datetime) -> str:
    """A readable order number: date, dash, eight random signs (30^8 a day)."""
    return f"{at:%y%m%d}-{random_signs(8)}"


def random_signs(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def token() -> str:
    """An unguessable web-safe token of 128 bits."""
    return secrets.token_urlsafe(16)


def token_digest(value: str) -> bytes:
    """What is kept of a token: enough to recognise it, not to use it."""
    return hashlib.sha256(value.encode()).digest()


def same(one: bytes, other: bytes) -> bool:
    """Compare without telling by time where they differ."""
    return hmac.compare_digest(one, other)


def keyed(key: bytes, text: str) -> str:
    """An unguessable sign for a text that only the holder of the key can make (HMAC-SHA256, 128 bits)."""
    digest = hmac.new(key, text.encode(), hashlib.sha256).digest()[:16]
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
