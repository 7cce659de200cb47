"""partners: a level is its own brand's, a paper its own partnership's, a ladder climbs, and a brand decides but does not ask"""

from alembic import op

from tenants.context import BRAND_ROLE, DISTRIBUTOR_ROLE

revision = "0057"
down_revision = "0060"
branch_labels = None
depends_on = None

OWNER = "partnership_id, brand_id, distributor_id"
# Table, name, what it pointed at, and what it points at now.
REFERENCES = (
    ("partnerships", "fk_partnerships_level_id", "(level_id) REFERENCES levels (id)", "(level_id, brand_id) REFERENCES levels (id, brand_id)"),
    ("invites", "fk_invites_level_id", "(level_id) REFERENCES levels (id)", "(level_id, brand_id) REFERENCES levels (id, brand_id)"),
    ("level_moves", "fk_level_moves_to_level_id", "(to_level_id) REFERENCES levels (id)", "(to_level_id, brand_id) REFERENCES levels (id, brand_id)"),
    *(
        (table, f"fk_{table}_partnership_id", "(partnership_id) REFERENCES partnerships (id)", f"({OWNER}) REFERENCES partnerships (id, brand_id, distributor_id)")
        for table in ("partnership_papers", "level_moves")
    ),
)  # fmt: skip
DECIDES = "status, level_id, level_since, level_pinned, grace_until, reason, decided_at, decided_by"
ASKS = "brand_id, distributor_id, status, message, applied_at"
CLIMBS = """
CREATE FUNCTION money.ladder_climbs() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    -- Looked at when the transaction ends, so that several rungs may be moved together.
    IF EXISTS (SELECT 1 FROM levels a JOIN levels b ON b.brand_id = a.brand_id AND b.rank > a.rank
               WHERE a.brand_id = NEW.brand_id AND b.threshold_minor <= a.threshold_minor) THEN
        RAISE EXCEPTION 'a level of brand % asks for no more than one below it', NEW.brand_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ladder_climbs';
    END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute(
        "ALTER TABLE partnerships ADD CONSTRAINT uq_partnerships_id_brand_id_distributor_id UNIQUE (id, brand_id, distributor_id)"
    )
    for table, name, _before, now in REFERENCES:
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY {now}")
    op.execute(
        "ALTER TABLE invites ADD CONSTRAINT ck_invites_level_of_brand CHECK (level_id IS NULL OR brand_id IS NOT NULL)"
    )
    op.execute("CREATE INDEX ix_settlements_brand_id ON settlements (brand_id, distributor_id, month)")
    # A partnership begins with the distributor's own application, or by a link in the platform's scope: a brand
    # that could insert or rename one would read the name and address of any distributor.
    op.execute(f"REVOKE INSERT, UPDATE ON partnerships FROM {BRAND_ROLE}")
    op.execute(f"GRANT UPDATE ({DECIDES}) ON partnerships TO {BRAND_ROLE}")
    op.execute(f"REVOKE INSERT ON partnerships FROM {DISTRIBUTOR_ROLE}")
    op.execute(f"GRANT INSERT ({ASKS}) ON partnerships TO {DISTRIBUTOR_ROLE}")
    op.execute(CLIMBS)
    op.execute("REVOKE ALL ON FUNCTION money.ladder_climbs FROM PUBLIC")
    op.execute("ALTER FUNCTION money.ladder_climbs OWNER TO perkline_money")
    op.execute(
        "CREATE CONSTRAINT TRIGGER climbs AFTER INSERT OR UPDATE OF threshold_minor, rank ON levels"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION money.ladder_climbs()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER climbs ON levels")
    op.execute("DROP FUNCTION money.ladder_climbs()")
    op.execute(f"REVOKE INSERT ({ASKS}) ON partnerships FROM {DISTRIBUTOR_ROLE}")
    op.execute(f"GRANT INSERT ON partnerships TO {DISTRIBUTOR_ROLE}")
    op.execute(f"REVOKE UPDATE ({DECIDES}) ON partnerships FROM {BRAND_ROLE}")
    op.execute(f"GRANT INSERT, UPDATE ON partnerships TO {BRAND_ROLE}")
    op.execute("DROP INDEX ix_settlements_brand_id")
    op.execute("ALTER TABLE invites DROP CONSTRAINT ck_invites_level_of_brand")
    for table, name, before, _now in REFERENCES:
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY {before}")
    op.execute("ALTER TABLE partnerships DROP CONSTRAINT uq_partnerships_id_brand_id_distributor_id")
