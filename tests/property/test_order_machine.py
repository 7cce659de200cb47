"""Whatever is done to orders in whatever order, each payment comes to one true end and the stock adds up."""

from collections import Counter

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine

from app.domain.inventory.errors import StockExhausted
from app.domain.orders.rules import ENDED, NEXT, may_follow
from app.flows import expire, purchase
from app.flows.purchase import Placed
from tenants.context import shop_scope
from tenants.directory import Tenant
from tests.concurrency.race import ask
from tests.factories import Goods, make_goods, make_shop, pay, place, run_jobs
from tests.factories.orders import BUYER

CODES = 3


# ------------------------------------------------------------------ the table itself


def test_every_state_can_be_reached_and_none_leads_back_to_pending():
    reached, todo = {"pending"}, ["pending"]
    while todo:
        for after in NEXT[todo.pop()] - reached:
            reached.add(after)
            todo.append(after)
    assert reached == set(NEXT)
    assert all("pending" not in after for after in NEXT.values())


@pytest.mark.parametrize("state", sorted(NEXT))
def test_no_state_is_a_trap_a_person_can_always_be_called(state: str):
    assert state == "attention" or may_follow(state, "attention")


def test_what_was_delivered_or_refunded_is_not_sold_again():
    for state in ("delivered", "refunding", "refunded"):
        assert not may_follow(state, "paid")
    assert {"delivered", "refunded"} <= ENDED


# ------------------------------------------------------------------ the whole, on PostgreSQL


class Orders(RuleBasedStateMachine):
    """One shop, one Sku with few codes, several buyers, a gateway that repeats itself and comes late."""

    app: Flask
    owner: Engine
    shop: Tenant
    goods: Goods

    def __init__(self) -> None:
        super().__init__()
        self.attempts: list[Placed] = []

    @initialize()
    def open(self) -> None:
        self.shop = make_shop(max_open_orders=50)
        self.goods = make_goods(self.shop, codes=CODES)

    def pick(self, at: int) -> Placed:
        return self.attempts[at % len(self.attempts)]

    @rule(quantity=st.integers(1, 2))
    def order(self, quantity: int) -> None:
        try:
            self.attempts.append(place(self.shop, {self.goods: quantity}))
        except StockExhausted:
            free = "SELECT count(*) FROM codes WHERE state = 'free' AND sku_id = :sku"
            assert ask(self.owner, free, sku=self.goods.sku_id)[0][0] < quantity

    @precondition(lambda self: self.attempts)
    @rule(at=st.integers(0, 9), times=st.integers(1, 2))
    def news_of_money(self, at: int, times: int) -> None:
        for _ in range(times):
            pay(self.shop, self.pick(at))

    @precondition(lambda self: self.attempts)
    @rule(at=st.integers(0, 9), amount=st.sampled_from([0, 1, 1999, 999_999]))
    def news_of_wrong_money(self, at: int, amount: int) -> None:
        pay(self.shop, self.pick(at), amount=amount)

    @precondition(lambda self: self.attempts)
    @rule(at=st.integers(0, 9))
    def another_attempt(self, at: int) -> None:
        with shop_scope(self.shop.id):
            try:
                again = purchase.try_again(self.pick(at).order_id, "card", actor=BUYER)
                purchase.open_payment(again.payment_id, shop=self.shop, return_url="http://x/")  # type: ignore[arg-type]
            except purchase.OrderNotPayable:
                return
        self.attempts.append(again)

    @precondition(lambda self: self.attempts)
    @rule(at=st.integers(0, 9))
    def give_up(self, at: int) -> None:
        with shop_scope(self.shop.id):
            try:
                purchase.cancel_order(self.pick(at).order_id, actor=BUYER)
            except purchase.OrderNotPayable:
                return

    @precondition(lambda self: self.attempts)
    @rule(at=st.integers(0, 9))
    def time_is_over(self, at: int) -> None:
        found = ask(self.owner, "SELECT reservation_id FROM orders WHERE id = :id", id=self.pick(at).order_id)
        with shop_scope(self.shop.id):
            expire.expire(found[0][0])

    @rule()
    def jobs_run(self) -> None:
        run_jobs()

    @invariant()
    def stock_adds_up(self) -> None:
        if not self.attempts:
            return
        counted = Counter(
            dict(
                ask(
                    self.owner,
                    "SELECT state, count(*) FROM codes WHERE sku_id = :sku GROUP BY 1",
                    sku=self.goods.sku_id,
                )
            )
        )
        by_state = "SELECT o.state, sum(l.quantity)::int FROM orders o JOIN order_lines l ON l.order_id = o.id WHERE l.sku_id = :sku GROUP BY 1"
        owed = Counter(dict(ask(self.owner, by_state, sku=self.goods.sku_id)))
        assert counted.total() == CODES
        assert counted["reserved"] == owed["pending"]
        assert counted["sold"] == owed["paid"] + owed["delivered"]

    def teardown(self) -> None:
        if not self.attempts:
            return
        run_jobs()
        run_jobs()
        self.stock_adds_up()
        check_money(self.owner, self.shop)
        check_steps(self.owner, self.shop)


def check_money(owner: Engine, shop: Tenant) -> None:
    """Each received payment has one outcome; an order that has its codes was paid for exactly once."""
    rows = ask(
        owner,
        "SELECT o.state, p.state, p.outcome, p.received_minor, p.refunded_minor, p.amount_minor, o.id"
        " FROM payments p JOIN orders o ON o.id = p.order_id WHERE p.shop_id = :shop", shop=shop.id,
    )  # fmt: skip
    kept: Counter[int] = Counter()
    for order, payment, outcome, received, refunded, amount, order_id in rows:
        assert (payment == "received") == (outcome is not None), (payment, outcome)
        if outcome == "delivered":
            assert (order, received, refunded) == ("delivered", amount, 0)
            kept[order_id] += 1
        if outcome == "refunded":
            assert refunded == received
        if outcome == "attention":
            assert order == "attention"
    delivered = {row[6] for row in rows if row[0] == "delivered"}
    assert kept == Counter(delivered)
    assert ask(owner, "SELECT count(*) FROM outbox WHERE shop_id = :shop", shop=shop.id) == [(0,)]


def check_steps(owner: Engine, shop: Tenant) -> None:
    """No order took a step that the table does not know."""
    steps = ask(
        owner,
        "SELECT order_id, step FROM order_steps WHERE shop_id = :shop ORDER BY order_id, id",
        shop=shop.id,
    )
    at: dict[int, str] = {}
    for order_id, step in steps:
        if step in NEXT:
            assert may_follow(at.get(order_id, "pending"), step)
            at[order_id] = step


def test_any_run_of_events_comes_to_true_ends(app: Flask, owner: Engine):
    class Here(Orders):
        pass

    Here.app, Here.owner = app, owner
    few = settings(
        max_examples=15,
        stateful_step_count=12,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    run_state_machine_as_test(Here, settings=few)
