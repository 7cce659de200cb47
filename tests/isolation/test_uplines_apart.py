"""An upline earns with its recruits' orders, and is told nothing by which an order could be found."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.foundation.database import fresh_session, session
from tenants.context import distributor_scope, platform_scope
from tests.factories import make_goods, make_shop, pay, place, run_jobs
from tests.factories.money import add_uplines, set_rule

SEEN = "SELECT role, order_number FROM earnings"


@pytest.fixture
def earned(app) -> tuple[list[int], str]:
    """(uplines, the number of an order that they earn with)."""
    shop = make_shop()
    goods = make_goods(shop, codes=2)
    above = add_uplines(shop, 2)
    set_rule(goods, "override", step1_bps=500, step2_bps=300, pot="distributor")
    placed = place(shop, goods)
    pay(shop, placed)
    run_jobs()
    return above, placed.number


def test_uplines_read_no_order_number(earned):
    above, number = earned
    for upline in above:
        with distributor_scope(upline):
            rows = session().execute(text(SEEN)).all()
            everything = session().execute(text("SELECT to_jsonb(e)::text FROM earnings e")).scalars().all()
            session().rollback()
        assert rows and all(told == "" and role.startswith("upline") for role, told in rows)
        assert number not in "".join(everything)


def test_no_number_is_written_for_an_upline_whoever_writes(earned, owner: Engine):
    with platform_scope(), fresh_session() as opened:
        again = text("""
            INSERT INTO earnings (transaction_id, distributor_id, role, shop_id, seller_id, of_brand_id, order_id,
                order_line_id, order_number, product_id, sku_id, product_name, sku_name, quantity, currency, net_minor,
                amount_minor, why, earned_at, matures_at)
            SELECT transaction_id, distributor_id, role, shop_id, seller_id, of_brand_id, order_id, order_line_id + 1,
                'X', product_id, sku_id, product_name, sku_name, quantity, currency, net_minor, amount_minor, why,
                earned_at, matures_at
            FROM earnings WHERE role = 'upline1'
        """)
        with pytest.raises(DBAPIError, match="ck_earnings_told"):
            opened.execute(again)
