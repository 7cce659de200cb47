"""received amounts: what a gateway says came in, which is what can go back"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payments", sa.Column("received_minor", sa.BigInteger(), nullable=True))
    op.add_column("payments", sa.Column("received_currency", sa.Text(), nullable=True))
    op.drop_constraint("ck_payments_amounts", "payments")
    op.create_check_constraint(
        "amounts", "payments", "amount_minor > 0 AND refunded_minor BETWEEN 0 AND coalesce(received_minor, 0)"
    )
    op.execute("GRANT UPDATE (received_minor, received_currency) ON payments TO perkline_shop")


def downgrade() -> None:
    op.drop_constraint("ck_payments_amounts", "payments")
    op.create_check_constraint(
        "amounts", "payments", "amount_minor > 0 AND refunded_minor BETWEEN 0 AND amount_minor"
    )
    op.drop_column("payments", "received_currency")
    op.drop_column("payments", "received_minor")
