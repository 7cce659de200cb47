"""A statement adds up over any ledger, each opens with what the one before closed with, and a cent shows."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from app.domain.ledger import statements
from app.domain.ledger.firms import Firm
from app.domain.ledger.posting import Posting, Side, post_all
from app.domain.ledger.rules import Movement, Statement, Sums, digest, sum_of
from app.domain.ledger.statements import Days
from app.foundation.database import session
from app.foundation.unit_of_work import unit_of_work
from tenants.context import brand_scope, distributor_scope, platform_scope
from tests.factories import make_goods, make_shop

KEY = b"tests"
minor = st.integers(-(10**9), 10**9)
sums = st.builds(Sums, minor, minor, minor)
moment = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))
movement = st.builds(
    Movement, st.integers(1, 10**6), st.sampled_from(("settlement", "return", "payout_sent")), moment, sums
)


@st.composite
def drawn(draw: st.DrawFn) -> Statement:
    opening, movements = draw(sums), draw(st.lists(movement, max_size=12))
    closing = sum_of(movements, opening)
    return Statement(
        ("distributor", 7), "CNY", date(2026, 1, 1), date(2026, 12, 31), opening, closing, movements
    )


@given(drawn())
def test_opening_and_movements_by_kind_come_to_the_closing(statement: Statement):
    assert statement.adds_up
    whole = statement.opening
    for kind in statement.by_kind().values():
        whole += kind
    assert whole == statement.closing


@given(drawn(), st.data())
def test_one_changed_cent_anywhere_changes_the_digest(statement: Statement, data: st.DataObject):
    said = digest(statement, key=KEY)
    place = data.draw(st.sampled_from(("held_minor", "available_minor", "in_transit_minor")))
    assert digest(replace(statement, opening=_cent(statement.opening, place)), key=KEY) != said
    assert digest(replace(statement, closing=_cent(statement.closing, place)), key=KEY) != said
    for at, one in enumerate(statement.movements):
        changed = [*statement.movements]
        changed[at] = replace(one, sums=_cent(one.sums, place))
        assert digest(replace(statement, movements=changed), key=KEY) != said
    assert digest(replace(statement), key=KEY) == said
    assert digest(statement, key=b"another house") != said


def _cent(figures: Sums, place: str) -> Sums:
    return replace(figures, **{place: getattr(figures, place) + 1})


@pytest.fixture
def firms(app) -> list[Firm]:
    shop = make_shop()
    goods = make_goods(shop)
    with platform_scope():
        seller = session().execute(text("SELECT distributor_id FROM shops")).scalar_one()
        session().rollback()
    return [Firm(brand_id=goods.brand_id), Firm(distributor_id=seller)]


@pytest.mark.parametrize("seed", range(6))
def test_over_any_ledger_every_statement_adds_up_and_opens_with_the_last_closing(
    firms: list[Firm], seed: int
):
    chance = random.Random(seed)
    begin = datetime(2026, 3, 1, tzinfo=UTC)
    with platform_scope(), unit_of_work():
        post_all(_posting(chance, number, begin, firms) for number in range(150))
    for firm in firms:
        scope = brand_scope(firm.id) if firm.brand_id is not None else distributor_scope(firm.id)
        with scope:
            before = Sums()
            day = date(2026, 2, 20)
            while day < date(2026, 5, 1):
                until = day + timedelta(days=chance.randrange(12))
                found = statements.read(firm, "CNY", Days(day, until))
                assert found.adds_up
                assert found.opening == before
                assert all(day <= at <= until for at in _days(found))
                before, day = found.closing, until + timedelta(days=1)
            whole = statements.read(firm, "CNY", Days(date(2026, 2, 1), date(2026, 6, 1)))
            assert whole.opening == Sums()
            assert whole.closing == before
            assert before.total_minor == sum(_amounts(firm))
            session().rollback()


def _posting(chance: random.Random, number: int, begin: datetime, firms: list[Firm]) -> Posting:
    firm, amount = chance.choice(firms), chance.randrange(1, 10**6)
    places = [f"{firm.kind}_{place}" for place in ("held", "available", "in_transit")]
    first, second = chance.choice(places), chance.choice([*places, "bank_clearing", "buyer_liability"])
    sides = [
        Side(first, amount, **firm.ids()),
        Side(second, -amount, **(firm.ids() if second in places else {})),
    ]
    at = begin + timedelta(seconds=chance.randrange(50 * 24 * 3600))
    kind, currency = (
        chance.choice(("settlement", "return", "payout_sent")),
        chance.choice(("CNY", "CNY", "USD")),
    )
    return Posting(f"test:{number}", kind, currency, at, sides)


def _days(found: Statement) -> list[date]:
    return [one.occurred_at.astimezone(statements.ZONE).date() for one in found.movements]


def _amounts(firm: Firm) -> list[int]:
    rows = text(f"SELECT amount_minor FROM ledger_entries WHERE currency = 'CNY' AND {firm.kind}_id = :id")
    return list(session().execute(rows, {"id": firm.id}).scalars())
