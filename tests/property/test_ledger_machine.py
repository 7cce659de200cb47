"""Whatever happens to sales, in whatever order, the books add up after each step."""

from datetime import timedelta
from typing import Any

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

from app.domain.commissions.rules import bracket_value
from app.domain.payments.gateway import EventKind
from app.flows.give_back import give_back
from app.flows.mature import mature_earnings
from app.flows.purchase import Placed
from app.flows.resolve import acknowledge, deliver_by_hand, refund_order
from app.foundation import clock, ids
from app.foundation.errors import ProductError
from tenants.context import shop_scope
from tenants.directory import Tenant
from tests.factories import Goods, add_codes, make_goods, make_shop, pay, place, run_jobs
from tests.factories.money import (
    STAFF,
    Books,
    add_uplines,
    brackets,
    dispute,
    left_of,
    line_ids,
    set_fee,
    set_rule,
)
from tests.integration.test_resolve import refund_event

TABLE = brackets((0, 500), (3000, 900), (9000, 1300))


class Money(RuleBasedStateMachine):
    """Two shops under two uplines, goods of every kind of terms, buyers, banks that change their minds, and time."""

    app: Flask
    owner: Engine
    shops: list[Tenant]
    goods: dict[int, list[Goods]]

    def __init__(self) -> None:
        super().__init__()
        self.sold: list[tuple[Tenant, Placed]] = []
        self.days = 0

    @initialize()
    def open(self) -> None:
        self.books = Books(self.owner)
        self.shops = [make_shop(max_open_orders=100), make_shop(max_open_orders=100)]
        set_fee("platform", rate_bps=211, fixed_minor=3)
        set_fee("gateway", rate_bps=97, fixed_minor=5)
        self.goods = {}
        for shop in self.shops:
            add_uplines(shop, 2)
            margin = make_goods(shop, price=1973, floor=1500, supply=1201)
            tiered = make_goods(shop, price=2999)
            manual = make_goods(shop, kind="manual", unlimited=True, price=1511)
            set_rule(tiered, "commission", brackets=TABLE)
            set_rule(manual, "commission", rate_bps=777)
            set_rule(manual, "boost", ends_in_days=400, add_bps=133)
            set_rule(margin, "override", step1_bps=211, step2_bps=89, pot="distributor")
            set_rule(tiered, "override", step1_bps=150, step2_bps=50, pot="distributor")
            set_rule(manual, "override", step1_bps=300, step2_bps=70, pot="platform")
            for one in (margin, tiered):
                add_codes(one, 60)
            self.goods[shop.id] = [margin, tiered, manual]

    def pick(self, at: int) -> tuple[Tenant, Placed]:
        return self.sold[at % len(self.sold)]

    @rule(
        which=st.integers(0, 1),
        cart=st.sets(st.integers(0, 2), min_size=1),
        quantity=st.integers(1, 3),
        soon=st.booleans(),
    )
    def sell(self, which: int, cart: set[int], quantity: int, soon: bool) -> None:
        shop = self.shops[which]
        placed = place(shop, {self.goods[shop.id][at]: quantity for at in cart})
        pay(shop, placed)
        run_jobs(kinds=() if soon else {"confirm_payment"})
        self.sold.append((shop, placed))

    @precondition(lambda self: self.sold)
    @rule(at=st.integers(0, 99))
    def hand_over(self, at: int) -> None:
        shop, placed = self.pick(at)
        lines = self.books.ask(
            "SELECT l.id FROM order_lines l JOIN deliveries d ON d.order_line_id = l.id"
            " WHERE l.order_id = :order AND d.state = 'by_hand'", order=placed.order_id,
        )  # fmt: skip
        for (line,) in lines:
            self.tried(
                shop,
                lambda line=line: deliver_by_hand(placed.order_id, line, secret=None, note="x", actor=STAFF),
            )

    @precondition(lambda self: self.sold)
    @rule(
        at=st.integers(0, 99), line=st.integers(0, 2), minor=st.one_of(st.integers(1, 700), st.just(10_000))
    )
    def give_part_back(self, at: int, line: int, minor: int) -> None:
        shop, placed = self.pick(at)
        lines = line_ids(shop, placed)
        line_id = lines[line % len(lines)]

        def story() -> None:
            left = left_of(placed.order_id, line_id)
            give_back(
                placed.order_id, line_id, min(minor, left), reason="x", key=ids.token(), seen_left_minor=left, actor=STAFF,
            )  # fmt: skip

        self.tried(shop, story)

    @precondition(lambda self: self.sold)
    @rule(at=st.integers(0, 99))
    def refund_the_rest(self, at: int) -> None:
        shop, placed = self.pick(at)
        self.tried(shop, lambda: refund_order(placed.order_id, reason="x", actor=STAFF))

    @precondition(lambda self: self.sold)
    @rule(
        at=st.integers(0, 99), number=st.integers(0, 1), share=st.sampled_from([1, 2, 7]), again=st.booleans(),
        news=st.sampled_from([
            (EventKind.DISPUTE, "needs_response"), (EventKind.DISPUTE, "warning_needs_response"),
            (EventKind.DISPUTE_TAKEN, "needs_response"), (EventKind.DISPUTE_RETURNED, "won"),
            (EventKind.DISPUTE_CLOSED, "won"), (EventKind.DISPUTE_CLOSED, "lost"),
        ]),
    )  # fmt: skip
    def bank_speaks(self, at: int, number: int, share: int, again: bool, news: tuple[EventKind, str]) -> None:
        shop, placed = self.pick(at)
        ((total,),) = self.books.ask("SELECT total_minor FROM orders WHERE id = :id", id=placed.order_id)
        for _ in range(2 if again else 1):
            dispute(
                shop, placed, news[0], status=news[1], amount=max(total // share, 1), dispute_id=f"dp{placed.order_id}-{number}",
                fee=1500 if news[1] != "won" else 0, run=False,
            )  # fmt: skip

    @precondition(lambda self: self.sold)
    @rule(at=st.integers(0, 99))
    def refund_bounces(self, at: int) -> None:
        shop, placed = self.pick(at)
        keys = self.books.ask(
            "SELECT key FROM refunds WHERE order_id = :order AND kind = 'refund' AND state = 'succeeded' ORDER BY id",
            order=placed.order_id,
        )
        if keys:
            refund_event(
                shop, placed, EventKind.REFUND_FAILED, f"evt_{ids.token()}", refund_reference=keys[0][0]
            )

    @precondition(lambda self: self.sold)
    @rule(at=st.integers(0, 99))
    def person_closes(self, at: int) -> None:
        shop, placed = self.pick(at)
        self.tried(shop, lambda: acknowledge(placed.order_id, note="x", actor=STAFF))

    @rule(
        kinds=st.sampled_from(
            [(), ("settle_order",), ("send_refund",), ("take_back_refund",), ("hear_dispute", "hear_refund")]
        )
    )
    def jobs_run(self, kinds: tuple[str, ...]) -> None:
        run_jobs(kinds=set(kinds))

    @rule(days=st.sampled_from([1, 6, 8, 31]))
    def time_passes(self, days: int) -> None:
        clock.travel(timedelta(days=days))
        self.days += days
        mature_earnings()

    def tried(self, shop: Tenant, story: Any) -> None:
        with shop_scope(shop.id):
            try:
                story()
            except ProductError:
                return  # it was refused, and then nothing may have changed

    @invariant()
    def books_add_up(self) -> None:
        if not self.sold:
            return
        assert (
            self.books.ask("SELECT sum(amount_minor) FROM ledger_entries HAVING sum(amount_minor) <> 0") == []
        )
        pending = "SELECT count(*) FROM outbox WHERE kind IN ('take_back_refund', 'send_refund', 'hear_dispute', 'hear_refund')"
        self.books.check(finished=False) if self.books.ask(pending) == [(0,)] else self.books.check_parts()

    def teardown(self) -> None:
        try:
            if self.sold:
                for _ in range(3):
                    run_jobs()
                self.books.check(finished=False)
                finished = self.books.ask(FINISHED)
                assert finished == [], finished
                self.brackets_hold()
        finally:
            clock.travel_back()

    def brackets_hold(self) -> None:
        """Each month's bracket commissions are the table's value of what the month's tiered sales are now."""
        for brand, seller, month, volume, commissions in self.books.ask(MONTHS):
            assert commissions == bracket_value(TABLE, volume), (brand, seller, month)


# Orders whose every line has ended, and nothing of whose money is on its way: nobody is owed anything.
FINISHED = """
    SELECT o.id, o.state, sum(e.amount_minor) FROM orders o JOIN ledger_transactions t ON t.order_id = o.id
    JOIN ledger_entries e ON e.transaction_id = t.id AND e.account = 'buyer_liability'
    WHERE o.state IN ('delivered', 'refunded') AND NOT EXISTS (
        SELECT 1 FROM refunds r WHERE r.order_id = o.id AND r.state IN ('requested', 'sent'))
    GROUP BY o.id, o.state HAVING sum(e.amount_minor) <> 0
"""
MONTHS = """
    SELECT s.brand_id, s.distributor_id, s.month,
        sum(s.base_minor - s.base_minor * s.returned_minor / s.net_minor)::bigint,
        sum((SELECT (step ->> 'minor')::bigint FROM jsonb_array_elements(s.parts) p, jsonb_array_elements(p -> 'steps') step
             WHERE p ->> 'role' = 'seller' AND step ->> 'what' = 'commission')
          - coalesce((SELECT sum((r.why ->> 'commission_minor')::bigint) FROM earning_returns r JOIN earnings e ON e.id = r.earning_id
                      WHERE e.order_line_id = s.order_line_id AND e.role = 'seller'), 0))::bigint
    FROM settlements s JOIN order_lines l ON l.id = s.order_line_id WHERE l.terms ? 'brackets' GROUP BY 1, 2, 3
"""


def run(app: Flask, owner: Engine, *, examples: int, steps: int) -> None:
    class Here(Money):
        pass

    Here.app, Here.owner = app, owner
    few = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck),
        database=None,
    )  # fmt: skip
    run_state_machine_as_test(Here, settings=few)


def test_any_run_of_money_keeps_the_books(app: Flask, owner: Engine):
    run(app, owner, examples=8, steps=15)


@pytest.mark.nightly
def test_many_long_runs_of_money_keep_the_books(app: Flask, owner: Engine):
    run(app, owner, examples=150, steps=40)
