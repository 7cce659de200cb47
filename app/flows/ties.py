"""What an order hangs on beside its price: a seat of a drop, a group. Bound inside the order's own transaction."""

from collections.abc import Callable, Mapping
from typing import Any

from app.domain.flash import service as flash
from app.domain.orders.models import Order
from app.foundation.unit_of_work import Work


def bind(work: Work, order: Order, tied: Mapping[str, Any]) -> None:
    """Tie an order to what its quote was tied to; whoever finds it gone refuses the order."""
    for kind, what in sorted(tied.items()):
        if kind in BINDERS:
            BINDERS[kind](work, order, what)


def _to_seat(_work: Work, order: Order, seat_id: Any) -> None:
    flash.bind(int(seat_id), order.id, device=order.device)


BINDERS: dict[str, Callable[[Work, Order, Any], None]] = {"seat": _to_seat}
"""By the name under which a quote carries it in `tied`."""
