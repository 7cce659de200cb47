"""Never sell what is not there: races for stock, each with a twin whose lock is gone."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import Engine

from app.domain.inventory import service as inventory
from app.flows import purchase
from tests.concurrency.race import ask, changed_function, happy, order, race, without_constraint
from tests.factories import Goods, add_codes, make_goods, make_shop, run_jobs, set_slots
from tests.factories.orders import pay

pytestmark = pytest.mark.concurrency

NO_LOCK = (r"FOR UPDATE( SKIP LOCKED)?", "")
HELD = "SELECT count(*), count(DISTINCT id) FROM codes WHERE state = 'reserved' AND sku_id = :sku"
BY_ORDER = """
    SELECT o.id, l.sku_id, l.quantity, (SELECT count(*) FROM codes c WHERE c.reservation_id = o.reservation_id AND c.sku_id = l.sku_id)
    FROM orders o JOIN order_lines l ON l.order_id = o.id
"""


def check_codes(app: Flask, owner: Engine, *, buyers: int, units: int, each: int = 1) -> None:
    """So many buyers for so many units: exactly what fits is held, each unit by one order, the rest are told."""
    shop = make_shop()
    goods = make_goods(shop, codes=units)
    ends = race(app, *(order(shop, {goods: each}) for _ in range(buyers)))
    assert len(happy(ends)) == units // each
    assert ask(owner, HELD, sku=goods.sku_id) == [(units // each * each, units // each * each)]
    assert all(quantity == held for _, _, quantity, held in ask(owner, BY_ORDER))


def test_200_buyers_of_50_codes_leave_50_sold_and_150_told(app, owner):
    check_codes(app, owner, buyers=200, units=50)
    for_each = "SELECT count(*) FROM orders WHERE state = 'pending'"
    assert ask(owner, for_each) == [(50,)]


def test_without_the_lock_50_codes_are_sold_too_often(app, owner):
    with changed_function(owner, "stock.claim_codes", NO_LOCK), pytest.raises(AssertionError):
        check_codes(app, owner, buyers=60, units=50)


def test_what_the_race_held_is_paid_for_and_delivered_once(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=10)
    placed = happy(race(app, *(order(shop, {goods: 1}) for _ in range(40))))
    race(app, *((lambda one=one: pay(shop, one)) for one in placed))
    run_jobs()
    sold = ask(owner, "SELECT count(*), count(DISTINCT order_line_id) FROM codes WHERE state = 'sold'")
    assert sold == [(10, 10)]
    assert ask(owner, "SELECT state, count(*) FROM orders GROUP BY 1") == [("delivered", 10)]


def test_two_buyers_of_the_last_code_leave_one_happy(app, owner):
    for _ in range(5):
        check_codes(app, owner, buyers=2, units=1)


def test_without_the_lock_the_last_code_is_sold_twice(app, owner):
    slowly = (r"(WITH picked AS)", r"PERFORM pg_sleep(0.05); \1")
    hold = (r"(AND \(expires_at IS NULL OR expires_at > [^)]+\))", r"\1 AND pg_sleep(0.1) IS NOT NULL")
    with changed_function(owner, "stock.claim_codes", NO_LOCK, slowly, hold), pytest.raises(AssertionError):
        check_codes(app, owner, buyers=2, units=1)


# --------------------------------------------------------- several pieces, several Skus

LINGER = (
    r"GET DIAGNOSTICS v_got = ROW_COUNT;\s+IF",
    "GET DIAGNOSTICS v_got = ROW_COUNT; PERFORM pg_sleep(0.1); IF",
)
KEEP = (r"RAISE EXCEPTION USING ERRCODE = 'PL001';", "NULL;")


def somebody_waits_in_a_circle(check: Callable[[], None], *, rounds: int = 12) -> None:
    """The check fails for a deadlock in one of a few rounds: who meets whom is the scheduler's affair."""
    for _ in range(rounds):
        try:
            check()
        except AssertionError as failed:
            assert "such as Busy" in str(failed)  # noqa: PT017  # which of the rounds fails is not known beforehand
            return
    pytest.fail("nobody ever waited in a circle: the lock was not what kept them from it")


def test_buyers_of_several_pieces_do_not_wait_for_each_other_in_a_circle(app, owner):
    with changed_function(owner, "stock.claim_codes", LINGER):
        check_codes(app, owner, buyers=12, units=20, each=3)


