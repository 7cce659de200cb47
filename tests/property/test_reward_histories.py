"""Promoters, friends, refunds, disputes and banks at random: what a promoter has is what its rewards are worth now.

Two steps, amounts and rates, caps and budgets that run out, refunds by line that bounce, payouts that fail on their way;
after every step the promoters' money is its rewards less what was paid, and in the end the books prove.
"""

from contextlib import suppress
from random import Random

import pytest
from sqlalchemy import Engine

from app.domain.payments.gateway import EventKind
from app.domain.referrals.errors import PayoutTooSmall
from app.domain.referrals.rules import Promise
from app.flows import promoter_pay, rewarding
from app.flows.prove import prove
from app.flows.purchase import Placed
from app.flows.resolve import acknowledge
from app.foundation import ids
from app.foundation.errors import ProductError
from tenants.context import shop_scope
from tests.factories import make_goods, make_shop, run_jobs
from tests.factories.money import STAFF, Books, dispute, give, left_of, line_ids, set_fee, set_rule
from tests.factories.referrals import HAND, brought, later, programme, promoter
from tests.integration.test_resolve import refund_event
from tests.property.test_promoted_histories import TERMS

ACCOUNT = {"method": "bank", "holder": "李梅", "number": "6222020000001234", "bank": "工商银行"}
WRONG = """
    SELECT p.id, p.balance_minor, p.owed_minor, r.minor, o.minor FROM promoters p
    CROSS JOIN LATERAL (SELECT coalesce(sum(amount_minor), 0) AS minor FROM referral_rewards
        WHERE promoter_id = p.id AND kind = 'cash' AND matured_at IS NOT NULL) r
    CROSS JOIN LATERAL (SELECT coalesce(sum(amount_minor), 0) AS minor FROM promoter_payouts
        WHERE promoter_id = p.id AND state <> 'failed') o
    WHERE (p.balance_minor > 0 AND p.owed_minor > 0) OR p.balance_minor - p.owed_minor <> r.minor - o.minor
"""
BUDGET = """
    SELECT g.promotion_id FROM referral_programmes g CROSS JOIN LATERAL (
        SELECT coalesce(sum(amount_minor), 0) AS minor FROM referral_rewards r WHERE r.promotion_id = g.promotion_id) r
    WHERE g.spent_minor <> r.minor OR g.spent_minor > g.budget_minor
"""
# Of an order whose rewards have heard of everything: no more than what its seller has left of it.
TOO_MUCH = """
    SELECT r.order_id FROM referral_rewards r GROUP BY r.order_id HAVING NOT bool_or(r.dirty) AND sum(r.amount_minor) > greatest(0, (
        SELECT coalesce(sum(amount_minor - taken_back_minor), 0) FROM earnings e WHERE e.order_id = r.order_id AND e.role = 'seller'))
"""


class Street:
    """A shop with a programme, two promoters of whom one was brought by the other, and their friends."""

    def __init__(self, owner: Engine, seed: str) -> None:
        dice = self.dice = Random(seed)
        self.books, self.shop = Books(owner), make_shop(max_open_orders=10_000)
        set_fee("gateway", rate_bps=60, fixed_minor=30)
        self.goods = make_goods(self.shop, codes=60, price=2001, floor=700, supply=500)
        for kind, value in dice.choice(TERMS):
            set_rule(self.goods, kind, ends_in_days=30 if kind == "boost" else None, **value)
        made = (
            Promise("cash", minor=dice.choice((100, 900, 5000))),
            Promise("cash", rate_bps=dice.choice((333, 3000))),
        )
        programme(
            self.shop, friend={"minor": dice.choice((1, 200))}, step1=dice.choice(made), step2=dice.choice((None, *made)),
            budget_minor=dice.choice((None, 2500)), most_in_all=dice.choice((None, 4)), near_most=1000,
        )  # fmt: skip
        self.above = promoter(self.shop, "above@example.com")
        self.who = promoter(self.shop, "mei@example.com", brought_by=self.above.id)
        self.sold: list[Placed] = []
        self.disputed: list[Placed] = []

    def step(self) -> None:
        self.dice.choice(
            (
                self.sell,
                self.sell,
                later,
                self.give,
                self.give,
                self.bounce,
                self.dispute,
                self.win,
                self.ask,
                self.bank,
            )
        )()
        if self.dice.random() < 0.7:
            rewarding.follow_returns()
        for question in (WRONG, BUDGET, TOO_MUCH):
            assert self.books.ask(question) == [], question

    def sell(self) -> None:
        who = self.dice.choice((self.who, self.who, self.above))
        self.sold.append(brought(self.shop, self.goods, who))

    def give(self) -> None:
        if self.sold:
            placed = self.dice.choice(self.sold)
            [line] = line_ids(self.shop, placed)
            with shop_scope(self.shop.id):
                left = left_of(placed.order_id, line)
            if left > 0:
                with suppress(ProductError):
                    give(self.shop, placed, self.dice.choice((left, 1, self.dice.randint(1, left))))

    def bounce(self) -> None:
        sold = {placed.order_id: placed for placed in self.sold}
        found = self.books.ask(
            "SELECT order_id, key FROM refunds WHERE state = 'succeeded' AND kind = 'refund' ORDER BY id"
        )
        if found:
            order_id, key = self.dice.choice(found)
            if order_id in sold:
                refund_event(
                    self.shop,
                    sold[order_id],
                    EventKind.REFUND_FAILED,
                    f"evt_{ids.token()}",
                    refund_reference=key,
                )
                run_jobs()
                with suppress(ProductError), shop_scope(self.shop.id):
                    acknowledge(order_id, note="bounced", actor=STAFF)

    def dispute(self) -> None:
        if self.sold:
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
            with suppress(ProductError), shop_scope(self.shop.id):
                acknowledge(placed.order_id, note="won", actor=STAFF)
            self.sold.append(placed)

    def ask(self) -> None:
        for who in (self.who, self.above):
            with suppress(PayoutTooSmall):
                promoter_pay.ask_for_payout(self.shop.id, who.id, least_minor=1, actor=HAND, **ACCOUNT)

    def bank(self) -> None:
        promoter_pay.export("CNY", actor=HAND)
        for (payout,) in self.books.ask(
            "SELECT id FROM promoter_payouts WHERE state = 'exported' ORDER BY id"
        ):
            if self.dice.random() < 0.5:
                promoter_pay.mark_paid([int(payout)], actor=HAND)
            else:
                promoter_pay.mark_failed(int(payout), "没有这个账户", actor=HAND)


def walk(owner: Engine, seed: str, steps: int) -> Street:
    street = Street(owner, seed)
    for _ in range(steps):
        street.step()
    assert prove().differences == []
    return street


@pytest.mark.parametrize("seed", ["one", "two"])
def test_whatever_becomes_of_friends_orders_a_promoter_has_what_its_rewards_are_worth(app, owner, seed: str):
    assert walk(owner, seed, 40).books.ask("SELECT count(*) FROM referral_rewards WHERE state = 'available'")


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(30))
def test_thirty_such_streets(app, owner, seed: int):
    walk(owner, f"night {seed}", 80)
