"""Reading a firm's statement from the books, and keeping what was issued."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from app.domain.ledger.firms import Firm
from app.domain.ledger.models import IssuedStatement, LedgerEntry, LedgerTransaction
from app.domain.ledger.rules import Movement, Statement, Sums, sums_of
from app.foundation.database import session
from app.foundation.errors import Busy

ZONE = ZoneInfo("Asia/Shanghai")
TRIES = 3


@dataclass(frozen=True, slots=True)
class Days:
    """Whole business days, both included."""

    since: date
    until: date

    @property
    def begins_at(self) -> datetime:
        return datetime.combine(self.since, time(), ZONE)

    @property
    def ends_at(self) -> datetime:
        return datetime.combine(self.until + timedelta(days=1), time(), ZONE)


def read(firm: Firm, currency: str, days: Days) -> Statement:
    """A firm's statement. Read again where a sale was posted in the middle of reading; Busy where that never ends."""
    for _ in range(TRIES):
        opening, closing = _balances(firm, currency, days)
        movements = _movements(firm, currency, days)
        found = Statement((firm.kind, firm.id), currency, days.since, days.until, opening, closing, movements)
        if found.adds_up:
            return found
    raise Busy(retry_seconds=2)


def _balances(firm: Firm, currency: str, days: Days) -> tuple[Sums, Sums]:
    """Before the first day and after the last, both from the index of the firm's entries."""
    amount, at = LedgerEntry.amount_minor, LedgerEntry.occurred_at
    found = (
        select(
            LedgerEntry.account,
            func.coalesce(func.sum(amount).filter(at < days.begins_at), 0),
            func.sum(amount),
        )
        .where(firm.owns(LedgerEntry), LedgerEntry.currency == currency, at < days.ends_at)
        .group_by(LedgerEntry.account)
    )
    opening, closing = {}, {}
    for account, before, whole in session().execute(found):
        place = account.removeprefix(f"{firm.kind}_")
        opening[place], closing[place] = int(before), int(whole)
    return sums_of(opening), sums_of(closing)


def _movements(firm: Firm, currency: str, days: Days) -> list[Movement]:
    """What each transaction did, oldest first, with all of a firm's entries of it in one row."""
    columns = [
        func.coalesce(
            func.sum(LedgerEntry.amount_minor).filter(LedgerEntry.account == f"{firm.kind}_{place}"), 0
        )
        for place in ("held", "available", "in_transit")
    ]
    found = (
        select(
            LedgerTransaction.id, LedgerTransaction.kind, LedgerTransaction.occurred_at,
            LedgerTransaction.order_line_id, LedgerTransaction.payout_id, *columns,
        )
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .where(
            firm.owns(LedgerEntry), LedgerEntry.currency == currency,
            LedgerEntry.occurred_at >= days.begins_at, LedgerEntry.occurred_at < days.ends_at,
        )
        .group_by(LedgerTransaction.id, LedgerTransaction.kind, LedgerTransaction.occurred_at,
                  LedgerTransaction.order_line_id, LedgerTransaction.payout_id)
        .order_by(LedgerTransaction.occurred_at, LedgerTransaction.id)
    )  # fmt: skip
    return [
        Movement(row[0], row[1], row[2], Sums(int(row[5]), int(row[6]), int(row[7])), row[3], row[4])
        for row in session().execute(found)
    ]


def keep(values: dict[str, Any]) -> None:
    """Write down what a statement said; the same words again are the same statement."""
    session().execute(insert(IssuedStatement).values(values).on_conflict_do_nothing())


def issued(firm: Firm, statement: Statement, digest: str) -> IssuedStatement | None:
    """The statement that was issued with exactly these figures."""
    found = select(IssuedStatement).where(
        firm.owns(IssuedStatement), IssuedStatement.currency == statement.currency,
        IssuedStatement.since == statement.since, IssuedStatement.until == statement.until,
        IssuedStatement.digest == digest,
    )  # fmt: skip
    return session().execute(found).scalar_one_or_none()


def by_number(number: str) -> IssuedStatement | None:
    return (
        session()
        .execute(select(IssuedStatement).where(IssuedStatement.number == number))
        .scalar_one_or_none()
    )
