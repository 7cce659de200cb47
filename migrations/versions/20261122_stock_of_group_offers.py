"""stock of group offers: what a brand or the platform offers to groups in a shop has units of its own there"""

import sqlalchemy as sa
from alembic import op

revision = "0166"
down_revision = "0165"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.add_column("group_offers", sa.Column("reservation_id", sa.BigInteger(), nullable=True))
    op.add_column("group_offers", sa.Column("units", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        "fk_group_offers_reservation_id_reservations",
        "group_offers",
        "reservations",
        ["reservation_id"],
        ["id"],
    )
    op.create_unique_constraint("uq_group_offers_reservation_id", "group_offers", ["reservation_id"])
    op.create_check_constraint(
        op.f("ck_group_offers_own_stock"),
        "group_offers",
        "(reservation_id IS NULL) = (units IS NULL) AND units > 0",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_group_offers_own_stock"), "group_offers")
    op.drop_constraint("uq_group_offers_reservation_id", "group_offers")
    op.drop_constraint("fk_group_offers_reservation_id_reservations", "group_offers")
    op.drop_column("group_offers", "units")
    op.drop_column("group_offers", "reservation_id")
