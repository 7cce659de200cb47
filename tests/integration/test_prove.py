"""One cent of difference anywhere is found and named."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from app.bench.books import plant
from app.domain.ledger.posting import Posting, Side, post
from app.flows.prove import prove, prove_nightly
from app.foundation import clock
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope
from tests.factories import buy, make_goods, make_shop

ORDERS = 200
RESEAL = "seal = money.seal_of(id, transaction_id, position, account, brand_id, distributor_id, currency, amount_minor, occurred_at)"


@pytest.fixture
def books(app: Flask, owner: Engine) -> Callable[..., None]:
    """Books of 200 orders; `books(sql, …)` changes them as the owner, behind every trigger."""
    with owner.connect() as connection:
        plant(connection, ORDERS, settled=True)

    def change(*statements: str) -> None:
        with owner.connect() as connection:
            connection.execute(text("SET session_replication_role = replica"))
            for statement in statements:
                assert connection.execute(text(statement)).rowcount, statement
            connection.execute(text("RESET session_replication_role"))

    return change


def found() -> str:
    return json.dumps(prove().differences)


def test_books_that_nobody_touched_are_proven(books: Callable[..., None]):
    proof = prove()
    assert proof.differences == []
    assert proof.entries > 10 * ORDERS
    assert prove().differences == []


def test_books_that_the_product_wrote_are_proven(app: Flask):
    shop = make_shop()
    goods = make_goods(shop, codes=3)
    for _ in range(3):
        buy(shop, goods)
    proof = prove()
    assert proof.differences == []
    assert proof.transactions == 6


# 1005 = order 201's place; order 7's payment is transaction 35, its settlement 37; order 50 was refunded (253, 254).
TAMPERED: dict[str, tuple[list[str], list[str]]] = {
    "an amount": (["UPDATE ledger_entries SET amount_minor = amount_minor + 1 WHERE transaction_id = 37 AND position = 2"], ['"seal"', '"transaction": 37']),
    "two amounts of a transaction that still balances": (
        ["UPDATE ledger_entries SET amount_minor = amount_minor + CASE position WHEN 2 THEN 1 ELSE -1 END WHERE transaction_id = 37 AND position IN (2, 3)"],
        ['"seal"', '"transaction": 37'],
    ),
    "two amounts, sealed again": (
        [
            "UPDATE ledger_entries SET amount_minor = amount_minor + CASE position WHEN 2 THEN 1 ELSE -1 END WHERE transaction_id = 37 AND position IN (2, 3)",
            f"UPDATE ledger_entries SET {RESEAL}",
        ],
        ['"earning"', '"transaction": 37'],
    ),
    "an amount beyond all weighing": (["UPDATE ledger_entries SET amount_minor = 9000000000000000000 WHERE transaction_id = 37 AND position = 2"], ['"transaction": 37']),
    "an account": (["UPDATE ledger_entries SET account = 'rounding' WHERE transaction_id = 37 AND account = 'platform_revenue'"], ['"seal"', '"transaction": 37', "rounding"]),
    "an account, sealed again": (
        ["UPDATE ledger_entries SET account = 'rounding' WHERE transaction_id = 37 AND account = 'platform_revenue'", f"UPDATE ledger_entries SET {RESEAL}"],
        ['"parts"', '"transaction": 37'],
    ),
    "an owner": (["UPDATE ledger_entries SET brand_id = 3 WHERE transaction_id = 37 AND account = 'brand_held'"], ['"seal"', '"transaction": 37']),
    "an owner, sealed again": (
        ["UPDATE ledger_entries SET brand_id = 3 WHERE transaction_id = 37 AND account = 'brand_held'", f"UPDATE ledger_entries SET {RESEAL}"],
        ['"earning"', '"balance"', '"transaction": 37'],
    ),
    "a currency": (["UPDATE ledger_entries SET currency = 'USD' WHERE transaction_id = 37 AND position = 2"], ['"transaction": 37', "USD"]),
    "a time": (["UPDATE ledger_entries SET occurred_at = occurred_at + interval '1 day' WHERE transaction_id = 37 AND position = 2"], ['"seal"', '"transaction": 37']),
    "a seal that is gone": (["UPDATE ledger_entries SET seal = NULL WHERE transaction_id = 37 AND position = 2"], ['"seal"', '"transaction": 37']),
    "an entry that is gone": (["DELETE FROM ledger_entries WHERE transaction_id = 37 AND position = 2"], ['"transaction": 37']),
    "all entries of a transaction that are gone": (["DELETE FROM ledger_entries WHERE transaction_id = 37"], ['"transaction": 37']),
    "a payment's transaction that is gone": (["DELETE FROM ledger_entries WHERE transaction_id = 35", "DELETE FROM ledger_transactions WHERE id = 35"], ['"payment"', '"payment": 7']),
    "a settlement's transaction that is gone": (["DELETE FROM ledger_entries WHERE transaction_id = 37", "DELETE FROM ledger_transactions WHERE id = 37"], ['"settlement"', '"line": 7']),
    "a refund's transaction that is gone": (["DELETE FROM ledger_entries WHERE transaction_id = 253", "DELETE FROM ledger_transactions WHERE id = 253"], ['"refund"', '"refund": 50']),
    "a return's transaction that is gone": (["DELETE FROM ledger_entries WHERE transaction_id = 254", "DELETE FROM ledger_transactions WHERE id = 254"], ['"return"', '"line": 50']),
    "a fee's transaction that is gone": (["DELETE FROM ledger_entries WHERE transaction_id = 36", "DELETE FROM ledger_transactions WHERE id = 36"], ['"gateway_fee"', '"line": "p7"']),
    "a maturity's transaction that is gone": (
        [
            "DELETE FROM ledger_entries WHERE transaction_id = (SELECT max(id) FROM ledger_transactions WHERE kind = 'maturity')",
            "DELETE FROM ledger_transactions WHERE id = (SELECT max(id) FROM ledger_transactions WHERE kind = 'maturity')",
        ],
        ['"balance"', "distributor_available"],
    ),
    "a payout's transaction that is gone": (
        [
            "DELETE FROM ledger_entries WHERE transaction_id = (SELECT max(id) FROM ledger_transactions WHERE kind = 'payout_paid')",
            "DELETE FROM ledger_transactions WHERE id = (SELECT max(id) FROM ledger_transactions WHERE kind = 'payout_paid')",
        ],
        ['"payout"', '"balance"'],
    ),
    "an entry slipped in": (
        ["INSERT INTO ledger_entries (transaction_id, position, account, currency, amount_minor, occurred_at) VALUES (37, 9, 'rounding', 'CNY', 1, now())"],
        ['"seal"', '"transaction": 37'],
    ),
    "two entries slipped in and sealed": (
        [
            "INSERT INTO ledger_entries (transaction_id, position, account, currency, amount_minor, occurred_at) VALUES (37, 9, 'rounding', 'CNY', 1, now()), (42, 9, 'rounding', 'CNY', -1, now())",
            f"UPDATE ledger_entries SET {RESEAL}",
        ],
        ['"transaction": 37', '"transaction": 42'],
    ),
    "an entry moved to another transaction, sealed again": (
        ["UPDATE ledger_entries SET transaction_id = 42, position = 9 WHERE transaction_id = 37 AND position = 2", f"UPDATE ledger_entries SET {RESEAL}"],
        ['"transaction": 37', '"transaction": 42'],
    ),
    "a transaction's payment": (["UPDATE ledger_transactions SET payment_id = 8 WHERE id = 35"], ['"payment"', '"transaction": 35']),
    "a transaction's order": (["UPDATE ledger_transactions SET order_id = 8 WHERE id = 35"], ['"payment"', '"transaction": 35']),
    "a transaction's currency": (["UPDATE ledger_transactions SET currency = 'USD' WHERE id = 35"], ['"transaction": 35']),
    "a payment": (["UPDATE payments SET received_minor = received_minor + 1 WHERE id = 7"], ['"payment"', '"payment": 7']),
    "a payment's currency": (["UPDATE payments SET received_currency = 'USD' WHERE id = 7"], ['"payment"', '"payment": 7']),
    "a payment nobody received": (["UPDATE payments SET state = 'failed', outcome = NULL WHERE id = 7"], ['"payment"', '"payment": 7']),
    "a refund": (["UPDATE refunds SET amount_minor = amount_minor - 1 WHERE id = 50"], ['"refund"', '"refund": 50']),
    "a refund that is gone": (["DELETE FROM refunds WHERE id = 50"], ['"refund"', '"refund": 50']),
    "an earning": (["UPDATE earnings SET amount_minor = amount_minor + 1 WHERE order_line_id = 7 AND role = 'seller'"], ['"earning"', '"transaction": 37']),
    "an earning's owner": (["UPDATE earnings SET distributor_id = 9 WHERE order_line_id = 7 AND role = 'seller'"], ['"earning"', '"transaction": 37']),
    "an earning that is gone": (["DELETE FROM earnings WHERE order_line_id = 7 AND role = 'seller'"], ['"earning"', '"transaction": 37']),
    "what was taken back": (["UPDATE earnings SET taken_back_minor = taken_back_minor + 1 WHERE order_line_id = 7 AND role = 'seller'"], ['"taken_back"', '"transaction": 37']),
    "an earning that matured unseen": (["UPDATE earnings SET matured_by = 37 WHERE order_line_id = 199 AND role = 'seller'"], ['"balance"', "distributor_held"]),
    "a settlement": (["UPDATE settlements SET net_minor = net_minor + 1 WHERE order_line_id = 7"], ['"settlement"', '"line": 7']),
    "a settlement that is gone": (["DELETE FROM settlements WHERE order_line_id = 7"], ['"settlement"', '"line": 7']),
    "a settlement's parts": (["UPDATE settlements SET parts = jsonb_set(parts, '{0,minor}', '1') WHERE order_line_id = 7"], ['"parts"', '"line": 7']),
    "what was returned of a line": (["UPDATE settlements SET returned_minor = returned_minor - 1 WHERE order_line_id = 50"], ['"return"', '"line": 50']),
    "a line": (["UPDATE order_lines SET net_minor = net_minor + 1, offer_minor = offer_minor + 1 WHERE id = 7"], ['"settlement"', '"line": 7']),
    "a line that says it is unsettled": (["UPDATE order_lines SET settled = false WHERE id = 7"], ['"settlement"', '"line": 7']),
    "a delivered line nobody settled": (
        ["INSERT INTO deliveries (shop_id, order_id, order_line_id, brand_id, kind, state, delivered_at) VALUES (8, 7, 7, 8, 'code', 'delivered', now() - interval '1 hour')", "UPDATE order_lines SET settled = false WHERE id = 7"],
        ['"unsettled"', '"line": 7'],
    ),
    "a volume": (["UPDATE volumes SET volume_minor = volume_minor + 1 WHERE ctid = (SELECT min(ctid) FROM volumes)"], ['"volume"']),
    "a payout": (["UPDATE payouts SET amount_minor = amount_minor + 1, net_minor = net_minor + 1 WHERE id = 2"], ['"payout"', '"payout": 2']),
    "a payout's state": (["UPDATE payouts SET state = 'paid' WHERE id = 1"], ['"payout"', '"payout": 1']),
    "a gateway that says less": (["UPDATE gateway_report_lines SET amount_minor = amount_minor - 1 WHERE line_id = 'p7'"], ['"gateway"', '"line": "p7"', '"payment": 7']),
    "a gateway that knows nothing of it": (["DELETE FROM gateway_report_lines WHERE line_id = 'p7'"], ['"gateway"', '"payment": 7']),
    "a gateway's refund that is not ours": (["UPDATE gateway_report_lines SET external_id = 'z' WHERE line_id = 'r50'"], ['"gateway"', '"refund": 50']),
    "a gateway's fee": (["UPDATE gateway_report_lines SET fee_minor = fee_minor + 1 WHERE line_id = 'p7'"], ['"gateway_fee"', '"line": "p7"']),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERED)
def test_a_row_changed_behind_everybodys_back_is_found_and_named(books: Callable[..., None], what: str):
    statements, names = TAMPERED[what]
    assert prove().differences == []
    books(*statements)
    told = found()
    assert [name for name in names if name not in told] == [], told


def test_a_careful_hand_that_leaves_nothing_askew_is_found_by_the_proof_before(
    books: Callable[..., None], owner: Engine
):
    """A whole fact taken out with everything that tells of it: only what an older proof saw gives it away."""
    with owner.connect() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        connection.execute(text("UPDATE ledger_transactions SET posted_at = occurred_at"))
        connection.execute(text("RESET session_replication_role"))
    assert prove().differences == []
    books(
        "DELETE FROM ledger_entries WHERE transaction_id = 36", "DELETE FROM ledger_transactions WHERE id = 36",
        "UPDATE gateway_report_lines SET fee_minor = 0 WHERE line_id = 'p7'",
    )  # fmt: skip
    proof = prove()
    assert {difference["check"] for difference in proof.differences} == {"past"}
    assert {difference["account"] for difference in proof.differences} == {"gateway_fees", "gateway_clearing"}


def test_a_proof_that_was_changed_or_taken_out_is_found(books: Callable[..., None]):
    first, _second, _third = prove(), prove(), prove()
    books(f"UPDATE ledger_proofs SET entries = entries + 1 WHERE id = {first.id}")
    assert found() == json.dumps([{"check": "chain", "proof": first.id}])
    books(f"DELETE FROM ledger_proofs WHERE id = {first.id}")
    assert {difference["check"] for difference in prove().differences} == {"chain"}


def test_a_night_proves_once(books: Callable[..., None], moved_clock: Callable[..., None]):
    assert prove_nightly() is True
    assert prove_nightly() is False
    moved_clock(days=1)
    assert prove_nightly() is True


def test_what_is_on_its_way_is_no_difference(app: Flask):
    """A buyer has paid, nothing is delivered yet: the buyer is owed, and that is explained."""
    shop = make_shop()
    goods = make_goods(shop, kind="manual", unlimited=True)
    buy(shop, goods)
    assert prove().differences == []


def test_money_nobody_explains_is_named(app: Flask):
    with platform_scope(), unit_of_work():
        post(
            Posting(
                "odd",
                "odd",
                "CNY",
                clock.now(),
                [Side("buyer_liability", 5), Side("rounding", -5)],
                order_id=77,
            )
        )
    told: list[dict[str, Any]] = list(prove().differences)
    assert [(one["check"], one["order"], one["left_minor"]) for one in told] == [("liability", 77, 5)]
