"""Who is there: brands, distributors with their shops, and the people who sign in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from app.demo.goods import BRANDS
from app.demo.people import DISTRIBUTORS, PASSWORD, PEOPLE, DemoPerson
from app.demo.pictures import brand_mark, shop_logo
from app.demo.planting.rows import plant, plant_quietly
from app.demo.shops import SHOPS, DemoShop
from app.domain.brands.models import Brand
from app.domain.distributors.models import Distributor, Level, Partnership, Shop
from app.domain.identity.models import Membership, User
from app.domain.identity.passwords import hash_password
from app.foundation import media
from app.foundation.database import session

OPEN_FOR = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Houses:
    """Ids by the demo's own keys; shops by slug."""

    brands: dict[str, int]
    distributors: dict[str, int]
    shops: dict[str, int]


def plant_houses(now: datetime) -> Houses:
    """Every firm of the demo; those that wait for approval wait here too."""
    since = now - OPEN_FOR
    brands = plant(Brand, [_brand(brand, since) for brand in BRANDS])
    distributors = plant(Distributor, [_distributor(each, since) for each in DISTRIBUTORS])
    by_key = dict(zip((each.key for each in DISTRIBUTORS), distributors, strict=True))
    shops = plant(Shop, [_shop(shop, by_key[shop.distributor], since) for shop in SHOPS])
    houses = Houses(
        dict(zip((brand.key for brand in BRANDS), brands, strict=True)),
        by_key,
        dict(zip((shop.slug for shop in SHOPS), shops, strict=True)),
    )
    _plant_people(houses, since)
    _plant_partnerships(houses, since)
    return houses


def _brand(brand: Any, since: datetime) -> dict[str, Any]:
    return {
        "slug": brand.key, "name": brand.name.zh, "name_en": brand.name.en, "contact_email": brand.contact_email,
        "logo": media.keep(brand_mark(brand).encode(), "svg"), "created_at": since,
        "joining": "open" if brand.key == "xinghan" else "by_approval", **_standing(brand.approved, since),
    }  # fmt: skip


def _distributor(each: Any, since: datetime) -> dict[str, Any]:
    return {
        "name": each.name.zh, "contact_email": each.contact_email, "created_at": since,
        **_standing(each.approved, since),
    }  # fmt: skip


def _standing(approved: bool, since: datetime) -> dict[str, Any]:
    return {"status": "approved" if approved else "pending", "approved_at": since if approved else None}


def _plant_partnerships(houses: Houses, since: datetime) -> None:
    """Every approved distributor sells every approved brand's goods, at the level its name says."""
    ladder = (
        ("silver", "银牌", "Silver", 300_000, 7),
        ("gold", "金牌", "Gold", 2_000_000, 5),
        ("diamond", "钻石", "Diamond", 4_500_000, 3),
    )
    brands = [houses.brands[brand.key] for brand in BRANDS if brand.approved]
    rungs = [
        {
            "brand_id": brand, "rank": rank, "name": zh, "name_en": en, "threshold_minor": least, "hold_days": days,
            "created_at": since,
        }
        for brand in brands for rank, (_key, zh, en, least, days) in enumerate(ladder, 1)
    ]  # fmt: skip
    plant_quietly(Level, rungs)
    first = dict(session().execute(select(Level.brand_id, Level.id).where(Level.rank == 0)).all())
    ranks = {(level.brand_id, level.rank): level.id for level in session().execute(select(Level)).scalars()}
    of_key = {"standard": 0} | {key: rank for rank, (key, *_rest) in enumerate(ladder, 1)}
    plant_quietly(
        Partnership,
        [
            {
                "brand_id": brand, "distributor_id": houses.distributors[each.key], "status": "approved",
                "level_id": ranks.get((brand, of_key[each.level]), first[brand]), "level_since": since,
                "applied_at": since, "decided_at": since,
            }
            for brand in brands for each in DISTRIBUTORS if each.approved
        ],
    )  # fmt: skip
    for each in DISTRIBUTORS:
        if each.upline:
            session().execute(
                update(Distributor)
                .where(Distributor.id == houses.distributors[each.key])
                .values(upline_id=houses.distributors[each.upline])
            )


def _shop(shop: DemoShop, distributor_id: int, since: datetime) -> dict[str, Any]:
    theme = shop.theme
    return {
        "distributor_id": distributor_id, "slug": shop.slug, "name": shop.name.zh, "name_en": shop.name.en,
        "currency": shop.currency, "status": "live", "languages": list(shop.languages),
        "logo": media.keep(shop_logo(shop).encode(), "svg"), "created_at": since, "opened_at": since,
        "theme": {
            "preset": theme.preset, "primary": theme.primary, "accent": theme.accent, "tint": theme.tint,
            "corners": theme.corners, "typeface": theme.typeface, "mode": theme.mode,
        },
        "settings": {
            "tagline": shop.tagline.zh, "tagline_en": shop.tagline.en, "notice": shop.notice.zh,
            "notice_en": shop.notice.en, "hours": shop.hours.zh, "hours_en": shop.hours.en, "timezone": shop.timezone,
            "contact": f"{shop.contact_email} · {shop.contact_phone} · WeChat {shop.contact_wechat}",
        },
    }  # fmt: skip


def _plant_people(houses: Houses, since: datetime) -> None:
    # One hash for all of them: they share a password, and a hash takes a while by design.
    kept = hash_password(PASSWORD)
    users = plant(User, [_user(each, kept, since) for each in PEOPLE])
    seats = [
        {
            "user_id": user, "kind": each.kind, "role": each.role, "created_at": since,
            "brand_id": houses.brands[each.house or ""] if each.kind == "brand" else None,
            "distributor_id": houses.distributors[each.house or ""] if each.kind == "distributor" else None,
        }
        for user, each in zip(users, PEOPLE, strict=True)
    ]  # fmt: skip
    plant_quietly(Membership, seats)


def _user(each: DemoPerson, kept: str, since: datetime) -> dict[str, Any]:
    return {
        "email": each.email, "name": each.name, "password_hash": kept, "locale": each.language, "created_at": since,
    }  # fmt: skip
