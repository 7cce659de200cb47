"""What a brand or the platform sells under in chosen shops with stock of its own in each: flash sales and group buys.

One promotion, so one budget and one report; in every shop what that shop needs of its own. Each shop's stock is set
aside in that shop's scope, in a transaction of its own, before any buyer sees the sale: a shop that cannot take part is
named with the reason, and the others go on. Stories need their owner's scope.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from app.domain.catalog import goods as catalogue
from app.domain.catalog import shelf
from app.domain.catalog.errors import ListingUnavailable
from app.domain.catalog.on_sale import OnSale, on_sale
from app.domain.commissions import promotion_report
from app.domain.commissions.promotion_report import Figures
from app.domain.commissions.standing import standing
from app.domain.distributors import shops
from app.domain.flash import queries as flash
from app.domain.groups import queries as groups
from app.domain.inventory.errors import StockExhausted
from app.domain.inventory.queries import levels
from app.domain.pricing import rules
from app.domain.promotions import lists, switch_queries
from app.domain.promotions import queries as promotion_queries
from app.domain.promotions import service as promotions
from app.domain.promotions.errors import NoShopTakesPart, PromotionInvalid, ShopCannotSell
from app.domain.promotions.lists import Owner
from app.domain.promotions.models import StoredPromotion
from app.domain.promotions.stored import promotion_of
from app.domain.referrals import queries as referrals
from app.flows import promotions as making
from app.flows.priced import barred, offer_of
from app.flows.promotions import Design
from app.foundation import clock
from app.foundation.actor import Actor
from app.foundation.errors import NotFound, ProductError
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope, shop_scope

MOST_SHOPS = 200


class Sale(Protocol):
    """What is to be sold in each shop; kinds differ in what a shop needs. Minor units of `currency` a piece."""

    @property
    def kind(self) -> str: ...
    @property
    def sku_id(self) -> int: ...
    @property
    def price_minor(self) -> int: ...
    @property
    def currency(self) -> str: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def budget_minor(self) -> int | None: ...
    @property
    def shops(self) -> Mapping[int, int]:
        """Pieces that are set aside in each chosen shop, by shop."""

    def facts(self) -> dict[str, Any]:
        """The promotion's columns, but for its owner, its shops and its limit in all."""

    def check(self, goods: OnSale, units: int) -> None:
        """Refuse what cannot be in the open shop."""

    def place(
        self, promotion_id: int, key: str, goods: OnSale, *, shop_id: int, units: int
    ) -> dict[str, Any]:
        """Set the stock aside in the open shop and write what the sale needs there; what the audit keeps of it."""


@dataclass(frozen=True, slots=True)
class InShop:
    """What comes of it in one shop: `error` says why it cannot be there. Minor units a piece."""

    shop_id: int
    name: str
    units: int
    list_minor: int = 0
    price_minor: int = 0
    left: int = 0
    error: ProductError | None = None

    @property
    def cost_minor(self) -> int:
        """The most that its owner gives away in this shop."""
        return self.units * max(self.list_minor - self.price_minor, 0)


@dataclass(frozen=True, slots=True)
class Launched:
    """A sale that is on or coming, and what came of it shop by shop."""

    promotion_id: int
    shops: Sequence[InShop]


def try_out(owner: Owner, sale: Sale) -> list[InShop]:
    """What would come of it in each chosen shop, in the order of their names. Nothing is written.

    NotFound where a shop or the goods are not the owner's to choose.
    """
    names, meant = _chosen(owner, sale), making.unsaved(owner, _design(sale))
    left, found = sale.budget_minor, []
    for shop_id in sorted(names, key=lambda one: (names[one], one)):
        seen = _tried(sale, meant, InShop(shop_id, names[shop_id], sale.shops[shop_id]), left)
        if seen.error is None and left is not None:
            left -= seen.cost_minor
        found.append(seen)
    return found


