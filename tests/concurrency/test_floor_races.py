"""A floor that rises at the very instant at which somebody lists, prices or buys."""

import contextlib
import threading
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from app.domain.catalog import service as catalog
from app.domain.catalog.refusals import ListingBelowFloor
from app.domain.pricing import floor_service
from app.domain.pricing.errors import BelowFloor, FloorWindowsOverlap, PriceChanged
from app.flows import floors, purchase
from app.foundation.unit_of_work import unit_of_work
from tenants.context import brand_scope, shop_scope
from tenants.directory import Tenant
from tests.concurrency.race import ask, changed_function, order, race, without_constraint
from tests.factories import Goods, make_goods, make_shop
from tests.factories.floors import BRAND_OWNER, later, let_begin, set_floor, wanted

pytestmark = pytest.mark.concurrency
LOCK = (r"PERFORM pg_advisory_xact_lock_shared\([^;]*\);", "")


@pytest.fixture
def shop(app) -> Tenant:
    return make_shop()


@pytest.fixture
def goods(shop: Tenant, owner: Engine) -> Goods:
    made = make_goods(shop, price=3000, floor=1500, codes=60)
    with owner.connect() as connection:
        connection.execute(text("UPDATE skus SET suggested_minor = 5000"))
    return made


def check_listing_and_raise(app: Flask, owner: Engine, shop: Tenant, goods: Goods) -> None:
    """A price saved under the old floor, and committed only when the raise is on its way."""
    saved, raising = threading.Event(), threading.Event()

    def save() -> None:
        with shop_scope(shop.id), unit_of_work():
            catalog.set_price(goods.listing_id, 1600)
            saved.set()
            raising.wait(5)
            # Long enough for a raise that does not wait to have come and gone.
            threading.Event().wait(0.5)

    def raise_it() -> int:
        saved.wait(5)
        raising.set()
        return set_floor(goods, 2000)

    ends = race(app, save, raise_it)
    assert not [end for end in ends if isinstance(end, Exception)], ends
    assert ask(owner, "SELECT price_minor >= 2000 FROM listings") == [(True,)]


def test_a_listing_saved_at_the_instant_of_the_raise_ends_at_the_new_floor(app, shop, goods, owner):
    check_listing_and_raise(app, owner, shop, goods)


def test_without_the_lock_a_listing_stays_below_the_new_floor(app, shop, goods, owner, monkeypatch):
    """The twin: the raise does not see a price that is not committed yet, nor the price the raise.

    Only one that waits for the listing's row before it looks would; that wait is taken away too.
    """
    monkeypatch.setattr("app.domain.pricing.floor_service.ROWS", "SELECT 1 WHERE :sku > 0 OR :one IS NULL")
    with changed_function(owner, "money.listing_covers_floor", LOCK), pytest.raises(AssertionError):
        check_listing_and_raise(app, owner, shop, goods)


def check_old_transaction(app: Flask, owner: Engine, shop: Tenant, goods: Goods) -> None:
    """A transaction that began before a scheduled floor and saves its price after the clock has carried it out."""
    floor_id = set_floor(goods, 2000, starts_at=later(days=1))
    begun, carried_out = threading.Event(), threading.Event()

    def save() -> None:
        with shop_scope(shop.id), unit_of_work() as work:
            work.session.execute(text("SELECT now()"))
            begun.set()
            carried_out.wait(5)
            work.session.execute(
                text("UPDATE listings SET price_minor = 1600 WHERE id = :id"), {"id": goods.listing_id}
            )

    def carry_out() -> None:
        begun.wait(5)
        let_begin(owner, floor_id)
        floors.keep_floors()
        carried_out.set()

    race(app, save, carry_out)
    assert ask(owner, "SELECT price_minor >= 2000 FROM listings") == [(True,)]


def test_a_transaction_that_is_older_than_the_floor_meets_it_all_the_same(app, shop, goods, owner):
    check_old_transaction(app, owner, shop, goods)


def test_with_the_time_of_its_beginning_an_old_transaction_lists_below(app, shop, goods, owner):
    """The twin."""
    old = (r"clock_timestamp\(\)", "now()")
    with changed_function(owner, "money.listing_covers_floor", old), pytest.raises(AssertionError):
        check_old_transaction(app, owner, shop, goods)


