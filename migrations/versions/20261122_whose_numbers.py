"""whose numbers: an upline earns with an order and is told no number of it; only the house says what a statement said"""

from alembic import op

from tenants.context import BRAND_ROLE, DISTRIBUTOR_ROLE

revision = "0187"
down_revision = "0186"
branch_labels = None
depends_on = None

FIRMS = ((BRAND_ROLE, "brand"), (DISTRIBUTOR_ROLE, "distributor"))
TOLD = "role NOT IN ('upline1', 'upline2') OR order_number = ''"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("UPDATE earnings SET order_number = '' WHERE role IN ('upline1', 'upline2')")
    op.execute(f"ALTER TABLE earnings ADD CONSTRAINT ck_earnings_told CHECK ({TOLD}) NOT VALID")
    op.execute("ALTER TABLE earnings VALIDATE CONSTRAINT ck_earnings_told")
    for role, _ in FIRMS:
        op.execute(f"REVOKE INSERT ON statements FROM {role}")


def downgrade() -> None:
    for role, _ in FIRMS:
        op.execute(f"GRANT INSERT ON statements TO {role}")
    op.execute("ALTER TABLE earnings DROP CONSTRAINT ck_earnings_told")
    op.execute(
        "UPDATE earnings u SET order_number = s.order_number FROM earnings s WHERE u.role IN ('upline1', 'upline2')"
        " AND s.role = 'seller' AND s.order_line_id = u.order_line_id"
    )
