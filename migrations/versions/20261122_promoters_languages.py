"""promoters' languages: a promoter is written to in the language of the page they joined on"""

import sqlalchemy as sa
from alembic import op

from tenants.context import SHOP_ROLE

revision = "0171"
down_revision = "0170"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.add_column("promoters", sa.Column("locale", sa.Text(), nullable=False, server_default="zh_Hans"))
    op.execute(f"GRANT INSERT (locale), UPDATE (locale) ON promoters TO {SHOP_ROLE}")


def downgrade() -> None:
    op.drop_column("promoters", "locale")
