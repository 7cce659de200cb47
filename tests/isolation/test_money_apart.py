"""A firm's scope shows its own money and nobody else's, whatever SQL is asked in it."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from app.domain.commissions import earned
from app.domain.ledger import books
from app.domain.ledger.firms import Firm
from app.flows import statements
from app.foundation.actor import SYSTEM
from app.foundation.database import session
from app.foundation.unit_of_work import unit_of_work
from app.web.money.periods import known
from tenants.context import brand_scope, distributor_scope, platform_scope
from tests.isolation.world import World

OWNED = ("earnings", "earning_returns", "ledger_entries", "statements")


def rows(statement: str, **values: object) -> list[object]:
    found = list(session().execute(text(statement), values))
    session().rollback()
    return found


@pytest.fixture(scope="module")
def firms(world: World) -> dict[str, Firm]:
    with platform_scope():
        sellers = [
            rows("SELECT distributor_id FROM shops WHERE id = :id", id=side.shop.id)[0][0]
            for side in (world.a, world.b)
        ]
    made = {
        "seller": Firm(distributor_id=sellers[0]), "other seller": Firm(distributor_id=sellers[1]),
        "brand": Firm(brand_id=world.a.goods.brand_id), "other brand": Firm(brand_id=world.b.goods.brand_id),
    }  # fmt: skip
    for firm in made.values():
        with scope_of(firm):
            statements.issue(firm, "CNY", known()["month"], actor=SYSTEM)
    return made


def scope_of(firm: Firm):
    return brand_scope(firm.id) if firm.brand_id is not None else distributor_scope(firm.id)


@pytest.mark.parametrize("name", ["seller", "other seller", "brand", "other brand"])
@pytest.mark.parametrize("table", OWNED)
def test_raw_sql_in_a_firms_scope_finds_its_own_rows_only(world: World, firms, name: str, table: str):
    firm = firms[name]
    with scope_of(firm):
        owners = rows(f"SELECT DISTINCT brand_id, distributor_id FROM {table}")
    seen = {tuple(row) for row in owners}
    assert seen <= {(firm.brand_id, firm.distributor_id)}
    assert seen or table == "earning_returns"  # a cent that went back was taken from one of the two


@pytest.mark.parametrize("name", ["seller", "brand"])
def test_a_transaction_shows_a_firm_its_own_sides_and_not_its_reason(world: World, firms, name: str):
    firm = firms[name]
    with scope_of(firm):
        sides = books.sides_of([world.a.settled_id, world.b.settled_id])
        assert set(sides) == {world.a.settled_id}
        assert {(side.brand_id, side.distributor_id) for side in sides[world.a.settled_id]} == {
            (firm.brand_id, firm.distributor_id)
        }
        assert set(books.facts([world.a.settled_id, world.b.settled_id])) == {world.a.settled_id}
        session().rollback()
        with pytest.raises(ProgrammingError, match="permission denied"):
            rows("SELECT reason FROM ledger_transactions")
        session().rollback()


@pytest.mark.parametrize("table", ["statements", "ledger_entries", "earning_returns"])
def test_nobody_changes_what_was_written(world: World, firms, table: str):
    for scope in (lambda: scope_of(firms["seller"]), lambda: scope_of(firms["brand"]), platform_scope):
        for change in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):
            with scope(), pytest.raises(ProgrammingError, match="permission denied"), unit_of_work() as work:
                work.session.execute(text(change))


@pytest.mark.parametrize("whose", ["seller", "other seller"])
def test_a_firm_writes_no_statement_its_own_neither(world: World, firms, whose: str):
    with (
        scope_of(firms["seller"]),
        pytest.raises(ProgrammingError, match="permission denied"),
        unit_of_work() as work,
    ):
        work.session.execute(
            text(
                "INSERT INTO statements (number, distributor_id, currency, since, until, entries, opening_minor,"
                " closing_minor, digest) VALUES ('x', :id, 'CNY', now(), now(), 0, 0, 0, 'x')"
            ),
            {"id": firms[whose].id},
        )


def test_another_firms_earning_is_not_found(world: World, firms):
    with scope_of(firms["seller"]):
        assert earned.earning(world.a.sold_id, firm=firms["seller"]) is not None
        assert earned.earning(world.b.sold_id, firm=firms["seller"]) is None
        assert earned.earning(world.a.supplied_id, firm=firms["brand"]) is None
        session().rollback()
