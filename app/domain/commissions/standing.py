"""How the open shop's distributor stands with the brands of some Skus: level, floors, rules. One query however many."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from app.domain.commissions.bearing import Bearing, bearing
from app.domain.commissions.rules import Rule, Sale, terms_of
from app.domain.pricing.floors import FloorInForce, FloorRow, resolve
from app.foundation.database import session

# What began within the last hour or will end, and what is in force: a quote's moment lies a little in the past.
STANDING = text("""
    SELECT k.id AS sku_id, s.distributor_id, money.uplines_of(s.distributor_id) AS uplines,
        p.level_id, l.name AS level_name, l.name_en AS level_name_en, l.hold_days,
        (SELECT jsonb_agg(jsonb_build_array(f.id, f.floor_minor, f.starts_at, f.ends_at, f.level_id, f.distributor_id,
            f.promotion))
         FROM floors f WHERE f.sku_id = k.id AND f.starts_at <= :now AND (f.ends_at IS NULL OR f.ends_at > :since)
           AND (f.level_id IS NULL OR f.level_id = p.level_id)) AS floors,
        (SELECT jsonb_agg(jsonb_build_array(r.id, r.series, r.version, r.kind, r.value, r.starts_at, r.ends_at,
            r.product_id, r.sku_id, r.level_id, r.distributor_id))
         FROM rate_rules r WHERE r.brand_id = k.brand_id AND r.starts_at <= :now
           AND (r.ends_at IS NULL OR r.ends_at > :since)
           AND (r.sku_id IS NULL OR r.sku_id = k.id) AND (r.product_id IS NULL OR r.product_id = k.product_id)
           AND (r.level_id IS NULL OR r.level_id = p.level_id)) AS rules,
        k.product_id, k.supply_price_minor, k.floor_minor, k.currency
    FROM skus k CROSS JOIN shops s
    LEFT JOIN partnerships p ON p.brand_id = k.brand_id AND p.distributor_id = s.distributor_id
    LEFT JOIN levels l ON l.id = p.level_id
    WHERE k.id = ANY (:skus)
""")


@dataclass(frozen=True, slots=True)
class Standing:
    """What is in force for one Sku in the open shop; asked for a moment at which it was read, or a little before."""

    sku_id: int
    product_id: int
    distributor_id: int
    uplines: tuple[int | None, ...]
    """Nearest first; None where one may not sell, or there is none."""
    level_id: int | None
    level: dict[str, Any]
    hold_days: int
    supply_price_minor: int
    sku_floor_minor: int
    currency: str
    floors: tuple[FloorRow, ...]
    rules: tuple[Rule, ...]

    def floor(self, at: datetime, *, promotions: Collection[str] = ()) -> FloorInForce:
        """The floor in force at a moment."""
        return resolve(
            self.floors, sku_floor_minor=self.sku_floor_minor, at=at, distributor_id=self.distributor_id,
            level_id=self.level_id, promotions=promotions,
        )  # fmt: skip

    def exemptions(self, at: datetime) -> dict[str, int]:
        """The floors of promotions that have one of their own at a moment, by promotion."""
        named = {row.promotion for row in self.floors if row.promotion is not None}
        found = {name: self.floor(at, promotions=(name,)) for name in named}
        return {name: floor.floor_minor for name, floor in found.items() if floor.source == "exemption"}

    def bearing(self, at: datetime, *, list_minor: int, quantity: int) -> Bearing:
        """What the brand's part of a line can bear of its own promotions, by the terms of that moment."""
        return bearing(self._base_terms(at), list_minor=list_minor, quantity=quantity)

    def terms(self, at: datetime) -> dict[str, Any]:
        """What an order line keeps: rule and rate, level, holding period, uplines, and which floor it was."""
        floor = self.floor(at)
        return {
            **self._base_terms(at),
            "seller": self.distributor_id,
            "uplines": list(self.uplines),
            "level": self.level,
            "hold_days": self.hold_days,
            "floor": {
                "minor": floor.floor_minor, "source": floor.source, "id": floor.floor_id,
                "since": floor.since.isoformat() if floor.since else None,
            },
        }  # fmt: skip

    def _base_terms(self, at: datetime) -> dict[str, Any]:
        sale = Sale(
            self.sku_id, self.product_id, self.distributor_id, self.level_id, at, self.supply_price_minor,
            self.currency,
        )  # fmt: skip
        return terms_of(self.rules, sale)


def standing(
    sku_ids: Collection[int], *, now: datetime, since: datetime | None = None
) -> dict[int, Standing]:
    """Standings by Sku, in a shop's scope; good for moments from `since` to `now`."""
    found = session().execute(STANDING, {"skus": sorted(sku_ids), "now": now, "since": since or now})
    return {row.sku_id: _standing(row) for row in found}


def _standing(row: Any) -> Standing:
    floors = tuple(FloorRow(f[0], f[1], _time(f[2]), _time_or_none(f[3]), *f[4:]) for f in row.floors or ())
    rules = tuple(
        Rule(r[0], r[1], r[2], r[3], r[4], _time(r[5]), _time_or_none(r[6]), *r[7:]) for r in row.rules or ()
    )
    level = {"id": row.level_id, "name": row.level_name, "name_en": row.level_name_en} if row.level_id else {}
    return Standing(
        row.sku_id, row.product_id, row.distributor_id, tuple(row.uplines or ()), row.level_id, level,
        7 if row.hold_days is None else row.hold_days, row.supply_price_minor, row.floor_minor,
        row.currency, floors, rules,
    )  # fmt: skip


def _time(told: str) -> datetime:
    return datetime.fromisoformat(told)


def _time_or_none(told: str | None) -> datetime | None:
    return None if told is None else datetime.fromisoformat(told)