def launch(owner: Owner, sale: Sale, *, actor: Actor) -> Launched:
    """Set the stock aside shop by shop, and publish in those that could; NoShopTakesPart where none could."""
    tried = try_out(owner, sale)
    if all(one.error for one in tried):
        raise NoShopTakesPart(param="shop", left_out=[told(one) for one in tried])
    promotion_id, key = _draft(owner, sale, actor)
    placed = [_placed(sale, one, promotion_id, key, actor) for one in tried]
    if all(one.error for one in placed):
        making.end(owner, promotion_id, actor=actor)
        raise NoShopTakesPart(param="shop", left_out=[told(one) for one in placed])
    _publish(owner, promotion_id, placed, actor)
    return Launched(promotion_id, placed)


def _design(sale: Sale) -> Design:
    return Design({**sale.facts(), "shop_ids": sorted(sale.shops)})


def _chosen(owner: Owner, sale: Sale) -> dict[int, str]:
    """The names of the chosen shops. NotFound for another's Sku and for a shop that sells nothing the owner sees."""
    if not sale.shops or len(sale.shops) > MOST_SHOPS:
        raise PromotionInvalid(param="shop", reason="none_chosen" if not sale.shops else "too_many_shops")
    with unit_of_work():
        sku = catalogue.sku(sale.sku_id)
        if sku is None or (owner.kind == "brand" and sku.brand_id != owner.id):
            raise NotFound(what="sku")
        if sku.currency != sale.currency:
            raise PromotionInvalid(param="sku", reason="other_currency")
        known = {
            row[0]: row[1]
            for row in switch_queries.named_shops(sorted(sale.shops))
            if row[3] == sale.currency
        }
    if set(sale.shops) - set(known):
        raise NotFound(what="shop")
    return known


def _tried(sale: Sale, meant: StoredPromotion, one: InShop, left_minor: int | None) -> InShop:
    with shop_scope(one.shop_id), unit_of_work():
        try:
            goods = _goods_here(sale.sku_id)
            one = replace(one, list_minor=goods.price_minor, price_minor=sale.price_minor)
            sale.check(goods, one.units)
            _holds(meant, goods, sale)
            if left_minor is not None and one.cost_minor > left_minor:
                raise ShopCannotSell(param="budget", reason="budget_short")
            there = levels([goods.sku_id], most=one.units).get(goods.sku_id, 0)
            if there < one.units and not goods.unlimited:
                raise StockExhausted(sku_id=goods.sku_id, wanted=one.units, available=there)
        except ProductError as error:
            return replace(one, error=error)
    return one


def _goods_here(sku_id: int) -> OnSale:
    """The open shop's listing of a Sku, which must be on sale there."""
    listing_id = next(iter(shelf.listing_ids([sku_id])), 0)
    goods = on_sale([listing_id]).get(listing_id)
    if goods is None:
        raise ListingUnavailable(param="shop", listing_id=listing_id)
    return goods


def _holds(meant: StoredPromotion, goods: OnSale, sale: Sale) -> None:
    """ShopCannotSell where the engine would not sell a piece at that price in the open shop, with what it would."""
    at = max(sale.starts_at, clock.now())
    offer = offer_of(goods, 1, standing([goods.sku_id], now=at)[goods.sku_id], at)
    (line,) = rules.price_cart(barred([offer], promotion_queries.switches()), [promotion_of(meant)]).lines
    if line.net_minor > sale.price_minor:
        because = next((step.because for step in line.steps), "") or "not_these_goods"
        raise ShopCannotSell(
            param="price", reason=because, least_minor=line.net_minor, currency=sale.currency
        )  # fmt: skip


def _draft(owner: Owner, sale: Sale, actor: Actor) -> tuple[int, str]:
    """Nobody sees a draft but its maker: its shops' stock is set aside first."""
    promotion_id = making.draft(owner, _design(sale), actor=actor)
    with unit_of_work():
        row = lists.own(owner, promotion_id)
        if row is None:
            raise NotFound(what="promotion")
        return promotion_id, row.key


