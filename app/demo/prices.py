"""Prices of the demo's goods, from a face value and the brand's percentages."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

from app.demo.shapes import Level, Words

LEVELS = (
    Level("standard", Words("普通", "Standard"), 0),
    Level("silver", Words("银牌", "Silver"), 100),
    Level("gold", Words("金牌", "Gold"), 200),
    Level("diamond", Words("钻石", "Diamond"), 350),
)


@dataclass(frozen=True, slots=True)
class Prices:
    """What a unit costs at each step, in minor units; each is at least the one before."""

    supply_minor: int
    floor_minor: int
    suggested_minor: int
    face_value_minor: int


def price(face: str, ratio: tuple[Decimal, Decimal, Decimal]) -> Prices:
    """Price a face value in major units, by supply, floor and suggested percentages of it."""
    whole = int((Decimal(face) * 100).to_integral_value())
    supply, floor, suggested = (int((whole * part / 100).to_integral_value(ROUND_HALF_UP)) for part in ratio)
    return Prices(supply, max(floor, supply), _friendly(max(suggested, floor, supply), whole), whole)


def supply_at(level: Level, supply_minor: int) -> int:
    """The supply price of a level: never above the Sku's own, rounded up to the cent."""
    share = Decimal(supply_minor) * (10_000 - level.discount_bp) / 10_000
    return int(share.to_integral_value(ROUND_CEILING))


def friendly(amount_minor: int, *, step: int) -> int:
    """The next amount at or above this one that ends as shopkeepers like: just below a multiple of the step."""
    return -(-(amount_minor + step // 10) // step) * step - step // 10


def _friendly(amount_minor: int, ceiling: int) -> int:
    step = 1000 if amount_minor >= 30_000 else 100
    return (
        min(ceiling, friendly(amount_minor, step=step)) if amount_minor >= 500 else min(ceiling, amount_minor)
    )
