"""A shop's scope changes its words and looks; its address, state, currency and owner are not its own to change."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from app.flows import shop_settings
from app.foundation.actor import SYSTEM
from app.foundation.database import fresh_session
from tenants.context import brand_scope, shop_scope
from tests.factories import buy, make_goods, make_shop
from tests.isolation.world import World

REFUSED = (
    "UPDATE shops SET slug = 'another'",
    "UPDATE shops SET status = 'live'",
    "UPDATE shops SET currency = 'USD'",
    "UPDATE shops SET distributor_id = distributor_id",
    "UPDATE shop_hosts SET verified_at = now()",
    "UPDATE shop_hosts SET host = 'bank.example'",
    "INSERT INTO shop_hosts (shop_id, host, token, verified_at) SELECT id, 'bank.example', 'x', now() FROM shops",
)


@pytest.mark.parametrize("statement", REFUSED)
def test_a_shops_scope_may_not(world: World, statement: str):
    with (
        shop_scope(world.a.shop.id),
        fresh_session() as opened,
        pytest.raises(ProgrammingError, match="permission denied"),
    ):
        opened.execute(text(statement))


def test_a_shops_scope_may_change_its_words(world: World):
    with shop_scope(world.a.shop.id), fresh_session() as opened:
        changed = opened.execute(text("UPDATE shops SET name = name, theme = theme, settings = settings"))
        assert changed.rowcount == 1
        opened.rollback()


def test_a_shop_is_closed_and_opened_again_by_its_distributor(app, owner: Engine):
    shop = make_shop()
    for is_open, state in ((False, "closed"), (True, "live")):
        shop_settings.set_open(shop.id, is_open=is_open, actor=SYSTEM)
        with owner.connect() as connection:
            assert (
                connection.execute(text("SELECT status FROM shops WHERE id = :id"), {"id": shop.id}).scalar()
                == state
            )


def change_currency(brand_id: int, sku_id: int) -> None:
    with brand_scope(brand_id), fresh_session() as opened:
        opened.execute(text("UPDATE skus SET currency = 'USD' WHERE id = :sku"), {"sku": sku_id})
        opened.commit()


def test_the_currency_of_a_listed_sku_stays(app):
    goods = make_goods(make_shop())
    with pytest.raises(IntegrityError, match="is listed or sold"):
        change_currency(goods.brand_id, goods.sku_id)


def test_the_currency_of_a_sold_sku_stays_when_nobody_lists_it_any_more(app, owner: Engine):
    shop = make_shop()
    goods = make_goods(shop, codes=1)
    buy(shop, goods)
    with owner.connect() as connection:  # past the foreign key of the order's line
        connection.execute(text("SET session_replication_role = replica"))
        connection.execute(text("DELETE FROM listings"))
        connection.execute(text("RESET session_replication_role"))
    with pytest.raises(IntegrityError, match="is listed or sold"):
        change_currency(goods.brand_id, goods.sku_id)


def test_the_currency_of_a_sku_that_nobody_lists_can_change(app, owner: Engine):
    goods = make_goods(make_shop())
    with owner.connect() as connection:
        connection.execute(text("DELETE FROM listings"))
    change_currency(goods.brand_id, goods.sku_id)
