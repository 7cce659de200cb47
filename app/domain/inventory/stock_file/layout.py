"""Find out which column holds what, from the header or from the first lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum

from app.domain.inventory.stock_file.expiry import looks_like_a_day
from app.domain.inventory.stock_file.lines import Cell

CARD_WORDS = frozenset({
    "卡号", "账号", "帐号", "卡券号", "card", "cardno", "cardnumber", "number", "account",
    "username", "用户名",
})  # fmt: skip
CODE_WORDS = frozenset({
    "卡密", "兑换码", "激活码", "序列号", "券码", "密钥", "链接", "code", "codes", "key",
    "cdkey", "serial", "serialnumber", "licence", "license", "licensekey", "link", "url", "voucher",
    "secret",
})  # fmt: skip
PASSWORD_WORDS = frozenset({"密码", "卡密码", "password", "pass", "pin", "pwd", "提取码"})
EXPIRY_WORDS = frozenset({
    "有效期", "有效期至", "过期时间", "过期日期", "到期", "到期时间", "到期日", "截止日期",
    "失效时间", "expiry", "expires", "expiresat", "expiration", "expirydate", "expirationdate", "validuntil",
    "validto",
})  # fmt: skip
# What stands in quotes does not tell by what a line is cut.
_QUOTED = re.compile(r'"[^"]*"')
HEADER_WORDS = CARD_WORDS | CODE_WORDS | PASSWORD_WORDS | EXPIRY_WORDS


class Separator(StrEnum):
    """What stands between the columns of a text file."""

    DASHES = "----"
    TAB = "\t"
    COMMA = ","
    SEMICOLON = ";"
    PIPE = "|"
    SPACE = " "
    WHOLE_LINE = ""


@dataclass(frozen=True, slots=True)
class Choices:
    """What the brand said about its file; what it left out is found out."""

    separator: Separator | None = None
    has_header: bool | None = None
    zone: tzinfo = UTC
    # Lines whose expiry has passed at this moment are malformed; None takes them.
    now: datetime | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """Which column is which. Without a password column each code is of one part."""

    columns: int = 1
    card: int = 0
    password: int | None = None
    expiry: int | None = None
    header: tuple[str, ...] = ()


def find_layout(sample: Sequence[Sequence[Cell]], *, has_header: bool | None) -> Layout:
    """The layout of a file whose first filled lines are these."""
    first = [_plain(cell) for cell in sample[0]] if sample else []
    if has_header is None:
        has_header = any(word in HEADER_WORDS for word in first)
    if has_header and any(word in HEADER_WORDS for word in first):
        return _by_header(sample[0], first)
    return _by_position(sample[1:] if has_header else sample, sample[0] if has_header else ())


def _by_header(header: Sequence[Cell], words: Sequence[str]) -> Layout:
    card, code = _column(words, CARD_WORDS), _column(words, CODE_WORDS)
    password, expiry = _column(words, PASSWORD_WORDS), _column(words, EXPIRY_WORDS)
    # One column of secrets, whatever it is called, is a code of one part.
    parts = [column for column in (card, code, password) if column is not None]
    return Layout(
        columns=len(words),
        card=parts[0] if parts else 0,
        password=parts[1] if len(parts) > 1 else None,
        expiry=expiry,
        header=tuple(str(cell).strip() for cell in header),
    )


def _by_position(sample: Sequence[Sequence[Cell]], header: Sequence[Cell]) -> Layout:
    if not sample:
        return Layout(header=tuple(map(str, header)))
    columns = Counter(len(cells) for cells in sample).most_common(1)[0][0]
    rows = [cells for cells in sample if len(cells) == columns]
    days = [n for n in range(1, columns) if _mostly_days([cells[n] for cells in rows])]
    others = [n for n in range(columns) if n not in days[:1]]
    return Layout(
        columns=columns,
        card=others[0] if others else 0,
        password=others[1] if len(others) > 1 else None,
        expiry=days[0] if days else None,
        header=tuple(map(str, header)),
    )


def find_separator(sample: Sequence[str]) -> Separator:
    """What most of these lines are cut by, or WHOLE_LINE."""
    links = sum("://" in line for line in sample) * 2 > len(sample)
    for separator in Separator:
        # A link's remark ("https://… code: abcd") belongs to the link.
        if links and separator in (Separator.SPACE, Separator.PIPE, Separator.DASHES):
            continue
        if separator is not Separator.WHOLE_LINE and _cuts(separator, sample):
            return separator
    return Separator.WHOLE_LINE


def _cuts(separator: Separator, sample: Sequence[str]) -> bool:
    sample = [_QUOTED.sub("", line) for line in sample]
    cut = [line.split() if separator is Separator.SPACE else line.split(separator) for line in sample]
    if not cut:
        return False
    columns, lines = Counter(map(len, cut)).most_common(1)[0]
    if columns < 2 or lines * 2 <= len(cut):
        return False
    # "ABCD EFGH IJKL" is one code in groups, not three columns.
    return (
        separator is not Separator.SPACE
        or columns == 2
        or _mostly_days([cells[2] for cells in cut if len(cells) == columns])
    )


def _column(words: Sequence[str], known: frozenset[str]) -> int | None:
    return next((n for n, word in enumerate(words) if word in known), None)


def _plain(cell: Cell) -> str:
    """A header word without case, space, underscore, dot and quote."""
    return "".join(c for c in cell.lower() if c.isalnum()) if isinstance(cell, str) else ""


def _mostly_days(cells: Sequence[Cell]) -> bool:
    filled = [cell for cell in cells if cell != ""]
    days = sum(isinstance(cell, datetime) or looks_like_a_day(str(cell)) for cell in filled)
    return days * 2 > len(filled)