def test_prices_and_raises_at_once_leave_nothing_below(app, shop, goods, owner):
    others = [make_shop() for _ in range(4)]
    with owner.connect() as connection:
        connection.execute(
            text(
                "INSERT INTO partnerships (brand_id, distributor_id, status, level_id) SELECT :brand, s.distributor_id,"
                " 'approved', l.id FROM shops s, levels l WHERE l.brand_id = :brand AND s.id <> :shop"
            ),
            {"brand": goods.brand_id, "shop": shop.id},
        )

    def lists(other: Tenant) -> Any:
        def run() -> None:
            with shop_scope(other.id), unit_of_work():
                catalog.add_listings({goods.sku_id: 1700})

        return run

    def prices(minor: int) -> Any:
        def run() -> None:
            with shop_scope(shop.id), unit_of_work():
                catalog.set_price(goods.listing_id, minor)

        return run

    def raises(floor: int) -> Any:
        return lambda: set_floor(goods, floor)

    ends = race(
        app, *[lists(other) for other in others], *[prices(1500 + at) for at in range(6)], *[raises(1800 + at) for at in range(4)]
    )  # fmt: skip
    wrong = [end for end in ends if isinstance(end, Exception) and not isinstance(end, ListingBelowFloor)]
    assert not wrong, wrong
    floors.keep_floors()
    low = "SELECT count(*) FROM listings g JOIN skus k ON k.id = g.sku_id WHERE g.price_minor < k.floor_minor"
    assert ask(owner, low) == [(0,)]
    assert ask(owner, "SELECT count(*) FROM floors WHERE ends_at IS NULL") == [(1,)]


def test_quotes_and_a_raise_at_once_end_in_honoured_quotes_or_refusals(app, shop, goods, owner):
    with owner.connect() as connection:
        connection.execute(text("UPDATE listings SET price_minor = 1600"))
    buyers = [order(shop, {goods: 1}) for _ in range(10)]

    def quote_now() -> Any:
        with shop_scope(shop.id):
            return purchase.quote(shop, {goods.listing_id: 1})[0].lines[0].net_minor

    ends = race(app, *buyers, lambda: set_floor(goods, 2000), *[quote_now for _ in range(10)])
    wrong = [
        end for end in ends if isinstance(end, Exception) and not isinstance(end, BelowFloor | PriceChanged)
    ]
    assert not wrong, wrong
    # Every order is what its quote said; what is quoted afterwards is at the new floor.
    assert ask(owner, "SELECT DISTINCT total_minor FROM orders") == [(1600,)]
    assert quote_now() == 2000


def check_ticks(app: Flask, owner: Engine, goods: Goods) -> None:
    let_begin(owner, set_floor(goods, 4000, starts_at=later(days=1)))
    ends = race(app, *[floors.keep_floors] * 5)
    assert not [end for end in ends if isinstance(end, Exception)], ends
    floors.keep_floors()
    assert ask(owner, "SELECT price_minor FROM listings") == [(4000,)]
    assert ask(owner, "SELECT count(*) FROM mails WHERE kind = 'floor_begun'") == [(1,)]
    assert ask(owner, "SELECT count(*) FROM audit_entries WHERE action = 'listings.lifted'") == [(1,)]


def test_five_ticks_at_once_carry_a_floor_out_once(app, goods, owner):
    check_ticks(app, owner, goods)


def test_without_taking_the_listings_first_it_is_carried_out_more_than_once(app, goods, owner, monkeypatch):
    """The twin: each sees the listing below, before any has raised it."""
    meet = threading.Barrier(5)

    def look(sku_id: int, **_more: Any) -> None:
        del sku_id

    def below(sku_id: int, **more: Any) -> Any:
        found = seen(sku_id, **more)
        with contextlib.suppress(threading.BrokenBarrierError):
            meet.wait(5)
        return found

    seen = floor_service.below_now
    monkeypatch.setattr(floor_service, "hold_listings", look)
    monkeypatch.setattr(floor_service, "notice", lambda _sku: [])
    monkeypatch.setattr(floor_service, "below_now", below)
    with pytest.raises(AssertionError):
        check_ticks(app, owner, goods)


def check_overlap(app: Flask, owner: Engine, goods: Goods) -> None:
    start, end = later(days=1), later(days=2)

    def schedule(floor: int) -> Any:
        def run() -> int:
            with brand_scope(goods.brand_id):
                return floors.set_floor(wanted(goods, floor, starts_at=start, ends_at=end), actor=BRAND_OWNER)

        return run

    ends = race(app, *[schedule(1600 + at) for at in range(5)])
    assert sum(isinstance(end, int) for end in ends) == 1, ends
    assert sum(isinstance(end, FloorWindowsOverlap) for end in ends) == 4
    assert ask(owner, "SELECT count(*) FROM floors WHERE starts_at = :start", start=start) == [(1,)]


def test_of_five_floors_for_one_window_one_is_taken(app, goods, owner):
    check_overlap(app, owner, goods)


def test_without_lock_and_constraint_windows_overlap(app, goods, owner, monkeypatch):
    """The twin."""
    slow = text("SELECT pg_sleep(0.2) WHERE :sku > 0")
    monkeypatch.setattr("app.domain.pricing.floor_service.LOCK", slow)
    monkeypatch.setattr("app.flows.floors._hold_terms", lambda: None)
    loose = without_constraint(owner, "floors", "ex_floors_one_window", clean="DELETE FROM floors")
    with loose, pytest.raises(AssertionError):
        check_overlap(app, owner, goods)
