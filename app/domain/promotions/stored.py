"""A promotion's value as JSON and back, and a row as the promotion that pricing knows."""

from collections.abc import Mapping
from typing import Any

from app.domain.promotions.models import StoredPromotion
from app.domain.promotions.rules import (
    ANY_KIND,
    OFFERS,
    Bundle,
    Cut,
    Off,
    Promotion,
    Target,
    Tiers,
    Value,
)

# What is granted by the buyer's situation (a seat in a drop, a group, a friend's link), never by itself.
GRANTED = frozenset({"flash_price", "group_price", "referral"})


def value_of(kind: str, told: Mapping[str, Any]) -> Value:
    """Read a value. ValueError where it is none of its kind.

    `{"minor": 1990}` or `{"off_bps": 1500}` (a price); `{"tiers": [{"from": 5, "minor": 2100}, …]}`;
    `{"parts": [{"sku": 1, "units": 1, "minor": 1500}, …]}`; `{"minor": 500, "from_minor": 5000}` or
    `{"rate_bps": 1000, "most_minor": 3000}` (a discount). Minor units; basis points.
    """
    if kind == "quantity_tiers":
        return Tiers(tuple((int(tier["from"]), _cut(tier)) for tier in told["tiers"]))
    if kind == "bundle_price":
        return Bundle({int(part["sku"]): (int(part["units"]), _cut(part)) for part in told["parts"]})
    if kind in OFFERS:
        return _cut(told)
    return Off(
        minor=int(told.get("minor") or 0), rate_bps=int(told.get("rate_bps") or 0),
        most_minor=told.get("most_minor"), from_minor=int(told.get("from_minor") or 0),
    )  # fmt: skip


def told_of(value: Value) -> dict[str, Any]:
    """Write a value, so that `value_of` reads it back."""
    if isinstance(value, Tiers):
        return {"tiers": [{"from": start, **_told_cut(cut)} for start, cut in value.steps]}
    if isinstance(value, Bundle):
        parts = [{"sku": sku, "units": units, **_told_cut(cut)} for sku, (units, cut) in value.parts.items()]
        return {"parts": parts}
    if isinstance(value, Cut):
        return _told_cut(value)
    told = {
        "minor": value.minor, "rate_bps": value.rate_bps, "most_minor": value.most_minor,
        "from_minor": value.from_minor,
    }  # fmt: skip
    return {name: amount for name, amount in told.items() if amount}


def promotion_of(row: StoredPromotion) -> Promotion:
    """The promotion that pricing knows: its name is the key under which a brand may exempt it from a floor."""
    target = Target(row.target_of, frozenset(row.target_ids)) if row.target_of != "all" else Target()
    combines = ANY_KIND if row.combines is None else frozenset(row.combines)
    return Promotion(
        row.id, row.key, row.kind, value_of(row.kind, row.value), row.funder, target, combines, row.starts_at,
        row.ends_at, row.brand_id,
    )  # fmt: skip


def code_is_shown(row: StoredPromotion) -> bool:
    """Whether everybody may read a public code: as its maker chose, and where nobody was asked, yes."""
    return row.code is not None and bool(row.settings.get("shown", not row.settings.get("unlisted")))


def _cut(told: Mapping[str, Any]) -> Cut:
    return Cut(minor=told.get("minor"), off_bps=int(told.get("off_bps") or 0))


def _told_cut(cut: Cut) -> dict[str, Any]:
    return {"off_bps": cut.off_bps} if cut.minor is None else {"minor": cut.minor}
