"""Promoters' cash: asked for by the promoter, carried to a bank in a file by the platform, and paid or not."""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import undefer

from app.domain.commissions.calendar import day_of
from app.domain.payouts import bank_file
from app.domain.payouts.bank_file import BankLine
from app.domain.referrals import queries, sealing, service
from app.domain.referrals.errors import PayoutState, PayoutTooSmall
from app.domain.referrals.models import Promoter, PromoterPayout, ReferralReward
from app.domain.referrals.sealing import Details
from app.flows import reward_news
from app.foundation import clock
from app.foundation.actor import Actor
from app.foundation.errors import InvalidInput, NotFound
from app.foundation.plain import is_plain
from app.foundation.runtime import runtime
from app.foundation.unit_of_work import Work, unit_of_work
from tenants.context import platform_scope

METHODS = ("bank", "alipay")
OPEN = ("requested", "exported")
LEAST_MINOR = 1_000
"""Where the shop has no programme any more: what was earned is still paid out."""


def ask_for_payout(
    shop_id: int,
    promoter_id: int,
    *,
    method: str,
    holder: str,
    number: str,
    bank: str,
    least_minor: int,
    actor: Actor,
) -> int:
    """Ask for all that is available, to the account named; the payout's id.

    InvalidInput names the field; PayoutTooSmall where there is less than the least, or one is on its way.
    """
    holder, number, bank = _cleaned(method, holder, number, bank)
    with platform_scope(), unit_of_work(actor) as work:
        promoter = queries.lock_promoter(promoter_id)
        if promoter.shop_id != shop_id:
            raise NotFound(what="promoter")
        amount = promoter.balance_minor
        if amount < max(least_minor, 1) or _open_of(work, promoter_id):
            raise PayoutTooSmall(least_minor=least_minor, currency=promoter.currency)
        masters = runtime().vault.masters
        row = PromoterPayout(
            shop_id=shop_id, promoter_id=promoter_id, currency=promoter.currency, amount_minor=amount, method=method,
            holder=holder, shown=f"…{number[-4:]}", master_key_id=masters.current_id,
            details=sealing.seal_for(masters, Details(number, bank), promoter_id, method),
        )  # fmt: skip
        work.session.add(row)
        promoter.balance_minor = 0
        work.session.flush()
        _hang_rewards(work, promoter_id, row.id)
        work.record("promoter_payout.asked", f"promoter_payout:{row.id}", amount_minor=amount)
        return row.id


def export(currency: str, *, actor: Actor) -> bytes | None:
    """The file of all that is on its way in a currency, what was asked for since included; None where nothing is.

    Written again it names the same payouts by the same references: a bank pays each once.
    """
    with platform_scope(), unit_of_work(actor) as work:
        found = (
            select(PromoterPayout)
            .where(PromoterPayout.state.in_(OPEN), PromoterPayout.currency == currency)
            .order_by(PromoterPayout.id).limit(bank_file.MOST_LINES).with_for_update()
            .options(undefer(PromoterPayout.details), undefer(PromoterPayout.master_key_id))
        )  # fmt: skip
        rows = list(work.session.execute(found).scalars())
        if not rows:
            return None
        masters, now = runtime().vault.masters, clock.now()
        lines = []
        for row in rows:
            details = sealing.details_of(masters, row)
            lines.append(
                BankLine(
                    reference_of(row.id),
                    row.amount_minor,
                    row.holder,
                    details.number,
                    details.bank or row.method,
                )
            )
            if row.state == "requested":
                row.state, row.exported_at, row.exported_by = "exported", now, actor.id
        work.record("promoter_payouts.exported", f"currency:{currency}", payouts=[row.id for row in rows])
        return bank_file.write(rows[-1].id, currency, day_of(now), lines)


def reference_of(payout_id: int) -> str:
    """By what the bank's file and statement name a promoter's payout."""
    return f"PR{payout_id:08d}"


