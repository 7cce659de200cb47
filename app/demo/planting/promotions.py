"""What is on in the demo's shops: prices for a while, coupons, a bundle, what brand and platform pay, one stopped."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from app.demo.planting.houses import Houses
from app.demo.planting.rows import plant_quietly
from app.domain.catalog.models import Listing, Sku
from app.domain.orders.models import Order, OrderLine
from app.domain.pricing.models import Floor
from app.domain.promotions import service
from app.domain.promotions.models import OrderPromotion, PromotionSwitch, StoredPromotion
from app.foundation.database import session

MEMBER_WEEK = (timedelta(days=21), timedelta(days=14))
"""How long ago the week that is over began and ended."""
MEMBER_SHOP, MEMBER_TITLE, MEMBER_OFF = "xingxuan", "金秋会员周", 900


@dataclass(frozen=True, slots=True)
class Shelf:
    """A Sku that a shop lists, with the room its floor leaves."""

    sku_id: int
    brand_id: int
    price_minor: int
    floor_minor: int


def plant_promotions(houses: Houses, now: datetime) -> None:
    """Promotions of shops, a brand and the platform; a switch, an exemption, and one that is over with its orders."""
    shelves = {slug: _shelf(shop_id) for slug, shop_id in houses.shops.items()}
    eleven = _of_shops(houses, shelves, now)
    _of_brand_and_platform(houses, now)
    _exempt(eleven, shelves[MEMBER_SHOP], houses.brands["xinghan"], now)
    _switch(houses, now)
    _member_week(houses, now)


def live(
    owner: str, kind: str, value: dict[str, Any], title: str, title_en: str, **facts: Any
) -> StoredPromotion:
    """A promotion that is on, as its maker would have published it."""
    told = {"currency": "CNY", "shop_id": None, "brand_id": None, **facts}
    row = service.make(owner=owner, kind=kind, value=value, title=title, title_en=title_en, **told)
    service.become(row, "live")
    return row


def _shelf(shop_id: int) -> Sequence[Shelf]:
    """What a shop lists, the Skus with most room above their floor first."""
    found = (
        select(Sku.id, Sku.brand_id, Listing.price_minor, Sku.floor_minor)
        .join(Listing, Listing.sku_id == Sku.id)
        .where(Listing.shop_id == shop_id, Listing.status == "live")
        .order_by((Sku.floor_minor * 1000 / Listing.price_minor), Sku.id)
    )
    return [Shelf(*row) for row in session().execute(found)]


def _of_shops(houses: Houses, shelves: dict[str, Sequence[Shelf]], now: datetime) -> StoredPromotion:
    """What distributors have set up; returns the price that a brand lets below its floor."""
    day, shop = timedelta(days=1), houses.shops
    own: dict[str, Any] = {"shop_id": shop["xingxuan"]}
    best = [one.sku_id for one in shelves["xingxuan"]]
    eleven = live(
        "shop", "timed_price", {"off_bps": 1111}, "11.11 返场", "11.11 encore", **own, target_of="sku",
        target_ids=best[:24], starts_at=now - 2 * day, ends_at=now + 6 * day, template="double_eleven",
        words="错过双十一？再来一周。", words_en="Missed 11.11? One more week.",
    )  # fmt: skip
    live(
        "shop", "quantity_tiers", {"tiers": [{"from": 2, "off_bps": 400}, {"from": 5, "off_bps": 800}]},
        "多买多省", "Buy more, save more", **own, target_of="sku", target_ids=best[24:40],
    )  # fmt: skip
    live(
        "shop", "bundle_price",
        {"parts": [{"sku": sku, "units": 1, "off_bps": 1200} for sku in best[40:42]]},
        "双人套餐", "Better together", **own,
    )  # fmt: skip
    live(
        "shop", "threshold_coupon", {"minor": 1000, "from_minor": 10_000}, "满100减10", "¥10 off ¥100", **own,
        claim="page", claim_days=7, total_limit=500, per_buyer=1, ends_at=now + 20 * day,
        words="领券中心限量 500 张", words_en="500 in the coupon centre",
    )  # fmt: skip
    live(
        "shop", "percentage_coupon", {"rate_bps": 500, "most_minor": 2000}, "老客九五折", "5% for regulars", **own,
        code="XING95", total_limit=200, per_buyer=1, ends_at=now + 30 * day,
    )  # fmt: skip
    service.make(
        owner="shop", kind="timed_price", value={"off_bps": 1212}, title="双十二预热", title_en="12.12 warm-up",
        currency="CNY", brand_id=None, **own, starts_at=now + 18 * day, ends_at=now + 22 * day,
        template="double_eleven",
    )  # fmt: skip
    live(
        "shop", "timed_price", {"off_bps": 600}, "开业周", "Opening week", shop_id=shop["dianwan"],
        ends_at=now + 4 * day, template="opening_week",
    )  # fmt: skip
    live(
        "shop", "fixed_coupon", {"minor": 800, "from_minor": 6000}, "玩家暗号", "Gamer's code",
        shop_id=shop["dianwan"], code="GAME8", total_limit=300, per_buyer=2,
    )  # fmt: skip
    live(
        "shop", "threshold_coupon", {"minor": 1500, "from_minor": 20_000}, "满200减15", "¥15 off ¥200",
        shop_id=shop["xianxiang"], ends_at=now + 12 * day,
    )  # fmt: skip
    return eleven


def _of_brand_and_platform(houses: Houses, now: datetime) -> None:
    chosen = [houses.shops["xingxuan"], houses.shops["xianxiang"]]
    live(
        "brand", "timed_price", {"off_bps": 700}, "星瀚品牌日", "Xinghan brand days", brand_id=houses.brands["xinghan"],
        shop_ids=chosen, budget_minor=500_000, starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=5),
        words="品牌直补", words_en="Paid by the brand itself",
    )  # fmt: skip
    live(
        "platform", "fixed_coupon", {"minor": 500, "from_minor": 5000}, "平台新人券", "Welcome to Perkline",
        audience="first_order", claim="page", claim_days=14, budget_minor=2_000_000, total_limit=4000,
        words="首单满 50 减 5", words_en="¥5 off a first order of ¥50",
    )  # fmt: skip


def _exempt(eleven: StoredPromotion, shelf: Sequence[Shelf], brand_id: int, now: datetime) -> None:
    """The brand lets the shop's encore lower than its floor for a few Skus, never below what it is owed."""
    mine = [one for one in shelf if one.brand_id == brand_id and one.sku_id in eleven.target_ids][:4]
    owed = dict(
        session()
        .execute(select(Sku.id, Sku.supply_price_minor).where(Sku.id.in_([one.sku_id for one in mine])))
        .all()
    )
    plant_quietly(
        Floor,
        [
            {
                "brand_id": brand_id, "sku_id": one.sku_id, "promotion": eleven.key, "floor_minor": owed[one.sku_id],
                "starts_at": now, "ends_at": eleven.ends_at, "reason": "11.11 返场", "told_at": now, "applied_at": now,
            }
            for one in mine
        ],
    )  # fmt: skip


