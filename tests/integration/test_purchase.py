"""From a cart to a code in hand, on real PostgreSQL."""

from sqlalchemy import select

from app.domain.inventory.models import Code
from app.domain.orders.models import Order
from app.domain.orders.queries import lines_of
from app.domain.payments.models import Payment
from app.flows.reveal import reveal
from app.foundation.database import session
from tenants.context import platform_scope, shop_scope
from tests.factories import add_codes, buy, make_goods, make_shop
from tests.factories.orders import BUYER, state_of


def test_a_paid_order_is_delivered_and_its_code_can_be_read(app):
    shop = make_shop()
    goods = make_goods(shop)
    texts = add_codes(goods, 3)
    placed = buy(shop, {goods: 2})
    assert state_of(shop, placed) == "delivered"
    with shop_scope(shop.id):
        order = session().get_one(Order, placed.order_id)
        line = lines_of(order.id)[0]
        session().rollback()
        seen = [unit.secret.card for unit in reveal(order.id, line.id, actor=BUYER)]
        assert seen == texts[:2]
        assert session().execute(select(Payment.outcome)).scalar_one() == "delivered"
    with platform_scope():
        states = session().execute(select(Code.state).order_by(Code.pick)).scalars().all()
    assert states == ["sold", "sold", "free"]
