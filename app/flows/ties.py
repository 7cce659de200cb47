"""What an order hangs on beside its price: a seat of a drop, a group. Bound inside the order's own transaction."""

from collections.abc import Callable, Mapping
from typing import Any

from app.domain.flash import service as flash
from app.domain.orders.models import Order
from app.domain.pricing.quotes import Quote
from app.flows import grouping
from app.foundation.unit_of_work import Work


def parent(quoted: Quote) -> int | None:
    """The reservation that an order takes its stock from; None: from what is free."""
    for kind in quoted.tied:
        if kind in PARENTS:
            return PARENTS[kind](quoted)
    return quoted.tied.get("parent")


def bind(work: Work, order: Order, tied: Mapping[str, Any]) -> None:
    """Tie an order to what its quote was tied to; whoever finds it gone refuses the order."""
    for kind in sorted(tied):
        if kind in BINDERS:
            BINDERS[kind](work, order, tied)


def _to_seat(_work: Work, order: Order, tied: Mapping[str, Any]) -> None:
    flash.bind(int(tied["seat"]), order.id, device=order.device)


BINDERS: Mapping[str, Callable[[Work, Order, Mapping[str, Any]], None]] = {
    "group": grouping.bind,
    "seat": _to_seat,
}
"""By the name under which a quote carries it in `tied`; run when the order and its lines are written."""
PARENTS: Mapping[str, Callable[[Quote], int | None]] = {"group": grouping.set_aside}
"""Run before the order's stock is held: from which reservation it is taken, where that is not known in the quote."""
