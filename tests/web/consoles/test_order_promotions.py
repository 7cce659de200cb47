"""Who bears a promotion of an order: the shop reads all of it, a brand its own part."""

import pytest
from sqlalchemy import text

from tests.factories import buy, make_goods, make_shop
from tests.factories.promotions import promote


@pytest.fixture
def sold(inside, owner):
    """One sale at 30.00: 3.00 off by the brand's timed price, 1.00 off by the shop's coupon."""
    with inside():
        shop = make_shop("mine")
        goods = make_goods(shop, price=3000, codes=5)
        promote(
            None,
            "timed_price",
            {"off_bps": 1000},
            brand_id=goods.brand_id,
            title="品牌周",
            title_en="Brand week",
        )
        promote(shop, "fixed_coupon", {"minor": 100}, title="立减", title_en="One off")
        buy(shop, {goods: 1})
    with owner.connect() as connection:
        found = connection.execute(
            text("SELECT id, order_number, distributor_id FROM earnings ORDER BY role = 'seller' DESC")
        ).all()
        supply = connection.execute(text("SELECT id FROM earnings WHERE role = 'supplier'")).scalar_one()
    seller = next(row for row in found if row.distributor_id is not None)
    return {
        "distributor": seller.distributor_id, "number": seller.order_number, "brand": goods.brand_id, "supply": supply,
    }  # fmt: skip


def test_the_shop_reads_each_promotion_of_a_line_with_who_bears_it(staff, sold):
    seller = staff("distributor", distributor_id=sold["distributor"])
    words = seller.words(f"/distributor/shops/mine/orders/{sold['number']}")
    assert "discount ¥4.00" in words
    assert "Brand week borne by the brand −¥3.00 One off borne by the shop −¥1.00" in words


def test_a_brand_reads_its_own_part_and_nobody_elses(staff, sold):
    brand = staff("brand", brand_id=sold["brand"])
    words = brand.words(f"/brand/earnings/lines/{sold['supply']}")
    assert "Your promotions in it Brand week −¥3.00" in words
    assert "One off" not in words
