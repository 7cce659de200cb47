"""Money that went back to a buyer is taken back from those who had earned it, or given again."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from app.domain.commissions import returning, settling
from app.domain.commissions.models import Earning, Settlement
from app.domain.commissions.rules import TakenBack, take_back
from app.domain.ledger import queries as ledger
from app.domain.ledger.posting import Posting, Side, post
from app.domain.orders.models import Order, OrderLine
from app.domain.payments.models import Refund
from app.flows.settle import settle
from app.foundation import clock
from app.foundation.database import session
from app.foundation.money import split
from app.foundation.unit_of_work import unit_of_work
from tenants.context import current_scope, platform_scope


def take_back_refund(refund_id: int) -> int:
    """Mirror what was settled of a refund's or chargeback's lines, once; how many lines. Undone where it failed later.

    Whatever is delivered of the order is settled first, so that there is something to mirror.
    """
    shop_id = current_scope().shop_id
    with platform_scope(), unit_of_work() as work:
        refund = work.session.get(Refund, refund_id)
        if refund is None or (shop_id is not None and refund.shop_id != shop_id):
            return 0
        settle({refund.order_id: refund.shop_id})
        order = work.session.execute(
            select(Order).where(Order.id == refund.order_id).with_for_update(key_share=True)
        ).scalar_one()
        refund = work.session.get_one(Refund, refund_id, with_for_update=True, populate_existing=True)
        if refund.payment_id != order.payment_id:
            return 0  # money that bought nothing, or too much of it: nobody had earned it
        if refund.state == "succeeded":
            return _mirror(refund)
        return _give_again(refund) if refund.state == "failed" else 0


def _mirror(refund: Refund) -> int:
    settlements = {row.order_line_id: row for row in returning.settlements_of(refund.order_id)}
    done = 0
    for line_id, amount in _by_line(refund, settlements).items():
        if line_id in settlements and amount:
            done += _mirror_line(refund, settlements[line_id], amount)
    return done


def _by_line(refund: Refund, settlements: Mapping[int, Settlement]) -> dict[int, int]:
    """How much of a refund belongs to each line: all of it where it names one, else by what each has left."""
    if refund.order_line_id is not None:
        return {int(refund.order_line_id): int(refund.amount_minor)}
    nets = settling.nets_of([refund.order_id])[refund.order_id]
    left = {
        line: net - (settlements[line].returned_minor if line in settlements else 0)
        for line, net in nets.items()
    }
    open_lines = [line for line, minor in left.items() if minor > 0]
    if not open_lines:
        return {}
    amount = min(refund.amount_minor, sum(left[line] for line in open_lines))
    return dict(zip(open_lines, split(amount, [left[line] for line in open_lines]), strict=True))


def _mirror_line(refund: Refund, settlement: Settlement, amount: int) -> int:
    key = f"return:{refund.id}:{settlement.order_line_id}"
    if ledger.by_key(key) is not None:
        return 0
    line = _line(settlement)
    earnings = returning.earnings_of(settlement.order_line_id)
    settled = returning.as_settled(
        settlement, earnings, line.terms, funded_platform_minor=line.funded_platform_minor
    )
    month = (settlement.brand_id, settlement.distributor_id, settlement.currency, settlement.month)
    volume = settling.add_volumes({month: 0})[month] if settlement.counted else 0
    taken = take_back(settled, amount, volume_minor=volume)
    if not taken.buyer_minor:
        return 0
    if taken.volume_minor:
        settling.add_volumes({month: -taken.volume_minor})
    sides = [Side("buyer_liability", taken.buyer_minor), Side("promotion_cost", taken.promotion_minor)]
    sides += [_side(role, -minor, earnings.get(role), settlement) for role, minor in taken.parts.items()]
    transaction_id = _post(refund, settlement, key, "return", sides)
    settlement.returned_minor += taken.buyer_minor
    returning.note_parts(settlement, taken.parts)
    for role, earning in earnings.items():
        if taken.parts.get(role):
            why = _why(refund, settlement, taken)
            returning.note(earning, transaction_id, taken.parts[role], why)
    return 1


def _why(refund: Refund, settlement: Settlement, taken: TakenBack) -> dict[str, Any]:
    return {
        "kind": refund.kind, "reason": refund.reason, "refund": refund.id, "refunded_minor": taken.buyer_minor,
        "net_minor": settlement.net_minor, **taken.facts,
    }  # fmt: skip


def _give_again(refund: Refund) -> int:
    """A refund bounced, or a dispute was won: what was taken for it is posted back, entry by entry."""
    done = 0
    for settlement in returning.settlements_of(refund.order_id):
        taken = ledger.by_key(f"return:{refund.id}:{settlement.order_line_id}")
        key = f"return:{refund.id}:{settlement.order_line_id}:undone"
        if taken is None or ledger.by_key(key) is not None:
            continue
        earnings = returning.earnings_of(settlement.order_line_id)
        by_id = {earning.id: earning for earning in earnings.values()}
        lost = returning.returned_by(taken.id)
        entries = {entry.account: entry for entry in ledger.entries_of(taken.id)}
        buyer = entries["buyer_liability"].amount_minor
        sides = [
            Side(name, -entries[name].amount_minor)
            for name in ("buyer_liability", "promotion_cost", "platform_revenue", "gateway_fees")
            if name in entries
        ]
        sides += [_side(by_id[key_].role, minor, by_id[key_], settlement) for key_, minor in lost.items()]
        transaction_id = _post(refund, settlement, key, "return_undone", sides)
        line = _line(settlement)
        _count_again(settlement, buyer)
        settlement.returned_minor -= buyer
        returning.note_parts(
            settlement,
            {
                role: entries[account].amount_minor
                for role, account in (("platform", "platform_revenue"), ("gateway", "gateway_fees"))
                if account in entries
            },
        )
        for earning_id, minor in lost.items():
            returning.note(by_id[earning_id], transaction_id, -minor, {"kind": "undone", "line": line.id})
        done += 1
    return done


def _count_again(settlement: Settlement, buyer_minor: int) -> None:
    if settlement.counted:
        net, before = settlement.net_minor, settlement.returned_minor
        volume = settlement.base_minor * before // net - settlement.base_minor * (before - buyer_minor) // net
        month = (settlement.brand_id, settlement.distributor_id, settlement.currency, settlement.month)
        settling.add_volumes({month: volume})


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
        reason={"kind": refund.kind, "reason": refund.reason},
    )  # fmt: skip
    made = post(posting)
    if made is None:
        raise AssertionError(f"{key} was posted behind its order's lock")
    return made


def _line(settlement: Settlement) -> OrderLine:
    return session().get_one(OrderLine, settlement.order_line_id)
