"""Which step may follow which, and what buyers must tell us."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.domain.orders.errors import BuyerFieldInvalid
from app.foundation.errors import InvalidInput

NEXT = {
    "pending": {"paid", "expired", "cancelled", "attention"},
    "expired": {"paid", "refunding", "attention"},
    "cancelled": {"paid", "refunding", "attention"},
    "paid": {"delivered", "refunding", "refunded", "attention"},
    "delivered": {"refunding", "attention"},
    "refunding": {"refunded", "attention"},
    "attention": {"paid", "delivered", "refunding", "refunded", "cancelled", "expired"},
    "refunded": {"attention"},
}
ENDED = frozenset({"delivered", "expired", "cancelled", "refunded"})
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]{1,63}(\.[^@\s.]{1,63})+")


def may_follow(before: str, after: str) -> bool:
    """Whether an order may go from one state to another."""
    return after in NEXT[before]


def state_of(line_states: Sequence[str]) -> str | None:
    """What a paid order has become by its lines: None while any of them is open."""
    if any(state in {"waiting", "delivering", "failed"} for state in line_states):
        return None
    return "delivered" if "delivered" in line_states else "refunded"


def clean_email(text: str) -> str:
    """An address as we keep it, or InvalidInput for `email`."""
    email = text.strip().lower()
    if len(email) > 254 or not EMAIL.fullmatch(email):
        raise InvalidInput(param="email", reason="not_an_email")
    return email


def clean_buyer_fields(
    wanted: Sequence[Mapping[str, Any]], given: Mapping[str, str], *, prefix: str = ""
) -> dict[str, str]:
    """What the buyer must tell for a line, checked by each field's pattern, or BuyerFieldInvalid."""
    told: dict[str, str] = {}
    for field in wanted:
        name = str(field["name"])
        value = (given.get(name) or "").strip()
        if not value and not field.get("required", True):
            continue
        if len(value) > 200 or not re.fullmatch(field.get("pattern") or r".+", value):
            raise BuyerFieldInvalid(
                param=prefix + name, field=name, label=field.get("label", name), label_en=field.get("label_en", name)
            )
        told[name] = value
    return told
