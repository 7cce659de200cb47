"""What a buyer must tell before a Sku can be delivered, as rows of a form."""

import re
from collections.abc import Sequence
from typing import Any

from app.domain.catalog import patterns
from app.domain.catalog.patterns import BadPattern
from app.web.console.sentences import REASONS
from app.web.console.typed import Typed

ROWS, PARTS = 10, ("name", "label", "label_en", "pattern", "hint", "hint_en")
NAME = re.compile(r"[a-z][a-z0-9_]{0,29}")


def rows_of(fields: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Kept fields as the form's values."""
    shown: dict[str, Any] = {}
    for at, field in enumerate(fields[:ROWS]):
        shown |= {f"field-{at}-{part}": field.get(part, "") for part in PARTS}
        shown[f"field-{at}-required"] = "1" if field.get("required", True) else ""
    return shown


def rows_shown(form: Typed) -> range:
    """The rows that hold something, and one more; three at least."""
    filled = [at for at in range(ROWS) if form[f"field-{at}-name"] or form[f"field-{at}-label"]]
    return range(min(ROWS, max([2, *(at + 1 for at in filled)]) + 1))


def typed_buyer_fields(form: Typed) -> list[dict[str, Any]]:
    """The rows that are filled; a fault is said at its own field."""
    fields = []
    for at in range(ROWS):
        row = {part: form.text(f"field-{at}-{part}", required=False, most=200) for part in PARTS}
        if not any(row.values()):
            continue
        if not NAME.fullmatch(row["name"]):
            form.errors[f"field-{at}-name"] = str(REASONS["bad_name"])
        if not row["label"]:
            form.errors[f"field-{at}-label"] = str(REASONS["empty"])
        try:
            patterns.parse(row["pattern"])
        except BadPattern:
            form.errors[f"field-{at}-pattern"] = str(REASONS["bad_pattern"])
        fields.append({**row, "required": form.flag(f"field-{at}-required")})
    return fields
