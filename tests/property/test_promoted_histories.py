"""Shops with everything on at once, and whatever happens to their orders: every cent lands, every budget holds.

Generated promotions of all three funders x terms x carts x late money, refunds by line, refunds that bounce, disputes
lost and won, before and after earnings mature and are paid out; over a real PostgreSQL, in currencies with and
without decimals. After every step the books are asked, and what the designer's and the brand's pages say with them.
"""

from contextlib import suppress
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine

from app.domain.commissions import promotion_report
from app.domain.payments.gateway import EventKind
from app.domain.pricing.errors import PriceChanged
from app.domain.promotions.errors import PromotionOver
from app.domain.promotions.models import StoredPromotion
from app.domain.promotions.rules import ANY_KIND
from app.flows.priced import Asked
from app.flows.prove import prove
from app.flows.purchase import Placed
from app.flows.resolve import acknowledge
from app.foundation import ids
from app.foundation.errors import ProductError
from tenants.context import shop_scope
from tests.factories import Goods, make_goods, make_shop, pay, place, run_jobs
from tests.factories.money import (
    STAFF,
    Books,
    brackets,
    dispute,
    give,
    left_of,
    line_ids,
    mature,
    set_fee,
    set_rule,
)
from tests.factories.orders import state_of
from tests.factories.promotions import promote
from tests.integration.test_promotions import overtake
from tests.integration.test_resolve import refund_event
from tests.property.test_stored_promotions import a_value

TERMS: tuple[list[tuple[str, dict[str, Any]]], ...] = (
    [],
    [("margin", {"supply_minor": 900})],
    [("boost", {"add_bps": 1500})],
    [("commission", {"rate_bps": 1234})],
    [("commission", {"rate_bps": 6000}), ("boost", {"add_bps": 3000})],
    [("commission", {"brackets": brackets((0, 500), (3000, 1700), (9000, 4100))})],
)
# Of every promotion with a budget: what orders hold of it and what is left is the whole, and is what their lines say.
BUDGETS = """
    SELECT p.id FROM promotions p
    LEFT JOIN (SELECT promotion_id, sum(minor_left) AS minor FROM promotion_slots WHERE day = '-infinity' GROUP BY 1) s
        ON s.promotion_id = p.id
    LEFT JOIN (SELECT promotion_id, sum(minor) FILTER (WHERE state IN ('held', 'used')) AS minor FROM promotion_uses
               GROUP BY 1) u ON u.promotion_id = p.id
    LEFT JOIN (SELECT op.promotion_id, sum(op.minor) AS minor FROM order_promotions op JOIN orders o ON o.id = op.order_id
               WHERE o.paid_at IS NOT NULL AND o.state NOT IN ('refunding', 'refunded') GROUP BY 1) g
        ON g.promotion_id = p.id
    WHERE p.budget_minor IS NOT NULL AND (s.minor + coalesce(u.minor, 0) <> p.budget_minor
       OR coalesce(g.minor, 0) > coalesce(u.minor, 0) OR coalesce(g.minor, 0) > p.budget_minor)
"""
# What the platform bears is its part of every settled line, as far as the line has not gone back.
PLATFORM_PAYS = """
    SELECT coalesce((SELECT sum(amount_minor) FROM ledger_entries WHERE account = 'promotion_cost'), 0)::bigint,
        -coalesce(sum(l.funded_platform_minor - l.funded_platform_minor * s.returned_minor / s.net_minor), 0)::bigint
    FROM settlements s JOIN order_lines l ON l.id = s.order_line_id
"""
# What a brand pays of each settled line is what its promotions gave there: no more, no less, and nobody else pays it.
BRAND_PAYS = """
    SELECT l.id, l.funded_brand_minor, t.own, t.sellers FROM settlements s JOIN order_lines l ON l.id = s.order_line_id
    CROSS JOIN LATERAL (
        SELECT coalesce(-sum((step ->> 'minor')::bigint) FILTER (WHERE step ->> 'what' = 'own_discount'), 0) AS own,
            coalesce(sum((step ->> 'minor')::bigint) FILTER (WHERE step ->> 'what' = 'brands_discount'), 0) AS sellers
        FROM jsonb_array_elements(s.parts) p, jsonb_array_elements(p -> 'steps') step) t
    WHERE t.own <> l.funded_brand_minor OR t.sellers <> 0
"""
BELOW = """
    SELECT l.id FROM order_lines l JOIN orders o ON o.id = l.order_id JOIN shops s ON s.id = l.shop_id
    WHERE l.net_minor < l.floor_minor * l.quantity OR l.net_minor < 1
       OR l.floor_minor < money.floor_in_force(l.sku_id, s.distributor_id, o.quoted_at, l.floor_promotion)
       OR (l.floor_promotion IS NOT NULL AND NOT EXISTS (
           SELECT 1 FROM order_promotions op JOIN promotions p ON p.id = op.promotion_id
           WHERE op.order_line_id = l.id AND p.key = l.floor_promotion))
"""
REPORTED = """
    SELECT count(DISTINCT o.id), coalesce(sum(l.quantity), 0)::bigint, coalesce(sum(op.minor), 0)::bigint,
        coalesce(sum(l.net_minor), 0)::bigint
    FROM order_promotions op JOIN orders o ON o.id = op.order_id JOIN order_lines l ON l.id = op.order_line_id
    WHERE op.promotion_id = :id AND o.paid_at IS NOT NULL AND o.state NOT IN ('refunding', 'refunded')
"""


