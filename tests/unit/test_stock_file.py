"""Stock files as brands really send them."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta, timezone

import pytest
from openpyxl import Workbook

from app.domain.inventory.stock_file import (
    Choices,
    FileUnreadable,
    Good,
    Line,
    Malformed,
    Reason,
    Separator,
    open_stock_file,
    preview,
)
from app.foundation.vault import Fingerprinter, Secret

BEIJING = timezone(timedelta(hours=8))


def read(content: str | bytes, **choices: object) -> list[Line]:
    source = io.BytesIO(content.encode() if isinstance(content, str) else content)
    return list(open_stock_file(source, Choices(**choices)).lines())  # type: ignore[arg-type]


def secrets(content: str | bytes, **choices: object) -> list[tuple[str, str | None]]:
    lines = read(content, **choices)
    return [(line.secret.card, line.secret.password) for line in lines if isinstance(line, Good)]


def problems(content: str | bytes, **choices: object) -> list[tuple[int, Reason]]:
    return [line for line in read(content, **choices) if isinstance(line, Malformed)]


TWO = [("A1", "p1"), ("A2", "p2"), ("A3", "p3")]


@pytest.mark.parametrize("separator", ["----", "\t", ",", ";", "|", " ", "   ", " , ", " ---- "])
def test_card_and_password_are_found_whatever_stands_between(separator: str) -> None:
    assert secrets("\n".join(f"{card}{separator}{word}" for card, word in TWO)) == TWO


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\n\n", "\r\n \r\n"])
def test_line_ends_and_blank_lines_do_not_matter(end: str) -> None:
    assert secrets(end.join(f"{card},{word}" for card, word in TWO) + end) == TWO


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_the_encoding_is_found_out(encoding: str) -> None:
    assert secrets("卡号,密码\n甲1,乙1\n甲2,乙2".encode(encoding)) == [
        ("甲1", "乙1"),
        ("甲2", "乙2"),
    ]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("卡号,密码,有效期", "A1,p1,2030-01-31"),
        ("有效期至,密码,卡号", "2030-01-31,p1,A1"),
        ("Card Number,PIN,Expires_At", "A1,p1,2030-01-31"),
        ("面值,卡号,卡密,备注,到期时间", "50,A1,p1,无,2030-01-31"),
    ],
)
def test_the_header_says_which_column_is_which(header: str, row: str) -> None:
    [line] = read(f"{header}\n{row}\n", zone=BEIJING)
    assert line == Good(2, Secret("A1", "p1"), datetime(2030, 1, 31, 16, tzinfo=UTC))


@pytest.mark.parametrize("header", ["卡密", "兑换码", "Code", "cd_key", "链接", "password"])
def test_one_column_of_secrets_is_a_code_of_one_part(header: str) -> None:
    assert secrets(f"{header}\nABC\nDEF") == [("ABC", None), ("DEF", None)]


def test_codes_of_one_part_are_whole_lines() -> None:
    lines = ["ABCD-EFGH-IJKL", "ABCD EFGH IJKL MNOP", "https://a.example/x?y=1&z=2"]
    for line in lines:
        assert secrets(f"{line}\n{line}") == [(line, None)] * 2


def test_a_remark_belongs_to_its_link() -> None:
    line = "https://pan.example/s/1abc pin-abcd"
    assert secrets(f"{line}\n{line}") == [(line, None)] * 2


def test_a_brand_may_say_what_it_meant() -> None:
    assert secrets("ABCD EFGH\nIJKL MNOP", separator=Separator.WHOLE_LINE)[0] == ("ABCD EFGH", None)
    assert secrets("code\nABC", has_header=False) == [("code", None), ("ABC", None)]
    assert secrets("Nummer\nABC", has_header=True) == [("ABC", None)]


def test_expiry_without_header_is_recognised() -> None:
    [first, _] = read("A1,p1,2030/1/2\nA2,p2,\n")
    assert first == Good(1, Secret("A1", "p1"), datetime(2030, 1, 3, tzinfo=UTC))
    [only, _] = read("A1,20300102\nA2,20300103\n")
    assert only == Good(1, Secret("A1"), datetime(2030, 1, 3, tzinfo=UTC))


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2030-01-02", datetime(2030, 1, 2, 16, tzinfo=UTC)),
        ("2030年1月2日", datetime(2030, 1, 2, 16, tzinfo=UTC)),
        ("2030.1.2", datetime(2030, 1, 2, 16, tzinfo=UTC)),
        ("2030-01-02 08:30", datetime(2030, 1, 2, 0, 30, tzinfo=UTC)),
        ("2030-01-02T08:30:15", datetime(2030, 1, 2, 0, 30, 15, tzinfo=UTC)),
        ("2030-01-02T08:30:15.123Z", datetime(2030, 1, 2, 8, 30, 15, tzinfo=UTC)),
        ("2030-01-02 08:30+02:00", datetime(2030, 1, 2, 6, 30, tzinfo=UTC)),
        (" ", None),
    ],
)
def test_expiry_is_read_in_the_brands_zone(written: str, moment: datetime | None) -> None:
    [line] = read(f"code,expiry\nA1,{written}", zone=BEIJING)
    assert line == Good(2, Secret("A1"), moment)


@pytest.mark.parametrize("written", ["02/01/2030", "soon", "2030-13-01", "2030-02-30", "30-1-2"])
def test_a_day_that_could_be_another_is_refused(written: str) -> None:
    assert problems(f"code,expiry\nA1,{written}") == [(2, Reason.EXPIRY_UNREADABLE)]


def test_an_expired_code_is_malformed() -> None:
    now = datetime(2030, 1, 1, tzinfo=UTC)
    assert problems("code,expiry\nA1,2029-12-31\nA2,2030-01-01", now=now) == [(2, Reason.EXPIRED)]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ('"A9,p9', Reason.BROKEN_QUOTES),
        ("A9", Reason.NO_PASSWORD),
        ("A9,", Reason.NO_PASSWORD),
        (",p9", Reason.NO_CODE),
        (",", Reason.NO_CODE),
        ("A9,p9,x", Reason.TOO_MANY_COLUMNS),
        ("A\x009,p9", Reason.HIDDEN_CHARACTER),
        ("A\u200b9,p9", Reason.HIDDEN_CHARACTER),
        (f"{'A' * 2_001},p9", Reason.TOO_LONG),
        (f"{'A' * 400_000},p9", Reason.TOO_LONG),
        ("6.21234E+15,p9", Reason.CHANGED_BY_SPREADSHEET),
        ("卡号,密码", Reason.REPEATED_HEADER),
    ],
)
def test_a_broken_line_never_blocks_the_good_ones(broken: str, reason: Reason) -> None:
    content = f"卡号,密码\nA1,p1\n{broken}\nA2,p2\nA3,p3"
    assert secrets(content) == TWO
    assert problems(content) == [(3, reason)]


def test_a_line_in_another_encoding_breaks_alone() -> None:
    content = "甲1,p1\n甲2,p2\n".encode() + b"\xff\xfe\x81,p3\n" + "甲4,p4".encode()
    assert [card for card, _ in secrets(content)] == ["甲1", "甲2", "甲4"]
    assert problems(content) == [(3, Reason.UNREADABLE_TEXT)]


def test_quotes_and_excels_trick_for_zeros_are_undone() -> None:
    assert secrets('"A,1","p""1"\n="0012","p 2"\n') == [("A,1", 'p"1'), ("0012", "p 2")]
    assert secrets('"A1"\n="0012"\n"A""3"') == [("A1", None), ("0012", None), ('A"3', None)]


def test_blank_columns_at_the_end_are_nothing() -> None:
    assert secrets("A1,p1,,\nA2,p2\nA3,p3") == TWO


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", "卡号,密码\n".encode()])
def test_an_empty_file_holds_no_codes(content: bytes) -> None:
    assert read(content) == []


def sheet(*rows: list[object], zeros: int = 0) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    if zeros:
        book.active["A1"].number_format = "0" * zeros
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def test_a_spreadsheet_keeps_codes_as_they_were_typed() -> None:
    content = sheet(
        ["卡号", "密码", "有效期"],
        ["0012345678901234567", "p1", datetime(2030, 1, 31)],
        [],
        [123456789012345, 42, "2030-01-31"],
    )
    end = datetime(2030, 2, 1, tzinfo=UTC)
    assert read(content) == [
        Good(2, Secret("0012345678901234567", "p1"), end),
        Good(4, Secret("123456789012345", "42"), end),
    ]


def test_leading_zeros_that_only_the_format_shows_are_kept() -> None:
    assert secrets(sheet([1234], zeros=8)) == [("00001234", None)]


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (6212345678901234, Reason.DIGITS_LOST),
        (6.21234567890123e18, Reason.DIGITS_LOST),
        (datetime(2030, 1, 2), Reason.CHANGED_BY_SPREADSHEET),
        ("#N/A", Reason.CHANGED_BY_SPREADSHEET),
        ("1.2E+15", Reason.CHANGED_BY_SPREADSHEET),
        (None, Reason.NO_CODE),
    ],
)
def test_a_cell_the_spreadsheet_has_spoilt_is_malformed(cell: object, reason: Reason) -> None:
    content = sheet(["code", "note"], ["A1", "x"], [cell, "x"], ["A2", "x"])
    assert secrets(content) == [("A1", None), ("A2", None)]
    assert problems(content) == [(3, reason)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"PK\x03\x04 no archive", "broken_spreadsheet"),
        (b"\xd0\xcf\x11\xe0 old", "old_or_locked_spreadsheet"),
        (sheet(["A1"])[:-50], "broken_spreadsheet"),
    ],
)
def test_a_file_that_is_no_stock_file_says_why(content: bytes, reason: str) -> None:
    with pytest.raises(FileUnreadable) as refused:
        read(content)
    assert refused.value.facts == {"reason": reason}


def test_a_preview_counts_and_masks() -> None:
    content = "卡号,密码\nABCD1234,p1\nABCD1234, p1\nbroken\nWXYZ9876,p2"
    stock = open_stock_file(io.BytesIO(content.encode()), Choices())
    seen = preview(stock, Fingerprinter("a setting that is long enough").of, show=3)
    assert (seen.good, seen.repeated, seen.malformed) == (2, 1, {Reason.NO_PASSWORD: 1})
    assert [line.masked for line in seen.first] == ["AB••••34 / ••••", "AB••••34 / ••••", ""]
    assert [(line.line, line.repeats_line) for line in seen.problems] == [(3, 2), (4, None)]
    assert seen.complete
    assert "1234" not in repr(seen).replace("••••34", "")


def test_a_preview_of_a_long_file_says_that_it_stopped() -> None:
    stock = open_stock_file(io.BytesIO(b"\n".join(b"A%d" % n for n in range(50))), Choices())
    seen = preview(stock, Fingerprinter("a setting that is long enough").of, count=10)
    assert (seen.good, seen.complete) == (10, False)
