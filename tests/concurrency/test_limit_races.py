"""What two at once could have left behind: each race with a twin whose lock is gone."""

import time
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from app.flows import coupons, drops, purchase
from app.flows.expire import expire_checkouts
from app.flows.priced import Asked
from app.foundation.database import session
from app.foundation.errors import Busy
from app.jobs.run import run_batch
from tenants.context import shop_scope
from tests.concurrency.race import ask, changed_function, race
from tests.factories import make_goods, make_shop, pay, place, run_jobs
from tests.factories.drops import line_up, make_drop, order_seat, pass_seats, seat_of
from tests.factories.orders import BUYER
from tests.factories.promotions import promote

pytestmark = pytest.mark.concurrency

UNLOCKED = (r"PERFORM 1 FROM public\.coupon_batches b WHERE [^;]*FOR SHARE;", "")
LINGERS = (r"(UPDATE public\.coupon_codes c SET state = [^;]*;)", r"\1 PERFORM pg_sleep(2);")


def until_somebody_lingers(owner: Engine) -> None:
    for _ in range(400):
        if ask(owner, "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"):
            return
        time.sleep(0.05)
    raise AssertionError("nobody came there")


def check_voided_while_it_comes_back(app: Flask, owner: Engine) -> None:
    """The batch is voided just when an order gives its code back: the code is void, whoever was first."""
    shop = make_shop()
    goods = make_goods(shop, codes=3)
    coupon = promote(shop, "fixed_coupon", {"minor": 100}, automatic=False)
    with shop_scope(shop.id):
        batch = coupons.make_batch(coupon.id, size=1, prefix="", actor=BUYER)
        code = coupons.export_batch(batch, coupon.id, actor=BUYER).codes[0]
    placed = place(shop, goods, asked=Asked(codes=(code,)))

    def give_up() -> None:
        with shop_scope(shop.id):
            purchase.cancel_order(placed.order_id, actor=BUYER)

    def void() -> int:
        until_somebody_lingers(owner)  # the order has given it back, and has not said so yet
        with shop_scope(shop.id):
            return coupons.void_batch(batch, coupon.id, actor=BUYER)

    ends = race(app, give_up, void)
    assert not [end for end in ends if isinstance(end, Exception)], ends
    assert ask(owner, "SELECT state FROM coupon_codes") == [("void",)]


def test_a_code_that_comes_back_while_its_batch_is_voided_is_void(app, owner):
    with changed_function(owner, "promo.give_back", LINGERS):
        check_voided_while_it_comes_back(app, owner)


def test_without_the_batchs_lock_a_voided_code_is_free(app, owner):
    with (
        changed_function(owner, "promo.give_back", UNLOCKED, LINGERS),
        pytest.raises(AssertionError, match="free"),
    ):
        check_voided_while_it_comes_back(app, owner)


# ------------------------------------------------------------ one payment account, one unit


def check_one_payer(app: Flask, owner: Engine) -> None:
    """Two buyers with nothing in common but the account that pays for both, at the same instant."""
    shop = make_shop()
    goods = make_goods(shop, codes=6)
    drop = make_drop(shop, goods, units=4)
    buyers = [line_up(shop, drop)[0] for _ in range(4)]
    placed = [order_seat(shop, drop, goods, one) for one in buyers]
    for one in placed:
        pay(shop, one, payer="one-card")
    ends = race(app, *confirming(owner))
    assert not [end for end in ends if isinstance(end, Exception)], ends
    again(owner)
    sold = ask(owner, "SELECT count(*) FROM orders WHERE paid_at IS NOT NULL")
    assert sold == [(1,)] == ask(owner, "SELECT count(*) FROM codes WHERE state = 'sold'")
    assert ask(owner, "SELECT count(*) FROM refunds") == [(3,)]


def test_of_four_units_that_one_account_pays_for_at_once_one_is_sold(app, owner):
    check_one_payer(app, owner)


def test_without_the_queue_one_account_pays_for_several(app, owner):
    with (
        changed_function(owner, "promo.queue_up", (r"PERFORM pg_advisory_xact_lock\(.*?\);", "NULL;")),
        changed_function(
            owner, "promo.know_payer", (r"IF promo\.taken_by", "PERFORM pg_sleep(0.3); IF promo.taken_by")
        ),
        pytest.raises(AssertionError),
    ):
        check_one_payer(app, owner)


# ------------------------------------------------------------ late money and the next in line


def check_late_money(app: Flask, owner: Engine) -> None:
    """Money for an expired order, the seat's own end and the next in line want one unit: two ends, never a third."""
    shop = make_shop()
    goods = make_goods(shop, codes=1)
    drop = make_drop(shop, goods, units=1)
    (mei, _), (li, _) = line_up(shop, drop), line_up(shop, drop)
    late = order_seat(shop, drop, goods, mei)
    with owner.begin() as connection:
        connection.execute(text("UPDATE orders SET expires_at = now() - interval '1 s'"))
        connection.execute(
            text("UPDATE reservations SET until = now() - interval '1 s' WHERE kind = 'order'")
        )
    expire_checkouts()
    pass_seats(owner)

    def tend() -> None:
        with shop_scope(shop.id):
            drops.tend(drop.id)

    pay(shop, late)
    ends = race(app, *confirming(owner), tend, tend)
    assert not [end for end in ends if isinstance(end, Exception) and not isinstance(end, Busy)], ends
    again(owner)
    drops.keep_drops()
    seat = seat_of(shop, drop, li)
    if seat is not None and seat.state == "granted":
        pay(shop, order_seat(shop, drop, goods, li))
    again(owner)
    assert ask(owner, "SELECT state, count(*)::int FROM codes GROUP BY 1") == [("sold", 1)]
    states = ask(owner, "SELECT state FROM orders ORDER BY id")
    assert states in ([("delivered",)], [("refunded",), ("delivered",)])
    held = ask(
        owner, "SELECT coalesce(sum(units), 0)::int FROM promotion_uses WHERE state IN ('held', 'used')"
    )
    assert held == [(1,)] and ask(owner, "SELECT uses_left FROM promotion_slots") == [(0,)]


def test_late_money_and_the_next_in_line_leave_a_unit_with_one_of_them(app, owner):
    check_late_money(app, owner)


def confirming(owner: Engine) -> list[Callable[[], object]]:
    """The jobs that work on money that has come, each to be run by itself."""
    rows = ask(owner, "SELECT id FROM outbox WHERE kind = 'confirm_payment'")
    return [lambda row=row: run_batch([row]) for (row,) in rows]


def again(owner: Engine) -> None:
    """What failed in the race is put on again, as the relay does."""
    session().rollback()
    with owner.begin() as connection:
        connection.execute(text("UPDATE outbox SET due_at = now(), last_error = NULL, failed_at = NULL"))
    run_jobs()
