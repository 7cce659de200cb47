"""Money goes out to firms: planned by the clock, reserved, handed to whoever carries it, and recorded. Each once."""

import logging
from collections.abc import Callable, Mapping, Sequence, Set
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from app.domain.commissions import fees
from app.domain.commissions.models import FeeRule
from app.domain.payouts import carriers, planning, sending, telling
from app.domain.payouts.gateway import Answer, State
from app.domain.payouts.rules import Schedule, Standing, key_of, movable, needs_second, refusal
from app.domain.payouts.sending import OnItsWay
from app.foundation import clock
from app.foundation.errors import ProductError
from app.foundation.money import decimals
from app.foundation.runtime import at_once, runtime, settings
from app.foundation.unit_of_work import Work, unit_of_work
from tenants.context import platform_scope

log = logging.getLogger(__name__)

PLANNED_AT_ONCE, SENT_AT_ONCE, CARRIED_AT_ONCE, ASKED_AT_ONCE = 200, 100, 4, 200
# The lease of a job that sends is shorter than this: nobody asks while the first still waits for its answer.
ASK_AFTER, ASK_PAID_EVERY = timedelta(minutes=5), timedelta(hours=6)


def plan_payouts() -> int:
    """The clock's tick: plan and reserve what is due of every firm; how many payouts were planned.

    A run that dies has either finished a page of firms or not begun it; a payout's key is
    its firm, currency and day, so no run plans the same again.
    """
    with platform_scope():
        with unit_of_work():
            planning.ensure_plans(every=settings().payout_every, day=settings().payout_day)
        planned = 0
        while True:
            claimed, made = _plan_page(clock.now())
            planned += made
            if claimed < PLANNED_AT_ONCE:
                return planned


def _plan_page(now: datetime) -> tuple[int, int]:
    with unit_of_work() as work:
        plans = planning.claim_due(now, PLANNED_AT_ONCE)
        standings = planning.standing_of([plan.id for plan in plans])
        rules = fees.all_rules()
        due = [plan for plan in plans if plan.next_at is not None]
        wanted = [_payout(plan, standings[plan.id], rules, now) for plan in due]
        made = planning.insert_payouts([row for row in wanted if row is not None], now)
        planning.note([row.id for row in made], "planned", now=now, actor=work.actor.name)
        ready = [row.id for row in made if not row.waits]
        reserve(work, ready, now, by_hand={row.id for row in made if row.method == "bank"})
        planning.write_next({plan.id: _next(plan, standings[plan.id], now) for plan in plans})
        return len(plans), len(made)


def schedule_of(plan: Any) -> Schedule:
    """How often a plan pays: the firm's own choice, or the platform's default where it follows that."""
    if not plan.follows:
        return Schedule(plan.every, plan.day, plan.minimum_minor)
    return default_schedule(plan.currency)


def default_schedule(currency: str) -> Schedule:
    """The platform's own, for firms that chose nothing."""
    least = settings().payout_minimum * 10 ** decimals(currency)
    return Schedule(settings().payout_every, settings().payout_day, least)


def _next(plan: Row[Any], found: Row[Any], now: datetime) -> datetime:
    """The next day of paying; a changed account that has cooled down before is paid then."""
    usual = schedule_of(plan).next_after(now)
    cooling = found.cooling_until
    return min(usual, cooling) if plan.next_at and cooling is not None and cooling > now else usual


def _payout(
    plan: Row[Any], found: Row[Any], rules: Sequence[FeeRule], now: datetime
) -> dict[str, Any] | None:
    amount = int(found.available_minor)
    fee = fee_for(rules, plan.currency, amount, now, brand_id=plan.brand_id)
    standing = Standing(
        amount, schedule_of(plan).minimum_minor, fee, found.status, found.cooling_until, on_hold=plan.on_hold,
        waits=found.waits,
    )  # fmt: skip
    if refusal(standing, now) is not None:
        return None
    net = movable(amount - fee, method=found.method, currency=plan.currency)
    if not net:
        return None
    amount = net + fee
    firm = {"brand_id": plan.brand_id, "distributor_id": plan.distributor_id}
    return {
        **firm, "key": key_of(**firm, currency=plan.currency, due_at=plan.next_at), "account_id": found.account_id,
        "method": found.method, "currency": plan.currency, "amount_minor": amount, "fee_minor": fee,
        "net_minor": net, "due_at": plan.next_at.isoformat(),
        "needs_review": plan.review or found.paid_before < settings().payout_review_first,
        "needs_second": needs_second(
            amount, limit=settings().payout_second_above, decimals=decimals(plan.currency)
        ),
    }  # fmt: skip


def fee_for(
    rules: Sequence[FeeRule], currency: str, amount_minor: int, at: datetime, *, brand_id: int | None
) -> int:
    """What the platform takes of a payout."""
    rule = fees.in_force(rules, "payout", at, currency=currency, brand_id=brand_id)
    return fees.fee_of(rule, max(amount_minor, 0))


