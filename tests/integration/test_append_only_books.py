"""Nothing posted is ever changed, and nothing unbalanced is ever posted, whoever asks and however."""

import psycopg
import pytest
from flask import Flask
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.domain.ledger.posting import Posting, Side, post
from app.foundation import clock
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope

ROLES = ("perkline_shop", "perkline_brand", "perkline_distributor", "perkline_platform")
TABLES = ("ledger_transactions", "ledger_entries", "ledger_proofs", "gateway_report_lines")
CHANGES = ("UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE")


@pytest.fixture
def posted(app: Flask) -> int:
    """One transaction of two entries."""
    with platform_scope(), unit_of_work():
        made = post(
            Posting("one", "odd", "CNY", clock.now(), [Side("rounding", 5), Side("platform_revenue", -5)])
        )
    assert made is not None
    return made


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("role", ROLES)
def test_no_role_that_serves_changes_the_books(
    posted: int, owner: Engine, role: str, table: str, change: str
):
    with owner.connect().execution_options(isolation_level="READ COMMITTED") as connection:
        connection.execute(text(f"SET ROLE {role}"))
        with pytest.raises(DBAPIError) as refused:
            connection.execute(text(change.format(table)))
        connection.rollback()
    assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)


TRANSACTION = "INSERT INTO ledger_transactions (id, key, kind, currency, size, moved_minor, occurred_at) OVERRIDING SYSTEM VALUE VALUES ({id}, 'k{id}', 'odd', 'CNY', {size}, {moved}, now())"
ENTRIES = "INSERT INTO ledger_entries (transaction_id, position, account, currency, amount_minor, occurred_at) VALUES "


def entry(transaction: int, position: int, minor: int, *, currency: str = "CNY") -> str:
    return f"({transaction}, {position}, 'rounding', '{currency}', {minor}, now())"


def told(owner: Engine, *statements: str) -> str | None:
    """What refused these statements as one transaction, or None."""
    with owner.connect().execution_options(isolation_level="READ COMMITTED") as connection:
        try:
            with connection.begin():
                for statement in statements:
                    connection.execute(text(statement))
        except DBAPIError as refused:
            if not isinstance(refused.orig, psycopg.errors.CheckViolation):
                raise
            return refused.orig.diag.constraint_name
    return None


@pytest.mark.parametrize(
    ("size", "moved", "entries"),
    [
        (2, 5, [entry(900, 1, 5), entry(900, 2, -4)]),
        (2, 5, []),
        (3, 5, [entry(900, 1, 5), entry(900, 2, -5)]),
        (2, 5, [entry(900, 1, 5), entry(900, 2, -5, currency="USD")]),
        (2, 4, [entry(900, 1, 5), entry(900, 2, -5)]),
        (2, 5, [entry(900, 1, 5), entry(900, 2, -5), entry(900, 3, 1)]),
    ],
    ids=["a cent over", "no entry", "one too few", "two currencies", "moves something else", "one too many"],
)
def test_raw_sql_posts_nothing_unbalanced(
    app: Flask, owner: Engine, size: int, moved: int, entries: list[str]
):
    statements = [TRANSACTION.format(id=900, size=size, moved=moved)]
    if entries:
        statements.append(ENTRIES + ", ".join(entries))
    assert told(owner, *statements) == "ledger_balanced"


def test_raw_sql_may_post_side_by_side_as_long_as_it_balances_at_the_end(app: Flask, owner: Engine):
    statements = [
        TRANSACTION.format(id=900, size=2, moved=5),
        ENTRIES + entry(900, 1, 5),
        ENTRIES + entry(900, 2, -5),
    ]
    assert told(owner, *statements) is None


def test_an_old_transaction_takes_no_further_entry(posted: int, owner: Engine):
    assert told(owner, ENTRIES + f"{entry(posted, 3, 5)}, {entry(posted, 4, -5)}") == "ledger_balanced"


def test_checking_early_leaves_no_gap_to_post_through(app: Flask, owner: Engine):
    statements = [
        TRANSACTION.format(id=900, size=2, moved=5), ENTRIES + f"{entry(900, 1, 5)}, {entry(900, 2, -5)}",
        "SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL DEFERRED", ENTRIES + entry(900, 3, 1),
    ]  # fmt: skip
    assert told(owner, *statements) == "ledger_balanced"


def test_without_its_places_an_old_transaction_would_take_an_entry(posted: int, owner: Engine):
    """The twin."""
    with owner.connect() as connection:
        connection.execute(text("ALTER TABLE ledger_entries DISABLE TRIGGER in_place"))
    try:
        assert told(owner, ENTRIES + entry(posted, 3, 5)) is None
    finally:
        with owner.connect() as connection:
            connection.execute(text("ALTER TABLE ledger_entries ENABLE TRIGGER in_place"))


def test_a_seal_holds_for_what_is_written_out_and_read_back(posted: int, owner: Engine):
    """A dump and a restore write rows as text into other tables: the seal follows from the values alone."""
    with owner.connect() as connection:
        connection.execute(text("CREATE TEMP TABLE restored (LIKE ledger_entries)"))
        rows = connection.execute(text("SELECT e::text FROM ledger_entries e")).scalars().all()
        for row in rows:
            connection.execute(text("INSERT INTO restored SELECT (CAST(:row AS restored)).*"), {"row": row})
        held = connection.execute(
            text(
                "SELECT count(*) FROM restored WHERE seal = money.seal_of(id, transaction_id, position, account, brand_id,"
                " distributor_id, currency, amount_minor, occurred_at)"
            )
        ).scalar_one()
        connection.execute(text("DROP TABLE restored"))
    assert held == len(rows) == 2
