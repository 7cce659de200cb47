"""Every SELECT of what a partnership sold and what a downline brought, in the scope of whom it belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from app.domain.commissions.calendar import month_of
from app.domain.commissions.models import Earning, RateRule, Volume
from app.domain.commissions.rules import Rule, Sale
from app.foundation.database import session

EACH = 0
"""Stands for no Sku and no product in particular: only rules for all of a brand's goods cover it."""


@dataclass(frozen=True, slots=True)
class NextRate:
    """What is missing this month for a better rate. Money in minor units, rates in basis points."""

    missing_minor: int
    volume_minor: int
    from_minor: int
    rate_bps: int

    @property
    def per_cent(self) -> str:
        """The rate as people say it: 9 or 8.5."""
        return f"{self.rate_bps / 100:g}"


def own_purchases(distributor_id: int, *, most: int = 50) -> Sequence[Earning]:
    """Lines of the open brand that a distributor bought from itself: sold and paid, and not counted."""
    found = select(Earning).where(
        Earning.role == "supplier",
        Earning.seller_id == distributor_id,
        Earning.why["own_purchase"].as_boolean(),
    )
    return session().execute(found.order_by(Earning.id.desc()).limit(most)).scalars().all()


def months(brand_id: int, distributor_id: int, *, currency: str, since: date) -> list[tuple[date, int]]:
    """Each month's counted sales, the oldest first."""
    found = select(Volume.month, Volume.volume_minor).where(
        Volume.brand_id == brand_id, Volume.distributor_id == distributor_id, Volume.currency == currency,
        Volume.month >= since,
    )  # fmt: skip
    return [(month, volume) for month, volume in session().execute(found.order_by(Volume.month))]


def next_rate(
    brand_id: int, distributor_id: int, *, level_id: int | None, currency: str, now: datetime
) -> NextRate | None:
    """The next bracket of the brand-wide commission that holds for a distributor; None where there is none."""
    rows = session().execute(
        select(RateRule).where(
            RateRule.brand_id == brand_id,
            RateRule.kind == "commission",
            RateRule.product_id.is_(None),
            RateRule.sku_id.is_(None),
        )
    )
    sale = Sale(EACH, EACH, distributor_id, level_id, now, 0)
    rules = [rule for rule in map(_rule, rows.scalars()) if rule.covers(sale)]
    if not rules:
        return None
    found = select(Volume.volume_minor).where(
        Volume.brand_id == brand_id, Volume.distributor_id == distributor_id, Volume.currency == currency,
        Volume.month == month_of(now),
    )  # fmt: skip
    volume = session().execute(found).scalar() or 0
    best = max(rules, key=lambda rule: rule.narrowness)
    for bracket in best.value.get("brackets", ()):
        if bracket["from_minor"] > volume:
            return NextRate(
                bracket["from_minor"] - volume, volume, bracket["from_minor"], bracket["rate_bps"]
            )
    return None


def _rule(row: RateRule) -> Rule:
    return Rule(
        row.id, row.series, row.version, row.kind, row.value, row.starts_at, row.ends_at, row.product_id, row.sku_id,
        row.level_id, row.distributor_id,
    )  # fmt: skip


def brought(distributor_id: int) -> dict[int, list[tuple[str, int]]]:
    """(currency, net earnings) of a distributor by the one below it that sold: overrides, less what went back."""
    found = (
        select(Earning.seller_id, Earning.currency, func.sum(Earning.amount_minor - Earning.taken_back_minor))
        .where(Earning.distributor_id == distributor_id, Earning.role.in_(("upline1", "upline2")))
        .group_by(Earning.seller_id, Earning.currency)
        .order_by(Earning.currency)
    )
    sums: dict[int, list[tuple[str, int]]] = {}
    for seller_id, currency, total in session().execute(found):
        sums.setdefault(seller_id, []).append((currency, int(total)))
    return sums


def totals(sums: dict[int, list[tuple[str, int]]]) -> list[Any]:
    """(currency, sum) over everybody."""
    whole: dict[str, int] = {}
    for rows in sums.values():
        for currency, minor in rows:
            whole[currency] = whole.get(currency, 0) + minor
    return sorted(whole.items())
