"""The sandbox's checkout lives in its own link: signed, so that nobody can pay less or return elsewhere.

The link stands in access logs, so it carries no e-mail and nothing secret. Pure.
"""

import base64
import binascii
import hashlib
import hmac
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.domain.payments.gateway import CheckoutLine, CheckoutRequest

LINES_SHOWN = 8


@dataclass(frozen=True, slots=True)
class SandboxCheckout:
    """What the pay page knows."""

    external_id: str
    reference: str
    order_number: str
    amount_minor: int
    currency: str
    description: str
    return_url: str
    cancel_url: str
    expires_at: datetime
    method: str
    locale: str
    shop_name: str
    shop_theme: Mapping[str, Any]
    lines: tuple[CheckoutLine, ...]

    def is_over(self, now: datetime) -> bool:
        """True from the moment the order's time to pay has passed."""
        return now >= self.expires_at


def external_id_for(reference: str) -> str:
    """The sandbox's name for a reference: always the same."""
    return "sbx_" + hashlib.sha256(reference.encode()).hexdigest()[:24]


def make_token(secret: str, request: CheckoutRequest) -> str:
    """The checkout as text for a link."""
    told = {
        "x": external_id_for(request.reference), "r": request.reference, "o": request.order_number,
        "a": request.amount_minor, "c": request.currency, "d": request.description,
        "u": request.return_url, "b": request.cancel_url, "e": request.expires_at.timestamp(),
        "m": request.method, "g": request.locale, "n": request.shop_name, "t": dict(request.shop_theme),
        "l": [[line.name, line.quantity, line.amount_minor] for line in request.lines[:LINES_SHOWN]],
    }  # fmt: skip
    packed = zlib.compress(json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode(), 9)
    text = base64.urlsafe_b64encode(packed).decode().rstrip("=")
    return f"{text}.{_mac(secret, text)}"


def read_token(secrets: Sequence[str], token: str) -> SandboxCheckout | None:
    """The checkout of a link, or None when we did not make that link."""
    text, _, mac = token.partition(".")
    fits = [
        hmac.compare_digest(mac.encode(), _mac(secret, text).encode()) for secret in secrets if secret.strip()
    ]
    if not any(fits):
        return None
    try:
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return _read(json.loads(zlib.decompress(packed)))
    except (binascii.Error, zlib.error, ValueError, KeyError, TypeError):
        return None  # signed by an older version of this program


def _read(told: dict[str, Any]) -> SandboxCheckout:
    return SandboxCheckout(
        external_id=told["x"],
        reference=told["r"],
        order_number=told["o"],
        amount_minor=told["a"],
        currency=told["c"],
        description=told["d"],
        return_url=told["u"],
        cancel_url=told["b"],
        expires_at=datetime.fromtimestamp(told["e"], UTC),
        method=told["m"],
        locale=told["g"],
        shop_name=told["n"],
        shop_theme=told["t"],
        lines=tuple(CheckoutLine(*line) for line in told["l"]),
    )


def _mac(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), b"link:" + text.encode(), hashlib.sha256).hexdigest()
