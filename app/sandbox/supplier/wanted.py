"""An order as a customer asks for it, checked field by field. Pure."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

REFERENCE = re.compile(r"[A-Za-z0-9_-]{1,64}")
PRODUCT = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


class RefusedError(Exception):
    """The supplier will not take the order and never credits it."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


@dataclass(frozen=True, slots=True)
class Wanted:
    """An order as it was asked for."""

    reference: str
    product: str
    face_value_minor: int
    currency: str
    fields: Mapping[str, str]
    callback_url: str

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> "Wanted":
        """Check every field, or raise RefusedError."""
        wanted = cls(**{name: told.get(name) for name in cls.__slots__})  # type: ignore[arg-type]  # checked below
        sound = (
            isinstance(wanted.reference, str) and REFERENCE.fullmatch(wanted.reference)
            and isinstance(wanted.product, str) and PRODUCT.fullmatch(wanted.product)
            and type(wanted.face_value_minor) is int and 0 < wanted.face_value_minor <= 100_000_000
            and isinstance(wanted.currency, str) and isinstance(wanted.callback_url, str)
            and isinstance(wanted.fields, dict)
            and all(isinstance(value, str) for value in wanted.fields.values())
        )  # fmt: skip
        if not sound:
            raise RefusedError(422, "invalid_field")
        return wanted

    def fingerprint(self) -> str:
        """Equal for equal contents; what idempotency compares."""
        told = [
            self.product, self.face_value_minor, self.currency, sorted(self.fields.items()), self.callback_url
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()
