"""Which terms a sale stands on, how a delivered line splits, and what a refund takes back. Values in, values out.

The specification, with worked examples, is docs/algorithms/settlement.md. Money in minor
units, rates in basis points (100 = 1 %). A rate's value is rounded down; the odd cent stays
with whoever the rate is taken from.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.foundation.money import split as share

WHOLE = 10_000
FAMILIES = {"margin": "base", "commission": "base", "boost": "boost", "override": "override"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of one rule; targets that are None stand for all."""

    id: int
    series: str
    version: int
    kind: str
    value: Mapping[str, Any]
    starts_at: datetime
    ends_at: datetime | None = None
    product_id: int | None = None
    sku_id: int | None = None
    level_id: int | None = None
    distributor_id: int | None = None

    def covers(self, sale: "Sale") -> bool:
        """Whether it is in force for this sale at its moment."""
        return (
            (self.sku_id is None or self.sku_id == sale.sku_id)
            and (self.product_id is None or self.product_id == sale.product_id)
            and (self.level_id is None or self.level_id == sale.level_id)
            and (self.distributor_id is None or self.distributor_id == sale.distributor_id)
            and self.starts_at <= sale.at
            and (self.ends_at is None or sale.at < self.ends_at)
            and (sale.currency is None or self.value.get("currency") in (None, sale.currency))
        )

    @property
    def narrowness(self) -> tuple[int, int]:
        """Who it is for counts first (distributor, level, all), then what it is for (Sku, product, brand)."""
        party = 2 if self.distributor_id is not None else int(self.level_id is not None)
        goods = 2 if self.sku_id is not None else int(self.product_id is not None)
        return party, goods

    def named(self) -> dict[str, Any]:
        return {"id": self.id, "series": self.series, "version": self.version}


@dataclass(frozen=True, slots=True)
class Sale:
    """Who sells what, when; enough to say which rules count. `level_id` is the seller's with this brand."""

    sku_id: int
    product_id: int
    distributor_id: int
    level_id: int | None
    at: datetime
    supply_price_minor: int
    currency: str | None = None
    """A rule that names another currency does not count; None looks at them all."""


def terms_of(rules: Iterable[Rule], sale: Sale) -> dict[str, Any]:
    """The terms that an order line keeps: the narrowest rule of each family, or the Sku's own supply price.

    `{"kind": "margin", "supply_price_minor"}` or `{"kind": "commission", "rate_bps" | "brackets"}`,
    with `rule` (None for the Sku's own price), and `boost` and `override` where there are any.
    """
    best: dict[str, Rule] = {}
    for rule in rules:
        if not rule.covers(sale):
            continue
        family = FAMILIES[rule.kind]
        before = best.get(family)
        if before is None or rule.narrowness > before.narrowness:
            best[family] = rule
    base = best.get("base")
    if base is None:
        terms: dict[str, Any] = {
            "kind": "margin",
            "supply_price_minor": sale.supply_price_minor,
            "rule": None,
        }
    elif base.kind == "margin":
        terms = {"kind": "margin", "supply_price_minor": base.value["supply_minor"], "rule": base.named()}
    else:
        terms = {"kind": "commission", **base.value, "rule": base.named()}
    for family in ("boost", "override"):
        if family in best:
            terms[family] = {**best[family].value, "rule": best[family].named()}
    return terms


def bracket_value(brackets: Sequence[Mapping[str, int]], volume_minor: int) -> int:
    """What a month's volume earns: each slice at its own rate, the sum rounded down once."""
    left, total = max(volume_minor, 0), 0
    for at, bracket in enumerate(brackets):
        end = brackets[at + 1]["from_minor"] if at + 1 < len(brackets) else None
        slice_minor = max((left if end is None else min(left, end)) - bracket["from_minor"], 0)
        total += slice_minor * bracket["rate_bps"]
    return total // WHOLE


def slices(
    brackets: Sequence[Mapping[str, int]], start_minor: int, amount_minor: int
) -> list[dict[str, int]]:
    """Through which brackets an amount goes when so much volume stands before it."""
    found = []
    for at, bracket in enumerate(brackets):
        end = brackets[at + 1]["from_minor"] if at + 1 < len(brackets) else None
        low = max(start_minor, bracket["from_minor"])
        high = start_minor + amount_minor if end is None else min(start_minor + amount_minor, end)
        if high > low:
            found.append({"from_minor": low, "amount_minor": high - low, "rate_bps": bracket["rate_bps"]})
    return found


