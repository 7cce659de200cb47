"""Compare a supplier's daily bill with our own book, by our reference. Pure."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

COLUMNS = ("reference", "number", "product", "face_value_minor", "cost_minor", "currency", "state", "at")


class Difference(StrEnum):
    """How a line of the bill and our book disagree."""

    NOT_BILLED = "not_billed"  # we delivered it, the bill does not know it
    NOT_OURS = "not_ours"  # billed under a reference we never sent
    BILLED_BUT_FAILED = "billed_but_failed"  # we gave it up or refunded it, the supplier charges for it
    OTHER_AMOUNT = "other_amount"


@dataclass(frozen=True, slots=True)
class BillLine:
    """One charged order."""

    reference: str
    number: str
    product: str
    face_value_minor: int
    cost_minor: int
    currency: str
    state: str
    at: str


@dataclass(frozen=True, slots=True)
class Booked:
    """What our book says about a reference."""

    face_value_minor: int
    currency: str
    succeeded: bool


def read_bill(text: str) -> list[BillLine]:
    """Read the CSV file, or raise ValueError naming the line that is broken."""
    rows = csv.DictReader(text.splitlines())
    if tuple(rows.fieldnames or ()) != COLUMNS:
        raise ValueError("the bill's columns are not the documented ones")
    lines = []
    for number, row in enumerate(rows, start=2):
        try:
            lines.append(_line(row))
        except (TypeError, ValueError) as error:
            raise ValueError(f"line {number} of the bill is broken") from error
    return lines


def _line(row: Mapping[str, str]) -> BillLine:
    return BillLine(
        reference=row["reference"],
        number=row["number"],
        product=row["product"],
        face_value_minor=int(row["face_value_minor"]),
        cost_minor=int(row["cost_minor"]),
        currency=row["currency"],
        state=row["state"],
        at=row["at"],
    )


def compare(bill: list[BillLine], book: Mapping[str, Booked]) -> list[tuple[str, Difference]]:
    """Every disagreement as (reference, difference), sorted; an empty list is a clean day."""
    found = []
    charged = {line.reference: line for line in bill if line.state == "succeeded"}
    for reference, line in charged.items():
        ours = book.get(reference)
        if ours is None:
            found.append((reference, Difference.NOT_OURS))
        elif not ours.succeeded:
            found.append((reference, Difference.BILLED_BUT_FAILED))
        elif (ours.face_value_minor, ours.currency) != (line.face_value_minor, line.currency):
            found.append((reference, Difference.OTHER_AMOUNT))
    missing = [ref for ref, ours in book.items() if ours.succeeded and ref not in charged]
    return sorted(found + [(reference, Difference.NOT_BILLED) for reference in missing])
