"""A brand changed which code goes out first: those already in stock follow."""

from __future__ import annotations

from app.domain.inventory import reordering
from app.foundation.unit_of_work import unit_of_work


def reorder_codes(sku_id: int) -> None:
    """Bring a Sku's codes into its issue order, a page a transaction, while it sells.

    Stops when the order changes again: that change has brought a job of its own.
    """
    with unit_of_work():
        order, codes = reordering.issue_order_of(sku_id), reordering.unsold(sku_id)
    for start in range(0, len(codes), reordering.PAGE):
        with unit_of_work():
            if reordering.issue_order_of(sku_id) is not order:
                return
            reordering.reorder_page(codes[start : start + reordering.PAGE], order)
