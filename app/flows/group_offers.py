"""A distributor offers one of its listings to groups, and pauses, resumes or ends the offer."""

from dataclasses import dataclass
from datetime import timedelta

from app.domain.catalog import shelf
from app.domain.groups import queries, service
from app.domain.promotions import service as promotions
from app.domain.promotions.models import StoredPromotion
from app.foundation import clock
from app.foundation.actor import Actor
from app.foundation.errors import InvalidInput, NotFound
from app.foundation.unit_of_work import unit_of_work


@dataclass(frozen=True, slots=True)
class OfferGroups:
    """What is offered: `minor` a unit to `people` who come together within `hours`; open for `days`. Minor units."""

    listing_id: int
    title: str
    title_en: str
    minor: int
    people: int
    hours: int
    days: int
    most_open: int
    per_buyer: int | None = None
    budget_minor: int | None = None
    with_coupons: bool = False


def offer_groups(
    wanted: OfferGroups, *, shop_id: int, currency: str, created_by: int | None, actor: Actor
) -> int:
    """Publish an offer to groups; its promotion's id.

    InvalidInput for `price` where it is no lower than the list price. Group orders that are refunded give their use
    back, so that who was in a group that failed may try another.
    """
    with unit_of_work(actor) as work:
        row = next(iter(shelf.listed([wanted.listing_id])), None)
        if row is None:
            raise NotFound(what="listing")
        listing, sku = row[0], row[1]
        if wanted.minor >= listing.price_minor:
            raise InvalidInput(param="price", reason="not_lower")
        promotion = promotions.make(
            owner="shop", shop_id=shop_id, kind="group_price", value={"minor": wanted.minor}, currency=currency,
            title=wanted.title, title_en=wanted.title_en, target_of="sku", target_ids=[sku.id],
            combines=None if wanted.with_coupons else [], returns="refunded", per_buyer=wanted.per_buyer,
            budget_minor=wanted.budget_minor, starts_at=clock.now(), ends_at=clock.now() + timedelta(days=wanted.days),
            created_by=created_by,
        )  # fmt: skip
        service.offer(
            promotion.id, listing.id, shop_id=shop_id, people=wanted.people, hours=wanted.hours, per_member=1,
            most_open=wanted.most_open,
        )  # fmt: skip
        promotions.become(promotion, "live")
        work.record("group_offered", f"promotion:{promotion.id}", people=wanted.people, minor=wanted.minor)
        return int(promotion.id)


def move_offer(promotion_id: int, status: str, *, actor: Actor) -> None:
    """Pause, resume or end an offer. Its groups wait while it is paused; ended, they are refunded within seconds."""
    with unit_of_work(actor) as work:
        found = queries.offer(promotion_id)
        if found is None or found[1].owner != "shop":  # a brand's or the platform's is theirs to move
            raise NotFound(what="promotion")
        row = work.session.get_one(
            StoredPromotion, promotion_id, with_for_update=True, populate_existing=True
        )
        promotions.become(row, status)
        work.record("group_offer_moved", f"promotion:{promotion_id}", status=status)
