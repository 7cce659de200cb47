"""What a switch means for goods. Values in, values out; the database's `promo.switch_holds` says the same."""

from collections.abc import Collection, Iterable
from typing import Protocol

from app.domain.promotions.rules import ANY_KIND


class Switch(Protocol):
    """A stored switch, as far as its meaning goes; None means any."""

    brand_id: int | None
    kind: str | None
    promotion_id: int | None


def marks(switches: Iterable[Switch], brand_id: int | None) -> frozenset[str]:
    """What is off for a brand's goods in a shop that these switches are about: kinds, and promotions as "#id".

    A switch that names neither a kind nor a promotion is off for all kinds.
    """
    found: set[str] = set()
    for one in switches:
        if one.brand_id is not None and one.brand_id != brand_id:
            continue
        if one.promotion_id is not None:
            found.add(f"#{one.promotion_id}")
        elif one.kind is not None:
            found.add(one.kind)
        else:
            found |= ANY_KIND
    return frozenset(found)


def is_off(promotion_id: int, kind: str, off: Collection[str]) -> bool:
    return kind in off or f"#{promotion_id}" in off
