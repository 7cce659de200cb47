"""partners read terms: a shop or a distributor reads rules of brands it has to do with, and no others"""

from alembic import op

revision = "0080"
down_revision = "0063"
branch_labels = None
depends_on = None

MINE = "distributor_id = NULLIF(current_setting('perkline.distributor_id', true), '')::bigint"
MY_SHOPS = "distributor_id IN (SELECT distributor_id FROM shops)"
BEFORE = {
    "perkline_shop": f"distributor_id IS NULL OR {MY_SHOPS}",
    "perkline_distributor": f"distributor_id IS NULL OR {MINE}",
}
# What a role sees of partnerships is its own already.
PARTNERS = "brand_id IN (SELECT p.brand_id FROM partnerships p)"


def upgrade() -> None:
    for role, test in BEFORE.items():
        op.execute(f"ALTER POLICY readable_{role} ON rate_rules USING (({test}) AND {PARTNERS})")


def downgrade() -> None:
    for role, test in BEFORE.items():
        op.execute(f"ALTER POLICY readable_{role} ON rate_rules USING ({test})")
