"""Many at once, with real commits: threads with their own app context and connection, started together."""

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from flask import Flask
from sqlalchemy import Engine, text

from app.domain.inventory.errors import StockExhausted
from app.domain.promotions.buyers import Shopper
from app.flows import purchase
from app.flows.priced import NOTHING_ASKED, Asked
from app.flows.purchase import Placed, PlaceOrder
from app.foundation import ids
from app.foundation.database import db
from tenants.context import shop_scope
from tenants.directory import Tenant
from tests.factories import Goods
from tests.factories.orders import BUYER


def race(app: Flask, *runs: Callable[[], Any]) -> list[Any]:
    """Run everything at once; each place holds what was returned, or the exception that came out."""
    db.engine.pool._timeout = 60  # the queue for a connection is not what is raced for
    start, ends = threading.Barrier(len(runs)), [None] * len(runs)

    def one(at: int) -> None:
        with app.app_context():
            start.wait(30)
            try:
                ends[at] = runs[at]()
            except Exception as error:  # noqa: BLE001 - whatever came out is judged by the caller
                ends[at] = error

    threads = [threading.Thread(target=one, args=(at,)) for at in range(len(runs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads), "somebody still waits"
    return ends


def order(
    shop: Tenant, cart: dict[Goods, int], *, asked: Asked = NOTHING_ASKED, **who: str
) -> Callable[[], Placed]:
    """A buyer with a quote in hand, ready to order; opens no payment page."""
    email, device = who.get("email") or f"{ids.token()}@example.com", who.get("device") or ids.token()
    asked = replace(asked, shopper=Shopper(device, email))
    with shop_scope(shop.id):
        wanted = {goods.listing_id: quantity for goods, quantity in cart.items()}
        quoted, _ = purchase.quote(shop, wanted, asked)
    command = PlaceOrder(
        quote=purchase.seal(quoted), email=email, method="alipay", device=device, locale="en"
    )

    def run() -> Placed:
        with shop_scope(shop.id):
            return purchase.place_order(command, shop=shop, actor=BUYER)

    return run


def happy(ends: Sequence[Any]) -> list[Placed]:
    """The orders that were placed; everybody else must have been told that it is sold out."""
    wrong = [end for end in ends if not isinstance(end, Placed | StockExhausted)]
    assert not wrong, f"{len(wrong)} came to another end, such as {wrong[0]!r} {wrong[0].__cause__!r}"
    return [end for end in ends if isinstance(end, Placed)]


@contextmanager
def changed_function(owner: Engine, name: str, *changes: tuple[str, str]) -> Iterator[None]:
    """A function of the database with parts of its text replaced, put back afterwards. Each pattern must fit."""
    definition = text("SELECT pg_get_functiondef(CAST(:name AS regproc))")
    with owner.connect() as connection:
        whole = connection.execute(definition, {"name": name}).scalar_one()
        changed = whole
        for pattern, put in changes:
            changed, times = re.subn(pattern, put, changed)
            assert times, f"{pattern} is not in {name}"
        connection.exec_driver_sql(changed.replace("%", "%%"))
    try:
        yield
    finally:
        with owner.connect() as connection:
            connection.exec_driver_sql(whole.replace("%", "%%"))


@contextmanager
def without_constraint(owner: Engine, table: str, name: str, *, clean: str) -> Iterator[None]:
    """A table without one of its constraints; `clean` removes what the constraint would not bear."""
    definition = text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name")
    with owner.connect() as connection:
        was = connection.execute(definition, {"name": name}).scalar_one()
        connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))
    try:
        yield
    finally:
        with owner.connect() as connection:
            connection.execute(text(clean))
            connection.execute(text(f"ALTER TABLE {table} ADD CONSTRAINT {name} {was}"))


def ask(owner: Engine, question: str, **values: Any) -> list[tuple[Any, ...]]:
    with owner.connect() as connection:
        return [tuple(row) for row in connection.execute(text(question), values)]
