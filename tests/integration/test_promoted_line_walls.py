"""What a promotion did to a line is what it may do: the database says so at commit, whatever the code of a shop says.

Each quote here is forged with the house's own seal, as if the shop's code had been turned against brand and platform.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.domain.catalog.models import Listing
from app.domain.pricing import quotes
from app.domain.pricing.errors import PriceChanged
from app.domain.pricing.rules import PricedLine, Step
from app.domain.promotions import service
from app.domain.promotions.errors import PromotionOver
from app.domain.promotions.models import StoredPromotion
from app.domain.promotions.rules import OFFERS
from app.domain.promotions.service import Taken
from app.flows import purchase
from app.flows.purchase import PlaceOrder
from app.foundation import clock
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope, shop_scope
from tenants.directory import Tenant
from tests.concurrency.race import ask
from tests.factories import Goods, make_goods, make_shop
from tests.factories.orders import BUYER
from tests.factories.promotions import promote

EXEMPT = text("""
    INSERT INTO floors (brand_id, sku_id, promotion, floor_minor, starts_at, ends_at)
    SELECT brand_id, id, :key, 1300, now() - interval '1 hour', now() + interval '1 day' FROM skus WHERE id = :sku
""")


@contextmanager
def refused(match: str) -> Iterator[None]:
    """The database says no; a buyer hears it as a price to agree to again."""
    with pytest.raises((DBAPIError, PriceChanged)) as told:
        yield
    said = told.value if isinstance(told.value, DBAPIError) else told.value.__cause__
    assert match in str(said)


@pytest.fixture
def shop(app) -> Tenant:
    return make_shop()


@pytest.fixture
def goods(shop: Tenant) -> Goods:
    return make_goods(shop, price=2000, floor=1500, codes=5)


def line(
    goods: Goods, steps: list[tuple[StoredPromotion, int]], quantity: int = 1, **more: Any
) -> PricedLine:
    """A line of list price 2000 on which promotions took so much; `more` is what it lies about."""
    offers = sum(minor for row, minor in steps if row.kind in OFFERS)
    off = sum(minor for _row, minor in steps)
    told = tuple(Step(row.id, row.key, row.kind, row.funder, minor, minor) for row, minor in steps)
    funded = {by: sum(minor for row, minor in steps if row.funder == by) for by in ("brand", "platform")}
    made = PricedLine(
        goods.listing_id, goods.sku_id, quantity, 2000, 2000 - offers // quantity, off - offers, 2000 * quantity - off, 1500,
        funded_brand_minor=funded["brand"], funded_platform_minor=funded["platform"], steps=told,
    )  # fmt: skip
    return replace(made, **more)


def order(shop: Tenant, *lines: PricedLine) -> None:
    minor: dict[int, int] = {}
    for one in lines:
        for step in one.steps:
            minor[step.promotion_id] = minor.get(step.promotion_id, 0) + step.minor
    taken = tuple(Taken(at, sum(one.quantity for one in lines), of) for at, of in minor.items())
    made = quotes.make(shop.id, "CNY", lines, clock.now(), taken=taken)
    with shop_scope(shop.id):
        command = PlaceOrder(purchase.seal(made), "b@example.com", "alipay", "d", "zh_Hans")
        purchase.place_order(command, shop=shop, actor=BUYER)


def exempt(owner: Engine, row: StoredPromotion, goods: Goods) -> None:
    with owner.begin() as connection:
        connection.execute(EXEMPT, {"key": row.key, "sku": goods.sku_id})


def test_nobody_sells_below_the_floor_by_an_exemption_whose_promotion_took_nothing(shop, goods, owner):
    row = promote(shop, "timed_price", {"minor": 1350})
    other = promote(shop, "fixed_coupon", {"minor": 650})
    exempt(owner, row, goods)
    for steps in ([], [(other, 650)]):
        with refused("exemption"):
            order(shop, line(goods, steps, offer_minor=1350, discount_minor=0, net_minor=1350, floor_minor=1300,
                             floor_promotion=row.key))  # fmt: skip
    assert ask(owner, "SELECT count(*) FROM orders") == [(0,)]


def test_what_else_lies_on_an_exempted_line_still_needs_the_ordinary_floor(shop, goods, owner):
    row = promote(shop, "timed_price", {"minor": 1999})
    other = promote(shop, "fixed_coupon", {"minor": 649})
    exempt(owner, row, goods)
    with refused("exemption"):
        order(shop, line(goods, [(row, 1), (other, 649)], floor_minor=1300, floor_promotion=row.key))


def test_an_exemption_is_used_as_it_was_granted(shop, goods, owner):
    row = promote(shop, "timed_price", {"minor": 1350})
    exempt(owner, row, goods)
    order(shop, line(goods, [(row, 650)], floor_minor=1300, floor_promotion=row.key))
    assert ask(owner, "SELECT net_minor, floor_promotion FROM order_lines") == [(1350, row.key)]


VALUES = {
    "timed_price": ({"minor": 1700}, 300), "flash_price": ({"off_bps": 1001}, 200),
    "quantity_tiers": ({"tiers": [{"from": 1, "minor": 1900}, {"from": 3, "minor": 1600}]}, 100),
    "fixed_coupon": ({"minor": 123}, 123), "threshold_coupon": ({"minor": 321, "from_minor": 1000}, 321),
    "percentage_coupon": ({"rate_bps": 1000, "most_minor": 150}, 150), "referral": ({"rate_bps": 500}, 100),
}  # fmt: skip


@pytest.mark.parametrize("by", ["brand", "platform"])
@pytest.mark.parametrize("kind", VALUES)
def test_nobody_pays_more_of_a_line_than_its_promotion_gives(shop, goods, kind, by):
    value, most = VALUES[kind]
    row = promote(None, kind, value, **({"brand_id": goods.brand_id} if by == "brand" else {}))
    with refused("more than it gives"):
        order(shop, line(goods, [(row, most + 1)]))
    order(shop, line(goods, [(row, most)]))


def test_an_amount_is_given_once_in_an_order(shop, goods):
    other = make_goods(shop, price=2000, floor=1500, codes=5, brand_id=goods.brand_id)
    row = promote(None, "fixed_coupon", {"minor": 100}, brand_id=goods.brand_id)
    with refused("more than it gives"):
        order(shop, line(goods, [(row, 60)]), line(other, [(row, 60)]))
    order(shop, line(goods, [(row, 60)]), line(other, [(row, 40)]))


def test_a_threshold_is_reached_before_anybody_pays(shop, goods):
    row = promote(None, "threshold_coupon", {"minor": 100, "from_minor": 2001})
    with refused("more than it gives"):
        order(shop, line(goods, [(row, 100)]))


def test_a_bundle_is_whole_before_anybody_pays(shop, goods):
    other = make_goods(shop, price=2000, floor=1500, codes=5, brand_id=goods.brand_id)
    parts = [
        {"sku": goods.sku_id, "units": 1, "minor": 1900},
        {"sku": other.sku_id, "units": 1, "minor": 1900},
    ]
    row = promote(None, "bundle_price", {"parts": parts}, brand_id=goods.brand_id)
    with refused("more than it gives"):
        order(shop, line(goods, [(row, 100)]))
    order(shop, line(goods, [(row, 100)]), line(other, [(row, 100)]))


def test_nobody_pays_for_goods_that_its_promotion_is_not_for(shop, goods):
    other = make_goods(shop, price=2000, floor=1500, codes=5, brand_id=goods.brand_id)
    for target in ({"target_of": "sku", "target_ids": [other.sku_id]}, {"target_of": "product", "target_ids": [other.product_id]},
                   {"target_of": "category", "target_ids": [999]}):  # fmt: skip
        row = promote(None, "fixed_coupon", {"minor": 100}, brand_id=goods.brand_id, **target)
        with refused("is not for"):
            order(shop, line(goods, [(row, 100)]))


def test_nobody_pays_in_a_shop_of_another_currency(shop, goods):
    row = promote(None, "fixed_coupon", {"minor": 100}, currency="JPY")
    with refused("is in JPY, order"):
        order(shop, line(goods, [(row, 100)]))


@pytest.mark.parametrize("status", ["paused", "ended"])
def test_nobody_pays_for_what_it_has_stopped(shop, goods, status, monkeypatch):
    """Whatever the flow forgets to ask: a promotion without limits is counted nowhere."""
    row = promote(None, "timed_price", {"minor": 1900})
    with platform_scope(), unit_of_work() as work:
        service.become(work.session.get_one(StoredPromotion, row.id), status)
    monkeypatch.setattr(service, "take", lambda *_: None)
    with pytest.raises(PromotionOver):
        order(shop, line(goods, [(row, 100)]))


def test_a_list_price_that_changed_after_the_quote_is_as_it_was_quoted(shop, goods, owner):
    row = promote(None, "timed_price", {"minor": 1900})
    with shop_scope(shop.id), unit_of_work() as work:
        work.session.get_one(Listing, goods.listing_id).price_minor = 3000
    order(shop, line(goods, [(row, 100)]))
    assert ask(owner, "SELECT net_minor FROM order_lines") == [(1900,)]


def test_nobody_pays_for_a_list_price_that_the_shop_never_had(shop, goods):
    row = promote(None, "percentage_coupon", {"rate_bps": 5000})
    with refused("list price"):
        order(
            shop,
            line(
                goods, [(row, 5000)], list_minor=10000, offer_minor=10000, discount_minor=5000, net_minor=5000
            ),
        )