def _switch(houses: Houses, now: datetime) -> None:
    """One brand does not want quantity prices on its goods in one shop."""
    plant_quietly(
        PromotionSwitch,
        [
            {
                "brand_id": houses.brands["yunqi"], "shop_id": houses.shops["xingxuan"], "kind": "quantity_tiers",
                "reason": "本月全网统一价，不参与多件折扣", "created_at": now - timedelta(hours=7),
            }
        ],
    )  # fmt: skip


def was_cheaper(slug: str, placed_at: datetime, now: datetime) -> bool:
    """Whether an order of the past fell into the member week of the shop that had one."""
    began, ended = MEMBER_WEEK
    return slug == MEMBER_SHOP and now - began <= placed_at < now - ended


def list_before(unit_minor: int) -> int:
    """What it cost before the member week took its part off, so that the price of the plan is what was paid."""
    return unit_minor * 10_000 // (10_000 - MEMBER_OFF)


def _member_week(houses: Houses, now: datetime) -> None:
    """The week that is over."""
    began, ended = MEMBER_WEEK
    row = live(
        "shop", "timed_price", {"off_bps": MEMBER_OFF}, MEMBER_TITLE, "Autumn member week",
        shop_id=houses.shops[MEMBER_SHOP], template="opening_week",
    )  # fmt: skip
    service.become(row, "ended")
    session().execute(
        update(StoredPromotion)
        .where(StoredPromotion.id == row.id)
        .values(starts_at=now - began, ends_at=now - ended, published_at=now - began, ended_at=now - ended)
        .execution_options(synchronize_session=False)
    )


def remember_member_week() -> None:
    """What it took off each line of its orders; in the scope of its shop, who alone writes that."""
    row = session().execute(select(StoredPromotion).where(StoredPromotion.title == MEMBER_TITLE)).scalar_one()
    lines = (
        select(OrderLine, Order.created_at)
        .join(Order, Order.id == OrderLine.order_id)
        .where(OrderLine.list_minor > OrderLine.offer_minor)
    )
    plant_quietly(
        OrderPromotion,
        [
            {
                "shop_id": line.shop_id, "order_id": line.order_id, "order_line_id": line.id, "promotion_id": row.id,
                "brand_id": line.brand_id, "title": row.title, "title_en": row.title_en, "kind": row.kind,
                "funder": row.funder, "minor": (line.list_minor - line.offer_minor) * line.quantity,
                "wanted_minor": (line.list_minor - line.offer_minor) * line.quantity, "created_at": at,
            }
            for line, at in session().execute(lines)
        ],
    )  # fmt: skip
