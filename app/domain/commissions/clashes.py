"""Whether a change of rules would break a promise: no supply price above a floor, no rates over the whole price.

Values in, values out. It looks at every kind of party and every moment at which something begins or ends.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.commissions.errors import RatesOverWhole, SupplyAboveFloor
from app.domain.commissions.rules import WHOLE, Rule, Sale, terms_of
from app.domain.pricing.floors import FloorRow, resolve

ANYBODY = 0
"""In place of a distributor's id: one that no rule names."""


@dataclass(frozen=True, slots=True)
class Good:
    """A Sku with its own supply price and floor. Minor units of `currency`."""

    sku_id: int
    product_id: int
    currency: str
    supply_price_minor: int
    floor_minor: int
    name: str = ""
    name_en: str = ""


@dataclass(frozen=True, slots=True)
class Party:
    """A distributor, or with ANYBODY any other of that level."""

    distributor_id: int
    level_id: int | None


def parties(
    levels: Iterable[int], partners: Mapping[int, int | None], named: Iterable[int | None]
) -> list[Party]:
    """Every kind of party: each level, and each distributor that a rule or a floor names, at its level."""
    wanted = sorted({one for one in named if one is not None})
    return [
        *(Party(ANYBODY, level) for level in levels),
        *(Party(one, partners.get(one)) for one in wanted),
    ]


def refuse(
    before: Sequence[Rule],
    after: Sequence[Rule],
    goods: Iterable[Good],
    floors: Mapping[int, Sequence[FloorRow]],
    who: Sequence[Party],
    *,
    since: datetime,
) -> None:
    """Raise SupplyAboveFloor or RatesOverWhole for the first case in which the change breaks a promise."""
    for good in goods:
        old, new = _of_good(before, good), _of_good(after, good)
        rows = floors.get(good.sku_id, ())
        for party in who:
            for at in _moments(new, rows, since):
                sale = Sale(
                    good.sku_id,
                    good.product_id,
                    party.distributor_id,
                    party.level_id,
                    at,
                    good.supply_price_minor,
                )
                terms = terms_of(new, sale)
                if terms != terms_of(old, sale):
                    _rates(terms)
                    _floor(terms, good, rows, party, at)


def _of_good(rules: Iterable[Rule], good: Good) -> list[Rule]:
    return [
        rule
        for rule in rules
        if rule.sku_id in {None, good.sku_id} and rule.product_id in {None, good.product_id}
    ]


def _moments(rules: Iterable[Rule], floors: Iterable[FloorRow], since: datetime) -> list[datetime]:
    edges = {since}
    for window in [(one.starts_at, one.ends_at) for one in rules] + [
        (one.starts_at, one.ends_at) for one in floors
    ]:
        edges |= {at for at in window if at is not None and at > since}
    return sorted(edges)


def _rates(terms: Mapping[str, Any]) -> None:
    """With brackets, the highest rate counts."""
    rates = [terms.get("rate_bps", 0), *(row["rate_bps"] for row in terms.get("brackets", ()))]
    boost = terms.get("boost", {}).get("add_bps", 0)
    override = terms.get("override", {})
    steps = override.get("step1_bps", 0) + override.get("step2_bps", 0)
    total = max(rates) + boost + steps
    if total > WHOLE:
        raise RatesOverWhole(
            param="rate", total_bps=total, commission_bps=max(rates), boost_bps=boost, override_bps=steps
        )


def _floor(
    terms: Mapping[str, Any], good: Good, rows: Sequence[FloorRow], party: Party, at: datetime
) -> None:
    if terms["kind"] != "margin":
        return
    supply = terms["supply_price_minor"]
    for promotion in (None, *sorted({row.promotion for row in rows if row.promotion is not None})):
        floor = resolve(
            rows, sku_floor_minor=good.floor_minor, at=at, distributor_id=party.distributor_id, level_id=party.level_id,
            promotions=() if promotion is None else (promotion,),
        )  # fmt: skip
        if supply > floor.floor_minor:
            raise SupplyAboveFloor(
                param="supply", supply_minor=supply, floor_minor=floor.floor_minor, currency=good.currency,
                sku=good.name, sku_en=good.name_en, source=floor.source, level_id=party.level_id,
                distributor_id=party.distributor_id or None, at=at,
            )  # fmt: skip


def reach(
    before: Sequence[Rule],
    after: Sequence[Rule],
    goods: Iterable[Good],
    partners: Mapping[int, int | None],
    *,
    at: datetime,
) -> tuple[set[int], set[int]]:
    """The Skus and the distributors for whom terms are others at a moment once the change is made."""
    own = {rule.distributor_id for rule in (*before, *after)}
    alike: dict[Party, list[int]] = {}
    for one, level in partners.items():
        alike.setdefault(Party(one if one in own else ANYBODY, level), []).append(one)
    skus, touched = set(), set()
    for good in goods:
        old, new = _of_good(before, good), _of_good(after, good)
        for party, members in alike.items():
            sale = Sale(
                good.sku_id,
                good.product_id,
                party.distributor_id,
                party.level_id,
                at,
                good.supply_price_minor,
            )
            if terms_of(old, sale) != terms_of(new, sale):
                skus.add(good.sku_id)
                touched.update(members)
    return skus, touched
