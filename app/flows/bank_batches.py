"""Payouts by a file for a bank, carried by people: exported, and answered by the bank's own file."""

import hashlib
import hmac
from collections import Counter
from dataclasses import dataclass

from sqlalchemy import select, update

from app.domain.commissions.calendar import day_of
from app.domain.payouts import bank_file, planning, queries, telling
from app.domain.payouts.bank_file import BankLine, ResultLine
from app.domain.payouts.errors import BankResultRefused
from app.domain.payouts.gateway import Answer, State
from app.domain.payouts.models import BankBatch, Payout, PayoutAccount
from app.flows.pay_out import drop, record
from app.flows.payout_accounts import details_of
from app.foundation import clock
from app.foundation.actor import Actor
from app.foundation.database import session
from app.foundation.errors import InvalidInput, NotFound, StaleState
from app.foundation.runtime import settings
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope

MOST = 20_000
# What a line may say of a payout in each state; to say again what is known changes nothing.
FITS = {
    "sent": {"paid", "failed", "returned"}, "paid": {"paid", "returned"}, "failed": {"failed"},
    "returned": {"returned", "paid"},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Understood:
    """What a bank's file says: how many lines of each status, and how many of them are new to us."""

    lines: list[ResultLine]
    counts: dict[str, int]
    new: int


def export(currency: str, *, by: int | None, actor: Actor) -> int:
    """Put every reserved bank payout of a currency into one batch; its id. Each is in exactly one."""
    with platform_scope(), unit_of_work(actor) as work:
        drop(work, clock.now(), bank_currency=currency)
    with platform_scope(), unit_of_work(actor) as work:
        found = (
            select(Payout)
            .where(Payout.state == "reserved", Payout.method == "bank", Payout.currency == currency, ~queries.held(),
                   queries.payable())
            .order_by(Payout.id).limit(MOST).with_for_update(skip_locked=True)
        )  # fmt: skip
        payouts = list(work.session.execute(found).scalars())
        if not payouts:
            raise InvalidInput(param="currency", reason="nothing_to_export")
        total, now = sum(payout.net_minor for payout in payouts), clock.now()
        batch = BankBatch(
            currency=currency,
            count=len(payouts),
            total_minor=total,
            digest="",
            state="open",
            created_by=by,
            created_at=now,
        )
        work.session.add(batch)
        work.session.flush()
        ids = [payout.id for payout in payouts]
        going = {"state": "sent", "batch_id": batch.id, "sent_at": now, "asked_at": now, "attempts": 1}
        work.session.execute(
            update(Payout)
            .where(Payout.id.in_(ids))
            .values(going)
            .execution_options(synchronize_session=False)
        )
        work.session.expire_all()
        batch.digest, batch.state = _digest(_content(batch)), "exported"
        planning.note(ids, "sent", now=now, actor=actor.name, batch=batch.id)
        telling.tell(ids, "sent")
        work.record(
            "bank_batch.exported",
            f"bank_batch:{batch.id}",
            count=len(ids),
            total_minor=total,
            currency=currency,
        )
        return int(batch.id)


def download(batch_id: int, *, actor: Actor) -> bytes:
    """The batch's file, the same bytes every time; who took it is recorded."""
    with platform_scope(), unit_of_work(actor) as work:
        batch = _batch(batch_id)
        content = _content(batch)
        if not hmac.compare_digest(_digest(content), batch.digest):
            raise StaleState(what="bank_batch", wanted="the file that was exported")
        work.record("bank_batch.downloaded", f"bank_batch:{batch_id}")
        return content


def look_at_result(batch_id: int, content: bytes) -> Understood:
    """What a bank's file would do; changes nothing. BankResultRefused where it cannot be true."""
    with platform_scope(), unit_of_work():
        return _understand(_batch(batch_id), queries.payouts_of_batch(batch_id), content)


def take_result(batch_id: int, content: bytes, *, actor: Actor) -> Understood:
    """Write what the bank says of each payout of a batch, all or none; the same file again changes nothing."""
    with platform_scope(), unit_of_work(actor) as work:
        batch = work.session.get(BankBatch, batch_id, with_for_update=True)
        if batch is None:
            raise NotFound(what="bank_batch")
        payouts = {payout.key: payout for payout in queries.payouts_of_batch(batch_id)}
        told = _understand(batch, list(payouts.values()), content)
        answers = {payouts[line.reference].id: _answer(line) for line in told.lines}
        record(work, answers, clock.now())
        work.session.expire_all()
        left = [payout for payout in queries.payouts_of_batch(batch_id) if payout.state == "sent"]
        if not left and batch.state != "answered":
            batch.state, batch.answered_at = "answered", clock.now()
        if told.new:
            work.record(
                "bank_batch.answered", f"bank_batch:{batch_id}", new=told.new, open=len(left), **told.counts
            )
        return told


def _answer(line: ResultLine) -> Answer:
    reason = "" if line.status == "paid" else line.reason or line.status
    return Answer(State(line.status), line.external_id or None, reason)


def _understand(batch: BankBatch, payouts: list[Payout], content: bytes) -> Understood:
    owed = {payout.key: payout.net_minor for payout in payouts}
    lines = bank_file.read_result(content, batch_id=batch.id, currency=batch.currency, owed=owed)
    states = {payout.key: payout.state for payout in payouts}
    wrong = [
        (line.line, "contradicts")
        for line in lines
        if line.status not in FITS.get(states[line.reference], set())
    ]
    if wrong:
        raise BankResultRefused(param="file", lines=wrong)
    new = sum(states[line.reference] not in {line.status, "returned"} for line in lines)
    return Understood(lines, dict(Counter(line.status for line in lines)), new)


def _content(batch: BankBatch) -> bytes:
    payouts = queries.payouts_of_batch(batch.id)
    wanted = {payout.account_id for payout in payouts}
    found = select(PayoutAccount).where(PayoutAccount.id.in_(wanted))
    accounts = {account.id: account for account in session().execute(found).scalars()}
    lines = []
    for payout in payouts:
        account = accounts[payout.account_id]
        details = details_of(account)
        lines.append(BankLine(payout.key, payout.net_minor, account.holder, details.number, details.bank))
    return bank_file.write(batch.id, batch.currency, day_of(batch.created_at), lines)


def _digest(content: bytes) -> str:
    # Keyed: the file names accounts, and a plain digest of a short one could be guessed.
    return hmac.new(settings().key_for("bank-batch"), content, hashlib.sha256).hexdigest()


def _batch(batch_id: int) -> BankBatch:
    batch = queries.batch(batch_id)
    if batch is None:
        raise NotFound(what="bank_batch")
    return batch
