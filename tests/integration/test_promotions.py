"""Promotions in a purchase: what a quote grants is counted when the order is placed, and follows the order's state."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.domain.inventory import service as inventory
from app.domain.inventory.service import Want
from app.domain.promotions.errors import PromotionOver
from app.domain.promotions.service import is_held_out
from app.flows import purchase
from app.flows.expire import expire_checkouts
from app.flows.priced import Asked
from app.foundation import clock
from app.foundation.unit_of_work import unit_of_work
from tenants.context import shop_scope
from tests.factories import make_goods, make_shop, pay, place, run_jobs
from tests.factories.orders import state_of
from tests.factories.promotions import promote

USES = "SELECT state, units, minor FROM promotion_uses ORDER BY id"
LEFT = "SELECT sum(uses_left)::int, sum(minor_left)::int FROM promotion_slots WHERE day = '-infinity'"


def ask(owner, question: str) -> list[tuple[object, ...]]:
    with owner.connect() as connection:
        return [tuple(row) for row in connection.execute(text(question))]


def overtake(owner) -> None:
    with owner.begin() as connection:
        connection.execute(
            text("UPDATE orders SET expires_at = now() - interval '1 s' WHERE state = 'pending'")
        )
        connection.execute(
            text("UPDATE reservations SET until = now() - interval '1 s' WHERE state = 'held'")
        )
    expire_checkouts()


def test_a_timed_price_is_what_the_buyer_pays_and_the_order_keeps_its_step(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=1)
    promotion = promote(shop, "timed_price", {"off_bps": 1000}, title="双十一")
    with shop_scope(shop.id):
        quoted, _ = purchase.quote(shop, {goods.listing_id: 1})
    [line] = quoted.lines
    off = line.list_minor - line.offer_minor
    assert off == line.list_minor * 1000 // 10_000 and quoted.total_minor == line.net_minor
    placed = place(shop, goods)
    pay(shop, placed)
    run_jobs()
    assert state_of(shop, placed) == "delivered"
    assert ask(owner, "SELECT promotion_id, title, minor, funder FROM order_promotions") == [
        (promotion.id, "双十一", off, "distributor")
    ]
    assert ask(owner, "SELECT list_minor * quantity - net_minor FROM order_lines") == [(off,)]
    assert ask(owner, USES) == [], "nothing is counted where nothing is limited"


def test_a_coupon_is_held_by_the_order_used_by_its_payment_and_returned_by_its_expiry(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=3)
    promote(
        shop, "fixed_coupon", {"minor": 100}, code="welcome", total_limit=3, per_buyer=1, budget_minor=1000
    )
    asked = Asked(codes=(" wel-COME ",))
    first = place(shop, goods, asked=asked)
    assert ask(owner, USES) == [("held", 1, 100)] and ask(owner, LEFT) == [(2, 900)]
    pay(shop, first)
    run_jobs()
    assert ask(owner, USES) == [("used", 1, 100)]
    place(shop, goods, asked=asked)
    overtake(owner)
    assert ask(owner, USES) == [("used", 1, 100), ("returned", 1, 100)]
    assert ask(owner, LEFT) == [(2, 900)]


def test_late_money_takes_the_coupon_again_or_goes_back(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    promote(shop, "fixed_coupon", {"minor": 100}, code="ONCE", total_limit=1)
    asked = Asked(codes=("ONCE",))
    late = place(shop, goods, asked=asked)
    overtake(owner)
    pay(shop, late)
    run_jobs()
    assert state_of(shop, late) == "delivered"
    assert ask(owner, USES) == [("used", 1, 100)] and ask(owner, LEFT) == [(0, None)]


def test_late_money_for_a_coupon_that_is_gone_is_refunded(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    promote(shop, "fixed_coupon", {"minor": 100}, code="ONCE", total_limit=1)
    asked = Asked(codes=("ONCE",))
    late = place(shop, goods, asked=asked)
    overtake(owner)
    other = place(shop, goods, asked=asked)
    pay(shop, other)
    pay(shop, late)
    run_jobs()
    assert (state_of(shop, other), state_of(shop, late)) == ("delivered", "refunded")
    assert ask(owner, "SELECT count(*) FROM promotion_uses WHERE state = 'used'") == [(1,)]


def test_a_quote_stands_until_its_coupon_is_gone_and_then_says_which(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    promote(shop, "fixed_coupon", {"minor": 100}, code="ONCE", total_limit=1, title="只此一张")
    with shop_scope(shop.id):
        quoted, _ = purchase.quote(shop, {goods.listing_id: 1}, Asked(codes=("ONCE",)))
    place(shop, goods, asked=Asked(codes=("ONCE",)))
    command = purchase.PlaceOrder(purchase.seal(quoted), "late@example.com", "card", "late", "en")
    with shop_scope(shop.id), pytest.raises(PromotionOver) as refused:
        purchase.place_order(command, shop=shop, actor=purchase.SYSTEM)
    assert refused.value.facts["title"] == "只此一张" and refused.value.facts["reason"] == "limit"
    with shop_scope(shop.id):
        again, _ = purchase.quote(shop, {goods.listing_id: 1}, Asked(codes=("ONCE",)))
    assert [(step.because, step.minor) for step in again.left_out] == [("limit", 0)]
    assert ask(owner, "SELECT count(*) FROM orders") == [(1,)]


def test_a_promotion_stops_when_its_budget_does(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    promote(shop, "timed_price", {"off_bps": 1000}, budget_minor=1)
    with shop_scope(shop.id):
        quoted, _ = purchase.quote(shop, {goods.listing_id: 1})
    assert quoted.lines[0].offer_minor == quoted.lines[0].list_minor
    assert [step.because for step in quoted.left_out] == ["budget"]


def test_a_held_out_buyer_pays_the_list_price_and_it_is_remembered(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    promotion = promote(shop, "timed_price", {"off_bps": 1000}, holdout_bps=5000)
    devices = [f"device-{number}" for number in range(40)]
    out = [device for device in devices if is_held_out(promotion.key, f"d:{device}", 5000)]
    assert 5 < len(out) < 35
    placed = place(shop, goods, device=out[0], email="mei@example.com")
    assert placed.payment_id is not None
    assert ask(owner, "SELECT count(*) FROM order_promotions") == [(0,)]
    assert ask(owner, "SELECT held_out FROM attributions") == [([promotion.id],)]
    inside = next(device for device in devices if device not in out)
    place(shop, goods, device=inside, email="mei@example.com")
    assert ask(owner, "SELECT count(*) FROM order_promotions") == [(0,)], "known by the e-mail again"


def test_another_shops_promotion_counts_nowhere_else(app):
    shop, other = make_shop(), make_shop()
    goods = make_goods(other, codes=1)
    promote(shop, "timed_price", {"off_bps": 1000})
    with shop_scope(other.id):
        quoted, _ = purchase.quote(other, {goods.listing_id: 1}, Asked())
    assert quoted.lines[0].offer_minor == quoted.lines[0].list_minor and quoted.left_out == ()


def test_a_brands_promotion_is_for_its_own_goods_and_at_its_cost(app, owner):
    shop = make_shop()
    goods, others = make_goods(shop, codes=1), make_goods(shop, codes=1)
    promote(None, "timed_price", {"off_bps": 500}, brand_id=goods.brand_id)
    with shop_scope(shop.id):
        quoted, _ = purchase.quote(shop, {goods.listing_id: 1, others.listing_id: 1})
    by_sku = {line.sku_id: line for line in quoted.lines}
    assert by_sku[goods.sku_id].funded_brand_minor == by_sku[goods.sku_id].list_minor * 500 // 10_000
    assert by_sku[others.sku_id].offer_minor == by_sku[others.sku_id].list_minor


def test_stock_set_aside_is_taken_from_and_given_back_to(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=3)
    with shop_scope(shop.id), unit_of_work():
        aside = inventory.reserve(
            "drop:1", [Want(goods.sku_id, 2, "code", unlimited=False)], clock.now() + timedelta(hours=1),
            set_aside=True,
        )  # fmt: skip
    assert aside is not None
    asked = Asked(tied={"parent": aside})
    placed = place(shop, goods, asked=asked)
    with shop_scope(shop.id), unit_of_work():
        assert inventory.left_in(aside) == {goods.sku_id: 1}
    overtake(owner)
    assert state_of(shop, placed) == "expired"
    with shop_scope(shop.id), unit_of_work():
        assert inventory.left_in(aside) == {goods.sku_id: 2}, "back to what was set aside, not to the shelf"
    assert ask(owner, "SELECT count(*) FROM codes WHERE state = 'free'") == [(1,)]
    pay(shop, place(shop, goods, asked=replace(asked)))
    run_jobs()
    with shop_scope(shop.id), unit_of_work():
        assert inventory.release(aside)
    assert ask(owner, "SELECT state, count(*) FROM codes GROUP BY 1 ORDER BY 1") == [("free", 2), ("sold", 1)]


def test_a_shops_own_code_goes_before_the_platforms_of_the_same_letters(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=1)
    own = promote(shop, "fixed_coupon", {"minor": 100}, code="SAME")
    promote(None, "fixed_coupon", {"minor": 50}, code="SAME")
    with shop_scope(shop.id):
        quoted, _ = purchase.quote(shop, {goods.listing_id: 1}, Asked(codes=("same",)))
    assert [(one.promotion_id, one.minor) for one in quoted.taken] == [(own.id, 100)]
