"""How the secrets this room keeps are sealed, for when a brand's key changes."""

from app.domain.fulfilment.models import Delivery, SupplierOrder
from app.domain.inventory.resealing import SealedTable, reseal_for

TABLES = (
    SealedTable(Delivery, reseal_for(lambda row: b"delivery:%d" % row.order_line_id)),
    SealedTable(SupplierOrder, reseal_for(lambda row: b"topup:%d" % row.id)),
)
