"""What an order hangs on beside its goods, by the kind its quote is tied to: a group, or what other flows add here."""

from collections.abc import Callable, Mapping
from typing import Any

from app.domain.orders.models import Order
from app.domain.pricing.quotes import Quote
from app.flows import grouping
from app.foundation.unit_of_work import Work

BINDERS: Mapping[str, Callable[[Work, Order, Mapping[str, Any]], None]] = {"group": grouping.bind}
"""Run when the order and its lines are written; what is raised undoes the order."""
PARENTS: Mapping[str, Callable[[Quote], int | None]] = {"group": grouping.set_aside}
"""Run before the order's stock is held: from which reservation it is taken, where that is not known in the quote."""


def parent(quoted: Quote) -> int | None:
    """The reservation that an order takes its stock from; None: from what is free."""
    for kind in quoted.tied:
        if kind in PARENTS:
            return PARENTS[kind](quoted)
    return quoted.tied.get("parent")


def bind(work: Work, order: Order, tied: Mapping[str, Any]) -> None:
    for kind in tied:
        if kind in BINDERS:
            BINDERS[kind](work, order, tied)
