"""A delivered line splits itself: brand, seller, uplines, platform and gateway, held until it matures."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from app.domain.commissions import fees, returning, settling
from app.domain.commissions.calendar import month_of
from app.domain.commissions.rules import Line, Part, split
from app.domain.commissions.settling import Sold, VolumeKey
from app.domain.ledger.posting import Posting, Side, post_all
from app.foundation import clock
from app.foundation.errors import StaleState
from app.foundation.unit_of_work import Work, unit_of_work
from tenants.context import current_scope, platform_scope

HOLD_DAYS = 7
"""For lines whose terms do not say."""
SETTLE_AFTER = timedelta(minutes=5)
UPLINES = frozenset({"upline1", "upline2"})
ACCOUNTS = {"platform": "platform_revenue", "gateway": "gateway_fees"}


def settle_order(order_id: int) -> int:
    """Split what is delivered of one order and not settled; how many lines. Runs once per line whatever calls it."""
    return settle_many([(current_scope().shop_id, {"order_id": order_id})])


def settle_many(wanted: Sequence[tuple[int | None, Mapping[str, Any]]]) -> int:
    """The same for many orders in one transaction; each with the shop it was named for."""
    shop_of = {int(payload["order_id"]): shop_id for shop_id, payload in wanted}
    with platform_scope(), unit_of_work() as work:
        return settle_and_follow(work, shop_of)


def settle_and_follow(work: Work, shop_of: Mapping[int, int | None]) -> int:
    """Settle, and let money that went back before there was anything to take it from be followed now."""
    done = settle(shop_of)
    if done:
        for shop_id, refund_id in returning.wake_late_refunds(list(shop_of)):
            work.enqueue(
                "take_back_refund", for_shop=shop_id, key=f"take_back:{refund_id}:late", refund_id=refund_id
            )
    return done


def settle_forgotten() -> int:
    """The clock's tick: what was delivered a while ago and nobody split is asked for again; how many orders."""
    with platform_scope(), unit_of_work() as work:
        left = returning.unsettled(clock.now() - SETTLE_AFTER)
        for shop_id, order_id in left:
            work.enqueue("settle_order", for_shop=shop_id, key=f"settle:{order_id}:again", order_id=order_id)
    return len(left)


def settle(shop_of: Mapping[int, int | None]) -> int:
    """Settle inside the caller's transaction, in the platform's scope."""
    lines = settling.claim(list(shop_of), shop_of)
    if not lines:
        return 0
    shares = _fee_shares(lines)
    volumes = _volumes(lines)
    done = []
    for line in lines:
        key = _volume_key(line)
        priced = _as_line(line, *shares[line.id], volume=volumes.get(key, 0))
        done.append((line, priced, split(priced)))
        if not line.own:
            volumes[key] = volumes.get(key, 0) + priced.base_minor
    ids = post_all(_posting(line, priced, parts) for line, priced, parts in done)
    if len(ids) != len(done):
        raise StaleState(what="settlement", wanted="settled")
    earnings = [
        row for line, _priced, parts in done for row in _earnings(line, parts, ids[f"settle:{line.id}"])
    ]
    settling.write(earnings, [_settlement(*one, ids[f"settle:{one[0].id}"]) for one in done])
    return len(done)


def _fee_shares(lines: Sequence[Sold]) -> dict[int, tuple[int, int]]:
    """(platform fee, gateway fee) of each line; what is per order is shared by nets, whichever is delivered first."""
    rules = fees.all_rules()
    nets = settling.nets_of({line.order_id for line in lines})
    found = {}
    for line in lines:
        of_order = nets[line.order_id]
        at, place = line.ordered_at, list(of_order).index(line.id)
        gateway = fees.in_force(rules, "gateway", at, currency=line.currency, gateway=line.gateway)
        platform = fees.in_force(rules, "platform", at, currency=line.currency, brand_id=line.brand_id)
        total = fees.of_payment(gateway, sum(of_order.values()), credit_minor=line.credit_minor)
        fixed = fees.shares(platform.fixed_minor if platform else 0, list(of_order.values()))[place]
        rate = line.net_minor * (platform.rate_bps if platform else 0) // fees.WHOLE
        found[line.id] = (rate + fixed, fees.shares(total, list(of_order.values()))[place])
    return found


def _volume_key(line: Sold) -> VolumeKey:
    return line.brand_id, line.seller_id, line.currency, month_of(line.delivered_at)


