"""Rows of a spreadsheet, read one by one, with codes kept as they were typed."""

from __future__ import annotations

import math
import re
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from app.domain.inventory.stock_file.lines import Cell, FileUnreadable, Reason

MAX_UNZIPPED = 1024**3
MAX_COLUMNS = 32
# A spreadsheet keeps fifteen digits of a number and makes zeros of the rest.
DIGITS_KEPT = 10**15
_ZEROS_FORMAT = re.compile(r"0+")
_BROKEN = (zipfile.BadZipFile, InvalidFileException, ParseError, KeyError, ValueError, EOFError)


def sheet_rows(source: BinaryIO) -> Iterator[list[Cell]]:
    """The rows of the first sheet, in order, blank ones empty; or FileUnreadable."""
    try:
        _check_size(source)
        with warnings.catch_warnings():
            # openpyxl warns of styles and validations that no code depends on.
            warnings.simplefilter("ignore")
            book = load_workbook(source, read_only=True, data_only=True, keep_links=False)
            sheet = book.worksheets[0]
            # Exporting programs write wrong dimensions, and rows beyond would be lost.
            sheet.reset_dimensions()
            for row in sheet.iter_rows(max_col=MAX_COLUMNS):
                yield _cells(row)
    except _BROKEN:
        raise FileUnreadable(reason="broken_spreadsheet") from None


def _check_size(source: BinaryIO) -> None:
    source.seek(0)
    with zipfile.ZipFile(source) as archive:
        if sum(part.file_size for part in archive.infolist()) > MAX_UNZIPPED:
            raise FileUnreadable(reason="too_large")
    source.seek(0)


def _cells(row: tuple[Any, ...]) -> list[Cell]:
    cells = [_cell(cell) for cell in row]
    while cells and cells[-1] == "":
        cells.pop()
    return cells


def _cell(cell: Any) -> Cell:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return Reason.CHANGED_BY_SPREADSHEET if cell.data_type == "e" else value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time())
    if isinstance(value, int | float):
        return _number(value, cell.number_format)
    return Reason.CHANGED_BY_SPREADSHEET


def _number(value: float, number_format: str) -> Cell:
    if not math.isfinite(value) or abs(value) >= DIGITS_KEPT:
        return Reason.DIGITS_LOST
    if value != int(value):
        return repr(value)
    digits = str(int(value))
    # A column formatted as 00000000 shows leading zeros that the number has not.
    return digits.zfill(len(number_format)) if _ZEROS_FORMAT.fullmatch(number_format) else digits
