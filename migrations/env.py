"""Alembic's door: migrations run as the schema's owner and never import the app's code.

The models' metadata is handed in by the caller for `alembic check` and for
writing new migrations; running them needs none.
"""

from alembic import context
from sqlalchemy import create_engine, text

config = context.config


def include_object(thing: object, name: str | None, kind: str, reflected: bool, compared: object) -> bool:
    return not (kind == "table" and name == "alembic_version")


def run() -> None:
    engine = create_engine(config.attributes["url"])
    with engine.connect() as connection:
        # A migration that waits for a lock holds up the shop: better to fail and be run again.
        connection.execute(text("SET lock_timeout = '5s'"))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=config.attributes.get("metadata"),
            include_object=include_object,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
