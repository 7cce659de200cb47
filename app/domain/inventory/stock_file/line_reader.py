"""Judge one line: the cells that should hold a code, a password and an expiry."""

from __future__ import annotations

import re
from datetime import datetime, time
from functools import lru_cache

from app.domain.inventory.stock_file.expiry import read_expiry
from app.domain.inventory.stock_file.layout import Choices, Layout
from app.domain.inventory.stock_file.lines import Cell, Cells, Good, Line, Malformed, Reason
from app.foundation.vault import Secret

LONGEST_PART = 2_000
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[Ee]\+\d{1,3}")
_SPACES = dict.fromkeys(map(ord, "\u00a0\u2002\u2003\u2009\u202f\u3000"), " ")


class Refused(Exception):
    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class LineReader:
    """Turns the cells of one line into a Good or a Malformed one."""

    def __init__(self, layout: Layout, choices: Choices) -> None:
        self._columns, self._card = layout.columns, layout.card
        self._password, self._day = layout.password, layout.expiry
        self._header = set(layout.header[layout.card : layout.card + 1]) - {""}
        self._zone, self._now = choices.zone, choices.now
        # A file names the same few days again and again.
        self._expiry = lru_cache(4096)(self._read_expiry)

    def read(self, line: int, cells: Cells) -> Line:
        if isinstance(cells, Reason):
            return Malformed(line, cells)
        try:
            if len(cells) > self._columns and any(cells[self._columns :]):
                return Malformed(line, Reason.TOO_MANY_COLUMNS)
            card = _part(cells, self._card, Reason.NO_CODE)
            if card in self._header:
                return Malformed(line, Reason.REPEATED_HEADER)
            password = None
            if self._password is not None:
                password = _part(cells, self._password, Reason.NO_PASSWORD)
            expires_at = None
            if self._day is not None and self._day < len(cells):
                expires_at = self._expiry(cells[self._day])
        except Refused as refused:
            return Malformed(line, refused.reason)
        return Good(line, Secret(card, password), expires_at)

    def _read_expiry(self, cell: Cell) -> datetime | None:
        text = _written(cell)
        if not text:
            return None
        try:
            moment = read_expiry(text, self._zone)
        except (ValueError, OverflowError):
            raise Refused(Reason.EXPIRY_UNREADABLE) from None
        if self._now is not None and moment <= self._now:
            raise Refused(Reason.EXPIRED)
        return moment


def _part(cells: list[Cell], column: int, missing: Reason) -> str:
    cell = cells[column] if column < len(cells) else ""
    if not isinstance(cell, str):
        raise Refused(Reason.CHANGED_BY_SPREADSHEET)
    if type(cell) is Reason:
        raise Refused(cell)
    text = cell.strip()
    # What nearly every code is made of needs no closer look.
    if text.isalnum() and len(text) <= LONGEST_PART:
        return text
    if not text:
        raise Refused(missing)
    return _looked_at(text)


def _looked_at(text: str) -> str:
    if len(text) > LONGEST_PART:
        raise Refused(Reason.TOO_LONG)
    if not text.isprintable() or "\ufffd" in text:
        text = _with_plain_spaces(text)
    if "+" in text and _SCIENTIFIC.fullmatch(text):
        raise Refused(Reason.CHANGED_BY_SPREADSHEET)
    return text


def _with_plain_spaces(text: str) -> str:
    text = text.translate(_SPACES)
    if "\ufffd" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Refused(Reason.UNREADABLE_TEXT)
    if not text.isprintable():
        raise Refused(Reason.HIDDEN_CHARACTER)
    return text


def _written(cell: Cell) -> str:
    """A spreadsheet's date as a person would write it; a day at midnight is a bare day."""
    if not isinstance(cell, datetime):
        return cell.strip()
    return cell.isoformat(sep=" ") if cell.time() != time() else cell.date().isoformat()
