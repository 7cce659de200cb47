"""What brands, distributors and the platform have agreed in the demo, and what follows for a past order's line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from app.demo.goods import on_sale
from app.demo.people import DISTRIBUTORS
from app.demo.planting.houses import Houses
from app.demo.planting.rows import plant_quietly
from app.demo.planting.shelves import Shelves
from app.demo.prices import LEVELS, supply_at
from app.demo.shapes import DemoSku
from app.demo.shops import SHOPS
from app.domain.commissions.models import FeeRule, RateRule
from app.domain.commissions.rules import Rule, Sale, terms_of
from app.domain.distributors.models import Level, Partnership
from app.domain.pricing.models import Floor
from app.foundation.database import session

BRACKETS = {
    "brackets": [
        {"from_minor": 0, "rate_bps": 600},
        {"from_minor": 500_000, "rate_bps": 750},
        {"from_minor": 2_000_000, "rate_bps": 900},
    ]
}
OVERRIDE = {"step1_bps": 100, "step2_bps": 50, "pot": "brand"}


@dataclass(frozen=True, slots=True)
class Agreed:
    """Every rule of the demo, and how each distributor stands with each brand."""

    rules: dict[int, list[Rule]]
    levels: dict[tuple[int, int], tuple[int, str, str, int]]
    uplines: dict[int, tuple[int, ...]]
    now: datetime
    """When the demo is planted."""

    def terms(
        self, brand_id: int, product_id: int, sku_id: int, sku: DemoSku, seller_id: int, at: datetime
    ) -> dict[str, Any]:
        """What the line of an order keeps, as a purchase would have written it."""
        level_id, name, name_en, hold_days = self.levels[brand_id, seller_id]
        sale = Sale(sku_id, product_id, seller_id, level_id, at, sku.supply_minor)
        return {
            **terms_of(self.rules[brand_id], sale),
            "seller": seller_id,
            "uplines": list(self.uplines[seller_id]),
            "level": {"id": level_id, "name": name, "name_en": name_en},
            "hold_days": hold_days,
            "floor": {"minor": sku.floor_minor, "source": "sku", "id": None, "since": None},
        }


def plant_terms(houses: Houses, shelves: Shelves, since: datetime, now: datetime) -> Agreed:
    """Fees of the platform; margin by level from the first brand, commission by volume from the second; floors."""
    _plant_fees(since)
    first, second = houses.brands["xinghan"], houses.brands["yunqi"]
    ranks = {
        (level.brand_id, level.rank): level.id
        for level in session().execute(select(Level).order_by(Level.id)).scalars()
    }
    rules = _margins(first, ranks, shelves, since) + _commissions(second, houses, since, now)
    plant_quietly(RateRule, rules)
    _plant_floors(houses, ranks, shelves, since)
    return Agreed(_read_rules(), _read_levels(), _uplines(houses), now)


def _plant_fees(since: datetime) -> None:
    fees: Sequence[tuple[str, str | None, str | None, int, int]] = (
        ("platform", None, None, 150, 0), ("gateway", "sandbox", None, 60, 0), ("payout", None, "CNY", 0, 100),
        ("payout", None, "USD", 0, 25),
    )  # fmt: skip
    plant_quietly(
        FeeRule,
        [
            {
                "kind": kind, "gateway": gateway, "currency": currency, "rate_bps": rate, "fixed_minor": fixed,
                "starts_at": since, "reason": "开业",
            }
            for kind, gateway, currency, rate, fixed in fees
        ],
    )  # fmt: skip


def _rule(
    brand_id: int, series: str, kind: str, value: dict[str, Any], since: datetime, **target: Any
) -> dict[str, Any]:
    return {
        "brand_id": brand_id, "series": series, "version": 1, "kind": kind, "value": value, "starts_at": since,
        "ends_at": None, "sku_id": None, "product_id": None, "level_id": None, "distributor_id": None,
        "reason": "开业",
    } | target  # fmt: skip


def _margins(
    brand_id: int, ranks: dict[tuple[int, int], int], shelves: Shelves, since: datetime
) -> list[dict[str, Any]]:
    """The supply price of each level, for the brand's own Skus."""
    return [
        _rule(
            brand_id, f"supply-{shelves.skus[sku.key]}-{rank}", "margin",
            {"supply_minor": supply_at(level, sku.supply_minor)}, since,
            sku_id=shelves.skus[sku.key], level_id=ranks[brand_id, rank],
        )
        for product in on_sale() if product.brand == "xinghan" for sku in product.skus
        for rank, level in enumerate(LEVELS) if rank
    ]  # fmt: skip


def _commissions(brand_id: int, houses: Houses, since: datetime, now: datetime) -> list[dict[str, Any]]:
    boost = {"starts_at": now - timedelta(days=6), "ends_at": now + timedelta(days=8)}
    return [
        _rule(brand_id, "volume", "commission", BRACKETS, since),
        _rule(
            brand_id, "partner", "commission", {"rate_bps": 1000}, since,
            distributor_id=houses.distributors["mozhan"],
        ),
        _rule(brand_id, "uplines", "override", OVERRIDE, since),
        _rule(brand_id, "autumn", "boost", {"add_bps": 200}, since) | boost,
    ]  # fmt: skip


def _plant_floors(
    houses: Houses, ranks: dict[tuple[int, int], int], shelves: Shelves, since: datetime
) -> None:
    """A lower floor for one level."""
    brand_id = houses.brands["xinghan"]
    own = [sku for product in on_sale() if product.brand == "xinghan" for sku in product.skus]
    lower = [sku for sku in own if sku.floor_minor - sku.supply_minor >= 40][:12]

    def row(sku: DemoSku, minor: int, **more: Any) -> dict[str, Any]:
        return {
            "brand_id": brand_id, "sku_id": shelves.skus[sku.key], "floor_minor": minor, "starts_at": since,
            "ends_at": None, "level_id": None, "promotion": None, "reason": "", "told_at": since, "applied_at": since,
        } | more  # fmt: skip

    gold = [
        row(
            sku,
            sku.floor_minor - (sku.floor_minor - sku.supply_minor) // 2,
            level_id=ranks[brand_id, 2],
            reason="金牌",
        )
        for sku in lower
    ]
    plant_quietly(Floor, gold)


def _read_rules() -> dict[int, list[Rule]]:
    found: dict[int, list[Rule]] = {}
    for row in session().execute(select(RateRule).order_by(RateRule.id)).scalars():
        rule = Rule(
            row.id, row.series, row.version, row.kind, row.value, row.starts_at, row.ends_at, row.product_id,
            row.sku_id, row.level_id, row.distributor_id,
        )  # fmt: skip
        found.setdefault(row.brand_id, []).append(rule)
    return found


def _read_levels() -> dict[tuple[int, int], tuple[int, str, str, int]]:
    found = select(
        Partnership.brand_id, Partnership.distributor_id, Level.id, Level.name, Level.name_en, Level.hold_days
    ).join(Level, Level.id == Partnership.level_id)
    return {(row[0], row[1]): (row[2], row[3], row[4], row[5]) for row in session().execute(found)}


def _uplines(houses: Houses) -> dict[int, tuple[int, ...]]:
    above = {each.key: each.upline for each in DISTRIBUTORS}
    found = {}
    for key, first in above.items():
        second = above[first] if first else None
        found[houses.distributors[key]] = tuple(houses.distributors[up] for up in (first, second) if up)
    return found


def sellers(houses: Houses) -> dict[str, int]:
    """Each shop's distributor, by the shop's slug."""
    return {shop.slug: houses.distributors[shop.distributor] for shop in SHOPS}
