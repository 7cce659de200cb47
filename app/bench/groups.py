"""Group buys at random with their deadlines passing: how each ends, who is refunded, who is delivered.

The flows run as a house runs them (quote, order, signed news of the payment, jobs, the clock's tick), many at once:
some threads open and join, some tell payments, some run jobs, one is the clock. A group's deadline is drawn so that it
falls while its members are still paying, for half of them.
"""

import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from random import Random
from typing import Any

from flask import Flask
from sqlalchemy import create_engine, text

from app.bench.goods import PRICE, Target, plant_goods, plant_shop
from app.bench.house import BenchHouse, bench_house
from app.bench.machine import broken, notes
from app.domain.distributors.queries import as_tenant
from app.domain.distributors.queries import shop as shop_by_id
from app.domain.groups import service
from app.domain.groups.errors import GroupOver
from app.domain.payments.gateway import EventKind
from app.domain.payments.models import Payment
from app.domain.payments.sandbox_events import SandboxEvent, sign_event
from app.domain.payments.sandbox_token import external_id_for
from app.domain.promotions import service as promotions
from app.domain.promotions.buyers import Shopper
from app.flows import grouping, hear_gateway, prove, purchase
from app.flows.priced import Asked
from app.flows.purchase import Placed, PlaceOrder
from app.foundation import clock, ids
from app.foundation.actor import Actor
from app.foundation.database import db, session
from app.foundation.errors import ProductError
from app.foundation.runtime import settings
from app.foundation.unit_of_work import unit_of_work
from app.jobs.run import run_batch
from tenants.context import platform_scope, shop_scope
from tenants.directory import Tenant

GROUPS, SIZE = 1000, 5
OPENERS, WORKERS = 3, 2
BUYER = Actor("buyer", ip="127.0.0.1")
HOURS = 24
NOUGHT = ("undelivered", "delivered_in_vain", "not_full_with_all", "stock_astray", "jobs_left")
DEADLINES_MS = (100, 400, 1600, 6400, *4 * (3_600_000,))
DUE = text(
    "UPDATE outbox SET due_at = now() + interval '60 s' WHERE id IN (SELECT id FROM outbox WHERE due_at <= now()"
    " AND failed_at IS NULL ORDER BY id LIMIT 20 FOR UPDATE SKIP LOCKED) RETURNING id"
)
FIGURES = {
    "groups": "SELECT count(*) FROM groups",
    "full": "SELECT count(*) FROM groups WHERE state = 'full'",
    "failed": "SELECT count(*) FROM groups WHERE state = 'failed'",
    # Said once as full or as failed, and never as both.
    "ended_once": """
        SELECT count(*) FROM groups g WHERE g.state <> 'open' AND 1 = (SELECT count(*) FROM audit_entries a
        WHERE a.action IN ('group_full', 'group_failed') AND a.subject = 'group:' || g.id)""",
    "orders": "SELECT count(*) FROM orders",
    "paid": "SELECT count(*) FROM payments WHERE state = 'received'",
    "expected_refunds": """
        SELECT count(*) FROM payments p WHERE p.state = 'received' AND NOT EXISTS (SELECT 1 FROM group_members m
        JOIN groups g ON g.id = m.group_id WHERE m.order_id = p.order_id AND m.state = 'paid' AND g.state = 'full')""",
    "refunds": """
        SELECT count(*) FROM refunds r JOIN payments p ON p.id = r.payment_id
        WHERE r.state = 'succeeded' AND r.amount_minor = p.received_minor""",
    "left": "SELECT count(*) FROM refunds WHERE reason = 'group_left'",
    "late": "SELECT count(*) FROM refunds WHERE reason = 'group_over'",
    "undelivered": """
        SELECT count(*) FROM group_members m JOIN groups g ON g.id = m.group_id JOIN order_lines l USING (order_id)
        WHERE g.state = 'full' AND m.state = 'paid' AND l.state <> 'delivered'""",
    "delivered_in_vain": """
        SELECT count(*) FROM deliveries d WHERE d.state = 'delivered' AND NOT EXISTS (SELECT 1 FROM group_members m
        JOIN groups g ON g.id = m.group_id WHERE m.order_id = d.order_id AND m.state = 'paid' AND g.state = 'full')""",
    "not_full_with_all": """
        SELECT count(*) FROM groups g WHERE g.state = 'full' AND g.size <> (SELECT count(*) FROM group_members m
        WHERE m.group_id = g.id AND m.state = 'paid')""",
    "stock_astray": """
        SELECT (SELECT count(*) FROM codes WHERE state = 'reserved') + abs((SELECT count(*) FROM codes WHERE
        state = 'sold') - (SELECT count(*) FROM deliveries WHERE state = 'delivered'))""",
    "jobs_left": "SELECT count(*) FROM outbox",
}  # fmt: skip


