"""Whatever stands in a stock file, each line is judged alone and no good code is lost."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from app.domain.inventory.stock_file import (
    Choices,
    Good,
    Line,
    Malformed,
    Separator,
    open_stock_file,
)

CODES = st.text(alphabet="ABCDEFGHJKLMNPQRSTUVWXYZ23456789-", min_size=4, max_size=20).filter(
    lambda code: "----" not in code and code.strip("-") == code
)
PAIRS = st.lists(st.tuples(CODES, CODES), min_size=2, max_size=30)
SEPARATORS = st.sampled_from([one for one in Separator if one is not Separator.WHOLE_LINE])
# Lines that are no code of two parts: nothing of them may reach a neighbour.
BROKEN = st.one_of(
    st.sampled_from(['"', '"open', "\x00", "=", "lonely", "\ufffd,", "'", '""""', "🂡"]),
    st.text(st.characters(blacklist_characters="\n\r,", blacklist_categories=["Cs"]), min_size=1),
)


def read(content: bytes, **choices: object) -> list[Line]:
    return list(open_stock_file(io.BytesIO(content), Choices(**choices)).lines())  # type: ignore[arg-type]


@given(
    PAIRS,
    SEPARATORS,
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_was_written_is_read(
    pairs: list[tuple[str, str]], separator: Separator, end: str, encoding: str
) -> None:
    content = end.join(f"{card}{separator}{password}" for card, password in pairs)
    lines = read(content.encode(encoding), has_header=False)
    assert [(line.secret.card, line.secret.password) for line in lines if isinstance(line, Good)] == pairs


@given(PAIRS, st.lists(st.tuples(st.integers(0, 29), BROKEN), max_size=10))
def test_broken_lines_leave_the_good_ones_alone(
    pairs: list[tuple[str, str]], broken: list[tuple[int, str]]
) -> None:
    content = [f"{card},{password}" for card, password in pairs]
    for at, line in broken:
        content.insert(at, line)
    lines = read("\n".join(content).encode(), separator=Separator.COMMA, has_header=False)
    found = [(line.secret.card, line.secret.password) for line in lines if isinstance(line, Good)]
    # With few good lines the broken ones may set the layout; then none is taken for a pair.
    if len(pairs) > 2 * len(broken):
        assert [pair for pair in found if pair in set(pairs)] == pairs


@given(st.binary(max_size=2_000))
def test_no_file_at_all_breaks_the_reader(content: bytes) -> None:
    lines = read(b"#" + content)
    numbers = [line.line for line in lines]
    assert numbers == sorted(set(numbers))
    assert all(isinstance(line, Good | Malformed) for line in lines)