@dataclass(frozen=True, slots=True)
class Line:
    """A delivered line. `funded_*`: what of its discounts the brand or the platform pays.

    `platform_fee_minor` and `gateway_fee_minor` are this line's shares. `volume_minor` is the
    seller's month with this brand before this line; `uplines` are distributor ids, nearest first, None where
    a step is empty.
    """

    net_minor: int
    quantity: int
    terms: Mapping[str, Any]
    funded_brand_minor: int = 0
    funded_platform_minor: int = 0
    platform_fee_minor: int = 0
    gateway_fee_minor: int = 0
    volume_minor: int = 0
    uplines: tuple[int | None, ...] = ()

    @property
    def base_minor(self) -> int:
        """What rates are taken of: as if nobody but the seller paid for discounts."""
        return self.net_minor + self.funded_brand_minor + self.funded_platform_minor

    @property
    def whole_minor(self) -> int:
        """What there is to share: the buyer's money and the platform's for its discounts."""
        return self.net_minor + self.funded_platform_minor


@dataclass(slots=True)
class Part:
    """What one party gets, and the steps that lead to it; the steps sum to the amount."""

    role: str
    amount_minor: int = 0
    steps: list[dict[str, Any]] = field(default_factory=list)

    def add(self, what: str, minor: int, **facts: Any) -> None:
        if minor or facts:
            self.amount_minor += minor
            self.steps.append({"what": what, "minor": minor, **facts})


ROLES = ("supplier", "seller", "upline1", "upline2", "platform", "gateway")


def split(line: Line) -> dict[str, Part]:
    """The parts of a line by role; they sum to `whole_minor` and none is negative."""
    parts = {role: Part(role) for role in ROLES}
    supplier, seller = parts["supplier"], parts["seller"]
    residual = _base(line, supplier, seller)
    _boost(line, supplier, seller)
    _own_discount(line, supplier, seller)
    for role, what, wanted in (
        ("gateway", "gateway_fee", line.gateway_fee_minor),
        ("platform", "platform_fee", line.platform_fee_minor),
    ):
        taken = min(wanted, residual.amount_minor)
        if wanted:
            parts[role].add(what, taken, wanted_minor=wanted)
            residual.add(what, -taken)
    _overrides(line, parts)
    return parts


def _base(line: Line, supplier: Part, seller: Part) -> Part:
    """Share the base between brand and seller; returns whoever keeps what is left, and so pays the fees."""
    terms, base = line.terms, line.base_minor
    if terms["kind"] == "margin":
        each = int(terms["supply_price_minor"])
        supply = min(each * line.quantity, base)
        supplier.add("supply_price", supply, each_minor=each, quantity=line.quantity)
        seller.add("sold_for", base)
        seller.add("supply_price", -supply, each_minor=each, quantity=line.quantity)
        return seller
    commission, facts = _commission(terms, base, line.volume_minor)
    seller.add("commission", commission, base_minor=base, **facts)
    supplier.add("sold_for", base)
    supplier.add("commission", -commission, base_minor=base, **facts)
    return supplier


def _commission(terms: Mapping[str, Any], base: int, volume: int) -> tuple[int, dict[str, Any]]:
    if "brackets" in terms:
        brackets = terms["brackets"]
        earned = bracket_value(brackets, volume + base) - bracket_value(brackets, volume)
        return earned, {"volume_minor": volume, "slices": slices(brackets, volume, base), "rounding": "down"}
    return base * int(terms["rate_bps"]) // WHOLE, {"rate_bps": int(terms["rate_bps"]), "rounding": "down"}