def run(*, groups: int = GROUPS) -> dict[str, Any]:
    """The figures of so many groups of five, in a home that is thrown away."""
    with bench_house(GATEWAY="sandbox") as house:
        shop_id = plant_shop()
        [target] = plant_goods(shop_id, skus=1, codes=groups * SIZE)
        with platform_scope(), unit_of_work():
            row = shop_by_id(shop_id)
            if row is None:
                raise AssertionError("the shop that was just planted")
            shop = as_tenant(row)
        promotion_id = _offer(shop, target, groups)
        house.tidy()
        began = time.monotonic()
        crowd = Crowd(house, shop, target, promotion_id, groups)
        crowd.run()
        seconds = time.monotonic() - began
        told = _figures(house)
        differences = len(prove.prove().differences)
    wrong = {
        "not_ended_once": groups - told["ended_once"], "refunds": told["expected_refunds"] - told["refunds"],
        "differences": differences, "wrong": len(crowd.wrong),
        **{name: told[name] for name in NOUGHT},
    }  # fmt: skip
    return {
        **told, "size": SIZE, "prove_differences": differences, "seconds": round(seconds, 1),
        "orders_per_second": round(told["orders"] / seconds, 1), "refused": crowd.refused, "wrong": crowd.wrong[:5],
        "broken": broken(**wrong), "machine": notes(),
    }  # fmt: skip


