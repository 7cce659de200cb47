"""Caps on what one visitor holds unpaid, so that nobody takes a shop's stock without paying.

A device is a cookie and an e-mail is anybody's to type: fresh values cost a script
nothing. An address costs something to change, so it caps them all; but an office or
a carrier shares one, so its caps are wide. And an e-mail counts only from its own
address, or from its signed-in owner: a stranger who knows it locks nobody out.
"""

from collections.abc import Mapping

from app.domain.orders import queries
from app.domain.orders.errors import TooManyFromAddress, TooManyOpenOrders
from app.domain.orders.queries import Visitor
from app.domain.orders.service import queue_up
from app.foundation.errors import ProductError
from app.foundation.runtime import settings
from tenants.context import current_scope


def refuse(who: Visitor, *, quote_id: str, wanted: Mapping[int, int], shop_most: int | None) -> None:
    """Raise TooManyOpenOrders or TooManyFromAddress for one more order with so many pieces by Sku.

    One visitor's orders pass here one at a time, so that the caps hold in a race. An
    order that was placed before, from the same quote, is not one more.
    """
    queue_up(*_queues(who))
    too_many = _too_many(who, wanted, int(shop_most or settings().max_open_orders))
    if too_many is not None and queries.by_quote(quote_id) is None:
        raise too_many


def _queues(who: Visitor) -> list[str]:
    shop_id, caps = current_scope().shop_id, settings()
    queues = [f"buyer:{shop_id}:{who.email}", f"device:{shop_id}:{who.device}"]
    if who.ip is not None and (caps.max_open_orders_per_address or caps.max_pieces_per_address):
        queues.append(f"address:{shop_id}:{who.ip}")
    return queues


def _too_many(who: Visitor, wanted: Mapping[int, int], most: int) -> ProductError | None:
    own, around = queries.open_counts(who)
    if own >= most:
        return TooManyOpenOrders(most=most)
    orders_here, pieces_here = settings().max_open_orders_per_address, settings().max_pieces_per_address
    if orders_here and around >= max(orders_here, most):
        return TooManyFromAddress(most=max(orders_here, most))
    if not pieces_here or not around or who.ip is None:
        return None
    held = queries.pieces_held(who.ip, wanted)
    # One order alone may take what the brand allows in one; together with others it counts.
    if any(held[sku_id] + wanted[sku_id] > pieces_here for sku_id in held):
        return TooManyFromAddress(most=pieces_here)
    return None
