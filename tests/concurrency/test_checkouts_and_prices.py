"""Changing prices, suspending firms and buying do not stand in each other's way."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain.catalog import service as catalog
from app.flows import oversee
from app.foundation.database import session
from app.foundation.errors import Busy
from app.foundation.unit_of_work import once_more, unit_of_work
from tenants.context import platform_scope, shop_scope
from tenants.directory import Tenant
from tests.factories import make_goods, make_shop, place
from tests.factories.goods import Goods

ANOTHER = "SET LOCAL lock_timeout = '300ms'"


def points_at(owner_session: Session, table: str, row_id: int) -> None:
    """What a foreign key's check takes of the row it points at."""
    owner_session.execute(text(ANOTHER))
    owner_session.execute(text(f"SELECT 1 FROM {table} WHERE id = :id FOR KEY SHARE"), {"id": row_id})


@pytest.fixture
def goods_in_shop(app) -> tuple[Tenant, Goods]:
    shop = make_shop()
    return shop, make_goods(shop, codes=2)


def test_a_checkout_goes_on_while_the_price_is_being_changed(goods_in_shop, owner):
    shop, goods = goods_in_shop
    with shop_scope(shop.id), unit_of_work():
        catalog.set_price(goods.listing_id, 2100)
        with Session(owner.execution_options(isolation_level="READ COMMITTED")) as other:
            points_at(other, "listings", goods.listing_id)


def test_a_checkout_goes_on_while_its_brand_is_being_looked_at(goods_in_shop, owner):
    _, goods = goods_in_shop
    with platform_scope(), unit_of_work():
        oversee._firm("brand", goods.brand_id)
        with Session(owner.execution_options(isolation_level="READ COMMITTED")) as other:
            points_at(other, "brands", goods.brand_id)


def test_waiting_for_a_lock_in_vain_comes_out_as_busy(goods_in_shop, owner):
    shop, goods = goods_in_shop
    with Session(owner.execution_options(isolation_level="READ COMMITTED")) as other:
        other.execute(text("SELECT 1 FROM listings WHERE id = :id FOR UPDATE"), {"id": goods.listing_id})
        with pytest.raises(Busy), shop_scope(shop.id), unit_of_work(lock_seconds=0.1):
            catalog.set_price(goods.listing_id, 2100)


def test_a_purchase_that_lost_its_wait_is_tried_once_more(app):
    tries: list[int] = []

    def story() -> str:
        tries.append(1)
        if len(tries) == 1:
            raise Busy(retry_seconds=2)
        return "placed"

    assert once_more(story) == "placed"
    assert len(tries) == 2


def test_lines_are_written_in_order_of_listing_whatever_the_carts_order(app):
    shop = make_shop()
    goods = [make_goods(shop, codes=1) for _ in range(3)]
    placed = place(shop, dict.fromkeys(reversed(goods), 1))
    with shop_scope(shop.id):
        written = session().execute(
            text("SELECT listing_id FROM order_lines WHERE order_id = :id ORDER BY id"),
            {"id": placed.order_id},
        )
        assert list(written.scalars()) == sorted(one.listing_id for one in goods)
