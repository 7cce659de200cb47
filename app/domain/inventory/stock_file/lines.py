"""What a line of a stock file turns out to be."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from app.foundation.errors import Kind, ProductError
from app.foundation.vault import Secret


class Reason(StrEnum):
    """Why a line is malformed. Never holds any of the line."""

    UNREADABLE_TEXT = "unreadable_text"
    HIDDEN_CHARACTER = "hidden_character"
    BROKEN_QUOTES = "broken_quotes"
    TOO_LONG = "too_long"
    NO_CODE = "no_code"
    NO_PASSWORD = "no_password"  # noqa: S105  # a reason, not a password
    TOO_MANY_COLUMNS = "too_many_columns"
    REPEATED_HEADER = "repeated_header"
    # More than 15 digits typed as a number: the spreadsheet has lost the rest.
    DIGITS_LOST = "digits_lost"
    # A code that the spreadsheet took for a date, a formula or 1.2E+15.
    CHANGED_BY_SPREADSHEET = "changed_by_spreadsheet"
    EXPIRY_UNREADABLE = "expiry_unreadable"
    EXPIRED = "expired"


class Good(NamedTuple):
    line: int
    secret: Secret
    expires_at: datetime | None


class Malformed(NamedTuple):
    line: int
    reason: Reason


Line = Good | Malformed

# A cell as its file has it: text, a spreadsheet's date, or why it is of no use.
Cell = str | datetime | Reason
Cells = list[Cell] | Reason


class FileUnreadable(ProductError):
    """The file as a whole cannot be read; `reason` says why."""

    code, kind = "stock_file_unreadable", Kind.INVALID
