"""Staff see the mails about an order."""

from app.domain.notifications.lists import mails_about
from tenants.context import shop_scope
from tests.factories import buy, make_goods, make_shop


def test_the_mails_about_an_order_are_found_by_it_and_no_others(app):
    shop = make_shop()
    goods = make_goods(shop, codes=2)
    one, other = buy(shop, goods), buy(shop, goods)
    with shop_scope(shop.id):
        found = mails_about(one.order_id)
        assert found and {mail.data["number"] for mail in found} == {one.number}
        assert {mail.order_id for mail in mails_about(other.order_id)} == {other.order_id}
