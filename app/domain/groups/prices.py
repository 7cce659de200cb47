"""What a unit costs in a group."""

from app.domain.promotions.models import StoredPromotion
from app.domain.promotions.rules import Cut
from app.domain.promotions.stored import value_of


def unit_price(promotion: StoredPromotion, list_minor: int) -> int:
    """The price of a unit in a group, in minor units, as it is offered; the checkout says where a floor limits it."""
    value = value_of(promotion.kind, promotion.value)
    return min(value.of(list_minor), list_minor) if isinstance(value, Cut) else list_minor
