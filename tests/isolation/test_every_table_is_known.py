"""A list made from the mapped tables: each says whose it is, and PostgreSQL agrees."""

import pytest
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import ProgrammingError

from app.config import Settings
from app.domain.tables import metadata
from tenants.context import BRAND_ROLE, DISTRIBUTOR_ROLE, PLATFORM_ROLE, SHOP_ROLE
from tenants.rls import UNGUARDED_TABLES
from tests.isolation.world import BRAND, GLOBAL, PLATFORM, SHARED, tenant_tables

SERVING = ("perkline_app", SHOP_ROLE, BRAND_ROLE, DISTRIBUTOR_ROLE, PLATFORM_ROLE)
SHOP_TEST = "(shop_id = (NULLIF(current_setting('perkline.shop_id'::text, true), ''::text))::bigint)"

POLICIES = text(
    "SELECT tablename, policyname, roles::text[], cmd, qual, with_check FROM pg_policies WHERE schemaname = 'public'"
    # A restrictive policy only takes away from what the others allow.
    " AND permissive = 'PERMISSIVE'"
)
OWNED = text("""
    SELECT r.rolname || ' owns ' || c.relname FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE r.rolname = ANY (:roles)
    UNION ALL SELECT r.rolname || ' owns ' || p.proname FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner WHERE r.rolname = ANY (:roles)
    UNION ALL SELECT r.rolname || ' owns ' || n.nspname FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner WHERE r.rolname = ANY (:roles)
    UNION ALL SELECT r.rolname || ' owns ' || d.datname FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE r.rolname = ANY (:roles)
""")
POWERS = text("""
    SELECT rolname FROM pg_roles
    WHERE rolname = ANY (:roles) AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication OR rolinherit AND rolcanlogin)
""")
MEMBER_OF = text("""
    SELECT g.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member JOIN pg_roles g ON g.oid = m.roleid
    WHERE r.rolname = ANY (:roles)
""")


def unguarded(connection: Connection) -> list[str]:
    """Tables without forced row security."""
    return list(connection.execute(text(UNGUARDED_TABLES)).scalars())


def without_shop_policy(connection: Connection) -> list[str]:
    """Tables a shop owns rows of that a shop's scope is not narrowed in, for reading and for writing."""
    rows = connection.execute(POLICIES).all()
    narrowed = {
        row.tablename
        for row in rows
        if row.roles == [SHOP_ROLE]
        and row.cmd == "ALL"
        and row.qual == SHOP_TEST
        and row.with_check == SHOP_TEST
    }
    # Policies of one role add up: a second one for the shop's role would widen the first.
    widened = {
        row.tablename for row in rows if row.roles != [SHOP_ROLE] and {SHOP_ROLE, "public"} & set(row.roles)
    }
    widened |= {row.tablename for row in rows if SHOP_ROLE in row.roles and row.qual != SHOP_TEST}
    names = {cls.__tablename__ for cls in tenant_tables()} | set(SHARED)
    return sorted((names - narrowed) | (names & widened))


def test_every_mapped_table_says_whose_it_is():
    named = [cls.__tablename__ for cls in tenant_tables()]
    for listed in (SHARED, BRAND, PLATFORM, GLOBAL):
        assert all(reason for reason in listed.values())
        named += list(listed)
    assert sorted(named) == sorted(metadata.tables)


def test_every_table_of_the_database_is_mapped(owner: Engine, built_app):
    with owner.connect() as connection:
        found = connection.execute(
            text(
                "SELECT tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
            )
        )
        assert set(found.scalars()) - {"alembic_version"} == set(metadata.tables)


def test_every_table_has_forced_row_security(owner: Engine, built_app):
    with owner.connect() as connection:
        assert unguarded(connection) == []


def test_every_table_of_a_shop_is_narrowed_to_the_open_shop(owner: Engine, built_app):
    with owner.connect() as connection:
        assert without_shop_policy(connection) == []


@pytest.mark.parametrize("role", SERVING)
def test_no_serving_role_owns_anything_or_is_above_row_security(owner: Engine, built_app, role: str):
    with owner.connect() as connection:
        assert connection.execute(OWNED, {"roles": [role]}).scalars().all() == []
        assert connection.execute(POWERS, {"roles": [role]}).scalars().all() == []


def test_the_login_reaches_the_four_scopes_and_the_scopes_reach_nothing_else(owner: Engine, built_app):
    with owner.connect() as connection:
        of_login = connection.execute(MEMBER_OF, {"roles": ["perkline_app"]}).scalars().all()
        of_scopes = connection.execute(MEMBER_OF, {"roles": list(SERVING[1:])}).scalars().all()
    assert sorted(of_login) == sorted([SHOP_ROLE, BRAND_ROLE, DISTRIBUTOR_ROLE, PLATFORM_ROLE])
    assert of_scopes == []


@pytest.mark.parametrize("table", sorted(metadata.tables))
def test_the_login_without_a_scope_reads_nothing(settings: Settings, built_app, table: str):
    engine = create_engine(settings.database_app_url)
    try:
        with engine.connect() as connection, pytest.raises(ProgrammingError, match="permission denied"):
            connection.execute(text(f"SELECT 1 FROM public.{table}"))
    finally:
        engine.dispose()


@pytest.mark.parametrize("role", [SHOP_ROLE, BRAND_ROLE, DISTRIBUTOR_ROLE])
def test_a_scope_without_an_id_sees_no_row_of_a_shop(settings: Settings, world, role: str):
    engine = create_engine(settings.database_app_url)
    try:
        for table in sorted({cls.__tablename__ for cls in tenant_tables()} | set(SHARED)):
            with engine.begin() as connection:
                connection.execute(text("SELECT set_config('role', :role, true)"), {"role": role})
                allowed = connection.execute(
                    text("SELECT has_any_column_privilege(:role, :table, 'SELECT')"),
                    {"role": role, "table": table},
                ).scalar()
                if allowed:
                    assert connection.execute(text(f"SELECT count(shop_id) FROM {table}")).scalar() == 0, (
                        table
                    )
    finally:
        engine.dispose()


@pytest.mark.parametrize("table", sorted({cls.__tablename__ for cls in tenant_tables()} | set(SHARED)))
@pytest.mark.parametrize("tampering", ["DROP POLICY shop ON {}", "ALTER TABLE {} DISABLE ROW LEVEL SECURITY"])
def test_without_its_policy_each_table_fails_these_checks(
    settings: Settings, built_app, table: str, tampering: str
):
    """The twin: what is taken off is missed. Rolled back, so nothing stays open."""
    engine = create_engine(settings.database_url)
    try:
        with engine.connect() as connection:
            connection.execute(text(tampering.format(table)))
            assert table in without_shop_policy(connection) + unguarded(connection)
            connection.rollback()
    finally:
        engine.dispose()


@pytest.mark.parametrize(
    "tampering",
    [
        "CREATE POLICY more ON orders TO perkline_shop USING (true)",
        "CREATE POLICY more ON orders USING (true)",
        "ALTER POLICY shop ON orders USING (true)",
        "ALTER TABLE orders NO FORCE ROW LEVEL SECURITY",
    ],
)
def test_a_policy_that_is_widened_fails_these_checks(settings: Settings, built_app, tampering: str):
    engine = create_engine(settings.database_url)
    try:
        with engine.connect() as connection:
            connection.execute(text(tampering))
            assert "orders" in without_shop_policy(connection) + unguarded(connection)
            connection.rollback()
    finally:
        engine.dispose()