def _volumes(lines: Sequence[Sold]) -> dict[VolumeKey, int]:
    """Count the lines for their months; what each month stood at before. A firm's own purchases do not count."""
    more: dict[VolumeKey, int] = defaultdict(int)
    for line in lines:
        counted = 0 if line.own else line.net_minor + line.funded_brand_minor + line.funded_platform_minor
        more[_volume_key(line)] += counted
    return settling.add_volumes(more)


def _as_line(line: Sold, platform_fee: int, gateway_fee: int, *, volume: int) -> Line:
    return Line(
        net_minor=line.net_minor, quantity=line.quantity, terms=line.terms, funded_brand_minor=line.funded_brand_minor,
        funded_platform_minor=line.funded_platform_minor, platform_fee_minor=platform_fee,
        gateway_fee_minor=gateway_fee, volume_minor=volume, uplines=tuple(line.terms.get("uplines", ())),
    )  # fmt: skip


def _posting(line: Sold, priced: Line, parts: Mapping[str, Part]) -> Posting:
    sides = [Side("buyer_liability", -line.net_minor), Side("promotion_cost", -priced.funded_platform_minor)]
    for role, part in parts.items():
        if role == "supplier":
            sides.append(Side("brand_held", part.amount_minor, brand_id=line.brand_id))
        elif role in ACCOUNTS:
            sides.append(Side(ACCOUNTS[role], part.amount_minor))
        else:
            sides.append(
                Side("distributor_held", part.amount_minor, distributor_id=_owner(line, role, priced))
            )
    return Posting(
        f"settle:{line.id}", "settlement", line.currency, line.delivered_at, sides, shop_id=line.shop_id,
        order_id=line.order_id, order_line_id=line.id,
    )  # fmt: skip


def _owner(line: Sold, role: str, priced: Line) -> int:
    if role == "seller":
        return line.seller_id
    place = int(role[-1]) - 1
    return (priced.uplines[place] if place < len(priced.uplines) else None) or line.seller_id


def _earnings(line: Sold, parts: Mapping[str, Part], transaction_id: int) -> list[dict[str, Any]]:
    hold = int(line.terms.get("hold_days", HOLD_DAYS))
    matures_at = line.delivered_at + timedelta(days=hold)
    uplines = line.terms.get("uplines", ())
    owners = {"supplier": None, "seller": line.seller_id}
    owners |= {f"upline{step}": upline for step, upline in enumerate(uplines[:2], 1)}
    return [
        {
            "transaction_id": transaction_id, "brand_id": line.brand_id if role == "supplier" else None,
            "distributor_id": owner, "role": role, "shop_id": line.shop_id, "seller_id": line.seller_id,
            "of_brand_id": line.brand_id, "order_id": line.order_id, "order_line_id": line.id,
            # Uplines earn with the order and have nothing to do with it.
            "order_number": "" if role in UPLINES else line.number,
            "product_id": line.product_id, "sku_id": line.sku_id,
            "product_name": line.product_name, "sku_name": line.sku_name, "quantity": line.quantity,
            "currency": line.currency, "net_minor": line.net_minor, "amount_minor": parts[role].amount_minor,
            "level": line.terms.get("level", {}).get("name", ""), "earned_at": line.delivered_at.isoformat(),
            "matures_at": matures_at.isoformat(), "why": _why(line, parts[role], hold),
        }
        for role, owner in owners.items()
        if role in {"supplier", "seller"} or parts[role].amount_minor
    ]  # fmt: skip


def _why(line: Sold, part: Part, hold_days: int) -> dict[str, Any]:
    """What the part is made of: rule and version, base, rate or slices, rounding. Its steps sum to the amount."""
    terms = line.terms
    return {
        "kind": terms["kind"], "rule": terms.get("rule"), "level": terms.get("level"), "net_minor": line.net_minor,
        "quantity": line.quantity, "steps": part.steps, "hold_days": hold_days, "own_purchase": line.own,
    }  # fmt: skip


def _settlement(line: Sold, priced: Line, parts: Mapping[str, Part], transaction_id: int) -> dict[str, Any]:
    return {
        "transaction_id": transaction_id, "shop_id": line.shop_id, "distributor_id": line.seller_id,
        "brand_id": line.brand_id, "order_id": line.order_id, "order_line_id": line.id, "currency": line.currency,
        "net_minor": line.net_minor, "base_minor": priced.base_minor, "counted": not line.own,
        "month": month_of(line.delivered_at).isoformat(),
        "parts": [{"role": role, "minor": part.amount_minor, "steps": part.steps} for role, part in parts.items()],
    }  # fmt: skip
