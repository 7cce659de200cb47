"""A random walk of grants, holds, payments, expiries, refunds and take-backs: no balance below nought, the books equal."""

import random

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from app.domain.credit.errors import CreditChanged
from app.domain.orders.errors import TooManyOpenOrders
from app.flows import purchase, rewarding
from app.flows.expire import expire_checkouts
from app.flows.prove import prove
from tenants.context import shop_scope
from tests.factories import make_goods, make_shop
from tests.factories.credit import account, credited, spend
from tests.factories.money import Books, give, left_of, line_ids
from tests.factories.orders import BUYER, pay, run_jobs, state_of

STEPS = 20


class Walk:
    """One holder in one shop, and whatever happens next."""

    def __init__(self, owner: Engine, seed: int) -> None:
        self.owner, self.dice, self.shop = owner, random.Random(seed), make_shop()
        self.goods = make_goods(
            self.shop, codes=STEPS * 2, price=1500 + self.dice.randrange(900), floor=1000, supply=700
        )
        self.grants, self.orders = [], []

    def step(self) -> str:
        name = self.dice.choice(
            ("grant", "hold", "hold", "pay", "pay", "expire", "cancel", "refund", "refund", "take")
        )
        getattr(self, name)()
        run_jobs()
        rewarding.follow_returns()
        return name

    def grant(self) -> None:
        self.grants.append(credited(self.shop, self.owner, 1 + self.dice.randrange(1400), goods=self.goods))

    def hold(self) -> None:
        try:
            placed = spend(self.shop, self.goods, device=f"d-{len(self.orders)}")
        except CreditChanged:  # nothing to spend
            return
        except TooManyOpenOrders:
            return
        self.orders.append(placed)

    def pay(self) -> None:
        placed = self.any()
        if placed is not None and placed.payment_id is not None:
            pay(self.shop, placed)

    def expire(self) -> None:
        with self.owner.begin() as connection:
            connection.execute(
                text("UPDATE reservations SET until = now() - interval '1 minute' WHERE state = 'held'")
            )
            connection.execute(
                text("UPDATE orders SET expires_at = now() - interval '1 minute' WHERE state = 'pending'")
            )
        expire_checkouts()

    def cancel(self) -> None:
        placed = self.any()
        if placed is not None and state_of(self.shop, placed) == "pending":
            with shop_scope(self.shop.id):
                purchase.cancel_order(placed.order_id, actor=BUYER)

    def refund(self) -> None:
        self.some_back(self.orders)

    def take(self) -> None:
        self.some_back(self.grants)

    def some_back(self, orders: list[purchase.Placed]) -> None:
        if not orders:
            return
        placed = self.dice.choice(orders)
        with shop_scope(self.shop.id):
            left = left_of(placed.order_id, line_ids(self.shop, placed)[0])
        if state_of(self.shop, placed) == "delivered" and left > 0:
            give(self.shop, placed, left if self.dice.random() < 0.4 else 1 + self.dice.randrange(left))

    def any(self) -> purchase.Placed | None:
        return self.dice.choice(self.orders) if self.orders else None


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_to_credit_no_balance_is_below_nought_and_the_books_are_equal(
    app: Flask, owner: Engine, seed: int
):
    walk = Walk(owner, seed)
    walk.grant()
    for _ in range(STEPS):
        name = walk.step()
        balance, held, owed = account(owner, walk.shop)
        assert 0 <= held <= balance and owed >= 0
        assert Books(owner).accounts().get("store_credit", 0) == balance, name
        found = prove().differences
        assert list(found) == [], (seed, name)
    Books(owner).check(finished=False)
