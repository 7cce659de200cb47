"""A distributor prices what its shop sells. Each story needs the shop's scope."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from app.domain.catalog import service, shelf
from app.domain.catalog.rules import PriceChange, Repriced, reprice
from app.domain.distributors import queries as distributors
from app.flows.partner import join_open
from app.foundation.actor import Actor
from app.foundation.unit_of_work import unit_of_work


@dataclass(frozen=True, slots=True)
class RepricedListing:
    """One row of a preview."""

    listing_id: int
    name: str
    name_en: str
    floor_minor: int
    price: Repriced


@dataclass(frozen=True, slots=True)
class Applied:
    """What a bulk change did: changed, and left alone because somebody else had changed the price meanwhile."""

    changed: int
    overtaken: int


def preview(listing_ids: Collection[int], change: PriceChange) -> list[RepricedListing]:
    """What each listing's price would become; nothing is changed."""
    return [
        RepricedListing(
            listing.id, f"{product.name} · {sku.name}",
            f"{product.name_en or product.name} · {sku.name_en or sku.name}", sku.floor_minor,
            reprice(
                listing.price_minor, suggested_minor=sku.suggested_minor, floor_minor=sku.floor_minor, change=change
            ),
        )
        for listing, sku, product, _ in shelf.listed(listing_ids)
    ]  # fmt: skip


def apply_prices(wanted: Mapping[int, tuple[int, int]], *, actor: Actor) -> Applied:
    """Set prices from (price seen, new price) by listing; one that is no longer as seen is left alone."""
    with unit_of_work(actor) as work:
        seen = {listing.id: listing.price_minor for listing, *_ in shelf.listed(wanted)}
        going = {key: new for key, (was, new) in wanted.items() if seen.get(key) == was}
        for listing_id in sorted(going):
            service.set_price(listing_id, going[listing_id])
        work.record(
            "listings.repriced", "listings", prices={str(key): new for key, new in sorted(going.items())}
        )
        return Applied(len(going), len(wanted) - len(going))


def set_price(listing_id: int, price_minor: int, *, actor: Actor) -> None:
    """One new price, or ListingBelowFloor."""
    with unit_of_work(actor) as work:
        before, after = service.set_price(listing_id, price_minor)
        work.record("listing.repriced", f"listing:{listing_id}", before=before, after=after)


def add(prices: Mapping[int, int], *, currency: str, actor: Actor) -> int:
    """Put goods into the shop; brands that are open to everybody are joined by it. Returns how many are new."""
    distributor_id = distributors.owner()
    join_open(distributor_id, prices, actor=actor)
    with unit_of_work(actor) as work:
        offered = {sku.id for sku, *_ in shelf.sellable_skus(currency, prices)}
        added = service.add_listings({sku_id: price for sku_id, price in prices.items() if sku_id in offered})
        work.record("listings.added", "listings", skus=sorted(offered), added=added)
        return added


def set_status(listing_ids: Collection[int], status: str, *, actor: Actor) -> int:
    """Pause (`paused`) or resume (`live`)."""
    with unit_of_work(actor) as work:
        changed = service.set_status(listing_ids, status)
        work.record(f"listings.{status}", "listings", listings=sorted(listing_ids), changed=changed)
        return changed


def set_featured(listing_ids: Collection[int], *, featured: bool, actor: Actor) -> int:
    """On the front page, or off it."""
    with unit_of_work(actor) as work:
        changed = service.set_featured(listing_ids, featured)
        work.record("listings.featured", "listings", listings=sorted(listing_ids), featured=featured)
        return changed
