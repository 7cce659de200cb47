"""Secrets for the demo's stock: formats per product, and units that never repeat.

A unit is derived from a seed, its Sku and its number, so that the same seed fills the same shelves again.
`A` in a pattern stands for a letter or digit nobody misreads, `9` for a digit, `x` for a letter or digit of a web
address; anything else stands for itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b

from app.demo.shapes import DemoProduct, DemoSku

_CLEAR = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
_DIGITS = "0123456789"
_ADDRESS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_ALPHABETS = {"A": _CLEAR, "9": _DIGITS, "x": _ADDRESS}


@dataclass(frozen=True, slots=True)
class CodeFormat:
    """How a unit of stock looks; a password only where the card has one."""

    secret: str
    password: str | None = None
    prefixed: bool = False


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit of stock as a brand would upload it."""

    secret: str
    password: str | None = None

    def line(self) -> str:
        """The unit as a line of a stock file: the card number, then its password where it has one."""
        return self.secret if self.password is None else f"{self.secret},{self.password}"


FORMATS = {
    "card": CodeFormat("9999999999999999", "99999999", prefixed=True),
    "secret": CodeFormat("AAAA-AAAA-AAAA-AAAA"),
    "key": CodeFormat("AAAAA-AAAAA-AAAAA-AAAAA-AAAAA"),
    "link": CodeFormat("xxxxxxxxxxxxxxxxxxxxxx"),
    "reusable": CodeFormat("AAAAAA", prefixed=True),
}


def units(
    product: DemoProduct, sku: DemoSku, *, count: int, seed: str = "demo", start: int = 0
) -> Iterator[Unit]:
    """Yield units `start` to `start + count` of a Sku; the same seed gives the same units.

    Past orders take the first ones; what is still on the shelf begins where they end.
    """
    if sku.form is None:
        return
    for number in range(start, start + count):
        yield _unit(product.maker.key, sku, number, seed)


def _unit(maker: str, sku: DemoSku, number: int, seed: str) -> Unit:
    form = FORMATS[sku.form or ""]
    secret = _fill(form.secret, f"{seed}/{sku.key}/{number}/secret")
    if form.prefixed:
        secret = maker[:2].upper() + secret
    if sku.form == "link":
        secret = f"https://gift.{maker}.example/r/{secret}"
    password = form.password and _fill(form.password, f"{seed}/{sku.key}/{number}/password")
    return Unit(secret, password)


def _fill(pattern: str, name: str) -> str:
    """Write the pattern with letters drawn from a hash of the name."""
    left = int.from_bytes(blake2b(name.encode(), digest_size=64).digest(), "big")
    written = []
    for sign in pattern:
        alphabet = _ALPHABETS.get(sign)
        if alphabet is None:
            written.append(sign)
            continue
        left, place = divmod(left, len(alphabet))
        written.append(alphabet[place])
    return "".join(written)
