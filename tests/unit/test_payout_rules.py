"""When a firm is paid, what an account looks like, and what a bank may say. Values in, values out."""

import contextlib
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.payouts import bank_file
from app.domain.payouts.bank_file import BankLine
from app.domain.payouts.errors import BankResultRefused, PayoutAccountCurrency
from app.domain.payouts.rules import EVERY, Schedule, clean_number, is_luhn, key_of, last_signs, needs_second
from app.foundation.errors import InvalidInput

NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)  # a Sunday, noon in Shanghai


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (Schedule("daily", 1, 0), "2026-11-23"),
        (Schedule("weekly", 1, 0), "2026-11-23"),
        (Schedule("weekly", 7, 0), "2026-11-29"),
        (Schedule("monthly", 22, 0), "2026-12-22"),
        (Schedule("monthly", 28, 0), "2026-11-28"),
        (Schedule("monthly", 1, 0), "2026-12-01"),
    ],
)
def test_the_next_day_of_paying_is_nine_in_the_morning_in_shanghai(schedule, expected):
    assert schedule.next_after(NOON) == datetime.fromisoformat(f"{expected}T01:00:00+00:00")


def test_before_nine_the_same_day_still_counts():
    assert Schedule("daily", 1, 0).next_after(NOON - timedelta(hours=4)) == datetime(
        2026, 11, 22, 1, tzinfo=UTC
    )


@given(
    every=st.sampled_from(EVERY), day=st.integers(1, 28),
    at=st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
)  # fmt: skip
def test_days_of_paying_go_forward_and_leave_none_out(every, day, at):
    schedule = Schedule(every, day, 0)
    first = schedule.next_after(at)
    second = schedule.next_after(first)
    least, most = {"daily": (1, 1), "weekly": (7, 7), "monthly": (28, 31)}[every]
    assert at < first <= at + timedelta(days=most)
    assert timedelta(days=least) <= second - first <= timedelta(days=most)


def test_a_payouts_key_is_its_firm_currency_and_business_day():
    late = datetime(2026, 11, 22, 17, tzinfo=UTC)  # past midnight in Shanghai
    assert key_of(brand_id=None, distributor_id=7, currency="CNY", due_at=late) == "payout-d7-CNY-20261123"
    assert key_of(brand_id=7, distributor_id=None, currency="CNY", due_at=NOON) == "payout-b7-CNY-20261122"


def test_two_people_are_needed_above_the_limit_in_whole_units():
    assert not needs_second(5_000_000, limit=50_000, decimals=2)
    assert needs_second(5_000_001, limit=50_000, decimals=2)
    assert needs_second(50_001, limit=50_000, decimals=0)
    assert not needs_second(10**12, limit=0, decimals=2)


@pytest.mark.parametrize("number", ["DE89 3704 0044 0532 0130 00", "fr14 2004 1010 0505 0001 3m02 606"])
def test_an_iban_of_the_currency_is_kept_without_spaces(number):
    assert " " not in clean_number(number, method="bank", currency="EUR")


@pytest.mark.parametrize(
    ("number", "method", "currency", "error"),
    [
        ("DE89370400440532013000", "bank", "CNY", PayoutAccountCurrency),
        ("DE88370400440532013000", "bank", "EUR", InvalidInput),
        ("6222020200112231", "bank", "CNY", InvalidInput),
        ("123", "bank", "CNY", InvalidInput),
        ("=1+1", "bank", "CNY", InvalidInput),
        ("acct_", "stripe", "CNY", InvalidInput),
        ("acct_12345678", "bank", "CNY", InvalidInput),
    ],
)
def test_a_number_that_cannot_be_an_account_is_refused(number, method, currency, error):
    with pytest.raises(error):
        clean_number(number, method=method, currency=currency)


def test_only_the_last_signs_are_shown():
    assert last_signs("6222020200112230") == "•••• 2230"
    assert is_luhn("6222020200112230") and not is_luhn("6222020200112231")


LINES = [
    BankLine("payout-d1-CNY-20261122", 123_456, "=HYPERLINK(1)", "6222020200112230", "中国银行"),
    BankLine("payout-d2-CNY-20261122", 100, "张三\n李四", "12345678", "@SUM(A1)"),
]
OWED = {line.reference: line.amount_minor for line in LINES}


def test_the_file_for_the_bank_has_control_totals_and_no_formula():
    content = bank_file.write(7, "CNY", date(2026, 11, 22), LINES)
    rows = content.decode().splitlines()
    assert rows[0] == "PERKLINE-PAYOUTS,1,7,CNY,2026-11-22"
    assert rows[1] == "P,payout-d1-CNY-20261122,1234.56,'=HYPERLINK(1),6222020200112230,中国银行"
    assert rows[2] == "P,payout-d2-CNY-20261122,1.00,张三 李四,12345678,'@SUM(A1)"
    assert rows[3].startswith("END,2,1235.56,") and len(rows[3].rsplit(",", 1)[1]) == 64
    assert bank_file.write(7, "CNY", date(2026, 11, 22), LINES) == content


def answer(
    *lines: str, count: int | None = None, total: str = "1235.56", head: str = "PERKLINE-RESULT,1,7,CNY"
) -> bytes:
    return "\r\n".join([head, *lines, f"END,{len(lines) if count is None else count},{total}"]).encode()


FIRST, SECOND = "R,payout-d1-CNY-20261122,1234.56,paid,B1,", "R,payout-d2-CNY-20261122,1.00,failed,B2,closed"


def test_a_banks_answer_is_read_line_by_line():
    first, second = bank_file.read_result(answer(FIRST, SECOND), batch_id=7, currency="CNY", owed=OWED)
    assert (first.status, first.amount_minor, first.line) == ("paid", 123_456, 2)
    assert (second.status, second.reason, second.external_id) == ("failed", "closed", "B2")


@pytest.mark.parametrize(
    ("content", "faults"),
    [
        (answer(FIRST, SECOND, head="PERKLINE-RESULT,1,8,CNY"), [(1, "header")]),
        (answer(FIRST, SECOND, total="1235.55"), [(4, "totals")]),
        (answer(FIRST, SECOND, count=3), [(4, "totals")]),
        (answer(FIRST, FIRST), [(2, "doubled"), (3, "doubled")]),
        (answer("R,payout-d9-CNY-20261122,1.00,paid,,", SECOND), [(2, "unknown")]),
        (answer(FIRST.replace("1234.56", "1234.57"), SECOND), [(2, "amount")]),
        (answer(FIRST.replace("paid", "perhaps"), "R,x"), [(2, "status"), (3, "shape")]),
        (b"", [(1, "header")]),
        (b"\xff\xfe", [(1, "unreadable")]),
        (b"PERKLINE-RESULT,1,7,CNY\r\n" + FIRST.encode(), [(2, "trailer")]),
    ],
)
def test_a_banks_answer_that_cannot_be_true_is_refused_as_a_whole_with_its_lines(content, faults):
    with pytest.raises(BankResultRefused) as refused:
        bank_file.read_result(content, batch_id=7, currency="CNY", owed=OWED)
    assert refused.value.facts["lines"] == faults


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(content):
    with contextlib.suppress(BankResultRefused):
        bank_file.read_result(content, batch_id=7, currency="CNY", owed=OWED)
