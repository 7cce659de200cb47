"""Finding goods by words, and what a bulk change does to a price."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.catalog.rules import PriceChange, next_ninety, reprice, search_query, search_terms


def test_chinese_is_found_by_each_sign_and_by_each_pair():
    assert set(search_terms("星幕会员")) == {"星", "幕", "会", "员", "星幕", "幕会", "会员"}


def test_words_are_found_whole_in_lower_case_and_full_width_signs_are_plain_ones():
    assert search_terms("VIP Ｐｒｏ-12") == ["vip", "pro", "12"]


@pytest.mark.parametrize(
    ("asked", "query"),
    [
        ("会员", "'会员'"),
        ("员", "'员'"),
        ("星幕会员", "'星幕' & '幕会' & '会员'"),
        ("net", "'net':*"),
        ("star net", "'star' & 'net':*"),
        ("net 会员", "'net' & '会员'"),
        ("  ", ""),
        ("'&|!:*\\", ""),
    ],
)
def test_a_query_asks_for_every_term(asked, query):
    assert search_query(asked) == query


@given(st.text(max_size=80))
def test_no_text_breaks_out_of_the_quotes_of_a_query(text):
    for part in search_query(text).split(" & "):
        inner = part.removesuffix(":*")[1:-1]
        assert not set(inner) & set("'\\&|!:*() ")


@given(st.text(alphabet="星幕会员卡vip 12", min_size=1, max_size=12))
def test_a_text_is_found_by_itself(text):
    terms = set(search_terms(text))
    for part in filter(None, search_query(text).split(" & ")):
        assert part.removesuffix(":*").strip("'") in terms


CHANGES = st.builds(
    PriceChange,
    kind=st.sampled_from(["suggested", "percent", "amount"]),
    value=st.integers(-20_000, 20_000),
    to_ninety=st.booleans(),
)


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), CHANGES)
def test_no_change_ever_ends_below_the_floor(price, floor, above, change):
    done = reprice(max(price, floor), suggested_minor=max(floor + above, 1), floor_minor=floor, change=change)
    assert done.after_minor >= floor
    assert done.after_minor > 0


def test_a_percentage_is_rounded_to_the_nearest_cent():
    assert (
        reprice(1999, suggested_minor=1, floor_minor=0, change=PriceChange("percent", 1000)).after_minor
        == 2199
    )


def test_what_the_floor_holds_up_says_so():
    done = reprice(2000, suggested_minor=2000, floor_minor=1500, change=PriceChange("percent", -5000))
    assert (done.after_minor, done.wanted_minor, done.limited) == (1500, 1000, True)


def test_ending_in_ninety_goes_up_where_down_would_break_the_floor():
    done = reprice(
        2000, suggested_minor=2000, floor_minor=1895, change=PriceChange("percent", -500, to_ninety=True)
    )
    assert done.after_minor == 1990


def test_a_change_to_nothing_or_less_is_refused_and_leaves_the_price():
    done = reprice(2000, suggested_minor=2000, floor_minor=0, change=PriceChange("amount", -2000))
    assert done.refused
    assert done.after_minor == 2000


@pytest.mark.parametrize(("floor", "price"), [(1890, 1890), (1891, 1990), (0, 90), (1800, 1890)])
def test_the_next_ninety_is_the_lowest_that_is_not_below(floor, price):
    assert next_ninety(floor) == price
