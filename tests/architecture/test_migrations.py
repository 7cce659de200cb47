"""The models and the migrations say the same, and every migration can be taken back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text

from app.schema import alembic_config

LEFT = """
    SELECT 'table ' || tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND tablename <> 'alembic_version'
    UNION ALL SELECT 'function ' || proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
    UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname = 'stock'
    UNION ALL SELECT 'policy ' || policyname FROM pg_policies
"""
SHAPE = """
    SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT 'constraint ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT 'policy ' || tablename || ' ' || policyname || ' ' || coalesce(qual, '') || roles::text FROM pg_policies
    UNION ALL SELECT 'trigger ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'function ' || pg_get_functiondef(p.oid) || coalesce(p.proacl::text, '') FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname IN ('public', 'stock')
    UNION ALL SELECT 'grant ' || table_name || ' ' || grantee || ' ' || privilege_type FROM information_schema.role_table_grants WHERE table_schema = 'public'
    UNION ALL SELECT 'grant ' || table_name || '.' || column_name || ' ' || grantee || ' ' || privilege_type
        FROM information_schema.column_privileges WHERE table_schema = 'public'
    ORDER BY 1
"""


@pytest.fixture
def scratch(pg_admin_url: str) -> Iterator[Engine]:
    """An empty database of its own."""
    admin = create_engine(pg_admin_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE perkline_scratch"))
    engine = create_engine(admin.url.set(database="perkline_scratch"))
    yield engine
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE perkline_scratch WITH (FORCE)"))
    admin.dispose()


def config_of(engine: Engine):
    return alembic_config(engine.url.render_as_string(hide_password=False))


def seen(engine: Engine, question: str) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(text(question)).scalars())


def test_there_is_one_newest_migration():
    assert len(ScriptDirectory.from_config(alembic_config("postgresql+psycopg://")).get_heads()) == 1


def test_models_and_migrations_say_the_same(scratch: Engine):
    command.upgrade(config_of(scratch), "head")
    command.check(config_of(scratch))


def test_every_migration_can_be_taken_back_and_made_again(scratch: Engine):
    config = config_of(scratch)
    command.upgrade(config, "head")
    first = seen(scratch, SHAPE)
    command.downgrade(config, "base")
    assert seen(scratch, LEFT) == []
    command.upgrade(config, "head")
    assert seen(scratch, SHAPE) == first
    assert "orders" in inspect(scratch).get_table_names()


def test_each_step_alone_can_be_taken_back(scratch: Engine):
    """Down one and up one from every place: the shape is the same as before."""
    config = config_of(scratch)
    revisions = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()][::-1]
    for before, revision in zip(["base", *revisions], revisions, strict=False):
        command.upgrade(config, revision)
        shape = seen(scratch, SHAPE)
        command.downgrade(config, before)
        command.upgrade(config, revision)
        assert seen(scratch, SHAPE) == shape, revision


def test_a_model_without_its_migration_is_noticed(scratch: Engine):
    """The twin."""
    config = config_of(scratch)
    command.upgrade(config, "head")
    with scratch.begin() as connection:
        connection.execute(text("ALTER TABLE orders DROP COLUMN ip"))
    with pytest.raises(Exception, match="New upgrade operations detected"):
        command.check(config)


def test_migrations_never_import_the_app():
    script = ScriptDirectory.from_config(alembic_config("postgresql+psycopg://"))
    for revision in script.walk_revisions():
        words = Path(revision.path).read_text("utf-8")
        assert "from app" not in words, revision.path
        assert "import app" not in words, revision.path
