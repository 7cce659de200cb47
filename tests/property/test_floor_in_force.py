"""The floor that pricing finds and the floor that the database holds an order to are one and the same."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text

from app.domain.pricing.floors import FloorRow, resolve
from tests.factories import Goods, make_goods, make_shop

START = datetime(2026, 11, 1, tzinfo=UTC)
NAMES = ("double eleven", "opening")
HOURS = st.integers(0, 8)
PARTIES = st.sampled_from(["all", "level", "other level", "distributor", "other distributor"])
ROWS = st.lists(
    st.tuples(PARTIES, st.sampled_from([None, *NAMES]), HOURS, st.one_of(st.none(), st.integers(1, 8)), st.integers(0, 5000)),
    max_size=8,
)  # fmt: skip
KEPT = text("""
    INSERT INTO floors (brand_id, sku_id, level_id, distributor_id, promotion, starts_at, ends_at, floor_minor)
    SELECT brand_id, id, :level_id, :distributor_id, :promotion, :starts_at, :ends_at, :floor_minor FROM skus WHERE id = :sku
    ON CONFLICT DO NOTHING RETURNING id
""")
ASKED = text("SELECT money.floor_in_force(:sku, :distributor, :at, :promotion)")
PARTNER = text("""
    SELECT p.distributor_id, p.level_id FROM partnerships p JOIN shops s ON s.distributor_id = p.distributor_id
    WHERE s.id = :shop
""")
LEVEL = text(
    "INSERT INTO levels (brand_id, rank, name, name_en, threshold_minor) VALUES (:brand, 1, '金', 'Gold', 1) RETURNING id"
)


@pytest.fixture
def world(app, owner: Engine) -> dict[str, Any]:
    shop, stranger = make_shop(), make_shop()
    goods: Goods = make_goods(shop, floor=1500)
    make_goods(stranger, brand_id=goods.brand_id)
    with owner.connect() as connection:
        distributor, level = connection.execute(PARTNER, {"shop": shop.id}).one()
        other, _ = connection.execute(PARTNER, {"shop": stranger.id}).one()
        other_level = connection.execute(LEVEL, {"brand": goods.brand_id}).scalar_one()
    return {
        "sku": goods.sku_id, "distributor": distributor, "other distributor": other, "level": level,
        "other level": other_level,
    }  # fmt: skip


def keep(connection: Connection, world: dict[str, Any], rows: list[Any]) -> list[FloorRow]:
    """Write the rows; those whose window overlaps one of the same target are refused and left out."""
    kept = []
    for party, promotion, since, hours, minor in rows:
        lasts = 3 if hours is None and promotion is not None else hours
        row: dict[str, Any] = {
            "floor_minor": minor, "starts_at": START + timedelta(hours=since), "promotion": promotion,
            "ends_at": None if lasts is None else START + timedelta(hours=since + lasts),
            "level_id": world[party] if "level" in party else None,
            "distributor_id": world[party] if "distributor" in party else None,
        }  # fmt: skip
        made = connection.execute(KEPT, {**row, "sku": world["sku"]}).scalar()
        if made is not None:
            kept.append(FloorRow(id=made, **row))
    return kept


@settings(
    max_examples=max(300, settings().max_examples // 50), deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(ROWS, st.integers(-2, 34), st.sampled_from([None, *NAMES, "unknown"]))
def test_pricing_and_the_database_find_the_same_floor(world, owner: Engine, rows, half_hours: int, promotion):
    at = START + timedelta(minutes=30 * half_hours)
    with owner.execution_options(isolation_level="READ COMMITTED").connect() as connection:
        connection.execute(text("DELETE FROM floors"))
        kept = keep(connection, world, rows)
        asked = {"sku": world["sku"], "distributor": world["distributor"], "at": at, "promotion": promotion}
        by_database = connection.execute(ASKED, asked).scalar_one()
        connection.rollback()
    found = resolve(
        kept, sku_floor_minor=1500, at=at, distributor_id=world["distributor"], level_id=world["level"],
        promotions=(promotion,) if promotion else (),
    )  # fmt: skip
    assert found.floor_minor == by_database


def test_a_resolution_that_forgot_exemptions_is_noticed(world, owner: Engine):
    """The twin: without the promotion's name the two disagree."""
    rows = [("all", NAMES[0], 0, 8, 900)]
    with owner.execution_options(isolation_level="READ COMMITTED").connect() as connection:
        kept = keep(connection, world, rows)
        asked = {"sku": world["sku"], "distributor": world["distributor"], "at": START, "promotion": NAMES[0]}
        by_database = connection.execute(ASKED, asked).scalar_one()
        connection.rollback()
    assert by_database == 900
    assert resolve(kept, sku_floor_minor=1500, at=START).floor_minor == 1500
