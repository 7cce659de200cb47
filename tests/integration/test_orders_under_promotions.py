"""What pricing found goes onto the order line, and the database agrees with it or refuses."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from app.bench.quote import counting
from app.domain.pricing import quotes
from app.domain.pricing.errors import PriceChanged
from app.domain.pricing.rules import Offer, price
from app.domain.promotions.models import StoredPromotion
from app.domain.promotions.rules import Off, Promotion
from app.domain.promotions.service import Taken
from app.domain.promotions.stored import promotion_of
from app.flows import purchase
from app.flows.purchase import PlaceOrder
from app.foundation import clock
from tenants.context import shop_scope
from tenants.directory import Tenant
from tests.concurrency.race import ask
from tests.factories import Goods, make_goods, make_shop
from tests.factories.orders import BUYER
from tests.factories.promotions import promote

EXEMPT = text("""
    INSERT INTO floors (brand_id, sku_id, promotion, floor_minor, starts_at, ends_at)
    SELECT brand_id, id, :key, 1300, now() - interval '1 hour', now() + interval '1 day' FROM skus
""")


def flash(brand_id: int) -> StoredPromotion:
    return promote(None, "timed_price", {"minor": 1350}, brand_id=brand_id)


def coupon() -> StoredPromotion:
    return promote(None, "percentage_coupon", {"rate_bps": 1000})


@pytest.fixture
def shop(app) -> Tenant:
    return make_shop()


@pytest.fixture
def goods(shop: Tenant) -> Goods:
    return make_goods(shop, price=2000, floor=1500, codes=5)


def place(
    shop: Tenant, goods: Goods, rows: list[StoredPromotion], exempt: dict[str, int] | None = None
) -> None:
    offer = Offer(
        goods.listing_id, goods.sku_id, 2, 2000, 1500, exempt=exempt or {}, brand_bears_minor=2400,
        brand_id=goods.brand_id,
    )  # fmt: skip
    lines = price([offer], [promotion_of(row) for row in rows])
    taken = [Taken(step.promotion_id, 1, step.minor) for line in lines for step in line.steps if step.minor]
    made = quotes.make(shop.id, "CNY", lines, clock.now(), taken=tuple(taken))
    with shop_scope(shop.id):
        command = PlaceOrder(
            quote=purchase.seal(made), email="b@example.com", method="alipay", device="d", locale="zh_Hans"
        )
        purchase.place_order(command, shop=shop, actor=BUYER)


LINE = "SELECT offer_minor, discount_minor, net_minor, floor_minor, floor_promotion, funded_brand_minor, funded_platform_minor FROM order_lines"


def test_an_order_line_keeps_who_pays_for_its_discounts(shop, goods, owner: Engine):
    place(shop, goods, [coupon()])
    assert ask(owner, LINE) == [(2000, 400, 3600, 1500, None, 0, 400)]


def test_an_exemption_that_the_brand_granted_is_sold_at(shop, goods, owner: Engine):
    row = flash(goods.brand_id)
    with owner.connect() as connection:
        connection.execute(EXEMPT, {"key": row.key})
    place(shop, goods, [row, coupon()], exempt={row.key: 1300})
    assert ask(owner, LINE) == [(1350, 0, 2700, 1300, row.key, 1300, 0)]


def test_an_exemption_that_nobody_granted_is_refused_by_the_database(shop, goods):
    row = flash(goods.brand_id)
    with pytest.raises(PriceChanged) as refused:
        place(shop, goods, [row], exempt={row.key: 1300})
    assert "in force is 1500" in str(refused.value.__cause__.__cause__)


def test_nobody_stands_on_the_exemption_of_another_shops_promotion(shop, goods, owner: Engine):
    row = promote(make_shop(), "timed_price", {"minor": 1350})
    with owner.connect() as connection:
        connection.execute(EXEMPT, {"key": row.key})
    with pytest.raises(PriceChanged) as refused:
        place(shop, goods, [row], exempt={row.key: 1300})
    assert f"no promotion {row.key} is on in shop {shop.id}" in str(refused.value.__cause__.__cause__)


def test_a_line_that_others_pay_for_names_their_promotion(shop, goods):
    offer = Offer(goods.listing_id, goods.sku_id, 1, 2000, 1500, brand_id=goods.brand_id)
    lines = price([offer], [Promotion(1, "nobody's", "percentage_coupon", Off(rate_bps=1000), "platform")])
    made = quotes.make(shop.id, "CNY", lines, clock.now())
    command = PlaceOrder(
        quote=purchase.seal(made), email="b@example.com", method="alipay", device="d", locale="zh_Hans"
    )
    with shop_scope(shop.id), pytest.raises(IntegrityError, match="names no promotion"):
        purchase.place_order(command, shop=shop, actor=BUYER)


def test_a_quote_of_five_lines_asks_the_database_as_often_as_one_of_one(shop, goods):
    cart = {goods.listing_id: 1} | {make_goods(shop).listing_id: 1 for _ in range(4)}
    told = []
    for wanted in ({goods.listing_id: 1}, cart):
        with shop_scope(shop.id), counting() as counted:
            purchase.quote(shop, wanted)
        told.append(counted["statements"])
    assert told[0] == told[1] <= 4


def test_goods_that_left_their_category_since_the_quote_are_agreed_to_again(
    shop: Tenant, goods: Goods, owner: Engine
) -> None:
    with owner.connect() as connection:
        of_sku = text(
            "SELECT p.category_id FROM products p JOIN skus s ON s.product_id = p.id WHERE s.id = :sku"
        )
        category = connection.execute(of_sku, {"sku": goods.sku_id}).scalar_one()
    promote(shop, "timed_price", {"off_bps": 1000}, target_of="category", target_ids=[category])
    with shop_scope(shop.id):
        quoted, _ = purchase.quote(shop, {goods.listing_id: 1})
    assert quoted.total_minor == 1800
    with owner.begin() as connection:
        connection.execute(
            text("""
                WITH far AS (INSERT INTO categories (slug, name, name_en, position) VALUES ('far', '远', 'Far', 9)
                             RETURNING id)
                UPDATE products SET category_id = far.id FROM far
            """)
        )
    command = PlaceOrder(
        quote=purchase.seal(quoted), email="b@example.com", method="alipay", device="d", locale="zh_Hans"
    )
    with shop_scope(shop.id), pytest.raises(PriceChanged):
        purchase.place_order(command, shop=shop, actor=BUYER)
    assert ask(owner, "SELECT count(*) FROM orders") == [(0,)]
