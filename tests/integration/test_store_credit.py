"""Store credit: earned as a reward, spent at the checkout, given back with refunds, and every cent of it in the books."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.domain.credit.errors import CreditChanged, CreditOfAnother
from app.domain.payments.gateway import EventKind
from app.domain.referrals.rules import Promise
from app.flows import purchase, rewarding
from app.flows.expire import expire_checkouts
from app.flows.prove import prove
from app.flows.refund import record
from app.flows.spending import Wish
from app.foundation.addresses import mailbox
from app.foundation.unit_of_work import unit_of_work
from tenants.context import shop_scope
from tests.factories import make_goods, make_shop, place
from tests.factories.credit import MEI, account, asked_for, credited, moves, paid_with, proven, refunds, spend
from tests.factories.money import Books, dispute, give, set_fee
from tests.factories.orders import BUYER, pay, run_jobs, state_of
from tests.factories.referrals import brought, later, programme, promoter

TOTAL = "SELECT total_minor FROM orders WHERE id = :order"


def booked(owner) -> int:
    return Books(owner).accounts().get("store_credit", 0)


def expire(owner, shop, placed) -> None:
    with owner.begin() as connection:
        connection.execute(
            text("UPDATE reservations SET until = now() - interval '1 minute' WHERE state = 'held'")
        )
        connection.execute(
            text("UPDATE orders SET expires_at = now() - interval '1 minute' WHERE state = 'pending'")
        )
    expire_checkouts()
    assert state_of(shop, placed) == "expired"


def test_a_reward_of_credit_is_the_promoters_after_the_hold_and_stands_in_the_books(app, owner):
    shop = make_shop()
    programme(shop, step1=Promise("credit", minor=100))
    brought(shop, make_goods(shop, codes=1), promoter(shop))
    later()
    assert account(owner, shop) == (100, 0, 0)
    assert moves(owner) == [("earned", 100)]
    assert booked(owner) == 100 and "promoter_payable" not in Books(owner).accounts()
    assert Books(owner).ask("SELECT balance_minor FROM promoters") == [(0,)]
    later()
    assert account(owner, shop) == (100, 0, 0), "once, however often the clock ticks"
    proven()


def test_credit_is_spent_beside_the_gateway_and_goes_back_in_its_share(app, owner):
    set_fee("gateway", rate_bps=200)
    shop = make_shop()
    credited(shop, owner, 700)
    goods = make_goods(shop, codes=1)
    placed = spend(shop, goods)
    total = Books(owner).ask(TOTAL, order=placed.order_id)[0][0]
    assert asked_for(placed) == total - 700
    assert account(owner, shop) == (700, 700, 0)
    proven()
    pay(shop, placed)
    run_jobs()
    assert state_of(shop, placed) == "delivered"
    assert paid_with(owner, placed) == [("sandbox", total, 700, total, 0, "delivered")]
    assert account(owner, shop) == (0, 0, 0) and moves(owner) == [("earned", 700), ("spent", -700)]
    kept = Books(owner).ask("SELECT parts FROM settlements WHERE order_id = :order", order=placed.order_id)[
        0
    ][0]
    assert [part["minor"] for part in kept if part["role"] == "gateway"] == [(total - 700) * 200 // 10_000]
    Books(owner).check()
    proven()
    give(shop, placed, 1000)
    first = 1000 * 700 // total
    assert sorted(refunds(owner, placed)) == [
        ("credit", first, "succeeded"),
        ("refund", 1000 - first, "succeeded"),
    ]
    assert account(owner, shop) == (first, 0, 0)
    proven()
    give(shop, placed, total - 1000)
    assert account(owner, shop) == (700, 0, 0) and booked(owner) == 700
    assert paid_with(owner, placed)[0][4:] == (total, "refunded") and state_of(shop, placed) == "refunded"
    Books(owner).check()
    proven()


def test_an_order_that_credit_pays_wholly_asks_no_gateway_and_is_refunded_wholly_as_credit(app, owner):
    shop = make_shop()
    cheap = make_goods(shop, codes=2)
    for _ in range(2):
        credited(shop, owner, 1500)
    placed = spend(shop, cheap)
    total = Books(owner).ask(TOTAL, order=placed.order_id)[0][0]
    assert placed.payment_id is None and total < 3000
    assert paid_with(owner, placed) == [("credit", total, total, total, 0, "delivered")]
    run_jobs()
    assert state_of(shop, placed) == "delivered" and account(owner, shop) == (3000 - total, 0, 0)
    proven()
    give(shop, placed, total // 3)
    give(shop, placed, total - total // 3)
    assert {kind for kind, _minor, _state in refunds(owner, placed)} == {"credit"}
    assert account(owner, shop) == (3000, 0, 0) and state_of(shop, placed) == "refunded"
    Books(owner).check()
    proven()


def test_an_order_that_expires_or_is_cancelled_lets_its_credit_go(app, owner):
    shop = make_shop()
    credited(shop, owner, 700)
    goods = make_goods(shop, codes=2)
    one = spend(shop, goods)
    expire(owner, shop, one)
    assert account(owner, shop) == (700, 0, 0)
    other = spend(shop, goods)
    assert account(owner, shop) == (700, 700, 0)
    with shop_scope(shop.id):
        purchase.cancel_order(other.order_id, actor=BUYER)
    assert account(owner, shop) == (700, 0, 0) and moves(owner) == [("earned", 700)]
    proven()


def test_late_money_takes_the_credit_again(app, owner):
    shop = make_shop()
    credited(shop, owner, 700)
    placed = spend(shop, make_goods(shop, codes=1))
    expire(owner, shop, placed)
    pay(shop, placed)
    run_jobs()
    assert state_of(shop, placed) == "delivered" and account(owner, shop) == (0, 0, 0)
    proven()


def test_late_money_whose_credit_is_gone_goes_back(app, owner):
    shop = make_shop()
    credited(shop, owner, 700)
    goods = make_goods(shop, codes=3)
    placed = spend(shop, goods)
    expire(owner, shop, placed)
    other = spend(shop, goods)
    pay(shop, placed)
    pay(shop, other)
    run_jobs()
    total = Books(owner).ask(TOTAL, order=placed.order_id)[0][0]
    assert state_of(shop, placed) == "refunded" and state_of(shop, other) == "delivered"
    assert paid_with(owner, placed) == [("sandbox", total, 0, total - 700, total - 700, "refunded")]
    assert refunds(owner, placed) == [("refund", total - 700, "succeeded")]
    assert account(owner, shop) == (0, 0, 0)
    proven()


def test_late_money_whose_goods_are_gone_gives_both_parts_back(app, owner):
    shop = make_shop()
    credited(shop, owner, 700)
    goods = make_goods(shop, codes=1)
    placed = spend(shop, goods)
    expire(owner, shop, placed)
    place(shop, goods)
    pay(shop, placed)
    run_jobs()
    assert state_of(shop, placed) == "refunded" and account(owner, shop) == (700, 0, 0)
    assert [kind for kind, _minor in moves(owner)] == ["earned", "spent", "returned"]
    proven()


def test_another_attempt_keeps_the_credit_and_money_that_comes_twice_goes_back_by_its_gateway(app, owner):
    shop = make_shop()
    credited(shop, owner, 700)
    placed = spend(shop, make_goods(shop, codes=1))
    with shop_scope(shop.id):
        again = purchase.try_again(placed.order_id, "card", actor=BUYER)
        purchase.open_payment(again.payment_id, shop=shop, return_url="http://shop.localhost/orders/x")
    pay(shop, again)
    pay(shop, placed)
    run_jobs()
    total = Books(owner).ask(TOTAL, order=placed.order_id)[0][0]
    assert paid_with(owner, placed) == [
        ("sandbox", total, 0, total - 700, total - 700, "refunded"), ("sandbox", total, 700, total, 0, "delivered")
    ]  # fmt: skip
    assert state_of(shop, placed) == "delivered" and account(owner, shop) == (0, 0, 0)
    proven()


def test_money_of_a_wrong_amount_leaves_the_credit_to_its_holder(app, owner):
    shop = make_shop()
    credited(shop, owner, 700)
    placed = spend(shop, make_goods(shop, codes=1))
    pay(shop, placed, amount=asked_for(placed) + 700)
    run_jobs()
    assert state_of(shop, placed) == "attention" and account(owner, shop) == (700, 0, 0)
    proven()


def test_a_bank_takes_the_gateways_part_only_and_the_rest_is_credit(app, owner):
    shop = make_shop()
    credited(shop, owner, 700)
    placed = spend(shop, make_goods(shop, codes=1))
    pay(shop, placed)
    run_jobs()
    total = Books(owner).ask(TOTAL, order=placed.order_id)[0][0]
    dispute(shop, placed, EventKind.DISPUTE_TAKEN, amount=total)
    assert refunds(owner, placed) == [("chargeback", total - 700, "succeeded")]
    proven()
    give(shop, placed, 700)
    assert refunds(owner, placed)[1:] == [("credit", 700, "succeeded")]
    assert account(owner, shop) == (700, 0, 0)
    dispute(shop, placed, EventKind.DISPUTE_RETURNED, status="won")
    proven()


def test_a_refund_that_bounces_keeps_its_credit_given(app, owner):
    shop = make_shop()
    credited(shop, owner, 700)
    placed = spend(shop, make_goods(shop, codes=1))
    pay(shop, placed)
    run_jobs()
    give(shop, placed, 1000)
    part = account(owner, shop)[0]
    with shop_scope(shop.id), unit_of_work() as work:
        [(at,)] = Books(owner).ask("SELECT id FROM refunds WHERE kind = 'refund'")
        record(work, at, "failed", None)
    run_jobs()
    assert sorted(refunds(owner, placed)) == [
        ("credit", part, "succeeded"),
        ("refund", 1000 - part, "failed"),
    ]
    assert account(owner, shop) == (part, 0, 0)
    proven()


def test_a_reward_taken_back_after_it_was_spent_is_owed_from_the_next(app, owner):
    shop = make_shop()
    first = credited(shop, owner, 700)
    placed = spend(shop, make_goods(shop, codes=1))
    pay(shop, placed)
    run_jobs()
    give(shop, first, Books(owner).ask(TOTAL, order=first.order_id)[0][0])
    rewarding.follow_returns()
    assert account(owner, shop) == (0, 0, 700)
    proven()
    credited(shop, owner, 1000)
    assert account(owner, shop) == (300, 0, 0)
    proven()


def test_a_reward_is_not_taken_out_of_what_lies_with_an_open_order(app, owner):
    shop = make_shop()
    first = credited(shop, owner, 700)
    placed = spend(shop, make_goods(shop, codes=1))
    give(shop, first, Books(owner).ask(TOTAL, order=first.order_id)[0][0])
    rewarding.follow_returns()
    assert account(owner, shop) == (700, 700, 700)
    pay(shop, placed)
    run_jobs()
    assert state_of(shop, placed) == "delivered" and account(owner, shop) == (0, 0, 700)
    proven()


def test_only_the_holder_spends_and_only_as_much_as_was_agreed(app, owner):
    shop, other = make_shop(), make_shop()
    credited(shop, owner, 700)
    goods, elsewhere = make_goods(shop, codes=3), make_goods(other, codes=1)
    with pytest.raises(CreditOfAnother):
        place(shop, goods, email="thief@example.com", credit=Wish(MEI, 700))
    with pytest.raises(CreditChanged):
        place(shop, goods, email=MEI, credit=Wish(MEI, 600))
    with pytest.raises(CreditChanged):
        place(other, elsewhere, email=MEI, credit=Wish(MEI, 700))
    spend(shop, goods)
    with pytest.raises(CreditChanged):
        place(shop, goods, email=MEI, credit=Wish(MEI, 700))
    assert account(owner, shop) == (700, 700, 0)


FORGED = (
    "UPDATE credit_accounts SET balance_minor = balance_minor + 100",
    "UPDATE credit_accounts SET held_minor = 0",
    "INSERT INTO credit_accounts (shop_id, mailbox, email, currency, balance_minor) VALUES (:shop, 'x@x.cn', '', 'CNY', 9)",
    (
        "INSERT INTO credit_moves (shop_id, account_id, kind, reward_id, currency, amount_minor, transaction_id)"
        " SELECT shop_id, account_id, kind, reward_id, currency, amount_minor, transaction_id FROM credit_moves"
    ),
    "UPDATE credit_holds SET state = 'released'",
    "DELETE FROM credit_moves",
    "SELECT credit.hold(:order, 'mei@example.com', 700)",
    "SELECT credit.give_back(r) FROM refunds r",
    "SELECT credit.spend(p) FROM payments p",
    "UPDATE payments SET credit_minor = 700 WHERE order_id = :order",
    (
        "INSERT INTO refunds (shop_id, order_id, payment_id, kind, key, amount_minor, currency, reason, state)"
        " SELECT shop_id, order_id, id, 'credit', 'mine', 700, 'CNY', '', 'succeeded' FROM payments WHERE order_id = :order"
    ),
    (
        "INSERT INTO payments (shop_id, order_id, gateway, account, method, reference, amount_minor, credit_minor,"
        " received_minor, received_currency, currency, state) SELECT shop_id, id, 'credit', 'credit', 'credit', 'x', 700,"
        " 700, 700, 'CNY', 'CNY', 'received' FROM orders WHERE id = :order"
    ),
)


@pytest.mark.parametrize("statement", FORGED)
def test_raw_sql_of_a_shop_neither_makes_credit_nor_spends_anothers(app, owner, statement):
    shop = make_shop()
    credited(shop, owner, 700)
    stranger = place(shop, make_goods(shop, codes=1))
    with shop_scope(shop.id), pytest.raises(DBAPIError), unit_of_work() as work:
        work.session.execute(text(statement), {"shop": shop.id, "order": stranger.order_id})
    assert account(owner, shop) == (700, 0, 0)
    proven()


def test_a_shop_neither_sees_nor_spends_credit_of_another_shop(app, owner):
    shop, other = make_shop(), make_shop()
    credited(shop, owner, 700)
    placed = place(other, make_goods(other, codes=1), email=MEI)
    with shop_scope(other.id), unit_of_work() as work:
        assert work.session.execute(text("SELECT count(*) FROM credit_accounts")).scalar_one() == 0
        assert work.session.execute(text("SELECT credit.lock_mine(:at, 'CNY')"), {"at": MEI}).scalar() is None
        with pytest.raises(DBAPIError):
            work.session.execute(
                text("SELECT credit.hold(:order, :at, 700)"), {"order": placed.order_id, "at": MEI}
            )
    assert account(owner, shop) == (700, 0, 0)


@pytest.mark.parametrize(
    ("forged", "check"),
    [
        ("UPDATE credit_accounts SET balance_minor = balance_minor + 1", "credit_account"),
        ("UPDATE credit_moves SET amount_minor = amount_minor + 1", "credit"),
        ("UPDATE credit_accounts SET held_minor = held_minor + 1", "credit_account"),
        ("UPDATE credit_accounts SET owed_minor = owed_minor + 1", "credit_spent"),
    ],
)
def test_a_forged_balance_is_found(app, owner, forged, check):
    shop = make_shop()
    credited(shop, owner, 700)
    proven()
    with owner.begin() as connection:
        for table in ("credit_accounts", "credit_moves"):
            connection.execute(text(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"))
        connection.execute(text(forged))
        for table in ("credit_accounts", "credit_moves"):
            connection.execute(text(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"))
    assert check in {one["check"] for one in prove().differences}


def test_the_rest_is_never_less_than_the_gateway_takes(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=2)
    with shop_scope(shop.id):
        total = purchase.quote(shop, {goods.listing_id: 1})[0].total_minor
    credited(shop, owner, total - 30)
    placed = spend(shop, goods)
    assert asked_for(placed) == 100 and account(owner, shop) == (total - 30, total - 100, 0)


def test_mailboxes_are_compared_as_the_house_compares_them(app, owner):
    for email in (
        "Mei+shop@Example.com",
        "m.e.i@gmail.com",
        "mei@googlemail.com",
        "a.b+c@x.cn",
        " Lin@Y.cn ",
    ):
        [(found,)] = Books(owner).ask("SELECT promo.mailbox(:email)", email=email.strip())
        assert found == mailbox(email)
