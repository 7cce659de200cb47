"""A stop is a stop: what is switched off, paused or ended after a quote is not sold under it."""

import pytest
from sqlalchemy import text

from app.domain.promotions import queries, service
from app.domain.promotions.errors import PromotionOver
from app.domain.promotions.models import PromotionSwitch, StoredPromotion
from app.flows import promoting, purchase
from app.flows.purchase import PlaceOrder
from app.foundation.unit_of_work import unit_of_work
from tenants.context import brand_scope, platform_scope, shop_scope
from tenants.directory import Tenant
from tests.factories import Goods, make_goods, make_shop
from tests.factories.orders import BUYER
from tests.factories.promotions import promote


def quoted(shop: Tenant, *goods: Goods) -> str:
    with shop_scope(shop.id):
        made, _ = purchase.quote(shop, {one.listing_id: 1 for one in goods})
    assert made.taken, "the promotion counts"
    return purchase.seal(made)


def order(shop: Tenant, sealed: str) -> None:
    with shop_scope(shop.id):
        command = PlaceOrder(sealed, "b@example.com", "alipay", "device", "zh_Hans")
        purchase.place_order(command, shop=shop, actor=BUYER)


def switch_off(*, brand_id: int | None = None, **what: int | str) -> None:
    with brand_scope(brand_id) if brand_id else platform_scope(), unit_of_work() as work:
        work.session.add(PromotionSwitch(brand_id=brand_id, **what))


def becomes(shop: Tenant, promotion: StoredPromotion, status: str) -> None:
    with shop_scope(shop.id), unit_of_work():
        service.become(queries.by_ids([promotion.id])[promotion.id], status)


def refused(shop: Tenant, sealed: str) -> str:
    with pytest.raises(PromotionOver) as told:
        order(shop, sealed)
    return str(told.value.facts["reason"])


@pytest.fixture
def shop(app) -> Tenant:
    return make_shop()


@pytest.fixture
def goods(shop: Tenant) -> Goods:
    return make_goods(shop, codes=5)


@pytest.mark.parametrize(("status", "said"), [("paused", "paused"), ("ended", "not_now")])
@pytest.mark.parametrize("limits", [{}, {"total_limit": 100}], ids=["uncounted", "counted"])
def test_a_quote_from_before_a_promotion_stopped_is_agreed_to_again(shop, goods, status, said, limits):
    promotion = promote(shop, "timed_price", {"off_bps": 500}, **limits)
    sealed = quoted(shop, goods)
    becomes(shop, promotion, status)
    assert refused(shop, sealed) == said


@pytest.mark.parametrize("by", ["brand", "platform"])
@pytest.mark.parametrize("what", ["kind", "promotion_id", "shop_id"])
def test_a_quote_from_before_a_switch_is_agreed_to_again(shop, goods, by, what):
    promotion = promote(shop, "timed_price", {"off_bps": 500})
    sealed = quoted(shop, goods)
    named = {"kind": "timed_price", "promotion_id": promotion.id, "shop_id": shop.id}[what]
    switch_off(brand_id=goods.brand_id if by == "brand" else None, **{what: named})
    assert refused(shop, sealed) == "switched_off"


def test_what_is_off_for_other_goods_another_shop_or_another_kind_stands(shop, goods):
    other_shop, other_goods = make_shop(), make_goods(shop, codes=1)
    promote(shop, "timed_price", {"off_bps": 500})
    sealed = quoted(shop, goods)
    switch_off(brand_id=other_goods.brand_id, kind="timed_price")
    switch_off(shop_id=other_shop.id)
    switch_off(brand_id=goods.brand_id, kind="flash_price")
    order(shop, sealed)


def test_a_switch_that_is_on_again_stops_nothing(shop, goods, owner):
    promote(shop, "timed_price", {"off_bps": 500})
    sealed = quoted(shop, goods)
    switch_off(brand_id=goods.brand_id, kind="timed_price")
    with owner.begin() as connection:
        connection.execute(text("UPDATE promotion_switches SET ended_at = now()"))
    order(shop, sealed)


def test_a_switch_between_the_look_and_the_writing_is_seen_by_the_database(shop, goods, monkeypatch, owner):
    """The twin of the look: without it, the wall itself refuses, and says so in the same words."""
    promote(shop, "timed_price", {"off_bps": 500})
    sealed = quoted(shop, goods)
    switch_off(brand_id=goods.brand_id, kind="timed_price")
    monkeypatch.setattr(promoting, "_refuse_switched_off", lambda *_: None)
    assert refused(shop, sealed) == "switched_off"
    with owner.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM orders")).scalar_one() == 0
