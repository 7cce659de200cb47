"""Money that went back to a buyer is taken from those who had earned it, and given again where a dispute is won."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from app.domain.commissions import returning, settling
from app.domain.commissions.models import Earning, Settlement
from app.domain.commissions.rules import TakenBack, take_back
from app.domain.commissions.undoing import give_again
from app.domain.ledger import queries as ledger
from app.domain.ledger.posting import Posting, Side, post
from app.domain.orders.models import Order, OrderLine
from app.domain.payments import queries as payment_queries
from app.domain.payments.models import Refund
from app.flows.settle import ACCOUNTS, settle, settle_and_follow
from app.foundation import clock
from app.foundation.errors import NotFound
from app.foundation.money import split
from app.foundation.unit_of_work import Work, unit_of_work
from tenants.context import current_scope, platform_scope

FOLLOW_AFTER = timedelta(minutes=5)


def take_back_refund(refund_id: int) -> int:
    """Mirror what was settled of a refund's or chargeback's lines, once; how many lines. Undone where it failed later.

    Whatever is delivered of the order is settled first, so that there is something to mirror.
    """
    shop_id = current_scope().shop_id
    with platform_scope(), unit_of_work() as work:
        refund = work.session.get(Refund, refund_id)
        if refund is None or (shop_id is not None and refund.shop_id != shop_id):
            return 0
        settle_and_follow(work, {refund.order_id: refund.shop_id})
        order = work.session.execute(
            select(Order).where(Order.id == refund.order_id).with_for_update(key_share=True)
        ).scalar_one()
        refund = work.session.get_one(Refund, refund_id, with_for_update=True, populate_existing=True)
        if refund.state in {"succeeded", "failed"}:
            refund.mirrored = refund.state
        if refund.payment_id != order.payment_id:
            return 0  # money that bought nothing, or too much of it: nobody had earned it
        if refund.state == "succeeded":
            return _mirror(work, refund)
        return _give_again(work, refund) if refund.state == "failed" else 0


def follow_refunds() -> int:
    """The clock's tick: refunds that ended a while ago and that the books do not follow are taken back now."""
    with platform_scope(), unit_of_work() as work:
        left = payment_queries.unmirrored(clock.now() - FOLLOW_AFTER)
        for shop_id, refund_id, state in left:
            work.enqueue(
                "take_back_refund",
                for_shop=shop_id,
                key=f"take_back:{refund_id}:{state}",
                refund_id=refund_id,
            )
    return len(left)


@dataclass(frozen=True, slots=True)
class Shares:
    """What giving back a part of a line would take from whom, by role, in minor units."""

    parts: Mapping[str, int]
    promotion_minor: int


class _Looked(Exception):
    """What was only tried is rolled back; the answer leaves with it."""

    def __init__(self, shares: Shares) -> None:
        super().__init__("only tried")
        self.shares = shares


def preview(order_id: int, line_id: int, amount_minor: int) -> Shares:
    """What each party would give back for a part of a delivered line. Tried as it will be done, and undone."""
    try:
        with platform_scope(), unit_of_work() as work:
            settle({order_id: None})
            settlement = next(
                (row for row in returning.settlements_of(order_id) if row.order_line_id == line_id), None
            )
            if settlement is None:
                raise NotFound(what="settlement")
            taken = _taken(settlement, returning.earnings_of(line_id), _line(work, settlement), amount_minor)
            raise _Looked(Shares(dict(taken.parts), taken.promotion_minor))
    except _Looked as looked:
        return looked.shares


def _mirror(work: Work, refund: Refund) -> int:
    settlements = {row.order_line_id: row for row in returning.settlements_of(refund.order_id)}
    _hold_months(settlements.values())
    done = 0
    for line_id, amount in _by_line(refund, settlements).items():
        if line_id in settlements and amount:
            done += _mirror_line(work, refund, settlements[line_id], amount)
    return done


def _hold_months(settlements: Iterable[Settlement]) -> None:
    """Hold every month that may move, in the order everybody takes them in, before any of them does."""
    settling.add_volumes({_month(row): 0 for row in settlements if row.counted})


def _month(settlement: Settlement) -> settling.VolumeKey:
    return settlement.brand_id, settlement.distributor_id, settlement.currency, settlement.month


def _volume(settlement: Settlement) -> int:
    return settling.add_volumes({_month(settlement): 0})[_month(settlement)] if settlement.counted else 0


def _by_line(refund: Refund, settlements: Mapping[int, Settlement]) -> dict[int, int]:
    """How much of a refund belongs to each line, as it was asked for; one of old, by what each has left."""
    told = payment_queries.line_shares(refund)
    if told or refund.shares is not None:
        return told
    nets = settling.nets_of([refund.order_id])[refund.order_id]
    back = payment_queries.back_by_line(refund.payment_id, states=("succeeded",))
    left = {
        line: net - max(back.get(line, 0), settlements[line].returned_minor if line in settlements else 0)
        for line, net in nets.items()
    }
    open_lines = [line for line, minor in left.items() if minor > 0]
    if not open_lines:
        return {}
    amount = min(refund.amount_minor, sum(left[line] for line in open_lines))
    return dict(zip(open_lines, split(amount, [left[line] for line in open_lines]), strict=True))


