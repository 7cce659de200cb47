"""One secret unit of stock: a card number, with or without a password."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn, Self

from app.foundation.vault.errors import SecretInvalid

# Neither part may hold a control character, so this one can stand between them.
UNIT_SEPARATOR = "\x1f"
HIDDEN = "••••"


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """What the buyer pays for. Prints, formats and logs as dots, and refuses pickling.

    A link or a code of one part has no password. Text is kept exactly as the
    brand gave it, without surrounding space.
    """

    card: str
    password: str | None = None

    def __repr__(self) -> str:
        return f"Secret({HIDDEN})"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        # A queue, a cache or an error reporter would carry it away in plain text.
        raise TypeError("a Secret is never pickled or copied")

    def masked(self) -> str:
        """Enough to recognise a line on screen by, never enough to use: `AB••••9Z`.

        A part shorter than eight characters shows nothing, a password never does.
        """
        card = f"{self.card[:2]}{HIDDEN}{self.card[-2:]}" if len(self.card) >= 8 else HIDDEN
        return card if self.password is None else f"{card} / {HIDDEN}"

    def to_bytes(self) -> bytes:
        """The payload that is sealed: UTF-8, card and password set apart by U+001F."""
        if self.password is None:
            return self.card.encode()
        return f"{self.card}{UNIT_SEPARATOR}{self.password}".encode()

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        card, separator, password = payload.decode().partition(UNIT_SEPARATOR)
        return cls(card, password if separator else None)

    @classmethod
    def of(cls, card: str, password: str | None = None) -> Self:
        """Check and trim text that a person typed, or raise SecretInvalid."""
        card = card.strip()
        password = password.strip() if password else None
        if not card or not card.isprintable() or not (password or "").isprintable():
            raise SecretInvalid(param="secret")
        return cls(card, password or None)
