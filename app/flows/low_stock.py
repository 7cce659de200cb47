"""A brand hears once that a Sku runs out of codes, in time to bring more."""

from __future__ import annotations

from app.domain.inventory import low_stock
from app.domain.inventory.low_stock import LowStock
from app.domain.notifications import service as notifications
from app.foundation import clock
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope


def tell_low_stock() -> int:
    """Write to the brand of each Sku that has become low, each on its own; how many there were."""
    with platform_scope():
        with unit_of_work():
            found = low_stock.running_low()
        return sum(_tell(sku) for sku in found)


def _tell(sku: LowStock) -> bool:
    with unit_of_work() as work:
        if not low_stock.told(sku.id):
            return False
        if sku.contact_email:
            notifications.write(
                work,
                key=f"low_stock:{sku.id}:{clock.now():%Y%m%d%H%M%S%f}",
                kind="low_stock",
                recipient=sku.contact_email,
                locale="zh_Hans",
                shop_id=None,
                product=sku.product_name,
                sku=sku.name,
                left=sku.codes,
                threshold=sku.low_stock_at,
            )
        return True
