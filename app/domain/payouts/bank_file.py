"""The file of payouts for a bank, and the bank's answer to it. Values in, values out.

UTF-8 CSV with CRLF. Ours: a header `PERKLINE-PAYOUTS,1,batch,currency,date`, one `P` line for each payout, and a
trailer `END,count,total,SHA-256 of all lines before it`. The bank's: `PERKLINE-RESULT,1,batch,currency`, lines
`R,reference,amount,status,bank's reference,reason`, and `END,count,total`. Amounts are decimals of the currency.
"""

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from app.domain.payouts.errors import BankResultRefused
from app.foundation import money
from app.foundation.errors import InvalidInput
from app.foundation.money import Money

HEAD, RESULT, END, VERSION = "PERKLINE-PAYOUTS", "PERKLINE-RESULT", "END", "1"
STATUSES = frozenset({"paid", "failed", "returned"})
# What spreadsheets take for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
MOST_LINES = 100_000


@dataclass(frozen=True, slots=True)
class BankLine:
    """One payout in the file."""

    reference: str
    amount_minor: int
    holder: str
    number: str = field(repr=False)
    bank: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ResultLine:
    """What the bank says of one payout; `line` counts from 1."""

    line: int
    reference: str
    amount_minor: int
    status: str
    external_id: str
    reason: str


def write(batch_id: int, currency: str, day: date, lines: Sequence[BankLine]) -> bytes:
    """The file; the same lines give the same bytes."""
    rows: list[list[str]] = [[HEAD, VERSION, str(batch_id), currency, f"{day:%Y-%m-%d}"]]
    rows += [
        [
            "P",
            line.reference,
            _amount(line.amount_minor, currency),
            harmless(line.holder),
            line.number,
            harmless(line.bank),
        ]
        for line in lines
    ]
    body = _csv(rows)
    total = _amount(sum(line.amount_minor for line in lines), currency)
    return body + _csv([[END, str(len(lines)), total, hashlib.sha256(body).hexdigest()]])


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula, on one line."""
    plain = " ".join(text.split())
    return f"'{plain}" if plain.startswith(FORMULA) else plain


def read_result(content: bytes, *, batch_id: int, currency: str, owed: Mapping[str, int]) -> list[ResultLine]:
    """The bank's answer, or BankResultRefused with every line that is wrong; `owed` is minor units by reference.

    Totals are checked; a line that names no payout of the batch, names one twice or another amount, refuses the whole.
    """
    rows = _rows(content)
    wrong: list[tuple[int, str]] = []
    if not rows or rows[0][1][:4] != [RESULT, VERSION, str(batch_id), currency]:
        raise BankResultRefused(param="file", lines=[(1, "header")])
    if len(rows) < 2 or rows[-1][1][0] != END:
        raise BankResultRefused(param="file", lines=[(rows[-1][0], "trailer")])
    found = [_line(at, row, currency, wrong) for at, row in rows[1:-1]]
    lines = [line for line in found if line is not None]
    times = Counter(line.reference for line in lines)
    for line in lines:
        if line.reference not in owed:
            wrong.append((line.line, "unknown"))
        elif times[line.reference] > 1:
            wrong.append((line.line, "doubled"))
        elif owed[line.reference] != line.amount_minor:
            wrong.append((line.line, "amount"))
    at, trailer = rows[-1]
    if not wrong and not _adds_up(trailer, lines, currency):
        wrong.append((at, "totals"))
    if wrong:
        raise BankResultRefused(param="file", lines=sorted(wrong))
    return lines


def _adds_up(trailer: Sequence[str], lines: Sequence[ResultLine], currency: str) -> bool:
    try:
        total = money.parse(trailer[2], currency, param="file").minor
    except (IndexError, InvalidInput):
        return False
    return trailer[1].strip() == str(len(lines)) and total == sum(line.amount_minor for line in lines)


def _rows(content: bytes) -> list[tuple[int, list[str]]]:
    """Every line with something in it, and where it stands."""
    try:
        reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        rows = [(reader.line_num, row) for row in reader if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise BankResultRefused(param="file", lines=[(1, "unreadable")]) from error
    if len(rows) > MOST_LINES:
        raise BankResultRefused(param="file", lines=[(MOST_LINES, "too_many")])
    return rows


def _line(at: int, row: list[str], currency: str, wrong: list[tuple[int, str]]) -> ResultLine | None:
    if len(row) != 6 or row[0] != "R":
        wrong.append((at, "shape"))
        return None
    _, reference, amount, status, external_id, reason = (cell.strip() for cell in row)
    if status not in STATUSES:
        wrong.append((at, "status"))
        return None
    try:
        minor = money.parse(amount, currency, param="file").minor
    except InvalidInput:
        wrong.append((at, "amount"))
        return None
    return ResultLine(at, reference, minor, status, external_id[:80], reason[:200])


def _amount(minor: int, currency: str) -> str:
    return f"{Money(minor, currency).decimal():f}"


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()
