"""open orders and money: found by address, by reservation, by checkout and by order, without walking the tables"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_orders_open_ip", "orders", ["shop_id", "ip"], postgresql_where=sa.text("state = 'pending'")
    )
    op.create_index("uq_orders_reservation_id", "orders", ["reservation_id"], unique=True)
    op.create_index(
        "ix_payments_open", "payments", ["created_at"], postgresql_where=sa.text("state = 'open'")
    )
    op.create_index("ix_refunds_order_id", "refunds", ["order_id"])


def downgrade() -> None:
    op.drop_index("ix_refunds_order_id", "refunds")
    op.drop_index("ix_payments_open", "payments")
    op.drop_index("uq_orders_reservation_id", "orders")
    op.drop_index("ix_orders_open_ip", "orders")
