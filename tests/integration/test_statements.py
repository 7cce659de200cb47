"""A statement that was issued is recognised by its number and digest, and tampering with the books shows."""

import pytest
from sqlalchemy import Engine, text

from app.domain.ledger.firms import Firm
from app.flows import statements
from app.foundation.actor import SYSTEM
from app.foundation.database import session
from app.web.money.periods import known
from tenants.context import distributor_scope, platform_scope
from tenants.directory import Tenant
from tests.factories import Goods, buy, make_goods, make_shop


@pytest.fixture
def sold(app) -> tuple[Tenant, Goods]:
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    buy(shop, goods)
    return shop, goods


@pytest.fixture
def firm(sold) -> Firm:
    with platform_scope():
        found = session().execute(text("SELECT distributor_id FROM shops")).scalar_one()
        session().rollback()
    return Firm(distributor_id=found)


def issue(firm: Firm):
    with distributor_scope(firm.id):
        return statements.issue(firm, "CNY", known()["month"], actor=SYSTEM)


def test_the_same_figures_are_the_same_statement_and_new_ones_another(sold, firm: Firm):
    found, first = issue(firm)
    _again, second = issue(firm)
    assert (first.number, first.digest) == (second.number, second.digest)
    assert first.closing_minor == found.closing.total_minor == 800  # sold at 20.00, supplied at 12.00
    shop, goods = sold
    buy(shop, goods)
    _more, third = issue(firm)
    assert third.number != first.number
    assert third.digest != first.digest


def test_a_document_is_recognised_as_people_type_it(firm: Firm):
    _found, issued = issue(firm)
    typed = " ".join(issued.digest[at : at + 4] for at in range(0, 32, 4)).upper()
    verified = statements.verify(f" {issued.number.lower()} ", typed)
    assert verified is not None
    assert verified.still_so
    assert verified.issued.closing_minor == 800


def test_a_wrong_digest_and_a_wrong_number_are_the_same_nothing(firm: Firm):
    _found, issued = issue(firm)
    other = ("0" if issued.digest[0] != "0" else "1") + issued.digest[1:]
    assert statements.verify(issued.number, other) is None
    assert statements.verify("2611-NOTHING2", issued.digest) is None


def test_a_sale_that_is_posted_later_leaves_the_old_document_genuine_and_says_so(sold, firm: Firm):
    _found, issued = issue(firm)
    shop, goods = sold
    buy(shop, goods)
    verified = statements.verify(issued.number, issued.digest)
    assert verified is not None
    assert not verified.still_so


def test_one_cent_that_was_changed_behind_everybodys_back_changes_the_digest(firm: Firm, owner: Engine):
    found, issued = issue(firm)
    with owner.connect() as connection, connection.begin():
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(
            text("UPDATE ledger_entries SET amount_minor = amount_minor + 1 WHERE distributor_id = :id"),
            {"id": firm.id},
        )
    changed, _issued = issue(firm)
    assert changed.closing.total_minor == found.closing.total_minor + 1
    assert statements.digest_of(changed) != issued.digest
    verified = statements.verify(issued.number, issued.digest)
    assert verified is not None
    assert not verified.still_so
