"""Open a stock file and read it line by line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, time
from itertools import islice
from typing import BinaryIO

from app.domain.inventory.stock_file.expiry import read_expiry
from app.domain.inventory.stock_file.layout import (
    Choices,
    Layout,
    Separator,
    find_layout,
    find_separator,
)
from app.domain.inventory.stock_file.lines import (
    Cell,
    Cells,
    FileUnreadable,
    Good,
    Line,
    Malformed,
    Reason,
)
from app.domain.inventory.stock_file.sheet import sheet_rows
from app.domain.inventory.stock_file.text import (
    LONGEST_LINE,
    cutter,
    find_encoding,
    physical_lines,
)
from app.foundation.vault import Secret

SAMPLE = 200
LONGEST_PART = 2_000
ZIP, OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[Ee]\+\d{1,3}")
_SPACES = dict.fromkeys(map(ord, "\u00a0\u2002\u2003\u2009\u202f\u3000"), " ")

Rows = Callable[[], Iterator[tuple[int, Cells]]]


@dataclass(frozen=True, slots=True)
class StockFile:
    """A file whose layout is understood. `lines()` reads it from the start each time."""

    layout: Layout
    separator: Separator | None
    encoding: str | None
    _rows: Rows
    _choices: Choices

    def lines(self) -> Iterator[Line]:
        """Every filled line, Good or Malformed, in order; the header is neither."""
        read = LineReader(self.layout, self._choices).read
        rows = self._rows()
        if self.layout.header:
            next(rows, None)
        for line, cells in rows:
            yield read(line, cells)


def open_stock_file(source: BinaryIO, choices: Choices) -> StockFile:
    """Understand a file by its content, not its name, or raise FileUnreadable."""
    source.seek(0)
    start = source.read(4)
    if start == OLD_EXCEL:
        raise FileUnreadable(reason="old_or_locked_spreadsheet")
    if start == ZIP:
        return _spreadsheet(source, choices)
    return _text(source, choices)


def _spreadsheet(source: BinaryIO, choices: Choices) -> StockFile:
    def rows() -> Iterator[tuple[int, Cells]]:
        return ((n, cells) for n, cells in enumerate(sheet_rows(source), start=1) if cells)

    sample = [cells for _, cells in islice(rows(), SAMPLE) if isinstance(cells, list)]
    layout = find_layout(sample, has_header=choices.has_header)
    return StockFile(layout, None, None, rows, choices)


def _text(source: BinaryIO, choices: Choices) -> StockFile:
    encoding = find_encoding(source)
    start = islice(filter(str.strip, physical_lines(source, encoding)), SAMPLE)
    separator = choices.separator
    if separator is None:
        separator = find_separator(list(start))
    cut = cutter(separator)

    def rows() -> Iterator[tuple[int, Cells]]:
        for n, line in enumerate(physical_lines(source, encoding), start=1):
            if line and not line.isspace():
                yield n, Reason.TOO_LONG if len(line) > LONGEST_LINE else cut(line)

    sample = [cells for _, cells in islice(rows(), SAMPLE) if isinstance(cells, list)]
    layout = find_layout(sample, has_header=choices.has_header)
    return StockFile(layout, separator, encoding, rows, choices)


class LineReader:
    """Turns the cells of one line into a Good or a Malformed one."""

    def __init__(self, layout: Layout, choices: Choices) -> None:
        self._layout, self._zone, self._now = layout, choices.zone, choices.now
        self._header = set(layout.header[layout.card : layout.card + 1]) - {""}

    def read(self, line: int, cells: Cells) -> Line:
        if isinstance(cells, Reason):
            return Malformed(line, cells)
        layout = self._layout
        try:
            if len(cells) > layout.columns and any(cells[layout.columns :]):
                raise Refused(Reason.TOO_MANY_COLUMNS)
            card = self._part(cells, layout.card, Reason.NO_CODE)
            password = None
            if layout.password is not None:
                password = self._part(cells, layout.password, Reason.NO_PASSWORD)
            if card in self._header:
                raise Refused(Reason.REPEATED_HEADER)
            expires_at = None
            if layout.expiry is not None and layout.expiry < len(cells):
                expires_at = self._expiry(cells[layout.expiry])
        except Refused as refused:
            return Malformed(line, refused.reason)
        return Good(line, Secret(card, password), expires_at)

    def _part(self, cells: list[Cell], column: int, missing: Reason) -> str:
        cell = cells[column] if column < len(cells) else ""
        if not isinstance(cell, str):
            raise Refused(Reason.CHANGED_BY_SPREADSHEET)
        if isinstance(cell, Reason):
            raise Refused(cell)
        text = cell.strip()
        if not text:
            raise Refused(missing)
        if len(text) > LONGEST_PART:
            raise Refused(Reason.TOO_LONG)
        if not text.isprintable() or "\ufffd" in text:
            text = _with_plain_spaces(text)
        if "+" in text and _SCIENTIFIC.fullmatch(text):
            raise Refused(Reason.CHANGED_BY_SPREADSHEET)
        return text

    def _expiry(self, cell: Cell) -> datetime | None:
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


class Refused(Exception):
    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


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
