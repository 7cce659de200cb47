"""Who would have earned what: a change of rules tried on lines that were really sold. Values in, values out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from app.domain.commissions.drafts import Change, Draft
from app.domain.commissions.rules import Line, Rule, Sale, split, terms_of

FROM_EVER = datetime.min.replace(tzinfo=UTC)
OF_FAMILY = {"base": ("kind", "supply_price_minor", "rate_bps", "brackets", "currency", "rule")}


@dataclass(frozen=True, slots=True)
class SoldLine:
    """A settled line: what was sold, on which terms, and how it split. Money in minor units."""

    id: int
    order_id: int
    order_number: str
    seller_id: int
    sku_id: int
    product_id: int
    product_name: str
    sku_name: str
    quantity: int
    currency: str
    net_minor: int
    funded_brand_minor: int
    funded_platform_minor: int
    supply_price_minor: int
    """The Sku's own, today."""
    terms: Mapping[str, Any]
    parts: Sequence[Mapping[str, Any]]
    counted: bool
    month: date
    quoted_at: datetime
    delivered_at: datetime
    running_minor: int
    """The seller's volume of the month before this line, returns not taken off."""

    def earned(self) -> dict[str, int]:
        """Each role's part, as it was settled."""
        return {part["role"]: int(part["minor"]) for part in self.parts}

    def step(self, role: str, what: str) -> Mapping[str, Any]:
        steps = next((part["steps"] for part in self.parts if part["role"] == role), ())
        return next((step for step in steps if step["what"] == what), {})


@dataclass(frozen=True, slots=True)
class Tried:
    """A line with its parts by role, as they were and as they would have been."""

    line: SoldLine
    was: Mapping[str, int]
    would: Mapping[str, int]

    @property
    def differs(self) -> bool:
        return dict(self.was) != dict(self.would)

    def more(self, role: str) -> int:
        return self.would.get(role, 0) - self.was.get(role, 0)


@dataclass(frozen=True, slots=True)
class Sum:
    """What somebody earned of the lines, and would have."""

    was_minor: int = 0
    would_minor: int = 0
    lines: int = 0

    @property
    def more_minor(self) -> int:
        return self.would_minor - self.was_minor

    def plus(self, was: int, would: int) -> "Sum":
        return Sum(self.was_minor + was, self.would_minor + would, self.lines + 1)


def recomputed(
    line: SoldLine,
    terms: Mapping[str, Any],
    *,
    platform_fee: int | None = None,
    gateway_fee: int | None = None,
) -> dict[str, int]:
    """The line's parts by role on these terms, with the month that it had, and its fees unless others are given."""
    if platform_fee is None:
        platform_fee = int(line.step("platform", "platform_fee").get("wanted_minor", 0))
    if gateway_fee is None:
        gateway_fee = int(line.step("gateway", "gateway_fee").get("wanted_minor", 0))
    volume = line.step("seller", "commission").get("volume_minor")
    parts = split(
        Line(
            net_minor=line.net_minor, quantity=line.quantity, terms=terms, funded_brand_minor=line.funded_brand_minor,
            funded_platform_minor=line.funded_platform_minor,
            platform_fee_minor=platform_fee, gateway_fee_minor=gateway_fee,
            volume_minor=line.running_minor if volume is None else int(volume),
            uplines=tuple(terms.get("uplines", ())),
        )
    )  # fmt: skip
    return {role: part.amount_minor for role, part in parts.items()}


def supposed(rules: Iterable[Rule], change: Change) -> list[Rule]:
    """The rules as if the change had always been made: a new rule in force all the time, an ended one never."""
    if not isinstance(change, Draft):
        return [rule for rule in rules if rule.series != change.series]
    always = change.as_rule(starts_at=FROM_EVER, ends_at=None)
    kept = [rule for rule in rules if rule.series != (change.series or None) and not change.same_target(rule)]
    return [*kept, always]


def terms_after(line: SoldLine, rules: Sequence[Rule], other: Sequence[Rule]) -> dict[str, Any]:
    """The terms that the line kept, with what another set of rules would have made of them."""
    level = line.terms.get("level") or {}
    sale = Sale(
        line.sku_id, line.product_id, line.seller_id, level.get("id"), line.quoted_at, line.supply_price_minor,
        line.currency,
    )  # fmt: skip
    was, would = terms_of(rules, sale), terms_of(other, sale)
    terms = dict(line.terms)
    if _base(was) != _base(would):
        terms = {name: value for name, value in terms.items() if name not in OF_FAMILY["base"]} | _base(would)
    for family in ("boost", "override"):
        if was.get(family) != would.get(family):
            terms.pop(family, None)
            terms |= {family: would[family]} if family in would else {}
    return terms


def _base(terms: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in terms.items() if name in OF_FAMILY["base"]}


def tried(lines: Iterable[SoldLine], rules: Sequence[Rule], change: Change) -> list[Tried]:
    """Every line with what each party earned of it and would have earned."""
    other, found = supposed(rules, change), []
    fitting: dict[int, tuple[list[Rule], list[Rule]]] = {}
    for line in lines:
        if line.sku_id not in fitting:
            fitting[line.sku_id] = (_for_goods(rules, line), _for_goods(other, line))
        terms = terms_after(line, *fitting[line.sku_id])
        found.append(Tried(line, line.earned(), recomputed(line, terms)))
    return found


def _for_goods(rules: Iterable[Rule], line: SoldLine) -> list[Rule]:
    """The rules that can count for a line's goods: with many lines, the rest need not be looked at again."""
    return [
        rule
        for rule in rules
        if rule.sku_id in {None, line.sku_id} and rule.product_id in {None, line.product_id}
    ]


def by_distributor(results: Iterable[Tried]) -> dict[tuple[int, str], Sum]:
    """What each distributor earned in a currency as seller and as upline, and would have."""
    sums: dict[tuple[int, str], Sum] = {}
    for result in results:
        uplines = result.line.terms.get("uplines", ())[:2]
        owners = {"seller": result.line.seller_id} | {
            f"upline{step}": upline for step, upline in enumerate(uplines, 1)
        }
        for role, owner in owners.items():
            was, would = result.was.get(role, 0), result.would.get(role, 0)
            if role == "seller" or was or would:
                key = (owner, result.line.currency)
                sums[key] = sums.get(key, Sum()).plus(was, would)
    return sums


PARTIES = {
    "brand": ("supplier",), "distributors": ("seller", "upline1", "upline2"), "platform": ("platform",),
    "gateways": ("gateway",),
}  # fmt: skip


def by_party(results: Iterable[Tried]) -> dict[str, dict[str, Sum]]:
    """The same by currency for the brand, all distributors, the platform and the gateways; `would` sums to `was`."""
    sums: dict[str, dict[str, Sum]] = {}
    for result in results:
        of_currency = sums.setdefault(result.line.currency, dict.fromkeys(PARTIES, Sum()))
        for party, roles in PARTIES.items():
            was = sum(result.was.get(role, 0) for role in roles)
            would = sum(result.would.get(role, 0) for role in roles)
            of_currency[party] = of_currency[party].plus(was, would)
    return sums


def of_distributor(results: Iterable[Tried], distributor_id: int) -> list[Tried]:
    """The lines of which a distributor earned, as seller or upline."""
    return [
        result
        for result in results
        if distributor_id in {result.line.seller_id, *result.line.terms.get("uplines", ())[:2]}
    ]
