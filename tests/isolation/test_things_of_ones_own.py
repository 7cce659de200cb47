"""A foreign key sees past row security: what a shop's row points at must be the shop's own, or nothing is written."""

import json
import re
from dataclasses import dataclass

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.domain.tables import metadata
from app.foundation.database import fresh_session
from tenants.context import shop_scope
from tests.factories.promotions import promote
from tests.isolation.world import World, tenant_tables

OF_SHOPS = {cls.__tablename__ for cls in tenant_tables()} | {"promotions"}


@dataclass(frozen=True)
class Pointer:
    """A column of a shop's table that points at a row of some shop."""

    table: str
    column: str
    to: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"


def pointers() -> list[Pointer]:
    return [
        Pointer(cls.__tablename__, column.name, key.column.table.name)
        for cls in tenant_tables()
        for column in metadata.tables[cls.__tablename__].columns
        for key in column.foreign_keys
        if key.column.table.name in OF_SHOPS and key.column.name == "id"
    ]


WRITABLE = text("""
    SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = :table AND column_name <> 'id' AND is_generated = 'NEVER'
      AND has_column_privilege('perkline_shop', :table, column_name, 'INSERT')
""")


def refused_by(owner: Engine, world: World, one: Pointer) -> str:
    """What PostgreSQL says to shop A when a row of its own is written again and points at shop B."""
    a, b = world.a.shop.id, world.b.shop.id
    with owner.connect() as connection:
        columns = connection.execute(WRITABLE, {"table": one.table}).scalar()
        mine = text(
            f"SELECT to_jsonb(t)::text FROM {one.table} t WHERE shop_id = :a ORDER BY ({one.column} IS NULL) LIMIT 1"
        )
        row = json.loads(connection.execute(mine, {"a": a}).scalar_one())
        theirs = text(f"SELECT min(id) FROM {one.to} WHERE shop_id = :b")
        row[one.column] = connection.execute(theirs, {"b": b}).scalar_one()
    if not columns:
        return "row-level security: no column may be written"
    again = text(
        f"INSERT INTO {one.table} ({columns}) SELECT {columns}"
        f" FROM jsonb_populate_record(NULL::{one.table}, CAST(:row AS jsonb))"
    )
    with shop_scope(a), fresh_session() as opened:
        try:
            opened.execute(again, {"row": json.dumps(row)})
            opened.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        except DBAPIError as error:
            return str(error.orig)
    return ""


WALLS = "row-level security|in force is <NULL>|is not made for shop|is somebody else's"


@pytest.mark.parametrize("one", pointers(), ids=str)
def test_a_shops_row_does_not_point_at_another_shops(world: World, owner: Engine, one: Pointer):
    said = refused_by(owner, world, one)
    assert re.search(WALLS, said), said


def test_a_seat_is_given_no_order_of_another_shop(world: World):
    """One order has one seat: a shop that names another's order would take its place."""
    move = text("UPDATE drop_seats SET order_id = :order, state = 'ordered'")
    with (
        shop_scope(world.a.shop.id),
        fresh_session() as opened,
        pytest.raises(DBAPIError, match=r"row-level security|takes nothing from seat"),
    ):
        opened.execute(move, {"order": world.b.placed.order_id})


HELD_OUT = text("""
    INSERT INTO holdouts (promotion_id, key, shop_id, held_out) VALUES (:promotion, 'e:mei@example.com', :shop, true)
""")


def test_whom_another_shop_held_out_is_not_told_by_a_key_that_is_taken(world: World):
    """One of the platform's promotions runs in both: the same address may be remembered by each, and neither hears of it."""
    row = promote(None, "fixed_coupon", {"minor": 1}, holdout_bps=100)
    for shop in (world.a.shop, world.b.shop):
        with shop_scope(shop.id), fresh_session() as opened:
            opened.execute(HELD_OUT, {"promotion": row.id, "shop": shop.id})
            opened.commit()


def test_a_promoter_is_not_paid_for_an_order_that_is_made_already(world: World):
    late = text("INSERT INTO attributions (order_id, shop_id, via) VALUES (:order, :shop, 'click')")
    with (
        shop_scope(world.a.shop.id),
        fresh_session() as opened,
        pytest.raises(DBAPIError, match="row-level security"),
    ):
        opened.execute(late, {"order": world.a.placed.order_id, "shop": world.a.shop.id})


OTHERS = ("brand", "platform")


@pytest.mark.parametrize("whose", OTHERS)
def test_no_shop_runs_its_programme_on_the_money_of(world: World, whose: str):
    """A reward is paid by whoever pays for the programme's promotion: that is the shop's own, or none."""
    brand_id = world.a.goods.brand_id if whose == "brand" else None
    row = promote(None, "referral", {"minor": 1}, brand_id=brand_id)
    own = text(
        "INSERT INTO referral_programmes (promotion_id, shop_id, step1_kind, step1_minor) VALUES (:at, :shop, 'cash', 100)"
    )
    with (
        shop_scope(world.a.shop.id),
        fresh_session() as opened,
        pytest.raises(DBAPIError, match=WALLS),
    ):
        opened.execute(own, {"at": row.id, "shop": world.a.shop.id})
