"""Floors as a brand sets them, and their windows moved as if time had passed."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, text

from app.domain.distributors import partnerships
from app.domain.distributors.models import Level
from app.domain.pricing.floor_service import SetFloor
from app.flows import floors
from app.foundation import clock
from app.foundation.actor import Actor
from app.foundation.unit_of_work import unit_of_work
from tenants.context import brand_scope, platform_scope
from tests.factories.goods import Goods

BRAND_OWNER = Actor("staff", name="Ann of the brand")


def wanted(goods: Goods, floor: int, **more: Any) -> SetFloor:
    return SetFloor(goods.sku_id, floor, more.pop("currency", "CNY"), **more)


def set_floor(goods: Goods, floor: int, **more: Any) -> int:
    """A floor of the Sku's brand; returns its id."""
    with brand_scope(goods.brand_id):
        return floors.set_floor(wanted(goods, floor, **more), actor=BRAND_OWNER)


def later(**by: float) -> datetime:
    return clock.now() + timedelta(**by)


def let_begin(owner: Engine, floor_id: int) -> None:
    """The floor's moment has come: it begins now, and the one before it ends now."""
    with owner.begin() as connection:
        at = connection.execute(
            text("SELECT starts_at FROM floors WHERE id = :id"), {"id": floor_id}
        ).scalar_one()
        values = {"id": floor_id, "at": at}
        connection.execute(
            text(
                "UPDATE floors SET ends_at = clock_timestamp() WHERE ends_at = :at"
                " AND sku_id = (SELECT sku_id FROM floors WHERE id = :id)"
            ),
            values,
        )
        connection.execute(text("UPDATE floors SET starts_at = clock_timestamp() WHERE id = :id"), values)


def let_end(owner: Engine, floor_id: int) -> None:
    """The floor's window is over: whatever follows it begins now."""
    with owner.begin() as connection:
        at = connection.execute(
            text("SELECT ends_at FROM floors WHERE id = :id"), {"id": floor_id}
        ).scalar_one()
        now = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        values = {"id": floor_id, "at": at, "now": now}
        connection.execute(text("UPDATE floors SET ends_at = :now WHERE id = :id"), values)
        connection.execute(
            text(
                "UPDATE floors SET starts_at = :now WHERE starts_at = :at"
                " AND sku_id = (SELECT sku_id FROM floors WHERE id = :id)"
            ),
            values,
        )


def make_level(brand_id: int, rank: int, name: str) -> int:
    with platform_scope(), unit_of_work() as work:
        level = Level(brand_id=brand_id, rank=rank, name=name, name_en=name, threshold_minor=rank * 1000)
        work.session.add(level)
        work.session.flush()
        return int(level.id)


def move_to(brand_id: int, distributor_id: int, level_id: int) -> None:
    with platform_scope(), unit_of_work():
        found = partnerships.of(brand_id, distributor_id)
        assert found is not None
        found.level_id = level_id
