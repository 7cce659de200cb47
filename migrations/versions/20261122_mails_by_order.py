"""mails by order: which order a mail is about, as a column"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mails", sa.Column("order_id", sa.BigInteger(), nullable=True))
    # Row security holds for the owner too, and would show it no row to fill in.
    op.execute("ALTER TABLE mails NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE mails SET order_id = (data ->> 'order_id')::bigint WHERE data ? 'order_id'")
    op.execute("ALTER TABLE mails FORCE ROW LEVEL SECURITY")
    op.create_index(
        "ix_mails_order_id", "mails", ["order_id"], postgresql_where=sa.text("order_id IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_index("ix_mails_order_id", "mails")
    op.drop_column("mails", "order_id")
