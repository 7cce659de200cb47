"""What gathers people in the demo's shops: flash sales, an offer to groups, and rewards for friends who are brought.

Made by the very stories a distributor's console tells, after the shelves are planted.
"""

from datetime import datetime, timedelta

from sqlalchemy import select, text

from app.demo.planting.houses import Houses
from app.domain.catalog.models import Listing, Product, Sku
from app.domain.distributors import queries as shops
from app.domain.flash.service import Plan as FlashSale
from app.domain.referrals.rules import Promise
from app.flows import drops, group_offers, referrals, rewarding
from app.flows.group_offers import OfferGroups
from app.foundation.actor import SYSTEM
from app.foundation.database import session
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope, shop_scope

SHOP = "xingxuan"
PROMOTER, FRIENDS = "mei@example.com", 9
# Delivered long enough ago that nothing of them is held any more; of buyers who are somebody else.
BROUGHT = text("""
    INSERT INTO attributions (order_id, shop_id, via, promoter_id)
    SELECT o.id, o.shop_id, 'click', :promoter FROM orders o
    WHERE o.shop_id = :shop AND o.state = 'delivered' AND o.delivered_at < now() - interval '12 days'
      AND o.currency = 'CNY' AND NOT EXISTS (SELECT 1 FROM attributions a WHERE a.order_id = o.id)
    ORDER BY o.delivered_at DESC, o.id LIMIT :most
""")


def plant_selling(houses: Houses, now: datetime, *, most: int) -> None:
    """A flash sale that runs, one that is to come, an offer to groups, and a referral programme.

    `most`: units in a sale, where the shelves hold few.
    """
    shop_id = houses.shops[SHOP]
    with shop_scope(shop_id):
        shelf = _counted()
        first, second, third = shelf[0], shelf[1], shelf[2]
        drops.schedule(
            _sale(first, now - timedelta(minutes=3), hours=30, units=min(20, most)),
            currency="CNY",
            actor=SYSTEM,
        )
        drops.schedule(
            _sale(second, now + timedelta(hours=20), hours=2, units=min(8, most)),
            currency="CNY",
            actor=SYSTEM,
        )
        group_offers.offer_groups(
            OfferGroups(
                third[0], f"三人团 {third[2]}", f"Group of three: {third[3]}", _cheaper(third[1], third[4]), people=3,
                hours=24, days=30, most_open=5,
            ),
            shop_id=shop_id, currency="CNY", created_by=None, actor=SYSTEM,
        )  # fmt: skip
        referrals.make_programme(
            shop_id, "CNY",
            referrals.Plan(
                "请朋友来看看", {"minor": 300, "from_minor": 1500}, Promise("credit", rate_bps=500),
                Promise("cash", rate_bps=100), title_en="Bring a friend",
                words="朋友首单立减，你得店铺余额。", words_en="Your friend pays less, you get store credit.",
                audience="first_order", terms={"hold_days": 7},
            ),
            actor=SYSTEM, live=True,
        )  # fmt: skip
    _bring_friends(shop_id)


def _bring_friends(shop_id: int) -> None:
    """Some of the past's buyers had come by a link: its promoter has store credit to spend."""
    with shop_scope(shop_id):
        row = shops.shop(shop_id)
        if row is None:
            raise AssertionError(f"the demo's shop {SHOP} is not there")
        tenant = shops.as_tenant(row)
        mei = referrals.join(tenant, PROMOTER, buyer_id=None, device="", brought_by=None, actor=SYSTEM)
    # To whom a sale is due, a shop says when it is made; the past is the house's to tell.
    with platform_scope(), unit_of_work() as work:
        work.session.execute(BROUGHT, {"shop": shop_id, "promoter": mei.id, "most": FRIENDS})
    rewarding.judge_rewards()
    rewarding.mature_rewards()


def _counted() -> list[tuple[int, int, str, str, int]]:
    """(listing, price, name, English name, floor) of codes on the shelf with the most room above their floor."""
    found = (
        select(Listing.id, Listing.price_minor, Product.name, Product.name_en, Sku.floor_minor)
        .join(Sku, Sku.id == Listing.sku_id)
        .join(Product, Product.id == Sku.product_id)
        .where(Listing.status == "live", Sku.delivery_kind == "code", Listing.price_minor > 2000)
        .order_by(Sku.floor_minor * 1000 / Listing.price_minor, Listing.id)
    )
    return [(row[0], row[1], row[2], row[3], row[4]) for row in session().execute(found).all()[30:]]


def _sale(row: tuple[int, int, str, str, int], starts: datetime, *, hours: int, units: int) -> FlashSale:
    listing_id, price, name, name_en, floor = row
    return FlashSale(
        listing_id, f"限时秒杀 {name}", _cheaper(price, floor), units, starts, starts + timedelta(hours=hours),
        difficulty=1_000, title_en=f"Flash sale: {name_en or name}",
    )  # fmt: skip


def _cheaper(price_minor: int, floor_minor: int) -> int:
    """About a sixth off, where the floor leaves that much."""
    return max(price_minor * 84 // 100, floor_minor)
