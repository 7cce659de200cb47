"""Store credit is spent once, whoever comes at once; each race with the twin that shows what holds it."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from app.domain.credit import queries
from app.domain.credit.errors import CreditChanged
from app.flows import purchase, refund
from app.flows.expire import expire_checkouts
from app.flows.purchase import Placed, PlaceOrder
from app.flows.spending import Wish
from app.foundation import ids
from tenants.context import shop_scope
from tenants.directory import Tenant
from tests.concurrency.race import ask, race
from tests.factories import Goods, make_goods, make_shop
from tests.factories.credit import MEI, account, credited, proven, spend
from tests.factories.money import give
from tests.factories.orders import BUYER, pay, run_jobs, state_of

pytestmark = pytest.mark.concurrency
CROWD = 3
HELD = "SELECT coalesce(sum(amount_minor), 0)::bigint FROM credit_holds WHERE state IN ('held', 'spent')"


def spending(shop: Tenant, goods: Goods, minor: int) -> Callable[[], Placed]:
    """A browser of the holder, with a quote in hand that its credit is to pay in part."""
    with shop_scope(shop.id):
        quoted, _ = purchase.quote(shop, {goods.listing_id: 1})
    command = PlaceOrder(
        quote=purchase.seal(quoted), email=MEI, method="alipay", device=ids.token(), locale="en",
        credit=Wish(MEI, minor),
    )  # fmt: skip

    def run() -> Placed:
        with shop_scope(shop.id):
            return purchase.place_order(command, shop=shop, actor=BUYER)

    return run


def let_expire(owner: Engine) -> None:
    with owner.begin() as connection:
        connection.execute(
            text("UPDATE reservations SET until = now() - interval '1 minute' WHERE state = 'held'")
        )
        connection.execute(
            text("UPDATE orders SET expires_at = now() - interval '1 minute' WHERE state = 'pending'")
        )


def as_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue of one buyer's orders is not what holds the credit."""
    monkeypatch.setattr(purchase.hoarding, "refuse", lambda *_, **__: None)


def test_of_many_checkouts_of_one_balance_one_spends_it(
    app: Flask, owner: Engine, monkeypatch: pytest.MonkeyPatch
):
    as_strangers(monkeypatch)
    shop = make_shop()
    credited(shop, owner, 700)
    goods = make_goods(shop, codes=CROWD)
    ends = race(app, *[spending(shop, goods, 700) for _ in range(CROWD)])
    assert sum(isinstance(end, Placed) for end in ends) == 1
    assert sum(isinstance(end, CreditChanged) for end in ends) == CROWD - 1, ends
    assert account(owner, shop) == (700, 700, 0) and ask(owner, HELD) == [(700,)]
    proven()


LOOKED = """
CREATE OR REPLACE FUNCTION credit.hold(p_order bigint, p_mailbox text, p_minor bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_account record;
BEGIN
    SELECT * INTO v_account FROM credit_accounts WHERE mailbox = p_mailbox;
    PERFORM pg_sleep(0.6);
    IF v_account.balance_minor - v_account.held_minor < p_minor THEN RETURN false; END IF;
    UPDATE credit_accounts SET held_minor = v_account.held_minor + p_minor WHERE id = v_account.id;
    INSERT INTO credit_holds (order_id, shop_id, account_id, currency, amount_minor)
    VALUES (p_order, v_account.shop_id, v_account.id, v_account.currency, p_minor);
    RETURN true;
END $$
"""


def test_looked_at_first_the_balance_would_be_held_by_all_of_them(
    app: Flask, owner: Engine, monkeypatch: pytest.MonkeyPatch
):
    """The twin: no lock before, and a hold that looks and writes."""
    shop = make_shop()
    credited(shop, owner, 700)
    goods = make_goods(shop, codes=CROWD)
    as_strangers(monkeypatch)
    monkeypatch.setattr(queries, "lock_mine", queries.free)
    with owner.begin() as connection:
        kept = connection.execute(text("SELECT pg_get_functiondef('credit.hold'::regproc)")).scalar_one()
        connection.execute(text(LOOKED))
    try:
        race(app, *[spending(shop, goods, 700) for _ in range(CROWD)])
        assert ask(owner, HELD)[0][0] > 700
    finally:
        with owner.begin() as connection:
            connection.execute(text(kept))


def test_late_money_beside_another_order_of_the_same_credit_spends_it_once(app: Flask, owner: Engine):
    shop = make_shop()
    credited(shop, owner, 700)
    goods = make_goods(shop, codes=4)
    late = spend(shop, goods)
    let_expire(owner)
    expire_checkouts()
    pay(shop, late)
    race(app, run_jobs, spending(shop, goods, 700))
    run_jobs()
    assert ask(owner, HELD) == [(700,)]
    assert state_of(shop, late) in {"delivered", "refunded"}
    proven()


BLIND = """
CREATE OR REPLACE FUNCTION credit.take_again(p_order bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE credit_accounts a SET held_minor = a.held_minor + h.amount_minor
    FROM credit_holds h WHERE h.order_id = p_order AND h.state = 'released' AND a.id = h.account_id;
    UPDATE credit_holds SET state = 'held', ended_at = NULL WHERE order_id = p_order AND state = 'released';
    RETURN true;
END $$
"""
MONEY = "balance_minor >= 0 AND held_minor BETWEEN 0 AND balance_minor AND owed_minor >= 0"


def test_without_condition_and_constraint_late_money_would_spend_what_another_order_holds(
    app: Flask, owner: Engine
):
    """The twin."""
    shop = make_shop()
    credited(shop, owner, 700)
    goods = make_goods(shop, codes=4)
    late = spend(shop, goods)
    let_expire(owner)
    expire_checkouts()
    spend(shop, goods)
    with owner.begin() as connection:
        kept = connection.execute(
            text("SELECT pg_get_functiondef('credit.take_again'::regproc)")
        ).scalar_one()
        connection.execute(text(BLIND))
        connection.execute(text("ALTER TABLE credit_accounts DROP CONSTRAINT ck_credit_accounts_money"))
    try:
        pay(shop, late)
        run_jobs()
        assert ask(owner, HELD) == [(1400,)]
    finally:
        with owner.begin() as connection:
            connection.execute(text(kept))
            connection.execute(text("UPDATE credit_accounts SET balance_minor = 0, held_minor = 0"))
            connection.execute(
                text(f"ALTER TABLE credit_accounts ADD CONSTRAINT ck_credit_accounts_money CHECK ({MONEY})")
            )


def test_money_beside_expiry_ends_in_one_way(app: Flask, owner: Engine):
    shop = make_shop()
    credited(shop, owner, 700)
    placed = spend(shop, make_goods(shop, codes=1))
    let_expire(owner)
    pay(shop, placed)
    race(app, run_jobs, expire_checkouts, expire_checkouts)
    run_jobs()
    assert state_of(shop, placed) == "delivered" and account(owner, shop) == (0, 0, 0)
    proven()


def test_a_refund_sent_by_many_gives_its_credit_once(app: Flask, owner: Engine):
    shop = make_shop()
    credited(shop, owner, 700)
    placed = spend(shop, make_goods(shop, codes=1))
    pay(shop, placed)
    run_jobs()
    at = give(shop, placed, 1000, run=False)

    def send() -> None:
        with shop_scope(shop.id):
            refund.send_refund(at)

    race(app, *[send for _ in range(4)])
    run_jobs()
    assert ask(owner, "SELECT count(*) FROM credit_moves WHERE kind = 'returned'") == [(1,)]
    proven()
