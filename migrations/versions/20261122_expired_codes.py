"""expired codes: found by their time, so that they can be taken off the shelf"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_codes_free_expires_at", "codes", ["expires_at"],
        postgresql_where=sa.text("state = 'free' AND expires_at IS NOT NULL"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_codes_free_expires_at", "codes")
