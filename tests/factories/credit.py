"""Somebody with store credit, orders that spend it, and the account as a test reads it. Money in minor units."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Engine, text

from app.domain.promotions.buyers import Shopper
from app.domain.referrals.rules import Promise
from app.flows import spending
from app.flows.priced import NOTHING_ASKED, Asked
from app.flows.prove import prove
from app.flows.purchase import Placed, quote
from app.flows.spending import Wish
from app.foundation.database import session
from tenants.context import shop_scope
from tenants.directory import Tenant
from tests.factories.goods import Goods, make_goods
from tests.factories.orders import place, run_jobs
from tests.factories.referrals import brought, later, programme, promoter

MEI = "mei@example.com"
ACCOUNT = "SELECT balance_minor, held_minor, owed_minor FROM credit_accounts WHERE shop_id = :shop AND mailbox = :mailbox"


def credited(
    shop: Tenant, owner: Engine, minor: int, *, email: str = MEI, goods: Goods | None = None
) -> Placed:
    """A friend of somebody buys, and the platform rewards that with so much credit; the friend's order."""
    programme(shop, step1=Promise("credit", minor=minor), friend={"minor": 1}, near_most=9999)
    placed = brought(shop, goods or make_goods(shop, codes=1), promoter(shop, email))
    with owner.begin() as connection:
        connection.execute(text("UPDATE referral_rewards SET funder = 'platform' WHERE state = 'waiting'"))
    later()
    run_jobs()
    return placed


def spend(
    shop: Tenant,
    goods: Goods,
    minor: int | None = None,
    *,
    email: str = MEI,
    asked: Asked = NOTHING_ASKED,
    **who: Any,
) -> Placed:
    """An order of a holder, with so much of its credit, or as much as there is."""
    if minor is None:
        with shop_scope(shop.id):
            shopper = Shopper(who.get("device", ""), email)
            made, _ = quote(shop, {goods.listing_id: 1}, replace(asked, shopper=shopper))
            minor = spending.offered(email, shop.currency, made.total_minor)
            session().rollback()
    return place(shop, goods, email=email, asked=asked, credit=Wish(email, minor), **who)


def account(owner: Engine, shop: Tenant, email: str = MEI) -> tuple[int, ...]:
    """(balance, held, owed)."""
    with owner.connect() as connection:
        row = connection.execute(text(ACCOUNT), {"shop": shop.id, "mailbox": email}).one()
    return tuple(row)


def moves(owner: Engine) -> list[tuple[str, int]]:
    with owner.connect() as connection:
        found = connection.execute(text("SELECT kind, amount_minor FROM credit_moves ORDER BY id"))
        return [tuple(row) for row in found]


def paid_with(owner: Engine, placed: Placed) -> list[tuple[Any, ...]]:
    """(gateway, amount, credit, received, refunded, outcome) of an order's payments."""
    wanted = (
        "SELECT gateway, amount_minor, credit_minor, received_minor, refunded_minor, outcome FROM payments"
        " WHERE order_id = :order ORDER BY id"
    )
    with owner.connect() as connection:
        return [tuple(row) for row in connection.execute(text(wanted), {"order": placed.order_id})]


def refunds(owner: Engine, placed: Placed) -> list[tuple[Any, ...]]:
    """(kind, amount, state) of an order's refunds."""
    wanted = "SELECT kind, amount_minor, state FROM refunds WHERE order_id = :order ORDER BY id"
    with owner.connect() as connection:
        return [tuple(row) for row in connection.execute(text(wanted), {"order": placed.order_id})]


def asked_for(placed: Placed) -> int:
    """What the gateway was asked for."""
    assert placed.asking is not None
    return placed.asking.request.amount_minor


def proven() -> None:
    found = prove()
    assert list(found.differences) == []
