"""The price on a page is the price at the checkout: whatever is on, a piece or several of one good cost what they say."""

from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine

from app.domain.promotions import lists
from app.domain.promotions.rules import ANY_KIND
from app.flows import purchase, shop_window
from app.flows.shop_window import Piece
from app.foundation import clock
from tenants.context import shop_scope
from tenants.directory import Tenant
from tests.factories import Goods, make_goods, make_shop
from tests.factories.promotions import promote
from tests.property.test_stored_promotions import a_market, a_value


def pieces(shop: Tenant, goods: list[Goods], owner: Engine) -> list[Piece]:
    with owner.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT i.id, i.sku_id, i.product_id, k.brand_id, p.category_id, i.price_minor FROM listings i"
            f" JOIN skus k ON k.id = i.sku_id JOIN products p ON p.id = i.product_id WHERE i.shop_id = {shop.id}"
        ).all()
    return [Piece(*row) for row in rows]


def limited(shop: Tenant, goods: list[Goods], dice: Random) -> None:
    """Promotions with few uses, units or little money left."""
    skus = [one.sku_id for one in goods]
    for kind in sorted(ANY_KIND):
        for by in ("shop", "platform"):
            limits: dict[str, Any] = dice.choice(
                ({"total_limit": 2, "limit_of": "units"}, {"budget_minor": 700}, {"per_buyer": 3, "limit_of": "units"},
                 {"per_day": 1, "limit_of": "units"}, {"total_limit": 1})
            )  # fmt: skip
            promote(shop if by == "shop" else None, kind, a_value(kind, dice, skus), **limits)


@pytest.mark.parametrize("seed", ["a", "b", "c", "d"])
def test_a_page_shows_what_the_checkout_asks(app, owner: Engine, seed: str):
    dice, shop = Random(seed), make_shop()
    goods = [make_goods(shop, unlimited=True, kind="manual", price=dice.randint(800, 3000), floor=dice.randint(0, 800),
                        supply=0) for _ in range(5)]  # fmt: skip
    limited(shop, goods, dice)
    if seed in "ab":
        a_market(shop, goods, dice, owner)
    shelf = pieces(shop, goods, owner)
    differ = []
    with shop_scope(shop.id):
        window = shop_window.look(shelf)
        for ware in shelf:
            for quantity in (1, 2, 3, 5):
                shown = window.one(ware.listing_id, quantity)
                (asked,) = purchase.quote(shop, {ware.listing_id: quantity})[0].lines
                if shown is not None and shown.net_minor != asked.net_minor:
                    differ.append((ware.sku_id, quantity, shown.net_minor, asked.net_minor))
    assert differ == []


def test_what_is_in_another_currency_is_on_no_page_of_a_shop(app, owner: Engine):
    shop = make_shop()
    goods = make_goods(shop, price=2000, floor=100, supply=0)
    promote(None, "fixed_coupon", {"minor": 500}, currency="JPY", title="五百日元")
    promote(None, "timed_price", {"minor": 500}, currency="JPY", brand_id=goods.brand_id)
    with shop_scope(shop.id):
        assert shop_window.look(pieces(shop, [goods], owner)).on == {}
        assert lists.overlapping(clock.now(), None) == []
        assert purchase.quote(shop, {goods.listing_id: 1})[0].total_minor == 2000
    with shop_scope(make_shop(currency="JPY").id):
        assert len(lists.overlapping(clock.now(), None)) == 2
