"""Two shops may sell the same stock; what one has sold stays its own."""

import pytest
from sqlalchemy import Engine, text

from app.domain.inventory import queries as stock
from app.domain.orders.errors import NotDeliveredYet
from app.flows.reveal import reveal
from tenants.context import shop_scope
from tests.factories import add_codes, buy, make_goods, make_shop, pay, place
from tests.factories.orders import BUYER


def test_two_shops_of_one_brand_share_its_stock_and_nothing_else(app, owner: Engine):
    one, other = make_shop(), make_shop()
    goods = make_goods(one)
    add_codes(goods, 1)
    placed = buy(one, goods)
    with owner.connect() as connection:
        line_id = connection.execute(text("SELECT id FROM order_lines")).scalar_one()
    with shop_scope(other.id):
        assert stock.levels([goods.sku_id]) == {goods.sku_id: 0}
        assert stock.issued(line_id) == []
    with shop_scope(one.id):
        assert len(reveal(placed.order_id, line_id, actor=BUYER)) == 1


def test_no_secret_is_issued_before_it_is_delivered(app, owner: Engine):
    shop = make_shop()
    goods = make_goods(shop, codes=2)
    placed = place(shop, goods)
    with owner.connect() as connection:
        line_id = connection.execute(text("SELECT id FROM order_lines")).scalar_one()
    for step in (lambda: None, lambda: pay(shop, placed)):
        step()
        with shop_scope(shop.id), pytest.raises(NotDeliveredYet):
            reveal(placed.order_id, line_id, actor=BUYER)
    with owner.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM reveals")).scalar_one() == 0