def _taken(
    settlement: Settlement, earnings: Mapping[str, Earning], line: OrderLine, amount: int
) -> TakenBack:
    settled = returning.as_settled(
        settlement, earnings, line.terms, funded_platform_minor=line.funded_platform_minor
    )
    return take_back(settled, amount, volume_minor=_volume(settlement))


def _mirror_line(work: Work, refund: Refund, settlement: Settlement, amount: int) -> int:
    key = f"return:{refund.id}:{settlement.order_line_id}"
    if ledger.by_key(key) is not None:
        return 0
    earnings = returning.earnings_of(settlement.order_line_id)
    taken = _taken(settlement, earnings, _line(work, settlement), amount)
    if not taken.buyer_minor:
        return 0
    if taken.volume_minor:
        settling.add_volumes({_month(settlement): -taken.volume_minor})
    sides = [Side("buyer_liability", taken.buyer_minor), Side("promotion_cost", taken.promotion_minor)]
    sides += [_side(role, -minor, earnings.get(role), settlement) for role, minor in taken.parts.items()]
    transaction_id = _post(refund, settlement, key, "return", sides)
    settlement.returned_minor += taken.buyer_minor
    returning.note_parts(settlement, taken.parts)
    why = {"kind": _kind(refund), "refunded_minor": taken.buyer_minor}
    _note(refund, settlement, earnings, transaction_id, taken.parts, why | dict(taken.facts))
    return 1


def _note(
    refund: Refund,
    settlement: Settlement,
    earnings: Mapping[str, Earning],
    transaction_id: int,
    taken: Mapping[str, int],
    facts: Mapping[str, Any],
) -> None:
    told = {"reason": refund.reason, "refund": refund.id, "net_minor": settlement.net_minor, **facts}
    for role, earning in earnings.items():
        # A commission that uplines ate up is noted too: the next return goes on from it.
        if taken.get(role) or (role == "seller" and facts.get("commission_minor")):
            returning.note(earning, transaction_id, taken.get(role, 0), told)


def _give_again(work: Work, refund: Refund) -> int:
    """A refund bounced, or a dispute was won: whoever gave something for it gets it again."""
    settlements = returning.settlements_of(refund.order_id)
    _hold_months(settlements)
    return sum(_give_line_again(work, refund, settlement) for settlement in settlements)


def _give_line_again(work: Work, refund: Refund, settlement: Settlement) -> int:
    taken = ledger.by_key(f"return:{refund.id}:{settlement.order_line_id}")
    key = f"return:{refund.id}:{settlement.order_line_id}:undone"
    if taken is None or ledger.by_key(key) is not None:
        return 0
    earnings, line = returning.earnings_of(settlement.order_line_id), _line(work, settlement)
    lost, entries = returning.returned_by(taken.id), ledger.sums_by_account(taken.id)
    parts = {role: lost[earning.id] for role, earning in earnings.items() if earning.id in lost}
    parts |= {role: -entries[name] for role, name in ACCOUNTS.items() if name in entries}
    again = give_again(
        returning.as_settled(
            settlement, earnings, line.terms, funded_platform_minor=line.funded_platform_minor
        ),
        parts, entries["buyer_liability"],
        commission_minor=returning.commission_taken(earnings["seller"].id, taken.id),
        volume_minor=_volume(settlement),
    )  # fmt: skip
    if again.volume_minor:
        settling.add_volumes({_month(settlement): again.volume_minor})
    sides = [Side("buyer_liability", -again.buyer_minor), Side("promotion_cost", -again.promotion_minor)]
    sides += [_side(role, minor, earnings.get(role), settlement) for role, minor in again.parts.items()]
    transaction_id = _post(refund, settlement, key, "return_undone", sides)
    settlement.returned_minor -= again.buyer_minor
    back = {role: -minor for role, minor in again.parts.items()}
    returning.note_parts(settlement, back)
    why = {"kind": "undone", "refunded_minor": -again.buyer_minor}
    _note(refund, settlement, earnings, transaction_id, back, why | dict(again.facts))
    return 1


def _side(role: str, minor: int, earning: Earning | None, settlement: Settlement) -> Side:
    if role == "platform":
        return Side("platform_revenue", minor)
    if role == "gateway":
        return Side("gateway_fees", minor)
    if earning is None:
        raise AssertionError(f"line {settlement.order_line_id} has no earning of {role}")
    state = "held" if earning.matured_by is None else "available"
    if earning.brand_id is not None:
        return Side(f"brand_{state}", minor, brand_id=earning.brand_id)
    return Side(f"distributor_{state}", minor, distributor_id=earning.distributor_id)


def _post(refund: Refund, settlement: Settlement, key: str, kind: str, sides: Sequence[Side]) -> int:
    posting = Posting(
        key, kind, settlement.currency, clock.now(), sides, shop_id=settlement.shop_id, order_id=settlement.order_id,
        order_line_id=settlement.order_line_id, payment_id=refund.payment_id, refund_id=refund.id,
        reason={"kind": _kind(refund), "reason": refund.reason},
    )  # fmt: skip
    made = post(posting)
    if made is None:
        raise AssertionError(f"{key} was posted behind its order's lock")
    return made


def _kind(refund: Refund) -> str:
    """Where money went back to is the buyer's affair: a refund to store credit is a refund."""
    return "refund" if refund.kind == "credit" else str(refund.kind)


def _line(work: Work, settlement: Settlement) -> OrderLine:
    return work.session.get_one(OrderLine, settlement.order_line_id)
