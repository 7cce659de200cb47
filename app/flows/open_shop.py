"""A distributor opens a shop: a name, a look, goods, live. One draft until then; every step is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.domain.catalog import service as catalog
from app.domain.catalog import shelf
from app.domain.distributors import service, shops
from app.domain.distributors.errors import ShopNotReady, SlugTaken
from app.domain.distributors.models import Shop
from app.domain.distributors.rules import clean_slug, clean_theme
from app.flows import floor_evidence
from app.flows.partner import join_open
from app.foundation.actor import Actor
from app.foundation.errors import NotFound
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope, shop_scope

STEPS = ("name", "look", "goods", "live")


@dataclass(frozen=True, slots=True)
class Opened:
    """The shop that is live now."""

    shop_id: int
    slug: str


def name_shop(distributor_id: int, *, name: str, name_en: str, slug: str, actor: Actor) -> int:
    """First step: what it is called and where it answers, or SlugTaken; returns the draft's id."""
    slug = clean_slug(slug)
    with platform_scope(), unit_of_work(actor) as work:
        service.lock(distributor_id)
        draft = shops.draft_of(distributor_id)
        if not shops.slug_is_free(slug, but_for=draft.id if draft else None):
            raise SlugTaken(param="slug", slug=slug)
        draft = service.keep_draft(distributor_id, name=name.strip(), name_en=name_en.strip(), slug=slug)
        work.record("shop.named", f"shop:{draft.id}", slug=slug)
        return draft.id


def dress_shop(distributor_id: int, look: Mapping[str, Any], *, tagline: str, actor: Actor) -> None:
    """Second step: its colours and shapes."""
    with platform_scope(), unit_of_work(actor) as work:
        service.lock(distributor_id)
        draft = _draft(distributor_id)
        draft.theme = clean_theme(look)
        service.change_settings(draft, tagline=tagline.strip() or None)
        work.record("shop.dressed", f"shop:{draft.id}")


def fill_shop(distributor_id: int, prices: Mapping[int, int], *, actor: Actor) -> int:
    """Third step: exactly these goods at these prices; returns how many. ListingBelowFloor where one is too low."""
    with platform_scope():
        draft = _draft(distributor_id)
    join_open(distributor_id, prices, actor=actor)
    with (
        shop_scope(draft.id),
        floor_evidence.remembered(prices, stack=[{"what": "opening"}], actor=actor),
        unit_of_work(actor) as work,
    ):
        offered = {sku.id: sku for sku, *_ in shelf.sellable_skus(draft.currency, prices)}
        catalog.drop_listings(offered)
        kept = shelf.listed_prices()
        catalog.add_listings({sku_id: price for sku_id, price in prices.items() if sku_id in offered})
        for listing_id, sku_id in shelf.listing_ids(kept).items():
            if prices[sku_id] != kept[sku_id]:
                catalog.set_price(listing_id, prices[sku_id])
        work.record("shop.filled", f"shop:{draft.id}", goods=len(offered))
        return len(offered)


def open_shop(distributor_id: int, *, actor: Actor) -> Opened:
    """Last step: live. Needs an approved distributor and something to sell; twice is once."""
    with platform_scope(), unit_of_work(actor) as work:
        distributor = service.lock(distributor_id)
        service.check_approved(distributor)
        draft = _draft(distributor_id)
        if not shelf.many_listed(draft.id):
            raise ShopNotReady
        if service.open_shop(draft):
            work.record("shop.opened", f"shop:{draft.id}", slug=draft.slug)
        return Opened(draft.id, draft.slug)


def _draft(distributor_id: int) -> Shop:
    draft = shops.draft_of(distributor_id)
    if draft is None:
        raise NotFound(what="draft")
    return draft
