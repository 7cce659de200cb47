"""What was planned once stays planned."""

from sqlalchemy import text

from app.foundation.database import session
from tenants.context import platform_scope

ASKED = text("SELECT count(*) FROM shops WHERE id = :id")
KEPT = text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT count(*) FROM shops%'")


def test_a_rollback_forgets_no_prepared_statement(app):
    with platform_scope():
        for _ in range(8):
            session().execute(ASKED, {"id": 1})
            session().rollback()
        assert session().execute(KEPT).scalar_one() == 1
