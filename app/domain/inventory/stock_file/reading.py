"""Open a stock file and read it line by line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from app.domain.inventory.stock_file.layout import (
    Choices,
    Layout,
    Separator,
    find_layout,
    find_separator,
)
from app.domain.inventory.stock_file.line_reader import LineReader
from app.domain.inventory.stock_file.lines import (
    Cells,
    FileUnreadable,
    Line,
    Reason,
)
from app.domain.inventory.stock_file.sheet import sheet_rows
from app.domain.inventory.stock_file.text import (
    LONGEST_LINE,
    cutter,
    find_encoding,
    physical_lines,
)

SAMPLE = 200
ZIP, OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"

Rows = Callable[[], Iterator[tuple[int, Cells]]]


@dataclass(frozen=True, slots=True)
class StockFile:
    """A file whose layout is understood. `lines()` reads it from the start each time."""

    layout: Layout
    separator: Separator | None
    encoding: str | None
    _rows: Rows
    _choices: Choices
    _count: Callable[[], int | None]

    def count_lines(self) -> int | None:
        """How many lines `lines()` will give, where that can be known without reading it all."""
        counted = self._count()
        return None if counted is None else max(0, counted - bool(self.layout.header))

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
    return StockFile(layout, None, None, rows, choices, lambda: None)


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

    def count() -> int:
        lines = physical_lines(source, encoding)
        return sum(1 for line in lines if line and not line.isspace())

    return StockFile(layout, separator, encoding, rows, choices, count)
