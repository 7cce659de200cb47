"""Seats of a flash sale under a race: each promise with a twin whose lock or constraint is gone."""

import threading
import time

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from app.domain.flash import service
from app.domain.flash.service import Ask, Outcome
from app.domain.promotions.buyers import Shopper
from app.flows import drops
from app.foundation import ids
from app.foundation.unit_of_work import unit_of_work
from tenants.context import shop_scope
from tests.concurrency.race import ask, changed_function, race, without_constraint
from tests.factories import make_goods, make_shop
from tests.factories.drops import line_up, make_drop, order_seat, pass_seats, seat_of

pytestmark = pytest.mark.concurrency

LIVE = "SELECT count(*)::int FROM drop_seats WHERE state IN ('granted', 'ordered', 'bought')"
SLOW = (r"FOR v_ask IN SELECT", "PERFORM pg_sleep(0.3); FOR v_ask IN SELECT")
UNLOCKED = (r"NOT pg_try_advisory_xact_lock\([^;]*?\) THEN", "false THEN")


def asker(shop, drop, asks: list[Ask]):
    def run() -> list[Outcome] | None:
        with shop_scope(shop.id), unit_of_work():
            return service.grant(drop.id, asks)

    return run


def somebodys(position: int, *, device: str = "", email: str = "") -> Ask:
    device, email = device or ids.token(), email or f"{ids.token().lower()}@example.com"
    return Ask(position, device, email, keys=Shopper(device, email).keys())


# ------------------------------------------------------------ two admitters


def check_two_admitters(app: Flask, owner: Engine) -> None:
    """Both have read the same head of the line."""
    shop = make_shop()
    drop = make_drop(shop, make_goods(shop, codes=9), units=5)
    head = [somebodys(position) for position in range(1, 6)]
    ends = race(app, *[asker(shop, drop, head)] * 4)
    wrong = [end for end in ends if isinstance(end, Exception)]
    assert not wrong, repr(wrong[0])
    assert sum(len([one for one in end if one.said == ""]) for end in ends if end) == 5
    assert ask(owner, LIVE) == [(5,)]


def test_two_admitters_at_once_give_each_seat_once(app, owner):
    with changed_function(owner, "flash.grant", SLOW):
        check_two_admitters(app, owner)


def test_without_its_lock_two_admitters_stumble(app, owner):
    with changed_function(owner, "flash.grant", SLOW, UNLOCKED), pytest.raises(AssertionError):
        check_two_admitters(app, owner)


# ------------------------------------------------------------ one buyer, one seat


def check_one_buyer(app: Flask, owner: Engine) -> None:
    """The limit is kept by the index even where the admitter's lock is gone and nobody looks."""
    shop = make_shop()
    drop = make_drop(shop, make_goods(shop, codes=9), units=5)
    tries = [[somebodys(position, device="one", email="one@example.com")] for position in (1, 2, 3)]
    race(app, *[asker(shop, drop, one) for one in tries])
    assert ask(owner, LIVE) == [(1,)]


def test_one_buyer_has_one_seat_however_often_at_once(app, owner):
    with changed_function(owner, "flash.grant", SLOW, UNLOCKED):
        check_one_buyer(app, owner)


def test_without_the_index_one_buyer_has_several_seats(app, owner):
    with owner.connect() as connection:
        made = connection.execute(
            text("SELECT indexdef FROM pg_indexes WHERE indexname = 'uq_drop_seat_keys_turn'")
        ).scalar_one()
        connection.execute(text("DROP INDEX uq_drop_seat_keys_turn"))
    try:
        with changed_function(owner, "flash.grant", SLOW, UNLOCKED), pytest.raises(AssertionError):
            check_one_buyer(app, owner)
    finally:
        with owner.connect() as connection:
            connection.execute(text("TRUNCATE drop_seat_keys"))
            connection.execute(text(made))


def check_beyond_the_limit(owner: Engine) -> None:
    shop = make_shop()
    drop = make_drop(shop, make_goods(shop, codes=9), units=5)
    line_up(shop, drop)
    with owner.begin() as connection:
        connection.execute(text("UPDATE drop_seat_keys SET turn = 2 WHERE key LIKE 'd:%'"))


def test_a_turn_beyond_the_drops_limit_cannot_be_written(app, owner):
    with pytest.raises(Exception, match="within_limit"):
        check_beyond_the_limit(owner)


def test_without_the_constraint_it_can(app, owner):
    name = "ck_drop_seat_keys_within_limit"
    with without_constraint(owner, "drop_seat_keys", name, clean="TRUNCATE drop_seat_keys"):
        check_beyond_the_limit(owner)


# ------------------------------------------------------------ the last unit


def check_last_unit(app: Flask, owner: Engine) -> None:
    shop = make_shop()
    drop = make_drop(shop, make_goods(shop, codes=9), units=1)
    race(app, *[asker(shop, drop, [somebodys(position)]) for position in range(1, 7)])
    assert ask(owner, LIVE) == [(1,)]
    assert ask(owner, "SELECT count(*)::int FROM codes WHERE state = 'reserved'") == [(1,)]


def test_the_last_unit_is_one_buyers(app, owner):
    with changed_function(owner, "flash.grant", SLOW, UNLOCKED):
        check_last_unit(app, owner)


def test_where_a_seat_need_not_hold_a_unit_the_last_is_promised_to_several(app, owner):
    careless = (r"IF stock.claim_from\([^;]*?\) <> 1 THEN", "IF false THEN")
    with changed_function(owner, "flash.grant", SLOW, UNLOCKED, careless), pytest.raises(AssertionError):
        check_last_unit(app, owner)


# ------------------------------------------------------------ a seat lapses while it is ordered


def test_a_seat_that_lapses_while_it_is_ordered_has_one_end(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=9)
    drop = make_drop(shop, goods, units=1)
    buyer, _ = line_up(shop, drop)
    after, _ = line_up(shop, drop)
    start = threading.Event()

    def order() -> object:
        start.set()
        return order_seat(shop, drop, goods, buyer)

    def lapse() -> None:
        start.wait(5)
        time.sleep(0.02)
        pass_seats(owner)
        drops.keep_drops()

    race(app, order, lapse)
    states = sorted(state for (state,) in ask(owner, "SELECT state FROM drop_seats"))
    assert states in (["ordered"], ["granted", "lapsed"]), states
    assert ask(owner, LIVE) == [(1,)]
    assert ask(owner, "SELECT count(*)::int FROM codes WHERE state = 'reserved'") == [(1,)]
    assert (seat_of(shop, drop, after) is None) == (states == ["ordered"])
