"""A distributor prices what its shop sells. Each story needs the shop's scope."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from app.domain.catalog import service, shelf
from app.domain.catalog.rules import PriceChange, Repriced, reprice
from app.domain.distributors import queries as distributors
from app.flows import floor_evidence
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
    rows = shelf.listed(listing_ids)
    floors = shelf.floors_here([sku.id for _listing, sku, *_rest in rows])
    return [
        RepricedListing(
            listing.id, f"{product.name} · {sku.name}",
            f"{product.name_en or product.name} · {sku.name_en or sku.name}", floors[sku.id],
            reprice(
                listing.price_minor, suggested_minor=sku.suggested_minor, floor_minor=floors[sku.id], change=change
            ),
        )
        for listing, sku, product, _ in rows
    ]  # fmt: skip


def apply_prices(wanted: Mapping[int, tuple[int, int]], *, actor: Actor) -> Applied:
    """Set prices from (price seen, new price) by listing; one that is no longer as seen is left alone.

    ListingBelowFloor where one is too low: then nothing was changed, and every one that was too low is remembered.
    """
    prices = floor_evidence.by_sku({key: new for key, (_was, new) in wanted.items()})
    stack = [{"what": "bulk_price", "listings": len(wanted)}]
    with floor_evidence.remembered(prices, stack=stack, actor=actor), unit_of_work(actor) as work:
        seen = {listing.id: listing.price_minor for listing, *_ in shelf.listed(wanted)}
        going = {key: new for key, (was, new) in wanted.items() if seen.get(key) == was}
        for listing_id in sorted(going):
            service.set_price(listing_id, going[listing_id])
        work.record(
            "listings.repriced", "listings", prices={str(key): new for key, new in sorted(going.items())}
        )
        return Applied(len(going), len(wanted) - len(going))


def set_price(listing_id: int, price_minor: int, *, actor: Actor) -> None:
    """One new price, or ListingBelowFloor, which is remembered."""
    prices = floor_evidence.by_sku({listing_id: price_minor})
    stack = [{"what": "list_price", "minor": price_minor}]
    with floor_evidence.remembered(prices, stack=stack, actor=actor), unit_of_work(actor) as work:
        before, after = service.set_price(listing_id, price_minor)
        work.record("listing.repriced", f"listing:{listing_id}", before=before, after=after)


def add(prices: Mapping[int, int], *, currency: str, actor: Actor) -> int:
    """Put goods into the shop; brands that are open to everybody are joined by it. Returns how many are new."""
    distributor_id = distributors.owner()
    join_open(distributor_id, prices, actor=actor)
    stack = [{"what": "new_listing"}]
    with floor_evidence.remembered(prices, stack=stack, actor=actor), unit_of_work(actor) as work:
        offered = {sku.id for sku, *_ in shelf.sellable_skus(currency, prices)}
        added = service.add_listings({sku_id: price for sku_id, price in prices.items() if sku_id in offered})
        work.record("listings.added", "listings", skus=sorted(offered), added=added)
        return added


def set_status(listing_ids: Collection[int], status: str, *, actor: Actor) -> int:
    """Pause (`paused`) or resume (`live`); ListingBelowFloor where a floor has overtaken one meanwhile."""
    prices = {listing.sku_id: listing.price_minor for listing, *_rest in shelf.listed(listing_ids)}
    stack = [{"what": "resume"}]
    with floor_evidence.remembered(prices, stack=stack, actor=actor), unit_of_work(actor) as work:
        changed = service.set_status(listing_ids, status)
        work.record(f"listings.{status}", "listings", listings=sorted(listing_ids), changed=changed)
        return changed


def set_featured(listing_ids: Collection[int], *, featured: bool, actor: Actor) -> int:
    """On the front page, or off it."""
    with unit_of_work(actor) as work:
        changed = service.set_featured(listing_ids, featured)
        work.record("listings.featured", "listings", listings=sorted(listing_ids), featured=featured)
        return changed
