"""What the platform and the gateways take, by rules with a time."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from app.domain.commissions.models import FeeRule
from app.foundation.database import session
from app.foundation.money import split

WHOLE = 10_000


def all_rules() -> Sequence[FeeRule]:
    """Every fee rule, the newest first; the platform keeps few."""
    return (
        session()
        .execute(select(FeeRule).order_by(FeeRule.starts_at.desc(), FeeRule.id.desc()))
        .scalars()
        .all()
    )


def in_force(
    rules: Sequence[FeeRule],
    kind: str,
    at: datetime,
    *,
    currency: str,
    gateway: str | None = None,
    brand_id: int | None = None,
) -> FeeRule | None:
    """The rule of a kind at a moment: the narrowest target first (brand, currency), then the newest."""
    newest: dict[tuple[object, ...], FeeRule] = {}
    for rule in rules:
        if (
            rule.kind == kind and rule.starts_at <= at and rule.gateway in {None, gateway}
            and rule.brand_id in {None, brand_id} and rule.currency in {None, currency}
        ):  # fmt: skip
            target = _narrowness(rule)
            before = newest.get(target)
            if before is None or (rule.starts_at, rule.id) > (before.starts_at, before.id):
                newest[target] = rule
    standing = [rule for rule in newest.values() if not rule.lapsed]
    return max(standing, key=_narrowness, default=None)


def _narrowness(rule: FeeRule) -> tuple[bool, bool, bool]:
    """Among rules that fit one case, also which target it is."""
    return rule.brand_id is not None, rule.gateway is not None, rule.currency is not None


def fee_of(rule: FeeRule | None, amount_minor: int) -> int:
    """Rate of the amount, rounded down, plus the fixed part; never more than the amount."""
    if rule is None:
        return 0
    return min(amount_minor * rule.rate_bps // WHOLE + rule.fixed_minor, amount_minor)


def of_payment(rule: FeeRule | None, total_minor: int, *, credit_minor: int) -> int:
    """A gateway's fee of an order: it kept nothing of what was paid with store credit."""
    taken = total_minor - credit_minor
    return fee_of(rule, taken) if taken > 0 else 0


def shares(fee_minor: int, nets: Sequence[int]) -> list[int]:
    """A payment's fee over its lines by their nets; the parts sum to it."""
    return split(fee_minor, nets) if fee_minor and sum(nets) else [0] * len(nets)
