"""Whose money this request is about, and in whose scope it is read."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any

from flask import g, request

from app.domain.ledger.firms import Firm
from app.domain.ledger.queries import Balances, balances_of
from tenants import context

USUAL = "CNY"


def of_own_firm(view: Callable[..., Any]) -> Callable[..., Any]:
    """Show a page in the scope of the firm itself, whichever shop its money came from; `g.firm_of_money` names it."""

    @wraps(view)
    def shown(**arguments: Any) -> Any:
        g.firm_of_money = firm()
        if g.seat.kind == "distributor" and "scope_token" not in g:
            # doors.close_door leaves it when the request ends
            scope = context.Scope(
                context.DISTRIBUTOR_ROLE, context.DISTRIBUTOR_SETTING, g.seat.distributor_id
            )
            g.scope_token = context.enter(scope)
        return view(**arguments)

    return shown


def firm() -> Firm:
    """The firm of the seat that was taken."""
    return Firm(g.seat.brand_id, g.seat.distributor_id)


def chosen(balances: list[Balances]) -> Balances:
    """The currency that the address asks for, if the firm has money in it; otherwise the usual one, or its first."""
    by_currency = {one.currency: one for one in balances}
    wanted = request.args.get("currency", "")
    for currency in (wanted, USUAL):
        if currency in by_currency:
            return by_currency[currency]
    return balances[0] if balances else Balances(USUAL)


def own_scope() -> AbstractContextManager[Any]:
    """The scope of the seat's own firm, for a part of a page that works in another."""
    own = firm()
    return context.brand_scope(own.id) if own.brand_id is not None else context.distributor_scope(own.id)


def standing() -> tuple[list[Balances], Balances]:
    """Every currency's balances of the firm, and the one that is looked at."""
    own = firm()
    balances = balances_of(brand_id=own.brand_id, distributor_id=own.distributor_id)
    return balances, chosen(balances)
