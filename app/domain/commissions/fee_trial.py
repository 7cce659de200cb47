"""A fee as somebody wants it, what is wrong with it, and what the last month would have cost. Values in, values out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.commissions import fees
from app.domain.commissions.models import FeeRule
from app.domain.commissions.trial import FROM_EVER, SoldLine, Sum, Tried, recomputed
from app.foundation.errors import InvalidInput

MOST_FIXED = 10**9
FITS = {"platform": ("brand_id", "currency"), "gateway": ("gateway", "currency"), "payout": ("currency",)}
"""What a fee of each kind may be for."""


@dataclass(frozen=True, slots=True)
class FeeDraft:
    """A fee from a moment on (`starts_at` None: when it is saved). `lapsed`: the target has none of its own now."""

    kind: str
    rate_bps: int = 0
    fixed_minor: int = 0
    gateway: str | None = None
    brand_id: int | None = None
    currency: str | None = None
    starts_at: datetime | None = None
    lapsed: bool = False

    @property
    def target(self) -> tuple[str, str | None, int | None, str | None]:
        return self.kind, self.gateway, self.brand_id, self.currency

    def as_rule(self, starts_at: datetime) -> FeeRule:
        """The rule it would be; it belongs to no session."""
        return FeeRule(
            id=2**62, kind=self.kind, gateway=self.gateway, brand_id=self.brand_id, currency=self.currency,
            rate_bps=self.rate_bps, fixed_minor=self.fixed_minor, starts_at=starts_at, lapsed=self.lapsed,
        )  # fmt: skip


def target_of(rule: FeeRule) -> tuple[str, str | None, int | None, str | None]:
    return rule.kind, rule.gateway, rule.brand_id, rule.currency


def check(draft: FeeDraft, rules: Iterable[FeeRule], *, now: datetime) -> datetime:
    """The moment it begins, if it is right; InvalidInput names the field and why not."""
    if draft.kind not in FITS:
        raise InvalidInput(param="kind", reason="none_chosen")
    for name in ("gateway", "brand_id", "currency"):
        if getattr(draft, name) is not None and name not in FITS[draft.kind]:
            raise InvalidInput(param=name.removesuffix("_id"), reason="not_of_this_fee")
    if not 0 <= draft.rate_bps <= fees.WHOLE:
        raise InvalidInput(param="rate", reason="rate_over_whole" if draft.rate_bps > 0 else "not_a_rate")
    if not 0 <= draft.fixed_minor <= MOST_FIXED:
        raise InvalidInput(param="fixed", reason="not_an_amount")
    if draft.fixed_minor and draft.currency is None:
        raise InvalidInput(param="currency", reason="fixed_needs_currency")
    starts_at = draft.starts_at or now
    if starts_at < now:
        raise InvalidInput(param="starts_at", reason="in_the_past")
    own = [rule for rule in rules if target_of(rule) == draft.target]
    if any(rule.starts_at == starts_at for rule in own):
        raise InvalidInput(param="starts_at", reason="begins_already")
    standing = max((rule for rule in own if rule.starts_at <= starts_at), key=_age, default=None)
    if draft.lapsed and (standing is None or standing.lapsed):
        raise InvalidInput(param="starts_at", reason="no_fee_to_end")
    return starts_at


def _age(rule: FeeRule) -> tuple[datetime, int]:
    return rule.starts_at, rule.id


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What fees are taken by: when it was ordered, through which gateway, the nets of all its lines in order, and
    what of it was paid with store credit.
    """

    ordered_at: datetime
    gateway: str | None
    nets: Mapping[int, int]
    credit_minor: int = 0


def supposed(rules: Sequence[FeeRule], draft: FeeDraft) -> list[FeeRule]:
    """The rules as if the fee had always been that."""
    kept = [rule for rule in rules if target_of(rule) != draft.target]
    return kept if draft.lapsed else [*kept, draft.as_rule(FROM_EVER)]


def fees_of(rules: Sequence[FeeRule], line: SoldLine, brand_id: int, order: OrderFacts) -> tuple[int, int]:
    """(platform fee, gateway fee) of a line, as a settlement takes them."""
    nets, place = list(order.nets.values()), list(order.nets).index(line.id)
    at, currency = order.ordered_at, line.currency
    gateway = fees.in_force(rules, "gateway", at, currency=currency, gateway=order.gateway)
    platform = fees.in_force(rules, "platform", at, currency=currency, brand_id=brand_id)
    of_payment = fees.shares(fees.of_payment(gateway, sum(nets), credit_minor=order.credit_minor), nets)[place]
    fixed = fees.shares(platform.fixed_minor if platform else 0, nets)[place]
    rate = line.net_minor * (platform.rate_bps if platform else 0) // fees.WHOLE
    return rate + fixed, of_payment


def tried(
    lines: Iterable[tuple[int, SoldLine]],
    orders: Mapping[int, OrderFacts],
    rules: Sequence[FeeRule],
    draft: FeeDraft,
) -> list[tuple[int, Tried]]:
    """(brand, line with its parts as they were and would have been); what the change does not touch stays as it was."""
    other = supposed(rules, draft)
    found = []
    for brand_id, line in lines:
        order = orders[line.order_id]
        was, would = fees_of(rules, line, brand_id, order), fees_of(other, line, brand_id, order)
        platform, gateway = (new if new != old else None for old, new in zip(was, would, strict=True))
        after = recomputed(line, line.terms, platform_fee=platform, gateway_fee=gateway)
        found.append((brand_id, Tried(line, line.earned(), after)))
    return found


@dataclass(frozen=True, slots=True)
class PaidOut:
    """A payout as it went, and what it cost. Minor units."""

    currency: str
    amount_minor: int
    fee_minor: int
    created_at: datetime


def payouts_tried(payouts: Iterable[PaidOut], rules: Sequence[FeeRule], draft: FeeDraft) -> dict[str, Sum]:
    """What payouts cost by currency, and would have cost."""
    other, sums = supposed(rules, draft), dict[str, Sum]()
    for payout in payouts:
        found = [
            fees.in_force(of, "payout", payout.created_at, currency=payout.currency) for of in (rules, other)
        ]
        was, would = (fees.fee_of(rule, payout.amount_minor) for rule in found)
        would = payout.fee_minor if was == would else would
        sums[payout.currency] = sums.get(payout.currency, Sum()).plus(payout.fee_minor, would)
    return sums
