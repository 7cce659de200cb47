"""Flash sales, group buys and referral programmes that a brand or the platform makes for chosen shops."""

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from app.domain.catalog.models import Listing
from app.domain.flash import queries as flash
from app.domain.flash.models import Drop
from app.domain.promotions.lists import Owner
from app.domain.promotions.models import StoredPromotion
from app.domain.referrals.rules import Promise
from app.flows import chosen_shops, own_referrals
from app.flows.chosen_shops import Launched
from app.flows.own_flash import FlashSale
from app.flows.own_groups import GroupSale
from app.flows.referrals import Plan
from app.foundation import clock
from app.foundation.actor import SYSTEM
from app.foundation.unit_of_work import unit_of_work
from tenants.context import Scope, brand_scope, platform_scope, shop_scope
from tenants.directory import Tenant
from tests.factories.goods import Goods, approve
from tests.factories.groups import GroupDeal
from tests.factories.referrals import CASH

PLATFORM = Owner("platform")


def also_in(shop: Tenant, goods: Goods, *, price: int = 2000) -> Goods:
    """The same Sku on sale in another shop too."""
    with platform_scope(), unit_of_work() as work:
        approve(work, goods.brand_id, shop.id)
        listing = Listing(
            shop_id=shop.id, sku_id=goods.sku_id, product_id=goods.product_id, price_minor=price
        )
        work.session.add(listing)
        work.session.flush()
        return replace(goods, listing_id=listing.id)


def brand_of(goods: Goods) -> Owner:
    return Owner("brand", goods.brand_id)


def scope_of(owner: Owner) -> AbstractContextManager[Scope]:
    return brand_scope(owner.id) if owner.kind == "brand" and owner.id is not None else platform_scope()


def flash_sale(goods: Goods, shops: Mapping[int, int], **more: Any) -> FlashSale:
    """One that has just begun."""
    now = clock.now()
    begun = FlashSale(
        goods.sku_id, "CNY", "品牌秒杀", 1600, now - timedelta(seconds=1), now + timedelta(hours=1), shops
    )
    return replace(begun, **more)


def launch(owner: Owner, sale: Any) -> Launched:
    with scope_of(owner):
        return chosen_shops.launch(owner, sale, actor=SYSTEM)


def drop_in(shop: Tenant, promotion_id: int) -> Drop:
    """What a promotion has in one shop."""
    with platform_scope(), unit_of_work():
        found = dict(flash.placed(promotion_id))
    with shop_scope(shop.id), unit_of_work():
        row = flash.drop(found[shop.id])
        assert row is not None
        return row


def group_sale(goods: Goods, shops: Mapping[int, int], **more: Any) -> GroupSale:
    """One that has just begun, for two."""
    now = clock.now()
    begun = GroupSale(
        goods.sku_id, "CNY", "品牌拼团", 1600, now, now + timedelta(days=1), shops, people=2
    )  # fmt: skip
    return replace(begun, **more)


def deal(shop: Tenant, goods: Goods, promotion_id: int, *, people: int = 2) -> GroupDeal:
    """A launched group buy as one shop's buyers meet it."""
    with shop_scope(shop.id), unit_of_work() as work:
        row = work.session.get_one(StoredPromotion, promotion_id)
        work.session.expunge(row)
    return GroupDeal(shop, goods, row, people)


def referral(owner: Owner, shops: Collection[int], *, step1: Promise = CASH, **more: Any) -> Launched:
    """A live programme in chosen shops; `more` are terms of the programme, or fields of the plan."""
    fields = {name: more.pop(name) for name in list(more) if name in Plan.__dataclass_fields__}
    plan = Plan("带朋友来", {"minor": 200}, step1, per_friend=None, terms=more, **fields)
    with scope_of(owner):
        return own_referrals.launch(owner, shops, "CNY", plan, actor=SYSTEM)
