"""From which account an order was paid, as Stripe tells it: only when it is asked, and perhaps later than the money."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.domain.payments import gateways
from app.domain.payments.errors import GatewayUnavailable
from app.domain.payments.models import Payment
from app.domain.payments.stripe_gateway import API_VERSION, StripeAccount, StripeGateway
from app.flows import drops, payers, rewarding
from app.flows.hear_gateway import hear_gateway
from app.foundation import clock
from app.foundation.database import session
from app.foundation.runtime import runtime
from app.jobs.run import run_batch
from tenants.context import shop_scope
from tests.factories import make_goods, make_shop, place
from tests.factories.drops import line_up, make_drop, order_seat, seat_of
from tests.factories.orders import run_jobs, state_of
from tests.factories.referrals import click, later, programme, promoter
from tests.simulators.stripe import StripeSimulator

KEY, SECRET = "sk_test_of_the_tests", "whsec_of_the_tests"
ONE = {"type": "card", "card": {"fingerprint": "one_card", "last4": "4242"}}
OTHER = {"type": "alipay", "alipay": {"buyer_id": None, "fingerprint": "other_purse", "transaction_id": "1"}}


def ask(owner, question: str) -> list[tuple[object, ...]]:
    with owner.connect() as connection:
        return [tuple(row) for row in connection.execute(text(question))]


@pytest.fixture
def stripe(app) -> Iterator[StripeSimulator]:
    """The house takes its money by Stripe, which runs on this machine."""
    simulator = StripeSimulator(secret_key=KEY, webhook_secret=SECRET, version=API_VERSION)
    simulator.start()
    before, known = runtime().settings, dict(gateways._gateways)
    gateways.register("stripe", StripeGateway(StripeAccount(KEY, [SECRET], api_base=simulator.url)))
    runtime().settings = replace(before, gateway="stripe")
    yield simulator
    runtime().settings = before
    gateways._gateways.clear()
    gateways._gateways.update(known)
    simulator.stop()


@pytest.fixture
def silent(stripe, monkeypatch) -> Iterator[list[str]]:
    """Stripe tells of money and answers no question until the list is emptied."""
    down = ["down"]
    real = StripeGateway.find_payment

    def find_payment(self, **asked):
        if down:
            raise GatewayUnavailable(gateway="stripe", reason="timeout")
        return real(self, **asked)

    monkeypatch.setattr(StripeGateway, "find_payment", find_payment)
    yield down
    clock.travel_back()


def pay(stripe: StripeSimulator, shop, placed, details) -> None:
    """The buyer finishes Stripe's page, and Stripe tells it as it does: without the card."""
    with shop_scope(shop.id):
        checkout = session().get_one(Payment, placed.payment_id).external_id
        session().rollback()
    headers, body = stripe.event("checkout.session.completed", stripe.pay(checkout, details=details))
    hear_gateway("stripe", headers, body)


def due_again(owner) -> None:
    with owner.begin() as connection:
        connection.execute(text("UPDATE outbox SET due_at = now() - interval '1 s', last_error = NULL"))