def reserve(work: Work, ids: Sequence[int], now: datetime, *, by_hand: set[int]) -> dict[int, str]:
    """Reserve planned payouts and let them go out; why each other was cancelled. `by_hand`: by a bank's batch."""
    if not ids:
        return {}
    done, refused = planning.reserve(ids, now)
    planning.note(done, "reserved", now=now, actor=work.actor.name)
    for payout_id, reason in refused.items():
        planning.cancel_planned(payout_id, reason, now)
        planning.note([payout_id], "cancelled", now=now, actor=work.actor.name, reason=reason)
    send = [payout_id for payout_id in done if payout_id not in by_hand]
    for start in range(0, len(send), SENT_AT_ONCE):
        page = send[start : start + SENT_AT_ONCE]
        work.enqueue("send_payouts", key=f"payouts:{page[0]}-{page[-1]}", payout_ids=page)
    return refused


def send_payouts(payout_ids: Sequence[int]) -> None:
    """Hand payouts to their carriers, or ask again about those that had no answer.

    Each carrier is called outside any transaction under the payout's own key, so a process
    that dies after the call only asks the same question again.
    """
    with platform_scope():
        now = clock.now()
        with unit_of_work() as work:
            drop(work, now, ids=payout_ids)
            sent = sending.hand_over(payout_ids, runtime().vault.masters, now)
            planning.note([one.id for one in sent if one.first], "sent", now=now, actor=work.actor.name)
        answers = _answered(sent, _carry)
        with unit_of_work() as work:
            record(work, answers, now, first={one.id for one in sent if one.first})


def drop(work: Work, now: datetime, *, ids: Sequence[int] = (), bank_currency: str | None = None) -> None:
    """What is reserved for an account that was refused or replaced since is available again, and planned anew."""
    gone = sending.drop(now, ids=ids, bank_currency=bank_currency)
    planning.note(gone, "cancelled", now=now, actor=work.actor.name, reason="payout_account")


def _answered(payouts: Sequence[OnItsWay], ask: Callable[[OnItsWay], Answer | None]) -> dict[int, Answer]:
    """What carriers say, by payout; several are asked at the same time, and those nobody knows of are left out."""
    told = at_once(ask, payouts, most=CARRIED_AT_ONCE)
    return {one.id: answer for one, answer in zip(payouts, told, strict=True) if answer is not None}


def _carry(one: OnItsWay) -> Answer | None:
    """What the carrier says, or None where nobody knows: it stays sent, and the clock asks again."""
    carrier = carriers.carrier(one.method)
    try:
        known = None if one.first else carrier.find(one.transfer)
        return known or carrier.transfer(one.transfer)
    except ProductError as error:
        log.warning("payout has no answer", exc_info=error, extra={"job": "send_payouts"})
        return None


def record(
    work: Work, answers: Mapping[int, Answer], now: datetime, *, first: Set[int] = frozenset()
) -> dict[str, list[int]]:
    """Write what became of payouts, each once, and tell their firms; by state, those that newly came to it."""
    came = sending.record(answers, now)
    for state, ids in came.items():
        why = {payout_id: "" if state == "paid" else answers[payout_id].reason for payout_id in ids}
        for reason in sorted(set(why.values())):
            some = [payout_id for payout_id in ids if why[payout_id] == reason]
            planning.note(some, state, now=now, actor=work.actor.name, reason=reason)
    back = set(came.get("returned", []))
    telling.tell([payout_id for payout_id in came.get("paid", []) if payout_id not in back], "paid")
    for state in ("failed", "returned"):
        telling.tell(came.get(state, []), state)
    telling.tell(
        [one for one, answer in answers.items() if one in first and answer.state is State.PENDING], "sent"
    )
    return came


def ask_about_payouts() -> int:
    """The clock's tick: payouts without an answer are asked about again, under the same key; how many."""
    with platform_scope(), unit_of_work() as work:
        waiting = sending.unanswered(clock.now() - ASK_AFTER, ASKED_AT_ONCE)
        for payout_id in waiting:
            work.enqueue("send_payouts", key=f"payout:{payout_id}", payout_ids=[payout_id])
    return len(waiting)


def look_for_returns() -> int:
    """The clock's slow tick: what was paid lately may have come back, and the news be lost; how many had."""
    with platform_scope():
        now = clock.now()
        with unit_of_work():
            paid = sending.paid_lately(
                runtime().vault.masters, now=now, before=now - ASK_PAID_EVERY, most=ASKED_AT_ONCE
            )
        answers = _answered(paid, _find)
        with unit_of_work() as work:
            return sum(map(len, record(work, answers, now).values()))


def _find(one: OnItsWay) -> Answer | None:
    try:
        return carriers.carrier(one.method).find(one.transfer)
    except ProductError as error:
        log.warning("payout cannot be asked about", exc_info=error, extra={"job": "look_for_returns"})
        return None
