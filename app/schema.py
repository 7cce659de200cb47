"""Bring the database to the newest migration, and the serving login to life."""

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from app.config import ROOT, Settings
from app.domain.tables import metadata


def alembic_config(url: str) -> Config:
    """Alembic's configuration without an ini file; `metadata` lets it compare models with the database."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(year)d%%(month).2d%%(day).2d_%%(slug)s")
    config.attributes.update(url=url, metadata=metadata)
    return config


def migrate(settings: Settings) -> None:
    """Migrate to the newest version, then make sure that the serving login exists and owns nothing."""
    command.upgrade(alembic_config(settings.database_url), "head")
    login = make_url(settings.database_app_url)
    engine = create_engine(settings.database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        name = connection.dialect.identifier_preparer.quote(login.username or "perkline_app")
        known = connection.execute(
            text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": login.username}
        ).scalar()
        if not known:
            connection.execute(text(f"CREATE ROLE {name} LOGIN NOINHERIT"))
        if login.password:
            literal = str(login.password).replace("'", "''")
            connection.exec_driver_sql(f"ALTER ROLE {name} PASSWORD '{literal}'".replace("%", "%%"))
        connection.execute(
            text(f"GRANT perkline_shop, perkline_brand, perkline_distributor, perkline_platform TO {name}")
        )
        connection.execute(text(f"ALTER ROLE {name} SET lock_timeout = '3s'"))
        connection.execute(text(f"ALTER ROLE {name} SET idle_in_transaction_session_timeout = '60s'"))
        connection.execute(text(f"ALTER ROLE {name} SET jit = off"))
    engine.dispose()
