"""What a listing would give its seller is computed as a sale would be."""

import pytest
from sqlalchemy import Engine, text

from app.domain.commissions.expected import kept_per_unit
from app.domain.commissions.standing import standing
from app.foundation import clock
from tenants.context import shop_scope
from tests.factories import buy, make_goods, make_shop, run_jobs

BRACKETS = '{"brackets": [{"from_minor": 0, "rate_bps": 600}, {"from_minor": 100000, "rate_bps": 900}]}'


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [("margin", '{"supply_minor": 1000}', 1000), ("commission", '{"rate_bps": 850}', 170), ("commission", BRACKETS, 120)],
)  # fmt: skip
def test_what_a_seller_is_told_it_keeps_is_what_a_sale_gives_it(app, owner: Engine, kind, value, kept):
    shop = make_shop()
    goods = make_goods(shop, price=2000, floor=1500, supply=1200, codes=1)
    with owner.connect() as connection:
        connection.execute(
            text(
                "INSERT INTO rate_rules (brand_id, series, version, kind, sku_id, value, starts_at)"
                " VALUES (:brand, 's', 1, :kind, :sku, CAST(:value AS jsonb), now() - interval '1 hour')"
            ),
            {"brand": goods.brand_id, "sku": goods.sku_id, "kind": kind, "value": value},
        )
    now = clock.now()
    with shop_scope(shop.id):
        stand = standing([goods.sku_id], now=now)[goods.sku_id]
    assert kept_per_unit(stand, 2000, at=now) == kept
    buy(shop, goods)
    run_jobs()
    with owner.connect() as connection:
        earned = connection.execute(text("SELECT amount_minor FROM earnings WHERE role = 'seller'"))
        assert earned.scalar_one() == kept
