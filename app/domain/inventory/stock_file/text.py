"""Physical lines of a text file, whatever its encoding and line ends."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from typing import BinaryIO

from app.domain.inventory.stock_file.layout import Separator
from app.domain.inventory.stock_file.lines import Cells, Reason

BLOCK = 256 * 1024
LONGEST_LINE = 16 * 1024
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

Cut = Callable[[str], Cells]


def find_encoding(source: BinaryIO) -> str:
    """UTF-8, UTF-16 with its mark, or GB18030: whichever fits the whole file.

    When none does, UTF-8: the lines that do not fit are malformed, the others good.
    """
    source.seek(0)
    start = source.read(4)
    for mark, encoding in BYTE_ORDER_MARKS:
        if start.startswith(mark):
            return encoding
    return next((name for name in ("utf-8", "gb18030") if _fits(source, name)), "utf-8")


def _fits(source: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    source.seek(0)
    try:
        while block := source.read(BLOCK):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def physical_lines(source: BinaryIO, encoding: str) -> Iterator[str]:
    """Every line without its end; one longer than LONGEST_LINE comes cut to just above it.

    Bytes that are no text come as lone surrogates or U+FFFD.
    """
    source.seek(0)
    errors = "replace" if encoding == "utf-16" else "surrogateescape"
    text = io.TextIOWrapper(source, encoding=encoding, errors=errors)
    try:
        tail = ""
        while block := text.read(BLOCK):
            lines = (tail + block).split("\n")
            tail = lines.pop()[: LONGEST_LINE + 1]
            yield from lines
        yield tail
    finally:
        text.detach()


def cutter(separator: Separator) -> Cut:
    """A function that cuts one line into its cells.

    A quote lives within its line: one left open breaks that line only.
    """
    if separator is Separator.SPACE:
        return lambda line: list(line.split())
    if separator is Separator.WHOLE_LINE:
        return lambda line: [_unquoted(line)]
    if separator is Separator.DASHES:
        return lambda line: list(line.split("----"))

    def cut(line: str) -> Cells:
        return _cut_quoted(line, separator) if '"' in line else list(line.split(separator))

    return cut


def _cut_quoted(line: str, separator: str) -> Cells:
    try:
        cells = next(csv.reader([line], delimiter=separator, strict=True, skipinitialspace=True))
    except csv.Error:
        return Reason.BROKEN_QUOTES
    return [_without_formula(cell) for cell in cells]


def _unquoted(line: str) -> str:
    line = line.strip()
    if len(line) > 1 and line[0] == line[-1] == '"':
        return line[1:-1].replace('""', '"')
    return _without_formula(line)


def _without_formula(cell: str) -> str:
    """Excel's trick for leading zeros, `="00123"`, is the text 00123."""
    if cell.startswith('="') and cell.endswith('"') and len(cell) > 3:
        return cell[2:-1]
    return cell
