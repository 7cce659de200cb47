"""nobody else's words: a brand hears nothing of another's codes, a shop nothing of what was stopped in another"""

import sqlalchemy as sa
from alembic import op

from tenants.context import SHOP_ROLE

revision = "0188"
down_revision = "0187"
branch_labels = None
depends_on = None

MINE = "shop_id = NULLIF(current_setting('perkline.shop_id', true), '')::bigint"
# A switch for one promotion names no shop: it is told where that promotion is seen.
SEEN = (
    "promotion_id IS NULL OR EXISTS (SELECT 1 FROM promotions p WHERE p.id = promotion_switches.promotion_id)"
)
READABLE = f"readable_{SHOP_ROLE}"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.drop_index("uq_promotions_code", "promotions")
    _codes(sa.literal_column("coalesce(shop_id, 0)"), sa.literal_column("coalesce(brand_id, 0)"))
    op.execute(
        f"ALTER POLICY {READABLE} ON promotion_switches USING ({MINE} OR (shop_id IS NULL AND ({SEEN})))"
    )


def downgrade() -> None:
    op.execute(f"ALTER POLICY {READABLE} ON promotion_switches USING (shop_id IS NULL OR {MINE})")
    op.drop_index("uq_promotions_code", "promotions")
    _codes(sa.literal_column("coalesce(shop_id, 0)"))


def _codes(*owner: "sa.ColumnElement[int]") -> None:
    op.create_index(
        "uq_promotions_code", "promotions", [*owner, "code"], unique=True,
        postgresql_where=sa.text("code IS NOT NULL AND status <> 'ended'"),
    )  # fmt: skip
