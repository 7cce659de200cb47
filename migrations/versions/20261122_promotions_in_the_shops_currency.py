"""promotions in the shop's currency: a shop sees of others' promotions only those in the money it sells in

A quote has always left the others out; shelves, product pages, the coupon centre and a designer's trial did not, and
showed five yen off as five yuan. Now nobody in a shop's scope reads them.
"""

from alembic import op

from tenants.context import SHOP_ROLE

revision = "0192"
down_revision = "0191"
branch_labels = None
depends_on = None

SHOP_ID = "NULLIF(current_setting('perkline.shop_id', true), '')::bigint"
FOR_SHOP = f"shop_id IS NULL AND status <> 'draft' AND (shop_ids IS NULL OR {SHOP_ID} = ANY (shop_ids))"
IN_ITS_MONEY = f"currency = (SELECT s.currency FROM shops s WHERE s.id = {SHOP_ID})"


def upgrade() -> None:
    op.execute(f"ALTER POLICY readable_{SHOP_ROLE} ON promotions USING ({FOR_SHOP} AND {IN_ITS_MONEY})")


def downgrade() -> None:
    op.execute(f"ALTER POLICY readable_{SHOP_ROLE} ON promotions USING ({FOR_SHOP})")
