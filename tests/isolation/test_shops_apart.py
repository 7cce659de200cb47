"""In shop A's scope nothing of shop B is seen or changed, whatever the statement is written in."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, Table, delete, func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, make_transient

from app.domain.catalog.models import Listing
from app.domain.orders.models import Order
from app.domain.tables import metadata
from app.foundation.database import Base, db, fresh_session, session
from tenants.context import platform_scope, shop_scope
from tenants.errors import ForeignRow, NoScope, ScopeChanged
from tests.isolation.world import World, shop_tables, tenant_tables

CLASSES = {mapper.class_.__tablename__: mapper.class_ for mapper in Base.registry.mappers}
TABLES = pytest.mark.parametrize("table", shop_tables(), ids=lambda table: table.name)
# <NULL>: a trigger that asks first and is told nothing of another firm.
REFUSED = (
    "row-level security",
    "permission denied",
    "listing in <NULL>",
    "the floor <NULL>",
    "in force is <NULL>",
)


def rows_of(owner: Engine, table: Table, shop_id: int) -> list[dict[str, Any]]:
    """Every row of a shop as the database holds it, past the walls."""
    with owner.connect() as connection:
        found = connection.execute(
            text(f"SELECT to_jsonb(t)::text FROM {table.name} t WHERE shop_id = :shop ORDER BY 1"),
            {"shop": shop_id},
        )
        return [json.loads(row) for row in found.scalars()]


def touched(shop_id: int, statement: Callable[[Session], Any]) -> int:
    """How many rows a statement reached in a shop's scope; none where PostgreSQL refuses it. Rolled back."""
    with shop_scope(shop_id), fresh_session() as opened:
        try:
            return int(statement(opened).rowcount)
        except DBAPIError as error:
            if any(word in str(error.orig) for word in REFUSED):
                return 0
            raise


def changeable(owner: Engine, table: Table) -> str:
    """A column that a shop may change, so that only the rows decide; any where it may change none."""
    others = [
        column.name
        for column in table.columns
        if column.name not in {*table.primary_key.columns.keys(), "shop_id"}
    ]
    may = text("SELECT has_column_privilege('perkline_shop', :table, :column, 'UPDATE')")
    with owner.connect() as connection:
        allowed = [
            name for name in others if connection.execute(may, {"table": table.name, "column": name}).scalar()
        ]
    return (allowed or others)[0]


@TABLES
def test_raw_sql_reads_only_the_open_shops_rows(world: World, owner: Engine, table: Table):
    a, b = world.a.shop.id, world.b.shop.id
    assert rows_of(owner, table, b), "nothing to see would prove nothing"
    with shop_scope(a):
        seen = session().execute(text(f"SELECT shop_id, count(*) FROM {table.name} GROUP BY 1")).all()
    assert seen == [(a, len(rows_of(owner, table, a)))]


@TABLES
def test_core_reads_only_the_open_shops_rows(world: World, table: Table):
    with shop_scope(world.a.shop.id):
        assert session().execute(select(table.c.shop_id).distinct()).scalars().all() == [world.a.shop.id]
        joined = select(func.count()).select_from(table).where(table.c.shop_id == world.b.shop.id)
        assert session().execute(joined).scalar_one() == 0


@TABLES
def test_the_orm_reads_only_the_open_shops_rows(world: World, owner: Engine, table: Table):
    mapped = CLASSES[table.name]
    keys = [column.name for column in table.primary_key.columns]
    foreign = [tuple(row[key] for key in keys) for row in rows_of(owner, table, world.b.shop.id)]
    with shop_scope(world.a.shop.id):
        assert {row.shop_id for row in session().execute(select(mapped)).scalars()} == {world.a.shop.id}
        assert [session().get(mapped, key) for key in foreign] == [None] * len(foreign)
        assert [session().get(mapped, key, populate_existing=True) for key in foreign] == [None] * len(
            foreign
        )


@TABLES
def test_updates_and_deletes_reach_none_of_another_shops_rows(world: World, owner: Engine, table: Table):
    a, b = world.a.shop.id, world.b.shop.id
    before, column = rows_of(owner, table, b), changeable(owner, table)
    mapped = CLASSES[table.name]
    same = {column: table.c[column]}
    of_b = {"b": b}
    attempts: list[Callable[[Session], Any]] = [
        lambda s: s.execute(text(f"UPDATE {table.name} SET {column} = {column} WHERE shop_id = :b"), of_b),
        lambda s: s.execute(text(f"DELETE FROM {table.name} WHERE shop_id = :b"), of_b),
        lambda s: s.execute(update(table).where(table.c.shop_id == b).values(same)),
        lambda s: s.execute(delete(table).where(table.c.shop_id == b)),
        lambda s: s.execute(
            update(mapped)
            .where(mapped.shop_id == b)
            .values({getattr(mapped, column): getattr(mapped, column)})
        ),
        lambda s: s.execute(delete(mapped).where(mapped.shop_id == b)),
    ]
    assert [touched(a, attempt) for attempt in attempts] == [0] * len(attempts)
    assert rows_of(owner, table, b) == before


