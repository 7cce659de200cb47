"""Which step may follow which, and what buyers must tell us."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from app.domain.catalog import patterns
from app.domain.catalog.patterns import LONGEST, BadPattern
from app.domain.orders.errors import BuyerFieldInvalid
from app.foundation.errors import InvalidInput
from app.foundation.plain import is_one_line

NEXT = {
    "pending": {"paid", "expired", "cancelled", "attention"},
    "expired": {"paid", "refunding", "attention"},
    "cancelled": {"paid", "refunding", "attention"},
    "paid": {"delivered", "refunding", "refunded", "attention"},
    "delivered": {"refunding", "refunded", "attention"},
    "refunding": {"refunded", "attention"},
    "attention": {"paid", "delivered", "refunding", "refunded", "cancelled", "expired"},
    "refunded": {"attention"},
}
ENDED = frozenset({"delivered", "expired", "cancelled", "refunded"})
# No quoting and no lists: what a mail's header could read as two addresses is none.
NOT = r"@\s,;:<>()\[\]\"\\\x00-\x1f\x7f-\x9f"
EMAIL = re.compile(rf"[^{NOT}]{{1,64}}@[^{NOT}.]{{1,63}}(\.[^{NOT}.]{{1,63}})+")


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
    # One address, however wide its letters were typed; what cannot be seen makes no other address.
    email = unicodedata.normalize("NFKC", text).strip().lower()
    if (
        len(email) > 254
        or not EMAIL.fullmatch(email)
        or any(unicodedata.category(one) == "Cf" for one in email)
    ):
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
        if (
            not value
            or len(value) > LONGEST
            or not is_one_line(value)
            or not _fits(field.get("pattern"), value)
        ):
            raise BuyerFieldInvalid(
                param=prefix + name,
                field=name,
                label=field.get("label", name),
                label_en=field.get("label_en", name),
            )
        told[name] = value
    return told


def _fits(pattern: str | None, value: str) -> bool:
    try:
        return not pattern or patterns.matches(pattern, value)
    except BadPattern:
        # It was not saved by our console. What goes to an account unchecked cannot be taken back.
        return False