def mark_paid(payout_ids: Sequence[int], *, actor: Actor) -> int:
    """The bank has paid these: post each, once. PayoutState where one was not in a file."""
    with platform_scope(), unit_of_work(actor) as work:
        for payout_id in sorted(set(payout_ids)):
            row, promoter = _exported(work, payout_id, "paid")
            row.state, row.ended_at, row.ended_by = "paid", clock.now(), actor.id
            service.move(
                promoter, "paid", -row.amount_minor, key=f"promoter_payout:{row.id}", at=clock.now(), payout_id=row.id
            )  # fmt: skip
            _change_rewards(work, row.id, {"state": "paid"}, only="available")
            reward_news.tell_payout(work, promoter, row)
            work.record("promoter_payout.paid", f"promoter_payout:{row.id}", amount_minor=row.amount_minor)
        return len(set(payout_ids))


def mark_failed(payout_id: int, reason: str, *, actor: Actor) -> None:
    """The bank could not pay this: the money is the promoter's to ask for again, less what it owes meanwhile."""
    with platform_scope(), unit_of_work(actor) as work:
        row, promoter = _exported(work, payout_id, "failed")
        row.state, row.reason, row.ended_at, row.ended_by = "failed", reason[:200], clock.now(), actor.id
        _come_back(work, promoter, row)
        _change_rewards(work, row.id, {"payout_id": None})
        reward_news.tell_payout(work, promoter, row)
        work.record("promoter_payout.failed", f"promoter_payout:{row.id}", reason=reason[:200])


def _come_back(work: Work, promoter: Promoter, row: PromoterPayout) -> None:
    """Money that could not be paid is the promoter's again, less what was taken back of its rewards meanwhile."""
    left = row.amount_minor
    for reward_id, over, firm in queries.overpaid(promoter.id, row.id):
        part = min(over, promoter.owed_minor, left)
        if part < 1:
            break
        reward = work.session.get_one(ReferralReward, reward_id)
        service.move(
            promoter, "taken_back", -part, key=service.next_key(reward), at=clock.now(), reward=reward,
            firm=firm,
        )  # fmt: skip
        promoter.owed_minor -= part
        left -= part
    promoter.balance_minor += left


def _exported(work: Work, payout_id: int, wanted: str) -> tuple[PromoterPayout, Promoter]:
    """A payout that a bank has, behind its promoter's lock and its own."""
    promoter_id = work.session.execute(
        select(PromoterPayout.promoter_id).where(PromoterPayout.id == payout_id)
    ).scalar_one_or_none()
    if promoter_id is None:
        raise NotFound(what="promoter_payout")
    promoter = queries.lock_promoter(promoter_id)
    row = work.session.get_one(PromoterPayout, payout_id, with_for_update=True, populate_existing=True)
    if row.state != "exported":
        raise PayoutState(state=row.state, wanted=wanted)
    return row, promoter


def _open_of(work: Work, promoter_id: int) -> bool:
    found = select(PromoterPayout.id).where(
        PromoterPayout.promoter_id == promoter_id, PromoterPayout.state.in_(OPEN)
    )
    return work.session.execute(found.limit(1)).scalar_one_or_none() is not None


def _hang_rewards(work: Work, promoter_id: int, payout_id: int) -> None:
    work.session.execute(
        update(ReferralReward)
        .where(
            ReferralReward.promoter_id == promoter_id, ReferralReward.state == "available",
            ReferralReward.payout_id.is_(None), ReferralReward.kind == "cash",
        )
        .values(payout_id=payout_id).execution_options(synchronize_session=False)
    )  # fmt: skip


def _change_rewards(work: Work, payout_id: int, values: dict[str, object], *, only: str = "") -> None:
    found = update(ReferralReward).where(ReferralReward.payout_id == payout_id)
    if only:
        found = found.where(ReferralReward.state == only)
    work.session.execute(found.values(**values).execution_options(synchronize_session=False))


def _cleaned(method: str, holder: str, number: str, bank: str) -> tuple[str, str, str]:
    """What was typed, as it is kept; InvalidInput names the field that cannot be."""
    holder, bank = " ".join(holder.split()), " ".join(bank.split())
    number = "".join(number.split()) if method == "bank" else number.strip()
    if method not in METHODS:
        raise InvalidInput(param="method", reason="unknown_method")
    for param, value, most in (("holder", holder, 80), ("number", number, 60)):
        if not 2 <= len(value) <= most or not is_plain(value):
            raise InvalidInput(param=param, reason="length")
    if method == "bank" and not (2 <= len(bank) <= 80 and is_plain(bank)):
        raise InvalidInput(param="bank", reason="length")
    return holder, number, bank
