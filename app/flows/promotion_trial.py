"""A promotion tried on the open shop's own prices, floors and terms, before anybody sees it. Nothing is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.domain.catalog.on_sale import OnSale, whole_shop
from app.domain.commissions.promotion_trial import Good, Trial, tried
from app.domain.commissions.standing import Standing, standing
from app.domain.pricing.rules import Offer
from app.domain.promotions import lists, queries
from app.domain.promotions.models import StoredPromotion
from app.domain.promotions.stored import GRANTED, promotion_of
from app.flows.priced import barred, offer_of
from app.foundation import clock

MOST_LISTINGS = 3000


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a trial is shown with: the goods by listing, and titles of promotions by name."""

    goods: Mapping[int, OnSale]
    titles: Mapping[str, tuple[str, str]]


def try_here(row: StoredPromotion) -> Trial:
    """What it would do in the open shop from the moment it begins, alone and together with what is on then."""
    return explained(row)[0]


def explained(row: StoredPromotion) -> tuple[Trial, Surroundings]:
    """A trial, and what it is told with."""
    at = max(row.starts_at, clock.now())
    others = [other for other in lists.overlapping(at, row.ends_at) if other.id != row.id]
    promotion = promotion_of(row)
    goods = [
        item
        for item in whole_shop(most=MOST_LISTINGS)
        if promotion.covers(
            sku_id=item.sku_id, product_id=item.product_id, category_id=item.category_id, brand_id=item.brand_id
        )
    ]  # fmt: skip
    stand = standing([item.sku_id for item in goods], now=at) if goods else {}
    offers = barred([offer_of(item, 1, stand[item.sku_id], at) for item in goods], queries.switches())
    made = [_good(item, offer, stand[item.sku_id], at) for item, offer in zip(goods, offers, strict=True)]
    always = [promotion_of(other) for other in others if other.automatic and other.kind not in GRANTED]
    found = tried(promotion, made, [promotion_of(other) for other in others], always)
    titles = {other.key: (other.title, other.title_en or other.title) for other in others}
    return found, Surroundings({item.listing_id: item for item in goods}, titles)


def _good(item: OnSale, offer: Offer, stand: Standing, at: datetime) -> Good:
    return Good(offer, item.max_per_order, stand.terms(at), stand.uplines, offer.brand_bears_minor)
