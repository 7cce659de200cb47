"""A brand writes patterns for what buyers must tell; none of them can stop a shop."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demo.fields import FIELDS
from app.domain.catalog.patterns import BadPattern, matches, parse
from app.domain.identity.rules import clean_email as clean_staff_email
from app.domain.orders.errors import BuyerFieldInvalid
from app.domain.orders.rules import clean_buyer_fields, clean_email
from app.foundation.errors import InvalidInput


def field(pattern: str) -> list[dict[str, object]]:
    return [{"name": "account", "label": "账号", "pattern": pattern}]


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (r"1[3-9]\d{9}", "13812345678", "1381234567"),
        (r"^\d{8,10}$", "84210937", "8421093a"),
        (r"[1-9]\d{0,2}", "12", "012"),
        (r"[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s.]{2,24}", "lin.xia@mail.example", "lin xia@mail.example"),
        (r"\d+|[A-Z]{2}", "AB", "ABC"),
        (r"a\.b\-?c", "a.bc", "axbc"),
        (r"[\w\-]+", "a-b_9", "a b"),
        (r"[一-龥]{2,4}", "林小夏", "lin"),
        (r"\d{3,}", "1234", "12"),
        (r"a*b*a*b*", "aabbab", "ababab"),
    ],
)
def test_a_pattern_fits_what_it_describes_and_nothing_else(pattern: str, good: str, bad: str):
    assert clean_buyer_fields(field(pattern), {"account": good}) == {"account": good}
    with pytest.raises(BuyerFieldInvalid):
        clean_buyer_fields(field(pattern), {"account": bad})


@pytest.mark.parametrize(
    "pattern",
    [r"(a+)+$", r"(a|aa)+", r"(.*)*x", r"(\d+)+\1", r"(?=a)a", "a{5,2}", "[z-a]", "[", "a**", r"\b"],
)
def test_what_could_search_for_ever_is_no_pattern(pattern: str):
    with pytest.raises(BadPattern):
        parse(pattern)


@pytest.mark.parametrize("pattern", [r"(a+)+$", ".*" * 99 + "x", r"[a]*" * 49 + "b", "a?" * 99 + "b"])
def test_the_worst_a_brand_can_write_costs_a_moment(pattern: str):
    started = time.process_time()
    with pytest.raises(BuyerFieldInvalid):
        clean_buyer_fields(field(pattern), {"account": "a" * 200})
    assert time.process_time() - started < 0.5


ATOM = st.sampled_from(["a", "b", ".", r"\d", "[ab]", "[^a]", "[a-c1]"])
TIMES = st.sampled_from(["", "", "?", "*", "+", "{2}", "{1,3}", "{0,2}"])
PATTERN = st.lists(st.tuples(ATOM, TIMES).map("".join), min_size=1, max_size=5).map("".join)


@given(st.lists(PATTERN, min_size=1, max_size=2).map("|".join), st.text("abc12", max_size=8))
def test_it_reads_patterns_as_regular_expressions_are_read(pattern: str, value: str):
    assert matches(pattern, value) is (re.fullmatch(pattern, value) is not None)


@pytest.mark.parametrize("name", FIELDS)
def test_every_pattern_of_the_demo_is_of_this_language(name: str):
    assert matches(FIELDS[name].pattern, FIELDS[name].sample)


@pytest.mark.parametrize("value", ["138\x0012345678", "138\n12345678", "a\x07b", "x\x85y"])
def test_control_signs_are_no_answer_of_a_buyer(value: str):
    with pytest.raises(BuyerFieldInvalid):
        clean_buyer_fields(field(""), {"account": value})


@pytest.mark.parametrize("clean", [clean_email, clean_staff_email])
@pytest.mark.parametrize(
    "text",
    [
        "a\x00@example.com",
        "a,b@example.com",
        "<a@example.com>",
        "a@example.com;b@example.com",
        '"a"@example.com',
        "a(b)@example.com",
        "a\x1f@example.com",
    ],
)
def test_an_address_that_a_mail_could_read_as_something_else_is_none(clean, text: str):
    with pytest.raises(InvalidInput):
        clean(text)
