"""Parts always sum to the whole, nobody is more than a cent from their share, and the odd cent's owner is known."""

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.foundation.money import split

TOTALS = st.integers(-(10**12), 10**12)
WEIGHTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=12).filter(lambda weights: sum(weights) > 0)


@given(TOTALS, WEIGHTS)
def test_the_parts_sum_to_the_whole(total: int, weights: list[int]):
    assert sum(split(total, weights)) == total


@given(TOTALS, WEIGHTS)
def test_every_part_is_less_than_a_cent_from_its_share(total: int, weights: list[int]):
    whole = sum(weights)
    for part, weight in zip(split(total, weights), weights, strict=True):
        assert abs(part - Fraction(total * weight, whole)) < 1


@given(TOTALS, WEIGHTS)
def test_no_weight_gets_nothing_and_more_weight_never_gets_less(total: int, weights: list[int]):
    parts = split(abs(total), weights)
    assert all(part == 0 for part, weight in zip(parts, weights, strict=True) if weight == 0)
    for one, part in zip(weights, parts, strict=True):
        assert all(part >= other for weight, other in zip(weights, parts, strict=True) if one > weight)


@given(TOTALS, WEIGHTS)
def test_a_refund_splits_as_the_mirror_image(total: int, weights: list[int]):
    assert split(-total, weights) == [-part for part in split(total, weights)]


@given(st.integers(0, 10**6), st.integers(1, 12))
def test_among_equals_the_first_get_the_odd_cents(total: int, many: int):
    parts = split(total, [1] * many)
    assert parts == sorted(parts, reverse=True)
    assert max(parts) - min(parts) <= 1


@given(TOTALS, st.lists(st.integers(-5, 5), max_size=6))
def test_weights_that_share_nothing_are_refused(total: int, weights: list[int]):
    assume(sum(weights) <= 0 or any(weight < 0 for weight in weights))
    with pytest.raises(ValueError):
        split(total, weights)
