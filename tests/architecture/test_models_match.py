"""Models and migrations say the same, and no order shares what another holds."""

import pytest
from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from app.config import Settings
from app.schema import alembic_config
from tests.factories import make_goods, make_shop, place


def test_alembic_finds_nothing_to_add(settings: Settings, built_app):
    command.check(alembic_config(settings.database_url))


def test_two_orders_never_hold_the_same_reservation(app, owner: Engine):
    shop = make_shop()
    goods = make_goods(shop, codes=2)
    one, other = place(shop, goods), place(shop, goods)
    with owner.connect() as connection, pytest.raises(IntegrityError, match="uq_orders_reservation_id"):
        connection.execute(
            text(
                "UPDATE orders SET reservation_id = (SELECT reservation_id FROM orders WHERE id = :one) WHERE id = :other"
            ),
            {"one": one.order_id, "other": other.order_id},
        )
