"""What a passer-by sees: the price of a piece, or of more, under the promotions that anybody gets.

The same engine as a quote's, asked for each good by itself. What is personal (a coupon, a first
order, a seat of a drop) is not looked at: a page that shows these prices is the same for everybody.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from app.domain.commissions.standing import standing
from app.domain.pricing import rules
from app.domain.pricing.rules import FloorBroken, Offer, PricedLine
from app.domain.promotions import queries
from app.domain.promotions.models import StoredPromotion
from app.domain.promotions.queries import Stand
from app.domain.promotions.rules import Promotion
from app.domain.promotions.stored import GRANTED, promotion_of
from app.flows.priced import Ware, barred, offer_of, over_limit, spent_of, used_up
from app.foundation import clock

NONE: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Piece:
    """A listing as a shelf knows it; `price_minor` is its list price."""

    listing_id: int
    sku_id: int
    product_id: int
    brand_id: int
    category_id: int | None
    price_minor: int


@dataclass(frozen=True, slots=True)
class Window:
    """The promotions that anybody gets at `at`, and what they make of some goods.

    `on`: all that is live now, personal ones too; `coming`: what begins soon; `anybodys`: ids of those in force for
    everybody; `stands`: what is left of those that are counted, for somebody who has had none.
    """

    at: datetime
    on: Mapping[int, StoredPromotion] = field(default_factory=dict)
    coming: tuple[StoredPromotion, ...] = ()
    anybodys: Mapping[int, Promotion] = field(default_factory=dict)
    offers: Mapping[int, Offer] = field(default_factory=dict)
    stands: Mapping[int, Stand] = field(default_factory=dict)

    def one(self, listing_id: int, quantity: int = 1) -> PricedLine | None:
        """So many pieces of one listing, bought alone; None where no promotion is for it, or its price cannot stand."""
        offer = self.offers.get(listing_id)
        lines = self.together({listing_id: quantity}) if offer is not None else ()
        return lines[0] if lines else None

    def together(self, cart: Mapping[int, int], *, without: Collection[int] = NONE) -> tuple[PricedLine, ...]:
        """These listings in one cart; nothing where a list price is below its floor, or one is not known here."""
        if not all(listing_id in self.offers for listing_id in cart):
            return ()
        asked = [_so_many(self.offers[at], quantity) for at, quantity in cart.items()]
        promotions = {at: one for at, one in self.anybodys.items() if at not in without}
        while True:
            try:
                priced = rules.price_cart(asked, list(promotions.values()))
            except FloorBroken:
                return ()
            over = self._over(priced.lines)
            if not over:
                return priced.lines
            for promotion_id in over:
                del promotions[promotion_id]

    def _over(self, lines: Sequence[PricedLine]) -> list[int]:
        """The promotions that have less left, in money or in pieces, than they would give here; as a quote asks."""
        spent, units = spent_of(lines)
        return [
            at
            for at, minor in spent.items()
            if at in self.stands
            and over_limit(self.stands[at], minor, units[at] if self.on[at].limit_of == "units" else 0)
        ]


def look(
    wares: Iterable[Ware], *, without: Collection[int] = NONE, drawn: Collection[int] = NONE,
    ahead: timedelta = timedelta(),
) -> Window:  # fmt: skip
    """The window for some goods of the open shop; queries do not grow with goods or promotions.

    `without`: promotions this visitor is held out of. `drawn`: those of whose draw the page knows; another that has
    one is not shown, so that nobody is shown what they might not get. `ahead`: how far to look for what is coming.
    """
    at = clock.now()
    live = queries.in_force_or_coming(at, at + ahead)
    shown = [row for row in live if row.id not in without and (not row.holdout_bps or row.id in drawn)]
    on = {row.id: row for row in shown if row.starts_at <= at}
    coming = tuple(row for row in shown if row.starts_at > at)
    anybodys, stands = _for_anybody(on)
    if not anybodys:
        return Window(at, on, coming)
    meant = [ware for ware in wares if any(_covers(one, ware) for one in anybodys.values())]
    return Window(at, on, coming, anybodys, _offers(meant, at), stands)


def more(window: Window, wares: Sequence[Ware]) -> Window:
    """The same window with more goods in it."""
    return replace(window, offers={**window.offers, **_offers(wares, window.at)})


def _for_anybody(on: Mapping[int, StoredPromotion]) -> tuple[dict[int, Promotion], Mapping[int, Stand]]:
    found = {
        row.id: promotion_of(row)
        for row in on.values()
        if row.automatic and row.audience == "all" and row.kind not in GRANTED
    }
    counted = [promotion_id for promotion_id in found if on[promotion_id].counted]
    if not counted:
        return found, {}
    stands = queries.stand(counted, [], email="", device="")
    for promotion_id in counted:
        stand = stands.get(promotion_id)
        if stand is None or stand.said or used_up(stand):
            del found[promotion_id]
    return found, stands


def _offers(wares: Sequence[Ware], at: datetime) -> dict[int, Offer]:
    if not wares:
        return {}
    stands = standing({ware.sku_id for ware in wares}, now=at)
    offers = [offer_of(ware, 1, stands[ware.sku_id], at) for ware in wares if ware.sku_id in stands]
    return {offer.listing_id: offer for offer in barred(offers, queries.switches())}


def _so_many(offer: Offer, quantity: int) -> Offer:
    if quantity == offer.quantity:
        return offer
    bears = offer.brand_bears_minor
    return replace(offer, quantity=quantity, brand_bears_minor=None if bears is None else bears * quantity)


def _covers(promotion: Promotion, ware: Ware) -> bool:
    return promotion.for_everything or promotion.covers(
        sku_id=ware.sku_id, product_id=ware.product_id, category_id=ware.category_id, brand_id=ware.brand_id
    )
