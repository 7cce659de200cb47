"""returns found by proofs: the few transactions that took something back, without reading all of them"""

import sqlalchemy as sa
from alembic import op

revision = "0093"
down_revision = "0091"
branch_labels = None
depends_on = None

NAME = "ix_ledger_transactions_returns"


def upgrade() -> None:
    op.create_index(
        NAME,
        "ledger_transactions",
        ["id"],
        postgresql_include=["order_line_id"],
        postgresql_where=sa.text("kind IN ('return', 'return_undone')"),
    )


def downgrade() -> None:
    op.drop_index(NAME, table_name="ledger_transactions")
