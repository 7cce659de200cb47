"""Where two parts of the money meet: what one of them writes, the other understands."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import Engine, text

from app.domain.payments.gateway import EventKind, ReportLine
from app.domain.pricing import quotes
from app.domain.pricing.rules import Offer, price
from app.domain.promotions.rules import Cut, Promotion
from app.flows import bank_batches, pay_out, purchase
from app.flows.gateway_reports import keep, post_fees
from app.flows.prove import prove
from app.flows.purchase import PlaceOrder
from app.foundation import clock, runtime
from app.foundation.actor import SYSTEM
from app.foundation.errors import InvalidInput
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope, shop_scope
from tests.factories import buy, make_goods, make_shop, pay, run_jobs
from tests.factories.money import Books, dispute, give
from tests.factories.orders import BUYER
from tests.factories.payouts import make_payee, payouts
from tests.integration.test_resolve import refund_event


@pytest.fixture
def books(app, owner: Engine) -> Books:
    return Books(owner)


@pytest.fixture
def shop(app):
    return make_shop()


@pytest.fixture
def quiet(app, monkeypatch):
    calm = replace(runtime.settings(), payout_review_first=0)
    monkeypatch.setattr(app.extensions["perkline"], "settings", calm)


def reported(*lines: ReportLine) -> None:
    with platform_scope(), unit_of_work():
        keep("sandbox", lines)
    post_fees()


def checks() -> set[str]:
    return {one["check"] for one in prove().differences}


def test_the_fee_of_a_dispute_is_counted_once_by_its_news_and_by_the_report(shop, books):
    placed = buy(shop, make_goods(shop, codes=1))
    dispute(shop, placed, fee=1500)
    reported(ReportLine("txn_d", "chargeback", -2000, "CNY", clock.now(), fee_minor=1500, external_id="dp_1"))
    assert books.accounts() == {"gateway_clearing": 1500, "chargebacks": -1500}
    assert "gateway_fee" not in checks()


def test_a_refund_that_bounced_is_no_difference_when_the_gateway_reports_both_ways(shop, books):
    placed = buy(shop, make_goods(shop, codes=1))
    refund_id = give(shop, placed, 500)
    ((reference, name),) = books.ask(
        "SELECT p.reference, r.external_id FROM refunds r JOIN payments p ON p.id = r.payment_id"
    )
    now = clock.now()
    came = ReportLine("txn_1", "payment", 2000, "CNY", now, reference=reference)
    went = ReportLine("txn_2", "refund", -500, "CNY", now, external_id=name)
    back = ReportLine("txn_3", "refund", 500, "CNY", now, external_id=name)
    reported(came, went)
    assert "gateway" not in checks()
    with books.owner.connect() as connection:
        key = connection.execute(
            text("SELECT key FROM refunds WHERE id = :id"), {"id": refund_id}
        ).scalar_one()
    refund_event(shop, placed, EventKind.REFUND_FAILED, "evt_bounced", refund_reference=key)
    run_jobs()
    assert books.ask("SELECT state FROM refunds") == [("failed",)]
    assert "gateway" in checks()  # the gateway has not said yet that it has the money again
    reported(back)
    assert "gateway" not in checks()


@pytest.mark.parametrize("status", ["refused", "replaced", "unverified"])
@pytest.mark.parametrize("method", ["sandbox", "bank"])
def test_what_is_reserved_does_not_go_to_an_account_that_may_not_be_paid_any_more(
    quiet, books, method, status
):
    payee = make_payee(100_000, method=method, number="6222020200112230" if method == "bank" else "")
    pay_out.plan_payouts()
    assert [payout.state for payout in payouts()] == ["reserved"]
    books.owner.connect().execute(text("UPDATE payout_accounts SET status = :s"), {"s": status})
    if method == "bank":
        with pytest.raises(InvalidInput):
            bank_batches.export("CNY", by=None, actor=SYSTEM)
    run_jobs()
    assert [(payout.state, payout.reason) for payout in payouts()] == [("cancelled", "payout_account")]
    assert books.ask(
        "SELECT sum(amount_minor)::bigint FROM ledger_entries WHERE account = 'distributor_available' AND distributor_id = :d",
        d=payee.firm.distributor_id,
    ) == [(100_000,)]


@contextmanager
def unnamed_funders(owner: Engine) -> Iterator[None]:
    """Lines may be paid for by others without a promotion that says so."""
    with owner.connect() as connection:
        connection.execute(text("ALTER TABLE order_lines DISABLE TRIGGER funded"))
    try:
        yield
    finally:
        with owner.connect() as connection:
            connection.execute(text("ALTER TABLE order_lines ENABLE TRIGGER funded"))


def test_a_line_that_is_given_away_settles_and_proves(shop, books):
    gift, paid = make_goods(shop, price=2000, floor=0, supply=0, codes=1), make_goods(shop, codes=1)
    offers = [
        Offer(gift.listing_id, gift.sku_id, 1, 2000, 0, brand_bears_minor=2000),
        Offer(paid.listing_id, paid.sku_id, 1, 2000, 2000),
    ]
    free = Promotion(1, "gift", "flash_price", Cut(1), "platform")
    lines = [replace(line, net_minor=0, discount_minor=line.offer_minor) if line.sku_id == gift.sku_id else line
             for line in price(offers, [free])]  # fmt: skip
    made = quotes.make(shop.id, "CNY", lines, clock.now())
    command = PlaceOrder(
        quote=purchase.seal(made), email="b@example.com", method="alipay", device="d", locale="zh_Hans"
    )
    # No stored promotion gives a line away: the wall that asks for one is taken off to have such a line at all.
    with unnamed_funders(books.owner), shop_scope(shop.id):
        placed = purchase.place_order(command, shop=shop, actor=BUYER)
    pay(shop, placed)
    run_jobs()
    assert books.ask("SELECT net_minor, settled FROM order_lines ORDER BY net_minor") == [
        (0, True),
        (2000, True),
    ]
    assert checks() == set()


@pytest.mark.parametrize(
    ("method", "currency", "available", "goes"),
    [("stripe", "KWD", 12_345, 12_340), ("stripe", "KWD", 9, None), ("sandbox", "KWD", 12_345, 12_345),
     ("stripe", "JPY", 12_345, 12_345)],
)  # fmt: skip
def test_a_payout_is_an_amount_its_carrier_can_move_and_the_rest_is_carried_over(
    quiet, books, method, currency, available, goes
):
    make_payee(
        available, method=method, currency=currency, number="acct_1A2B3C4D5E6F" if method == "stripe" else ""
    )
    with books.owner.connect() as connection:
        connection.execute(text("UPDATE payout_plans SET minimum_minor = 0"))
    pay_out.plan_payouts()
    assert [(one.net_minor, one.amount_minor) for one in payouts()] == ([(goes, goes)] if goes else [])
    assert books.ask(
        "SELECT sum(amount_minor)::bigint FROM ledger_entries WHERE account = 'distributor_available'"
    ) == [(available - (goes or 0),)]
