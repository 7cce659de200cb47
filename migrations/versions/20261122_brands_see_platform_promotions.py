"""brands see platform promotions: what the platform makes cheaper among a brand's goods is the brand's to see and to stop"""

from alembic import op

from tenants.context import BRAND_ROLE

revision = "0104"
down_revision = "0103"
branch_labels = None
depends_on = None

# A brand sees what may make its own goods cheaper, and nothing of what is for others' goods.
MEANT = (
    "status <> 'draft' AND (target_of IN ('all', 'category')"
    " OR (target_of = 'sku' AND EXISTS (SELECT 1 FROM skus k WHERE k.id = ANY (target_ids)))"
    " OR (target_of = 'product' AND EXISTS (SELECT 1 FROM products p WHERE p.id = ANY (target_ids))))"
)
OF_SHOPS = f"shop_id IS NOT NULL AND shop_id IN (SELECT l.shop_id FROM listings l) AND {MEANT}"
OF_PLATFORM = (
    "owner = 'platform' AND EXISTS (SELECT 1 FROM listings l WHERE shop_ids IS NULL OR l.shop_id = ANY (shop_ids))"
    f" AND {MEANT}"
)


def upgrade() -> None:
    op.execute(f"ALTER POLICY readable_{BRAND_ROLE} ON promotions USING (({OF_SHOPS}) OR ({OF_PLATFORM}))")


def downgrade() -> None:
    op.execute(f"ALTER POLICY readable_{BRAND_ROLE} ON promotions USING ({OF_SHOPS})")
