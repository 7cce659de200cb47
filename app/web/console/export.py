"""A list as a file that a spreadsheet opens without running anything."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from app.foundation import clock
from app.foundation.money import Money
from app.web.console.columns import Col

ZONE = ZoneInfo("Asia/Shanghai")
# What spreadsheets take for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def as_file(kind: str, name: str, columns: Sequence[Col], rows: Iterable[dict[str, Any]]) -> Response:
    """The rows as CSV or XLSX, by the list's own columns."""
    head = [str(column.label) for column in columns]
    body = [[cell(row, column) for column in columns] for row in rows]
    content = _csv(head, body) if kind == "csv" else _xlsx(head, body)
    named = f"{name}-{clock.now().astimezone(ZONE):%Y%m%d-%H%M}.{kind}"
    return Response(
        content, content_type=TYPES[kind],
        headers={"Content-Disposition": f'attachment; filename="{named}"', "Cache-Control": "no-store"},
    )  # fmt: skip


def cell(row: dict[str, Any], column: Col) -> Any:
    """One value: amounts as decimals, moments in the office's time, words made harmless."""
    value = row.get(column.name)
    if value is None:
        return ""
    if column.money:
        return Money(int(value), row["currency"]).decimal()
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int | float | Decimal):
        return value
    if isinstance(value, datetime):
        return f"{value.astimezone(ZONE):%Y-%m-%d %H:%M:%S}"
    return harmless(str(value))


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula: a quotation mark goes in front of a dangerous sign."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def _csv(head: list[str], body: list[list[Any]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerows([head, *body])
    return text.getvalue().encode("utf-8-sig")  # with a mark, so that Excel reads the Chinese


def _xlsx(head: list[str], body: list[list[Any]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for line in [head, *body]:
        sheet.append([_cell(sheet, value) for value in line])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _cell(sheet: Any, value: Any) -> Any:
    made = WriteOnlyCell(sheet, value=value)
    if isinstance(value, str):
        made.data_type = "s"  # words stay words, whatever they begin with
    return made
