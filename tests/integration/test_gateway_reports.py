"""What a gateway says afterwards is kept once, its fee is posted once, and a cent between us is found."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from app.domain.payments import gateways, stripe_report
from app.domain.payments.sandbox_gateway import SandboxGateway
from app.flows.gateway_reports import fetch_reports, post_fees
from app.flows.prove import prove
from app.flows.sandbox_book import Book
from tests.factories import buy, make_goods, make_shop
from tests.factories.orders import SIGNING
from tests.simulators.stripe_objects import example


@pytest.fixture
def sold(app: Flask) -> Flask:
    """Three orders of ¥20.00, paid at the sandbox."""
    gateways.register("sandbox", SandboxGateway([SIGNING], "http://pay.localhost:8000", book=Book()))
    shop = make_shop()
    goods = make_goods(shop, codes=3)
    for _ in range(3):
        buy(shop, goods)
    return app


def ask(owner: Engine, question: str) -> list[tuple[object, ...]]:
    with owner.connect() as connection:
        return [tuple(row) for row in connection.execute(text(question))]


FEES = "SELECT account, sum(e.amount_minor)::bigint FROM ledger_entries e JOIN ledger_transactions t ON t.id = transaction_id WHERE kind = 'gateway_fee' GROUP BY 1 ORDER BY 1"


def test_the_sandbox_reports_what_was_paid_and_keeps_its_fee(
    sold: Flask, owner: Engine, moved_clock: Callable[..., None]
):
    moved_clock(hours=1)
    assert fetch_reports() == 3
    assert (
        ask(owner, "SELECT kind, amount_minor, fee_minor FROM gateway_report_lines")
        == [("payment", 2000, 12)] * 3
    )
    assert ask(owner, FEES) == [("gateway_clearing", 36), ("gateway_fees", -36)]
    assert prove().differences == []


def test_a_report_that_is_fetched_again_changes_nothing(
    sold: Flask, owner: Engine, moved_clock: Callable[..., None]
):
    moved_clock(hours=1)
    fetch_reports()
    assert fetch_reports() == 0
    assert post_fees() == 0
    assert ask(owner, "SELECT count(*) FROM gateway_report_lines") == [(3,)]
    assert ask(owner, FEES) == [("gateway_clearing", 36), ("gateway_fees", -36)]


def test_a_gateway_that_reports_another_amount_is_named(
    sold: Flask, owner: Engine, moved_clock: Callable[..., None]
):
    moved_clock(hours=1)
    fetch_reports()
    with owner.connect() as connection:
        connection.execute(text("UPDATE gateway_report_lines SET amount_minor = 1999 WHERE id = 2"))
    told = prove().differences
    assert [
        (one["check"], one["ours_minor"], one["theirs_minor"]) for one in told if one["check"] == "gateway"
    ] != []
    assert {one["check"] for one in told} == {"gateway"}


def line(kind: str, source: dict[str, object] | str, **changes: object) -> dict[str, object]:
    made = example("balance_transaction", id="txn_1", type=kind, created=1790000000, **changes)
    return made | {"source": source}


def test_a_stripe_charge_is_a_payment_with_its_fee():
    charge = example("charge", id="ch_1", amount=3980, currency="cny", metadata={"reference": "pay_1"})
    (told,) = stripe_report.read(line("charge", charge, amount=3980, fee=150, net=3830, currency="cny"))
    assert (told.kind, told.amount_minor, told.fee_minor, told.currency) == ("payment", 3980, 150, "CNY")
    assert (told.reference, told.external_id, told.line_id) == ("pay_1", "ch_1", "txn_1")


def test_a_stripe_fee_in_the_accounts_own_currency_is_a_line_of_its_own():
    charge = example("charge", id="ch_1", amount=3980, currency="cny", metadata={"reference": "pay_1"})
    paid, fee = stripe_report.read(line("charge", charge, amount=550, fee=20, net=530, currency="usd"))
    assert (paid.amount_minor, paid.fee_minor, paid.currency) == (3980, 0, "CNY")
    assert (fee.kind, fee.amount_minor, fee.fee_minor, fee.currency, fee.line_id) == (
        "fee",
        -20,
        20,
        "USD",
        "txn_1:fee",
    )


def test_a_stripe_refund_names_our_refund_by_its_id():
    refund = example("refund", id="re_1", amount=1000, currency="cny", metadata={"reference": "r1"})
    (told,) = stripe_report.read(line("refund", refund, amount=-1000, fee=0, net=-1000, currency="cny"))
    assert (told.kind, told.amount_minor, told.external_id) == ("refund", -1000, "re_1")


def test_a_stripe_dispute_is_a_chargeback_and_a_transfer_is_nothing_of_buyers():
    (told,) = stripe_report.read(
        line(
            "adjustment",
            "dp_1",
            amount=-3980,
            fee=1500,
            net=-5480,
            currency="cny",
            reporting_category="dispute",
        )
    )
    assert (told.kind, told.amount_minor, told.fee_minor) == ("chargeback", -3980, 1500)
    assert list(stripe_report.read(line("transfer", "tr_1", amount=-100, currency="cny"))) == []
