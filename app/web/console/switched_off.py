"""What brands and the platform have switched off in a shop, told to the shop: who, what, since when, and why."""

from collections.abc import Collection
from typing import Any

from app.domain.catalog import shelf
from app.domain.promotions import switch_queries
from app.domain.promotions.models import StoredPromotion
from app.domain.promotions.switch_queries import Off
from app.web.console.stopping_words import what_is_off, who_switched


def off_for(kind: str, row: StoredPromotion | None = None) -> list[dict[str, Any]]:
    """Switches of the open shop that meet a kind, or one promotion; a brand's only where its goods are listed."""
    return [_told(one) for one in _here() if _meets(one, kind, row)]


def _here() -> Collection[Off]:
    found = switch_queries.off_here()
    if not any(one.switch.brand_id is not None for one in found):
        return found
    sold = {product.brand_id for _sku, product, _category in shelf.listed_goods()}
    return [one for one in found if one.switch.brand_id is None or one.switch.brand_id in sold]


def _meets(one: Off, kind: str, row: StoredPromotion | None) -> bool:
    made = one.switch
    if made.promotion_id is not None:
        return row is not None and made.promotion_id == row.id
    return made.kind is None or made.kind == kind


def _told(one: Off) -> dict[str, Any]:
    made = one.switch
    return {
        "who": who_switched(one), "what": what_is_off(one), "since": made.created_at, "reason": made.reason,
        "brands": made.brand_id is not None,
    }  # fmt: skip
