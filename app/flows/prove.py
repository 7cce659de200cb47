"""The books prove themselves: everything is added up again and compared with what it tells of, in one snapshot."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.exc import DataError

from app.domain.commissions.calendar import day_of
from app.domain.ledger import proof
from app.domain.ledger.models import LedgerProof
from app.domain.reconciliation import checks, sums
from app.domain.reconciliation.check import Check
from app.foundation import clock, snapshot
from app.foundation.database import session
from app.foundation.runtime import settings
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope

LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('ledger proofs', 0))")
# Sorting and joining millions of rows is this snapshot's only work.
ROOM = text("SELECT set_config('work_mem', '64MB', true)")
SINCE = text("""
    SELECT account, brand_id, distributor_id, currency, count(*) AS entries, sum(amount_minor) AS total
    FROM ledger_entries
    WHERE id > :upto GROUP BY 1, 2, 3, 4
""")
MOST_KEPT = 500


@dataclass(frozen=True, slots=True)
class Proof:
    """What one proof found; `differences` is empty when every cent is where it belongs."""

    id: int
    entries: int
    transactions: int
    upto_entry_id: int
    differences: Sequence[dict[str, Any]]
    started_at: datetime
    finished_at: datetime
    digest: str

    def as_json(self) -> dict[str, Any]:
        return {
            "proof": self.id, "entries": self.entries, "transactions": self.transactions,
            "differences": list(self.differences),
            "started_at": self.started_at.isoformat(), "finished_at": self.finished_at.isoformat(),
            "digest": self.digest,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Seen:
    entries: int
    transactions: int
    upto: int
    balances: list[list[Any]]
    differences: list[dict[str, Any]]


def prove() -> Proof:
    """Prove the books and keep what was found, chained to the proof before."""
    started = clock.now()
    with platform_scope():
        seen = _look()
    with platform_scope(), unit_of_work() as work:
        work.session.execute(LOCK)  # one after another: a chain has no forks
        before = _newest()
        row = LedgerProof(
            started_at=started, finished_at=clock.now(), entries=seen.entries, upto_entry_id=seen.upto,
            balances=seen.balances, differences=seen.differences[:MOST_KEPT], digest="",
        )  # fmt: skip
        row.digest = digest_of(row, before.digest if before else "")
        work.session.add(row)
        work.session.flush()
        return Proof(
            row.id,
            seen.entries,
            seen.transactions,
            seen.upto,
            seen.differences,
            started,
            row.finished_at,
            row.digest,
        )


def prove_nightly() -> bool:
    """Prove the books once in each business day, at its first tick; whether that was now."""
    with platform_scope():
        newest = _newest()
        if newest is not None and day_of(newest.started_at) == day_of(clock.now()):
            return False
    prove()
    return True


def digest_of(row: LedgerProof, before: str) -> str:
    """A proof's mark, which nobody makes without the house's key; `before` is that of the proof before it."""
    told = [
        before, row.started_at.astimezone(UTC).isoformat(), row.finished_at.astimezone(UTC).isoformat(),
        row.entries, row.upto_entry_id, row.balances,
        row.differences,
    ]  # fmt: skip
    words = json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hmac.new(settings().key_for("ledger-proof"), words.encode(), hashlib.sha256).hexdigest()


def _newest() -> LedgerProof | None:
    return (
        session().execute(select(LedgerProof).order_by(LedgerProof.id.desc()).limit(1)).scalar_one_or_none()
    )


def _look() -> _Seen:
    """Everything that is read, in one snapshot that cannot write; the books and the rest of the house at once."""
    with snapshot.beside(snapshot.begin(), _sums) as rest:
        session().execute(ROOM)
        differences: list[dict[str, Any]] = _chain()
        before = _newest()
        books = _books()
        if books is None or not proof.sound(books):
            differences += proof.faults() or [{"check": "total", "currencies": _totals(books)}]
        wanted = checks.ALL if books is None else _doubtful(books, rest)
    for check in wanted:
        differences += checks.ask(check)
    if books is not None and before is not None:
        differences += _changed(books, before)
    upto = proof.upto()
    kept = [] if books is None else _balances_upto(books, upto)
    found = json.loads(json.dumps(differences, default=_plain))
    seen = _Seen(books.entries if books else 0, books.transactions if books else 0, upto, kept, found)
    session().rollback()
    return seen


def _sums() -> sums.Sums:
    session().execute(ROOM)
    return sums.read()


def _plain(value: object) -> int | str:
    return int(value) if isinstance(value, Decimal) else str(value)


def _books() -> proof.Books | None:
    """Both passes; None where an amount is beyond all weighing, which is a difference in itself."""
    try:
        with session().begin_nested():
            return proof.read()
    except DataError:
        return None


def _doubtful(books: proof.Books, rest: Future[sums.Sums]) -> Sequence[Check]:
    try:
        return sums.doubtful(books, rest.result())
    except DataError:
        return checks.ALL


def _totals(books: proof.Books | None) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in books.accounts if books else ():
        found[one.currency] = found.get(one.currency, 0) + one.total
    return found


def _balances_upto(books: proof.Books, upto: int) -> list[list[Any]]:
    """Every account as it stood after an entry: what stands now less what was posted since."""
    if not upto:
        return []
    found = {
        (one.account, one.brand_id, one.distributor_id, one.currency): [one.entries, one.total]
        for one in books.accounts
    }
    for row in session().execute(SINCE, {"upto": upto}):
        standing = found[tuple(row[:4])]
        standing[0] -= row.entries
        standing[1] -= int(row.total)
    ordered = sorted(found.items(), key=lambda item: [str(part) for part in item[0]])
    return [[*key, entries, str(total)] for key, (entries, total) in ordered if entries]


def _changed(books: proof.Books, before: LedgerProof) -> list[dict[str, Any]]:
    """Accounts whose past is not what the proof before saw: a careful hand seals what it changes."""
    now = {tuple(row[:4]): (row[4], row[5]) for row in _balances_upto(books, before.upto_entry_id)}
    then = {tuple(row[:4]): (row[4], row[5]) for row in before.balances}
    return [
        {
            "check": "past", "account": key[0], "brand": key[1], "distributor": key[2], "currency": key[3],
            "upto_entry": before.upto_entry_id, "proof": before.id, "expected_minor": then.get(key, (0, "0"))[1],
            "posted_minor": now.get(key, (0, "0"))[1],
        }
        for key in sorted(now.keys() | then.keys(), key=str) if now.get(key) != then.get(key)
    ]  # fmt: skip


def _chain() -> list[dict[str, Any]]:
    """Proofs that were changed or taken out since they were written."""
    digest, found = "", []
    for row in session().execute(select(LedgerProof).order_by(LedgerProof.id)).scalars():
        if row.digest != digest_of(row, digest):
            found.append({"check": "chain", "proof": row.id})
        digest = row.digest
    return found
