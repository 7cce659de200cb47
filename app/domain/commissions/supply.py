"""What distributors owe for a Sku over time, so that no floor is below it. The first part is pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select

from app.domain.commissions.models import RateRule
from app.domain.commissions.rules import Rule, Sale, terms_of
from app.domain.pricing.floors import FloorRow, resolve
from app.foundation.database import session


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody who may sell: a level, or one distributor at its level; neither stands for anybody else."""

    level_id: int | None = None
    distributor_id: int | None = None


@dataclass(frozen=True, slots=True)
class Owes:
    """A supply price that a floor would not cover, whose it is and from when. Minor units."""

    party: Party
    supply_minor: int
    at: datetime


def uncovered(
    wanted: FloorRow,
    floors: Iterable[FloorRow],
    rules: Collection[Rule],
    parties: Iterable[Party],
    *,
    sku_id: int,
    product_id: int,
    supply_price_minor: int,
) -> Owes | None:
    """The highest supply price, at any moment of the window, that the floor is below; None where it covers all.

    Only who is really held by the wanted floor counts: one with a floor of its own is covered by that.
    """  # fmt: skip
    kept, found = list(floors), None
    ends = [at for rule in rules for at in (rule.starts_at, rule.ends_at)]
    ends += [at for row in kept for at in (row.starts_at, row.ends_at)]
    moments = {wanted.starts_at, *(at for at in ends if at is not None and _inside(wanted, at))}
    names = (wanted.promotion,) if wanted.promotion is not None else ()
    for party in parties:
        for at in sorted(moments):
            held = resolve(
                kept, sku_floor_minor=0, at=at, distributor_id=party.distributor_id, level_id=party.level_id,
                promotions=names,
            )  # fmt: skip
            if held.floor_id != wanted.id:
                continue
            sale = Sale(sku_id, product_id, party.distributor_id or 0, party.level_id, at, supply_price_minor)
            owed = int(terms_of(rules, sale).get("supply_price_minor", 0))
            if owed > wanted.floor_minor and (found is None or owed > found.supply_minor):
                found = Owes(party, owed, at)
    return found


def _inside(wanted: FloorRow, at: datetime) -> bool:
    return wanted.starts_at <= at and (wanted.ends_at is None or at < wanted.ends_at)


def margin_rules(brand_id: int, sku_id: int, product_id: int, *, since: datetime) -> list[Rule]:
    """A brand's rules of pay that may decide what is owed for a Sku, from a moment on."""
    found = select(RateRule).where(
        RateRule.brand_id == brand_id, RateRule.kind.in_(("margin", "commission")),
        or_(RateRule.ends_at.is_(None), RateRule.ends_at > since),
        or_(RateRule.sku_id.is_(None), RateRule.sku_id == sku_id),
        or_(RateRule.product_id.is_(None), RateRule.product_id == product_id),
    )  # fmt: skip
    return [
        Rule(row.id, row.series, row.version, row.kind, row.value, row.starts_at, row.ends_at, row.product_id,
             row.sku_id, row.level_id, row.distributor_id)
        for row in session().execute(found.order_by(RateRule.id)).scalars()
    ]  # fmt: skip