@TABLES
def test_no_row_is_written_into_another_shop(world: World, owner: Engine, table: Table):
    a, b = world.a.shop.id, world.b.shop.id
    row = json.dumps(rows_of(owner, table, b)[0])
    before = rows_of(owner, table, b)
    insert = text(
        f"INSERT INTO {table.name} SELECT * FROM jsonb_populate_record(NULL::{table.name}, CAST(:row AS jsonb))"
    )
    move = text(f"UPDATE {table.name} SET shop_id = :b")
    for statement in (insert, move):
        with shop_scope(a), fresh_session() as opened, pytest.raises(DBAPIError) as refused:
            opened.execute(statement, {"row": row, "b": b})
        assert any(word in str(refused.value.orig) for word in REFUSED)
    assert rows_of(owner, table, b) == before


@pytest.mark.parametrize("mapped", tenant_tables(), ids=lambda cls: cls.__tablename__)
def test_the_session_refuses_a_row_of_another_shop_before_postgresql_has_to(world: World, mapped):
    with platform_scope():
        foreign = (
            session().execute(select(mapped).where(mapped.shop_id == world.b.shop.id).limit(1)).scalar_one()
        )
        session().expunge(foreign)
    with shop_scope(world.a.shop.id), fresh_session() as opened:
        opened.add(foreign)
        opened.delete(foreign)
        with pytest.raises(ForeignRow):
            opened.flush()
        opened.rollback()
    make_transient(foreign)
    with shop_scope(world.a.shop.id), fresh_session() as opened:
        opened.add(foreign)
        with pytest.raises(ForeignRow):
            opened.flush()


@pytest.mark.parametrize("mapped", tenant_tables(), ids=lambda cls: cls.__tablename__)
def test_without_a_scope_a_session_refuses_to_read(world, mapped):
    with fresh_session() as opened, pytest.raises(NoScope):
        opened.execute(select(mapped))


def test_a_session_of_one_shop_is_not_carried_into_another(world: World):
    with fresh_session() as opened:
        with shop_scope(world.a.shop.id):
            opened.execute(select(Order))
        with shop_scope(world.b.shop.id), pytest.raises(ScopeChanged):
            opened.execute(select(Order))


def test_what_was_read_for_one_shop_is_forgotten_when_another_opens(world: World):
    with shop_scope(world.a.shop.id):
        mine = session().get(Listing, world.a.goods.listing_id)
        assert mine is not None
        with shop_scope(world.b.shop.id):
            assert session().get(Listing, world.a.goods.listing_id) is None
        assert session().get(Listing, world.a.goods.listing_id) is not mine


def test_a_connection_given_back_remembers_nobodys_scope(world: World):
    with shop_scope(world.a.shop.id):
        session().execute(select(Order)).all()
        session().rollback()
    asked = text("SELECT current_user, nullif(current_setting('perkline.shop_id', true), '')")
    with db.engine.connect() as connection:
        assert tuple(connection.execute(asked).one()) == ("perkline_app", None)


def test_a_session_that_is_closed_without_a_word_has_written_nothing(world: World, owner: Engine):
    before = rows_of(owner, metadata.tables["listings"], world.a.shop.id)
    with shop_scope(world.a.shop.id), fresh_session() as opened:
        opened.execute(text("UPDATE listings SET position = 77"))
    assert rows_of(owner, metadata.tables["listings"], world.a.shop.id) == before


def test_outside_a_unit_of_work_nothing_can_be_written(world: World):
    with shop_scope(world.a.shop.id), pytest.raises(DBAPIError, match="read-only transaction"):
        session().execute(text("UPDATE listings SET position = 77"))


def test_every_kind_of_statement_finds_its_own_rows(world: World):
    """The control: the same statements reach shop A's own rows, so that nothing above passes by being broken."""
    a = world.a.shop.id
    own = text("UPDATE listings SET position = position WHERE shop_id = :a")
    assert touched(a, lambda s: s.execute(own, {"a": a})) == 3
    assert (
        touched(a, lambda s: s.execute(update(Listing).where(Listing.shop_id == a).values(position=1))) == 3
    )
    assert (
        touched(a, lambda s: s.execute(delete(metadata.tables["mails"]))) == 0
    )  # not even its own: no grant


def test_without_row_security_raw_sql_sees_everything(world: World, owner: Engine):
    """The twin: the wall taken off one table, the check above fails."""
    with owner.connect() as connection:
        connection.execute(text("ALTER TABLE orders DISABLE ROW LEVEL SECURITY"))
    try:
        with pytest.raises(AssertionError):
            test_raw_sql_reads_only_the_open_shops_rows(world, owner, metadata.tables["orders"])
        with pytest.raises(AssertionError):
            test_updates_and_deletes_reach_none_of_another_shops_rows(world, owner, metadata.tables["orders"])
    finally:
        with owner.connect() as connection:
            connection.execute(text("ALTER TABLE orders ENABLE ROW LEVEL SECURITY"))
    test_raw_sql_reads_only_the_open_shops_rows(world, owner, metadata.tables["orders"])
