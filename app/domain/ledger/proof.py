"""Proving the books: one pass over entries, one over transactions; the guilty are looked for only when something
    differs.

The pass over entries sums by account and finds every broken seal (`seal # mix` of a sound row is its
account's mark). That each transaction has its entries, in its currency, moving what it says and
summing to zero is shown by two numbers for each account: sums of amounts and of places weighted by a
hash of the transaction. They are equal where all is well and differ, but for one case in a million, where not.
"""

# ruff: noqa: S608 - its SQL is made of constants

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from app.foundation.database import session

WEIGHT = "(hashint8({}) & 1048575)"
"""A number below 2^20 that follows from an id; amounts to 80 billion (in minor units) may be weighted with it."""
MOST_NAMED = 200

BOOKS = text(f"""
    SELECT account, brand_id, distributor_id, currency, count(*) AS entries, sum(amount_minor) AS total,
        sum(coalesce(seal, 0) # hashint8extended(id, hashint8extended(transaction_id, hashint8extended(amount_minor,
            timestamptz_hash_extended(occurred_at, position))))) AS marks,
        money.mark_of(account, brand_id, distributor_id, currency) AS mark,
        sum(amount_minor * {WEIGHT.format("transaction_id")}) AS weighted,
        sum({WEIGHT.format("transaction_id")}) AS places
    FROM ledger_entries GROUP BY account, brand_id, distributor_id, currency
""")
FACTS = text(f"""
    SELECT kind, currency, count(*) AS transactions, sum(size) AS entries, sum(size * {WEIGHT.format("id")}) AS
    places,
        sum(moved_minor * {WEIGHT.format("id")}) AS moved,
        sum(moved_minor * {WEIGHT.format("coalesce(refund_id, payment_id, order_line_id, payout_id, 0)")}) AS facts,
        sum(moved_minor * {WEIGHT.format("coalesce(order_id, 0)")}) AS orders,
        sum(moved_minor * (hashtext(key) & 1048575)) FILTER (WHERE kind = 'gateway_fee') AS keys
    FROM ledger_transactions GROUP BY kind, currency
""")
BROKEN = text("""
    SELECT 'seal' AS what, id AS entry, transaction_id AS transaction, account, amount_minor, currency FROM
    ledger_entries
    WHERE seal IS DISTINCT FROM money.seal_of(id, transaction_id, position, account, brand_id, distributor_id,
    currency,
        amount_minor, occurred_at) ORDER BY id LIMIT :most
""")
UNBALANCED = text("""
    SELECT * FROM (
        SELECT t.id AS transaction, t.key, t.kind, t.currency, t.size, t.moved_minor, count(e.id) AS entries,
            coalesce(sum(e.amount_minor), 0) AS total, coalesce(sum(e.amount_minor) FILTER (WHERE e.amount_minor >
            0), 0) AS moved,
            bool_and(e.currency = t.currency) AS one_currency
        FROM ledger_transactions t LEFT JOIN ledger_entries e ON e.transaction_id = t.id GROUP BY t.id) x
    WHERE total <> 0 OR entries <> size OR moved <> moved_minor OR NOT coalesce(one_currency, false)
    ORDER BY transaction LIMIT :most
""")
LOST = text("""
    SELECT e.id AS entry, e.transaction_id AS transaction, e.account, e.amount_minor, e.currency FROM ledger_entries e
    WHERE NOT EXISTS (SELECT 1 FROM ledger_transactions t WHERE t.id = e.transaction_id) ORDER BY e.id LIMIT :most
""")
UPTO = text("""
    SELECT coalesce(max(e.id), 0) FROM ledger_entries e WHERE e.transaction_id = (
        SELECT max(id) FROM ledger_transactions WHERE posted_at <= now() - interval '1 hour')
""")


@dataclass(frozen=True, slots=True)
class Account:
    """One account's sums in one currency."""

    account: str
    brand_id: int | None
    distributor_id: int | None
    currency: str
    entries: int
    total: int
    marks: int
    mark: int
    weighted: int
    places: int

    def as_json(self) -> list[Any]:
        return [
            self.account,
            self.brand_id,
            self.distributor_id,
            self.currency,
            self.entries,
            str(self.total),
        ]


@dataclass(frozen=True, slots=True)
class Facts:
    """The transactions of one kind in one currency; what they moved, weighted by their ids (`moved`), by the payment,
    refund, line or payout they are of (`facts`), by their orders, and by their keys (fees only).
    """

    kind: str
    currency: str
    transactions: int
    entries: int
    places: int
    moved: int
    facts: int
    orders: int
    keys: int


@dataclass(frozen=True, slots=True)
class Books:
    """What one pass over the books says."""

    accounts: Sequence[Account]
    facts: Sequence[Facts]

    @property
    def entries(self) -> int:
        return sum(account.entries for account in self.accounts)

    @property
    def transactions(self) -> int:
        return sum(fact.transactions for fact in self.facts)

    def weighted(self, account: str) -> int:
        """An account's weighted amounts, of all owners and currencies."""
        return sum(one.weighted for one in self.accounts if one.account == account)

    def of(self, figure: str, *kinds: str) -> int:
        """A figure of all transactions of these kinds."""
        return sum(int(getattr(one, figure)) for one in self.facts if one.kind in kinds)


def read() -> Books:
    """Both passes, in the caller's snapshot."""
    accounts = [
        Account(*row[:4], *(int(value or 0) for value in row[4:])) for row in session().execute(BOOKS)
    ]
    facts = [
        Facts(row[0], row[1], *(int(value or 0) for value in row[2:])) for row in session().execute(FACTS)
    ]
    return Books(accounts, facts)


def sound(books: Books) -> bool:
    """Whether every seal holds and every transaction is whole, in one currency and sums to zero."""
    if any(account.marks != account.entries * account.mark for account in books.accounts):
        return False
    for currency in {one.currency for one in books.accounts} | {one.currency for one in books.facts}:
        accounts = [one for one in books.accounts if one.currency == currency]
        facts = [one for one in books.facts if one.currency == currency]
        if sum(one.total for one in accounts) or sum(one.weighted for one in accounts):
            return False
        if sum(one.places for one in accounts) != sum(one.places for one in facts):
            return False
        if sum(one.entries for one in accounts) != sum(one.entries for one in facts):
            return False
    return True


def faults() -> list[dict[str, Any]]:
    """Which entries and transactions are not as they were posted, by name."""
    found = [{**row, "check": "seal"} for row in _rows(BROKEN)]
    found += [{**row, "check": "transaction"} for row in _rows(UNBALANCED)]
    found += [{**row, "check": "transaction"} for row in _rows(LOST)]
    return found


def upto() -> int:
    """The newest entry of the transactions that are over an hour old: nothing is written before it any more."""
    return int(session().execute(UPTO).scalar_one())


def _rows(question: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in session().execute(question, {"most": MOST_NAMED}).mappings()]