def test_a_card_that_has_its_share_buys_no_second_unit_and_the_next_in_line_gets_it(stripe, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    drop = make_drop(shop, goods, units=3)
    (first, _), (second, _), (third, _), (fourth, _) = (line_up(shop, drop) for _ in range(4))
    one, two, three = (order_seat(shop, drop, goods, who) for who in (first, second, third))
    for placed, details in ((one, ONE), (two, ONE), (three, OTHER)):
        pay(stripe, shop, placed, details)
    run_jobs()
    assert [state_of(shop, placed) for placed in (one, two, three)] == ["delivered", "refunded", "delivered"]
    assert [one["payment_intent"] for one in stripe.refunds.values()] != []
    drops.keep_drops()
    assert seat_of(shop, drop, fourth).state == "granted"
    [kept] = ask(owner, "SELECT count(DISTINCT payer), count(payer) FROM payments WHERE state = 'received'")
    assert kept == (2, 3)
    events = str(ask(owner, "SELECT payload FROM payment_events")) + str(
        ask(owner, "SELECT payer FROM payments")
    )
    assert "one_card" not in events and "other_purse" not in events


def test_a_flash_sale_waits_for_a_silent_gateway_and_then_has_its_one_end(stripe, silent, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    drop = make_drop(shop, goods, units=3)
    (first, _), (second, _) = (line_up(shop, drop) for _ in range(2))
    one, two = order_seat(shop, drop, goods, first), order_seat(shop, drop, goods, second)
    silent.clear()
    pay(stripe, shop, one, ONE)
    run_jobs()
    silent.append("down")
    pay(stripe, shop, two, ONE)
    run_batch([row[0] for row in ask(owner, "SELECT id FROM outbox WHERE kind = 'confirm_payment'")])
    assert state_of(shop, two) == "pending"
    assert ask(owner, "SELECT last_error FROM outbox WHERE kind = 'confirm_payment'") == [
        ("gateway_unavailable",)
    ]
    silent.clear()
    due_again(owner)
    run_jobs()
    assert state_of(shop, two) == "refunded"


def test_after_two_minutes_it_is_sold_and_what_is_learnt_later_counts_and_undoes_nothing(
    stripe, silent, owner
):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    drop = make_drop(shop, goods, units=3)
    (first, _), (second, _), (third, _) = (line_up(shop, drop) for _ in range(3))
    one, two = order_seat(shop, drop, goods, first), order_seat(shop, drop, goods, second)
    for placed in (one, two):
        pay(stripe, shop, placed, ONE)
    clock.travel(payers.PATIENCE + timedelta(seconds=1))
    run_batch(
        [row[0] for row in ask(owner, "SELECT id FROM outbox WHERE kind = 'confirm_payment' ORDER BY id")]
    )
    assert [state_of(shop, placed) for placed in (one, two)] == ["delivered", "delivered"]
    assert ask(owner, "SELECT payer FROM payments") == [(None,), (None,)]
    silent.clear()
    clock.travel_back()
    due_again(owner)
    run_jobs()
    assert [state_of(shop, placed) for placed in (one, two)] == ["delivered", "delivered"]
    assert ask(owner, "SELECT count(*) FROM order_steps WHERE step = 'payer_limit_seen_late'") == [(1,)]
    assert ask(owner, "SELECT count(*) FROM promotion_use_keys WHERE key LIKE 'p:%'") == [(2,)]
    three = order_seat(shop, drop, goods, third)
    pay(stripe, shop, three, ONE)
    run_jobs()
    assert state_of(shop, three) == "refunded"


def test_an_order_without_a_limit_is_delivered_before_anybody_asks_who_paid(stripe, silent, owner):
    shop = make_shop()
    placed = place(shop, make_goods(shop, codes=1))
    pay(stripe, shop, placed, ONE)
    run_batch([row[0] for row in ask(owner, "SELECT id FROM outbox WHERE kind = 'confirm_payment'")])
    assert state_of(shop, placed) == "delivered"
    silent.clear()
    run_jobs()
    assert ask(owner, "SELECT payer IS NOT NULL FROM payments") == [(True,)]


def test_a_friend_who_pays_with_the_promoters_card_brings_nothing(stripe, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    programme(shop, friend={"minor": 200})
    own = place(shop, goods, email="mei@example.com")
    pay(stripe, shop, own, ONE)
    run_jobs()
    who = promoter(shop, "mei@example.com")
    for details in (ONE, OTHER):
        friend = place(shop, goods, asked=click(shop, who, ip="10.0.0.9"))
        pay(stripe, shop, friend, details)
        run_jobs()
    rewarding.judge_rewards()
    assert ask(owner, "SELECT state, reason FROM referral_rewards ORDER BY order_id") == [
        ("refused", "own_payer"), ("held", ""),
    ]  # fmt: skip


def test_a_payer_told_after_the_reward_was_judged_takes_it_before_it_is_given(stripe, silent, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    programme(shop, friend={"minor": 200}, budget_minor=1000)
    silent.clear()
    own = place(shop, goods, email="mei@example.com")
    pay(stripe, shop, own, ONE)
    run_jobs()
    who = promoter(shop, "mei@example.com")
    silent.append("down")
    friend = place(shop, goods, asked=click(shop, who))
    pay(stripe, shop, friend, ONE)
    run_jobs(kinds=["confirm_payment", "deliver_order", "settle_order", "post_cash"])
    rewarding.judge_rewards()
    assert ask(owner, "SELECT state, amount_minor FROM referral_rewards") == [("held", 100)]
    silent.clear()
    due_again(owner)
    run_jobs()
    later()
    assert ask(owner, "SELECT state, reason, amount_minor FROM referral_rewards") == [
        ("refused", "own_payer", 0)
    ]
    assert ask(owner, "SELECT spent_minor FROM referral_programmes") == [(0,)]
    assert ask(owner, "SELECT sum(rewards) FROM referral_counts") == [(0,)]