def _placed(sale: Sale, one: InShop, promotion_id: int, key: str, actor: Actor) -> InShop:
    """A shop alone: what cannot be there undoes nothing of the others."""
    if one.error is not None:
        return one
    try:
        with shop_scope(one.shop_id), unit_of_work(actor) as work:
            goods = _goods_here(sale.sku_id)
            told = sale.place(promotion_id, key, goods, shop_id=one.shop_id, units=one.units)
            work.record(f"{sale.kind}.placed", f"promotion:{promotion_id}", **told)
    except ProductError as error:
        return replace(one, error=error)
    return one


def _publish(owner: Owner, promotion_id: int, placed: Sequence[InShop], actor: Actor) -> None:
    with unit_of_work(actor) as work:
        row = lists.own(owner, promotion_id, lock=True)
        if row is None:
            raise NotFound(what="promotion")
        there = [one for one in placed if one.error is None]
        row.shop_ids = sorted(one.shop_id for one in there)
        if row.limit_of == "units":
            row.total_limit = sum(one.units for one in there)
        row.settings = {**row.settings, "left_out": [told(one) for one in placed if one.error is not None]}
        promotions.save(row)
        promotions.become(row, "live")
        work.record(
            "promotion.live", f"promotion:{row.id}", title=row.title, kind=row.kind, shops=row.shop_ids
        )


def told(one: InShop) -> dict[str, Any]:
    """As the promotion remembers a shop that is left out."""
    error = one.error or ProductError()
    facts = {name: value for name, value in error.facts.items() if isinstance(value, str | int)}
    return {"shop": one.shop_id, "name": one.name, "code": error.code, "facts": facts}


# ------------------------------------------------------------------ how it stands


@dataclass(frozen=True, slots=True)
class Standing:
    """An owner's promotion in one shop: what was sold under it, and what its kind counts there.

    `numbers` of a flash sale: set aside, held unpaid, left; of a group buy: set aside, groups open, groups full.
    Of a referral: friends' orders, rewards on hold and given, in minor units. `path`: its page in the shop.
    """

    shop_id: int
    name: str
    slug: str
    sums: Figures
    numbers: tuple[int, ...] = ()
    path: str = ""
    over: bool = False


def stands(owner: Owner, promotion_id: int) -> list[Standing]:
    """How a promotion of the owner's stands in each shop, by name. NotFound where it is not the owner's."""
    with unit_of_work():
        row = lists.own(owner, promotion_id)
        if row is None:
            raise NotFound(what="promotion")
        kind = row.kind
    with platform_scope(), unit_of_work():
        sums = promotion_report.by_shop(promotion_id)
        own = COUNTED[kind](promotion_id) if kind in COUNTED else {}
        names = shops.shop_names({*sums, *own})
    return [
        Standing(shop_id, name, slug, sums.get(shop_id, Figures()), *own.get(shop_id, ()))
        for shop_id, (slug, name) in sorted(names.items(), key=lambda one: (one[1][1], one[0]))
    ]


def _drops(promotion_id: int) -> dict[int, tuple[tuple[int, ...], str, bool]]:
    return {
        one.shop_id: ((one.units, one.held, one.left), f"/flash/{one.drop_id}", one.over)
        for one in flash.in_shops(promotion_id)
    }


def _groups(promotion_id: int) -> dict[int, tuple[tuple[int, ...], str, bool]]:
    return {
        one.shop_id: ((one.units, one.open, one.full), "", False) for one in groups.in_shops(promotion_id)
    }


def _friends(promotion_id: int) -> dict[int, tuple[tuple[int, ...], str, bool]]:
    found = referrals.in_shops(promotion_id)
    return {one.shop_id: ((one.orders, one.held_minor, one.given_minor), "", False) for one in found}


COUNTED: Mapping[str, Callable[[int], dict[int, tuple[tuple[int, ...], str, bool]]]] = {
    "flash_price": _drops, "group_price": _groups, "referral": _friends,
}  # fmt: skip
"""What a kind counts in each shop: numbers, the page there, whether it is over there. In the platform's scope."""
