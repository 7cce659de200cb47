"""category targets: a brand sees a promotion for categories where a shop it is for sells the brand's goods of one"""

from alembic import op

from tenants.context import BRAND_ROLE

revision = "0175"
down_revision = "0171"
branch_labels = None
depends_on = None

# Until now any brand in the shop saw whatever was for categories, its own goods among them or not. `listings` and
# `products` are here what the brand's own policies let it see: its own.
SELLS = (
    "target_of = 'category' AND EXISTS (SELECT 1 FROM listings l JOIN products p ON p.id = l.product_id"
    " WHERE p.category_id = ANY (target_ids) AND {here})"
)
MEANT = (
    "status <> 'draft' AND (target_of = 'all' OR ({category})"
    " OR (target_of = 'sku' AND EXISTS (SELECT 1 FROM skus k WHERE k.id = ANY (target_ids)))"
    " OR (target_of = 'product' AND EXISTS (SELECT 1 FROM products p WHERE p.id = ANY (target_ids))))"
)
IN_SHOP = MEANT.format(category=SELLS.format(here="l.shop_id = promotions.shop_id"))
IN_SHOPS = MEANT.format(category=SELLS.format(here="(shop_ids IS NULL OR l.shop_id = ANY (shop_ids))"))
BEFORE = MEANT.format(category="target_of = 'category'")
OF_SHOPS = "shop_id IS NOT NULL AND shop_id IN (SELECT l.shop_id FROM listings l)"
OF_PLATFORM = "owner = 'platform' AND EXISTS (SELECT 1 FROM listings l WHERE shop_ids IS NULL OR l.shop_id = ANY (shop_ids))"


def upgrade() -> None:
    op.execute(
        f"ALTER POLICY readable_{BRAND_ROLE} ON promotions"
        f" USING (({OF_SHOPS} AND {IN_SHOP}) OR ({OF_PLATFORM} AND {IN_SHOPS}))"
    )


def downgrade() -> None:
    op.execute(
        f"ALTER POLICY readable_{BRAND_ROLE} ON promotions"
        f" USING (({OF_SHOPS} AND {BEFORE}) OR ({OF_PLATFORM} AND {BEFORE}))"
    )
