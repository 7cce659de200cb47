"""Every refused try to sell below a floor is remembered, although nothing else of it is."""

from typing import Any

import pytest
from sqlalchemy import Engine, text

from app.domain.catalog.refusals import ListingBelowFloor
from app.domain.pricing import attempts
from app.flows import floor_evidence, listings
from app.foundation.actor import Actor
from app.foundation.database import fresh_session
from tenants.context import brand_scope, shop_scope
from tenants.directory import Tenant
from tests.concurrency.race import ask, race
from tests.factories import Goods, make_goods, make_shop
from tests.factories.floors import set_floor

SELLER = Actor("staff", name="Bo the seller")


@pytest.fixture
def shop(app) -> Tenant:
    return make_shop()


@pytest.fixture
def goods(shop: Tenant) -> Goods:
    return make_goods(shop, price=2000, floor=1500)


def noted(owner: Engine) -> list[tuple[Any, ...]]:
    return ask(owner, "SELECT stage, wanted_minor, floor_minor, actor_name FROM floor_attempts ORDER BY id")


def try_price(shop: Tenant, goods: Goods, minor: int) -> None:
    with shop_scope(shop.id), pytest.raises(ListingBelowFloor):
        listings.set_price(goods.listing_id, minor, actor=SELLER)


def test_a_price_below_the_floor_is_refused_and_remembered(shop, goods, owner):
    try_price(shop, goods, 1400)
    assert noted(owner) == [("listing", 1400, 1500, "Bo the seller")]
    assert ask(owner, "SELECT price_minor FROM listings") == [(2000,)]
    assert ask(owner, "SELECT stack, listing_id, currency FROM floor_attempts") == [
        ([{"what": "list_price", "minor": 1400}], goods.listing_id, "CNY")
    ]


def test_a_bulk_change_remembers_each_price_that_was_too_low_and_no_other(shop, goods, owner):
    other = make_goods(shop, price=2000, floor=1000, supply=800)
    wanted = {goods.listing_id: (2000, 1200), other.listing_id: (2000, 1200)}
    with shop_scope(shop.id), pytest.raises(ListingBelowFloor):
        listings.apply_prices(wanted, actor=SELLER)
    assert noted(owner) == [("listing", 1200, 1500, "Bo the seller")]
    assert ask(owner, "SELECT DISTINCT price_minor FROM listings") == [(2000,)]


def test_the_same_try_counts_once_an_hour_and_another_price_counts_again(shop, goods, owner):
    for price in (1400, 1400, 1399, 1400):
        try_price(shop, goods, price)
    assert [row[1] for row in noted(owner)] == [1400, 1399]
    with owner.connect() as connection:
        connection.execute(text("UPDATE floor_attempts SET created_at = created_at - interval '61 minutes'"))
    try_price(shop, goods, 1400)
    assert [row[1] for row in noted(owner)] == [1400, 1399, 1400]


def test_a_script_that_tries_every_price_does_not_fill_the_table(shop, goods, owner, monkeypatch):
    monkeypatch.setattr(attempts, "MOST_AN_HOUR", 5)
    with shop_scope(shop.id):
        for price in range(1400, 1410):
            floor_evidence.remember({goods.sku_id: price}, stage="listing", actor=SELLER)
    assert len(noted(owner)) == 5


def test_the_same_try_ten_times_at_once_counts_once(app, shop, goods, owner):
    def run() -> int:
        with shop_scope(shop.id):
            return floor_evidence.remember({goods.sku_id: 1400}, stage="listing", actor=SELLER)

    assert sum(race(app, *[run] * 10)) == 1
    assert len(noted(owner)) == 1


def test_without_the_lock_ten_at_once_count_more_than_once(app, shop, goods, owner, monkeypatch):
    """The twin."""
    monkeypatch.setattr(attempts, "ONE_BY_ONE", text("SELECT 1"))
    slow = attempts.NOTE.text.replace("WHERE w.price", "WHERE pg_sleep(0.3) IS NOT NULL AND w.price")
    monkeypatch.setattr(attempts, "NOTE", text(slow))

    def run() -> int:
        with shop_scope(shop.id):
            return floor_evidence.remember({goods.sku_id: 1400}, stage="listing", actor=SELLER)

    assert sum(race(app, *[run] * 10)) > 1


def test_a_paused_listing_that_a_floor_overtook_is_not_resumed_and_that_is_remembered(shop, goods, owner):
    with owner.connect() as connection:
        connection.execute(text("UPDATE skus SET suggested_minor = 5000"))
    set_floor(goods, 2500, overtaken="pause")
    with shop_scope(shop.id), pytest.raises(ListingBelowFloor):
        listings.set_status([goods.listing_id], "live", actor=SELLER)
    assert noted(owner) == [("database", 2000, 2500, "Bo the seller")]


def test_a_promotion_that_was_refused_is_kept_with_its_stack(shop, goods, owner):
    stack = [
        {"what": "list_price", "minor": 2000},
        {"what": "flash", "minor": 1600},
        {"what": "coupon", "minor": -300},
    ]
    with shop_scope(shop.id):
        assert (
            floor_evidence.remember({goods.sku_id: 1300}, stage="promotion", stack=stack, actor=SELLER) == 1
        )
        assert (
            floor_evidence.remember({goods.sku_id: 1500}, stage="promotion", stack=stack, actor=SELLER) == 0
        )
    assert ask(owner, "SELECT stack FROM floor_attempts") == [(stack,)]


def test_a_brand_sees_its_own_attempts_and_no_other_brands(shop, goods, owner):
    theirs = make_goods(shop, price=2000, floor=1500)
    try_price(shop, goods, 1400)
    try_price(shop, theirs, 1300)
    from_scope = "SELECT wanted_minor FROM floor_attempts"
    for brand_id, seen in ((goods.brand_id, 1400), (theirs.brand_id, 1300)):
        assert in_brand(brand_id, from_scope) == [seen]


def in_brand(brand_id: int, question: str) -> list[int]:
    with brand_scope(brand_id), fresh_session() as opened:
        return list(opened.execute(text(question)).scalars())


def test_a_shop_never_sees_another_distributors_floor_or_history(shop, goods, owner):
    other = make_shop()
    firm = ask(owner, "SELECT distributor_id FROM shops WHERE id = :id", id=shop.id)[0][0]
    set_floor(goods, 1700, distributor_id=firm)
    try_price(shop, goods, 1400)
    with shop_scope(other.id), fresh_session() as opened:
        assert list(
            opened.execute(
                text("SELECT floor_minor FROM floors WHERE sku_id = :s"), {"s": goods.sku_id}
            ).scalars()
        ) == [1500]
        for table in ("floor_attempts", "listing_prices"):
            assert opened.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0
    with shop_scope(shop.id), fresh_session() as opened:
        mine = opened.execute(
            text("SELECT floor_minor FROM floors WHERE sku_id = :s ORDER BY 1"), {"s": goods.sku_id}
        )
        assert list(mine.scalars()) == [1500, 1700]
