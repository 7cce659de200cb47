"""Text that may be kept: no signs that steer machines instead of meaning something to people."""

import unicodedata

LINES = frozenset("\n\r\t")


def is_plain(text: str) -> bool:
    """Whether a text, of several lines perhaps, is free of control signs; PostgreSQL keeps no NUL at all."""
    return all(sign in LINES or unicodedata.category(sign) not in {"Cc", "Cs"} for sign in text)


def is_one_line(text: str) -> bool:
    """Plain, and nothing that ends or indents a line."""
    return is_plain(text) and LINES.isdisjoint(text)