class History:
    """One shop and whatever its buyers, its staff and the banks do, drawn by a seed."""

    def __init__(self, owner: Engine, seed: str) -> None:
        self.dice, self.books, self.owner = Random(seed), Books(owner), owner
        currency = self.dice.choice(("CNY", "CNY", "JPY", "KWD"))
        self.shop = make_shop(currency=currency, max_open_orders=10_000)
        set_fee("gateway", rate_bps=60, fixed_minor=self.dice.choice((0, 30)))
        set_fee("platform", rate_bps=self.dice.choice((0, 100, 250)))
        self.goods = [self._goods() for _ in range(4)]
        self.made = [
            self._promotion(kind, by) for kind in sorted(ANY_KIND) for by in ("shop", "brand", "platform")
        ]
        self._exempt()
        self.open: list[Placed] = []
        self.late: list[Placed] = []
        self.sold: list[Placed] = []
        self.disputed: list[Placed] = []

    def _goods(self) -> Goods:
        dice = self.dice
        price = dice.choice((dice.randint(3, 30), dice.randint(800, 3000)))
        floor = dice.randint(0, price)
        goods = make_goods(self.shop, codes=60, price=price, floor=floor, supply=dice.randint(0, floor))
        for kind, value in dice.choice(TERMS):
            set_rule(goods, kind, ends_in_days=30 if kind == "boost" else None, **value)
        return goods

    def _promotion(self, kind: str, by: str) -> StoredPromotion:
        dice, skus = self.dice, [one.sku_id for one in self.goods]
        facts: dict[str, Any] = {"brand_id": dice.choice(self.goods).brand_id} if by == "brand" else {}
        if dice.random() < 0.5:
            facts |= {"target_of": "sku", "target_ids": dice.sample(skus, 2)}
        if dice.random() < 0.5:
            facts |= {
                "budget_minor": dice.choice((50, 500, 4000)),
                "returns": dice.choice(("unpaid", "refunded", "never")),
            }
        return promote(
            self.shop if by == "shop" else None, kind, a_value(kind, dice, skus), title=f"{kind} {by}",
            combines=dice.choice([None, None, sorted(ANY_KIND - {"fixed_coupon"})]), currency=self.shop.currency, **facts,
        )  # fmt: skip

    def _exempt(self) -> None:
        with self.owner.begin() as connection:
            for one in self.dice.sample(self.made, 8):
                goods = self.dice.choice(self.goods)
                connection.exec_driver_sql(
                    "INSERT INTO floors (brand_id, sku_id, promotion, floor_minor, starts_at, ends_at)"
                    f" VALUES ({goods.brand_id}, {goods.sku_id}, '{one.key}', {self.dice.randint(1, 900)},"
                    " now() - interval '1 h', now() + interval '1 day')"
                )

    def step(self) -> None:
        moves = (
            self.order, self.order, self.order, self.pay, self.pay, self.expire, self.pay_late, self.give, self.give, self.give,
            self.bounce, self.dispute, self.win, self.refund_all, self.mature,
        )  # fmt: skip
        self.dice.choice(moves)()
        self.check()

    def order(self) -> None:
        dice = self.dice
        asked = Asked(
            granted=frozenset(one.id for one in self.made if dice.random() < 0.5),
            without=frozenset(one.id for one in self.made if dice.random() < 0.5),
        )
        cart = {one: dice.randint(1, 4) for one in dice.sample(self.goods, dice.randint(1, 4))}
        with suppress(PromotionOver, PriceChanged):
            self.open.append(place(self.shop, cart, asked=asked))

    def pay(self) -> None:
        if self.open:
            self._paid(self.open.pop())

    def pay_late(self) -> None:
        if self.late:
            self._paid(self.late.pop())

    def _paid(self, placed: Placed) -> None:
        pay(self.shop, placed)
        run_jobs()
        if state_of(self.shop, placed) == "delivered":
            self.sold.append(placed)

    def expire(self) -> None:
        if self.dice.random() < 0.5:
            overtake(self.owner)
            self.late, self.open = self.late + self.open, []

    def give(self) -> None:
        if self.sold:
            placed = self.dice.choice(self.sold)
            at = self.dice.randrange(len(line_ids(self.shop, placed)))
            with shop_scope(self.shop.id):
                left = left_of(placed.order_id, line_ids(self.shop, placed)[at])
            if left > 0:
                minor = self.dice.choice((left, 1, self.dice.randint(1, left)))
                with suppress(ProductError):
                    give(self.shop, placed, minor, line=at)

    def refund_all(self) -> None:
        if self.sold and self.dice.random() < 0.3:
            placed = self.dice.choice(self.sold)
            for at, line_id in enumerate(line_ids(self.shop, placed)):
                with shop_scope(self.shop.id):
                    left = left_of(placed.order_id, line_id)
                if left > 0:
                    with suppress(ProductError):
                        give(self.shop, placed, left, line=at)

    def bounce(self) -> None:
        """A bank sends back a refund that had gone through."""
        found = self.books.ask(
            "SELECT r.order_id, r.key FROM refunds r JOIN orders o ON o.id = r.order_id"
            " WHERE r.state = 'succeeded' AND r.kind = 'refund' AND r.order_line_id IS NOT NULL ORDER BY r.id"
        )
        sold = {placed.order_id: placed for placed in self.sold}
        found = [row for row in found if row[0] in sold]
        if found:
            order_id, key = self.dice.choice(found)
            refund_event(
                self.shop, sold[order_id], EventKind.REFUND_FAILED, f"evt_{ids.token()}", refund_reference=key
            )
            run_jobs()
            with suppress(ProductError), shop_scope(self.shop.id):
                acknowledge(order_id, note="bounced", actor=STAFF)

    def dispute(self) -> None:
        if self.sold and self.dice.random() < 0.4:
            placed = self.sold.pop(self.dice.randrange(len(self.sold)))
            dispute(self.shop, placed, EventKind.DISPUTE_TAKEN, dispute_id=f"dp_{placed.order_id}")
            self.disputed.append(placed)

    def win(self) -> None:
        if self.disputed:
            placed = self.disputed.pop()
            dispute(
                self.shop,
                placed,
                EventKind.DISPUTE_RETURNED,
                dispute_id=f"dp_{placed.order_id}",
                status="won",
            )

    def mature(self) -> None:
        mature()

    def check(self) -> None:
        self.books.check(finished=False)
        for question in (BUDGETS, BRAND_PAYS, BELOW):
            assert self.books.ask(question) == [], question
        [(posted, owed)] = self.books.ask(PLATFORM_PAYS)
        assert posted == owed, "the platform bears its part of what stayed sold"

    def check_reports(self) -> None:
        """What the designer's numbers say of each promotion is what its orders' lines and the books say."""
        for one in self.made:
            with shop_scope(self.shop.id):
                told = promotion_report.figures_of(one.id)
                days = promotion_report.by_day(one.id)
                goods = promotion_report.by_product(one.id)
            [wanted] = self.books.ask(REPORTED, id=one.id)
            assert (told.orders, told.units, told.given_minor, told.sold_minor) == wanted
            for parts in (days, goods):
                assert sum(part.given_minor for part in parts) == told.given_minor
                assert sum(part.sold_minor for part in parts) == told.sold_minor


def walk(owner: Engine, seed: str, steps: int) -> History:
    history = History(owner, seed)
    for _ in range(steps):
        history.step()
    history.check_reports()
    assert prove().differences == []
    return history


@pytest.mark.parametrize("seed", ["one", "two", "three"])
def test_whatever_is_promoted_sold_and_given_back_every_cent_lands_and_every_budget_holds(
    app, owner, seed: str
):
    assert walk(owner, seed, 40).books.ask("SELECT count(*) FROM settlements")[0][0] > 5


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(40))
def test_forty_such_histories(app, owner, seed: int):
    walk(owner, f"night {seed}", 90)
