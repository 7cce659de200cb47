"""rewards of their shop: a sale is due to somebody in the shop that made it, and a programme is its shop's to pay for

Raw SQL in a shop's scope could name another shop's order as due to a promoter of its own, whose reward that shop's
distributor then paid; and hang a programme of its own on a promotion that the platform or a brand pays for.
"""

from alembic import op

revision = "0193"
down_revision = "0192"
branch_labels = None
depends_on = None

SHOP_ID = "NULLIF(current_setting('perkline.shop_id', true), '')::bigint"
OF_SHOP = f"shop_id = {SHOP_ID}"
OWN_ORDER = (
    "EXISTS (SELECT 1 FROM orders o WHERE o.id = attributions.order_id AND o.shop_id = attributions.shop_id)"
)
OWN_PROMOTION = (
    "EXISTS (SELECT 1 FROM promotions p WHERE p.id = referral_programmes.promotion_id"
    " AND p.shop_id = referral_programmes.shop_id AND p.kind = 'referral')"
)


def upgrade() -> None:
    op.execute(f"ALTER POLICY shop ON attributions WITH CHECK ({OF_SHOP} AND {OWN_ORDER})")
    op.execute(f"ALTER POLICY shop ON referral_programmes WITH CHECK ({OF_SHOP} AND {OWN_PROMOTION})")


def downgrade() -> None:
    op.execute(f"ALTER POLICY shop ON referral_programmes WITH CHECK ({OF_SHOP})")
    op.execute(f"ALTER POLICY shop ON attributions WITH CHECK ({OF_SHOP})")
