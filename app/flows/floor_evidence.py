"""Whoever tries to sell below a floor is refused, and the refusal is remembered although nothing else of it is.

Each story needs the shop's scope, and runs after the refused transaction, in one of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from app.domain.catalog import shelf
from app.domain.catalog.refusals import ListingBelowFloor
from app.domain.pricing import attempts
from app.foundation.actor import Actor
from app.foundation.errors import Busy
from app.foundation.unit_of_work import unit_of_work

Stack = Sequence[Mapping[str, Any]]


def remember(
    wanted: Mapping[int, int], *, stage: str, stack: Stack = (), actor: Actor, floor_minor: int | None = None
) -> int:
    """Keep what was wanted, as price by Sku, where it is below the floor; how many attempts are new.

    `stage` is listing, promotion, quote, order or database; `stack` says step by step how the price came about.
    """
    if not wanted:
        return 0
    try:
        with unit_of_work() as work:
            del work
            return attempts.note(
                wanted, stage=stage, stack=stack, actor_name=actor.name or actor.kind, floor_minor=floor_minor
            )
    except Busy:  # the refusal itself must reach whoever tried
        return 0


@contextmanager
def remembered(wanted: Mapping[int, int], *, stack: Stack = (), actor: Actor) -> Iterator[None]:
    """Let a story of listings run; where a floor refuses it, keep the prices by Sku that were below one."""
    try:
        yield
    except ListingBelowFloor as refused:
        # Where the rule had let it pass, it was the database that refused.
        stage = "listing" if "floor_minor" in refused.facts else "database"
        remember(wanted, stage=stage, stack=stack, actor=actor)
        raise


def by_sku(prices: Mapping[int, int]) -> dict[int, int]:
    """Prices by listing as prices by Sku."""
    return {listing.sku_id: prices[listing.id] for listing, *_rest in shelf.listed(prices)}