def _offer(shop: Tenant, target: Target, groups: int) -> int:
    with shop_scope(shop.id), unit_of_work():
        row = promotions.make(
            owner="shop", shop_id=shop.id, kind="group_price", value={"minor": PRICE * 4 // 5}, currency="CNY",
            title="测量拼团", target_of="sku", target_ids=[target.sku_id], returns="refunded",
        )  # fmt: skip
        service.offer(
            row.id, target.listing_id, shop_id=shop.id, people=SIZE, hours=HOURS, per_member=1,
            most_open=min(groups, 1000),
        )  # fmt: skip
        promotions.become(row, "live")
        return int(row.id)


def _figures(house: BenchHouse) -> dict[str, int]:
    owner = create_engine(house.settings.database_url, isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        told = {name: int(connection.execute(text(asked)).scalar_one()) for name, asked in FIGURES.items()}
    owner.dispose()
    return told


class Crowd:
    """Buyers who fill groups at random, the gateway that tells of their money, workers and a clock."""

    def __init__(
        self, house: BenchHouse, shop: Tenant, target: Target, promotion_id: int, groups: int
    ) -> None:
        self.app: Flask = house.app
        self.owner = create_engine(house.settings.database_url, isolation_level="AUTOCOMMIT")
        self.shop, self.target, self.promotion_id = shop, target, promotion_id
        self.secret = settings().sandbox_secret
        self.tasks: SimpleQueue[int] = SimpleQueue()
        for number in range(groups):
            self.tasks.put(number)
        self.buying, self.refused = True, 0
        self.wrong: list[str] = []

    def run(self) -> None:
        """Until every group was tried to fill, every deadline is past and no job is left."""
        buyers = [self._thread(self._fill) for _ in range(OPENERS)]
        others = [*(self._thread(self._work) for _ in range(WORKERS)), self._thread(self._tick)]
        for thread in buyers:
            thread.join()
        with self.owner.connect() as connection:
            connection.execute(text("UPDATE groups SET deadline = now() WHERE state = 'open'"))
        self.buying = False
        for thread in others:
            thread.join()
        self.owner.dispose()

    def _thread(self, what: Callable[[], None]) -> threading.Thread:
        def inside() -> None:
            with self.app.app_context():
                try:
                    what()
                except Exception as error:  # noqa: BLE001 - whatever it was is told with the figures
                    self.wrong.append(f"{what.__name__}: {error!r}"[:300])
                finally:
                    db.session.remove()

        thread = threading.Thread(target=inside)
        thread.start()
        return thread

    def _fill(self) -> None:
        while True:
            try:
                number = self.tasks.get_nowait()
            except Empty:
                return
            self._one(Random(number))  # noqa: S311 - who comes, not a secret

    def _one(self, dice: Random) -> None:
        """One group: its deadline is drawn now, then one to seven buyers come, pay or not, and some leave."""
        first = self._order("new")
        if first is None:
            return
        with self.owner.connect() as connection:
            found = connection.execute(
                text(
                    "UPDATE groups SET deadline = now() + :ms * interval '1 ms' WHERE id ="
                    " (SELECT group_id FROM group_members WHERE order_id = :id) RETURNING id"
                ),
                {"ms": dice.choice(DEADLINES_MS), "id": first.order_id},
            )
            group_id = int(found.scalar_one())
        self._pay(first)
        came = [first]
        for _ in range(dice.choice((0, 1, 2, 3, 4, 4, 4, 4, 4, 5, 6))):
            placed = self._order(group_id)
            if placed is None:
                continue
            came.append(placed)
            if dice.random() < 0.9:
                self._pay(placed)
        if dice.random() < 0.15:
            self._leave(dice.choice(came))

    def _order(self, group: int | str) -> Placed | None:
        device = ids.token()
        asked = Asked(
            Shopper(device, f"{device}@example.com"), granted=frozenset({self.promotion_id}),
            tied={"group": group, "promotion": self.promotion_id},
        )  # fmt: skip
        with shop_scope(self.shop.id):
            quoted, _ = purchase.quote(self.shop, {self.target.listing_id: 1}, asked)
            command = PlaceOrder(
                quote=purchase.seal(quoted), email=f"{device}@example.com", method="alipay", device=device,
                locale="zh_Hans",
            )  # fmt: skip
            try:
                return purchase.place_order(command, shop=self.shop, actor=BUYER)
            except GroupOver:
                self.refused += 1
                return None

    def _pay(self, placed: Placed) -> None:
        with shop_scope(self.shop.id):
            payment = session().get_one(Payment, placed.payment_id)
            reference, owed = payment.reference, payment.amount_minor
            session().rollback()
        event = SandboxEvent(
            kind=EventKind.PAID, external_id=external_id_for(reference), reference=reference, amount_minor=owed,
            currency="CNY", occurred_at=clock.now(), event_id=f"evt_{ids.token()}",
        )  # fmt: skip
        headers, body = sign_event(event, secret=self.secret, seconds=time.time())
        hear_gateway.hear_gateway("sandbox", headers, body)

    def _leave(self, placed: Placed) -> None:
        try:
            with shop_scope(self.shop.id):
                grouping.leave(placed.order_id, actor=BUYER)
        except ProductError:
            session().rollback()  # not paid yet, or the group is full: then there is nothing to leave

    def _work(self) -> None:
        while True:
            with self.owner.connect() as connection:
                rows = [row for (row,) in connection.execute(DUE)]
                left = connection.execute(text("SELECT count(*) FROM outbox")).scalar_one()
                ended = (
                    connection.execute(text("SELECT count(*) FROM groups WHERE state = 'open'")).scalar_one()
                    == 0
                )
            if rows:
                run_batch(rows)
            elif not self.buying and ended and not left:
                return
            else:
                time.sleep(0.02)

    def _tick(self) -> None:
        while True:
            grouping.end_groups()
            with self.owner.connect() as connection:
                still = connection.execute(
                    text("SELECT count(*) FROM groups WHERE state = 'open'")
                ).scalar_one()
            if not self.buying and not still:
                return
            time.sleep(0.05)