def _boost(line: Line, supplier: Part, seller: Part) -> None:
    boost = line.terms.get("boost")
    if boost:
        extra = min(line.base_minor * int(boost["add_bps"]) // WHOLE, supplier.amount_minor)
        facts = {"rate_bps": boost["add_bps"], "base_minor": line.base_minor, "rule": boost.get("rule")}
        seller.add("boost", extra, **facts)
        supplier.add("boost", -extra, **facts)


def _own_discount(line: Line, supplier: Part, seller: Part) -> None:
    """The brand pays for its own discounts; what its part cannot bear, the seller's does."""
    if line.funded_brand_minor:
        borne = min(line.funded_brand_minor, supplier.amount_minor)
        supplier.add("own_discount", -borne)
        seller.add("brands_discount", borne - line.funded_brand_minor)


def _overrides(line: Line, parts: Mapping[str, Part]) -> None:
    override = line.terms.get("override")
    if not override:
        return
    pot = parts[{"brand": "supplier", "distributor": "seller", "platform": "platform"}[override["pot"]]]
    for step, upline in enumerate(line.uplines[:2], 1):
        rate = int(override.get(f"step{step}_bps", 0))
        wanted = line.base_minor * rate // WHOLE
        paid = min(wanted, pot.amount_minor)
        if wanted and upline is not None:
            parts[f"upline{step}"].add(
                "override", paid, rate_bps=rate, base_minor=line.base_minor, pot=override["pot"], step=step,
                distributor=upline, rule=override.get("rule"), rounding="down",
            )  # fmt: skip
            pot.add(
                f"override{step}", -paid, rate_bps=rate, base_minor=line.base_minor, rule=override.get("rule"),
                rounding="down",
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settled:
    """A line as it was settled and what of it has gone back so far. `left` is by role, what each still has."""

    net_minor: int
    returned_minor: int
    base_minor: int
    funded_platform_minor: int
    terms: Mapping[str, Any]
    left: Mapping[str, int]
    counted: bool = True
    commission_left_minor: int = 0
    """What of the seller's part is bracket commission and has not been taken back."""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What a return takes, by role: positive is taken from a party. It sums to the buyer's and the platform's share."""

    parts: Mapping[str, int]
    buyer_minor: int
    promotion_minor: int
    volume_minor: int
    facts: Mapping[str, Any] = field(default_factory=dict)


def take_back(settled: Settled, amount_minor: int, *, volume_minor: int = 0) -> TakenBack:
    """Mirror a split for what goes back to the buyer; the last return takes exactly what is left.

    Where the seller earned by brackets, it gives back the top of its month (`volume_minor` now),
    so that the month's commissions stay the brackets' value of the month's volume; the brand
    bears or gains the difference.
    """
    rest = settled.net_minor - settled.returned_minor
    amount = min(amount_minor, rest)
    if amount <= 0:
        return TakenBack({}, 0, 0, 0)
    before, after = settled.returned_minor, settled.returned_minor + amount
    promotion = _upto(settled.funded_platform_minor, after, settled.net_minor) - _upto(
        settled.funded_platform_minor, before, settled.net_minor
    )
    volume = _upto(settled.base_minor, after, settled.net_minor) - _upto(
        settled.base_minor, before, settled.net_minor
    )
    whole = amount + promotion
    facts: dict[str, Any] = {"share": [amount, rest]}
    if "brackets" not in settled.terms or not settled.counted:
        if amount == rest:  # the last takes exactly what is left, also a cent that an undone return owed
            parts = {role: minor for role, minor in settled.left.items() if minor}
        else:
            roles = [role for role in ROLES if settled.left.get(role, 0) > 0]
            parts = (
                dict(zip(roles, share(whole, [settled.left[role] for role in roles]), strict=True))
                if whole
                else {}
            )
        return TakenBack(parts, amount, promotion, volume if settled.counted else 0, facts)
    brackets = settled.terms["brackets"]
    commission = bracket_value(brackets, volume_minor) - bracket_value(brackets, volume_minor - volume)
    others = {
        role: settled.left[role] * amount // rest
        for role in ("upline1", "upline2", "platform", "gateway")
        if settled.left.get(role, 0) > 0
    }
    # Below zero where the seller pays its uplines out of its own part: that comes back to it with the rest.
    extras = settled.left.get("seller", 0) - settled.commission_left_minor
    others["seller"] = commission + extras * amount // rest
    others["supplier"] = whole - sum(others.values())
    facts |= {
        "volume_minor": volume_minor, "commission_minor": commission,
        "slices": slices(brackets, max(volume_minor - volume, 0), volume),
    }  # fmt: skip
    return TakenBack({role: part for role, part in others.items() if part}, amount, promotion, volume, facts)


def _upto(total_minor: int, done_minor: int, of_minor: int) -> int:
    """The part of a total that belongs to the first `done` of `of`, rounded down; the last makes it whole."""
    return total_minor * done_minor // of_minor
