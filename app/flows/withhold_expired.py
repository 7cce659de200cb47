"""Codes whose time is over leave the shelf, so that claims do not walk past them for ever."""

from app.domain.inventory import service as inventory
from app.foundation import clock
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope

BATCH = 5000


def withhold_expired() -> int:
    """Withhold every free code that has expired, a few thousand in a transaction; how many there were."""
    total = 0
    while True:
        with platform_scope(), unit_of_work():
            moved = inventory.withhold_expired(clock.now(), most=BATCH)
        total += moved
        if moved < BATCH:
            return total
