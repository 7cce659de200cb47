"""A code's place in the issue order of its Sku."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.inventory.issue_order import IssueOrder, picker

DAY = datetime(2030, 1, 1, tzinfo=UTC)
FIRST = (1, 10, DAY + timedelta(days=5), b"\x20" * 16)
SECOND = (1, 11, None, b"\xff" * 16)
THIRD = (2, 1, DAY, b"\x10" * 16)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (IssueOrder.OLDEST, [FIRST, SECOND, THIRD]),
        (IssueOrder.NEWEST, [THIRD, SECOND, FIRST]),
        (IssueOrder.OLDEST_EXPIRY, [THIRD, FIRST, SECOND]),
        (IssueOrder.RANDOM, [THIRD, FIRST, SECOND]),
    ],
)
def test_each_order_issues_as_its_name_says(order: IssueOrder, expected: list[object]) -> None:
    def place(code: tuple[int, int, datetime | None, bytes]) -> int:
        batch, line, expires_at, fingerprint = code
        return picker(order, batch)(line, expires_at, fingerprint)

    assert sorted([FIRST, SECOND, THIRD], key=place) == expected


@pytest.mark.parametrize("order", list(IssueOrder))
def test_every_place_fits_the_column(order: IssueOrder) -> None:
    far = datetime(9999, 12, 31, tzinfo=UTC)
    for expires_at in (None, far, datetime(1, 1, 1, tzinfo=UTC)):
        place = picker(order, 2**38)(2**24 - 1, expires_at, b"\xff" * 16)
        assert -(2**63) <= place < 2**63


def test_codes_of_one_expiry_go_in_the_order_they_came() -> None:
    places = [picker(IssueOrder.OLDEST_EXPIRY, 3)(line, DAY, b"") for line in (1, 2, 3)]
    assert places == sorted(places)