def test_holding_on_to_some_while_waiting_for_more_ends_in_a_deadlock(app, owner, monkeypatch):
    """The twin of letting go; also how the product once was. Without the second try, which would cover it up."""
    monkeypatch.setattr(purchase, "once_more", lambda story: story())
    with changed_function(owner, "stock.claim_codes", LINGER, KEEP):
        somebody_waits_in_a_circle(lambda: check_codes(app, owner, buyers=12, units=20, each=3))


def check_mixed_carts(app: Flask, owner: Engine) -> None:
    """Carts of two Skus in opposite order over the last pieces: no circle, and every piece is accounted for."""
    shop = make_shop()
    one, other = make_goods(shop, codes=3), make_goods(shop, codes=3)
    carts: list[dict[Goods, int]] = [{one: 1, other: 1}, {other: 1, one: 1}] * 8
    placed = happy(race(app, *(order(shop, cart) for cart in carts)))
    assert len(placed) == 3
    for goods in (one, other):
        assert ask(owner, HELD, sku=goods.sku_id) == [(3, 3)]
    assert all(quantity == held for _, _, quantity, held in ask(owner, BY_ORDER))


def test_mixed_carts_in_opposite_order_do_not_block_each_other(app, owner):
    with changed_function(owner, "stock.claim_codes", LINGER):
        check_mixed_carts(app, owner)


def test_claiming_in_the_order_of_the_cart_ends_in_a_deadlock(app, owner, monkeypatch):
    monkeypatch.setattr(inventory, "sorted", lambda wants, key: wants, raising=False)
    monkeypatch.setattr(purchase, "once_more", lambda story: story())
    with changed_function(owner, "stock.claim_codes", LINGER):
        somebody_waits_in_a_circle(lambda: check_mixed_carts(app, owner))


def test_mixed_carts_with_enough_for_everybody_all_go_through(app, owner):
    shop = make_shop()
    one, other = make_goods(shop, codes=60), make_goods(shop)
    add_codes(other, 60)
    carts: list[dict[Goods, int]] = [{one: 1, other: 2}, {other: 2, one: 1}] * 15
    assert len(happy(race(app, *(order(shop, cart) for cart in carts)))) == 30
    assert ask(owner, HELD, sku=other.sku_id) == [(60, 60)]


# --------------------------------------------------------- counted kinds

SLOTS = """
    SELECT coalesce(sum(remaining), 0), min(remaining), (SELECT coalesce(sum(quantity), 0) FROM reserved_slots r WHERE r.sku_id = :sku)
    FROM stock_slots WHERE sku_id = :sku
"""


def check_slots(app: Flask, owner: Engine, *, buyers: int, slots: list[int], each: int = 1) -> None:
    shop = make_shop()
    goods = make_goods(shop, kind="reusable")
    set_slots(goods, slots)
    units = sum(slots)
    ends = race(app, *(order(shop, {goods: each}) for _ in range(buyers)))
    assert len(happy(ends)) == units // each
    remaining, least, held = ask(owner, SLOTS, sku=goods.sku_id)[0]
    assert least >= 0
    assert (remaining, held) == (units % each, units // each * each)


EIGHT = [7, 7, 6, 6, 6, 6, 6, 6]


def test_200_buyers_of_50_counted_pieces_in_eight_slots_leave_50_happy(app, owner):
    check_slots(app, owner, buyers=200, slots=EIGHT)


def test_counted_pieces_are_gathered_from_several_slots_in_a_race(app, owner):
    check_slots(app, owner, buyers=20, slots=[2, 2, 2, 2, 2, 2], each=3)


def test_without_the_lock_counted_pieces_are_refused_by_the_last_check_only(app, owner):
    with (
        changed_function(owner, "stock.claim_slots", NO_LOCK),
        pytest.raises(AssertionError, match="ck_stock_slots_remaining"),
    ):
        check_slots(app, owner, buyers=80, slots=EIGHT)


def test_without_lock_and_check_counted_pieces_are_sold_too_often(app, owner):
    clean = "UPDATE stock_slots SET remaining = 0 WHERE remaining < 0"
    with (
        without_constraint(owner, "stock_slots", "ck_stock_slots_remaining", clean=clean),
        changed_function(owner, "stock.claim_slots", NO_LOCK),
        pytest.raises(AssertionError),
    ):
        check_slots(app, owner, buyers=80, slots=EIGHT)
