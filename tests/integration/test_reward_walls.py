"""Rewards are paid by the shop they are due in: raw SQL in a shop's own scope reaches nobody else's money."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.foundation.unit_of_work import unit_of_work
from tenants.context import shop_scope
from tests.concurrency.race import ask
from tests.factories import buy, make_goods, make_shop
from tests.factories.money import Books
from tests.factories.promotions import promote
from tests.factories.referrals import later, programme, promoter

DUE = "INSERT INTO attributions (order_id, shop_id, via, promoter_id) VALUES (:order, :shop, 'click', :promoter)"
PROGRAMME = """
    INSERT INTO referral_programmes (promotion_id, shop_id, step1_kind, step1_rate_bps) VALUES (:promotion, :shop, 'cash', 10000)
"""


def run(where, sql, **values):
    with shop_scope(where.id), unit_of_work() as work:
        work.session.execute(text(sql), values)


def test_another_shops_sale_is_due_to_nobody_here(app, owner):
    mine, theirs = make_shop(), make_shop()
    programme(mine)
    who = promoter(mine)
    sold = buy(theirs, make_goods(theirs, codes=1))
    with pytest.raises(DBAPIError, match="row-level security"):
        run(mine, DUE, order=sold.order_id, shop=mine.id, promoter=who.id)
    later()
    assert ask(owner, "SELECT count(*) FROM referral_rewards") == [(0,)]
    assert "promoter_payable" not in Books(owner).accounts()


def test_a_promoter_of_another_shop_is_due_nothing_here(app, owner):
    mine, theirs = make_shop(), make_shop()
    programme(mine)
    programme(theirs)
    who = promoter(theirs)
    sold = buy(mine, make_goods(mine, codes=1))
    with pytest.raises(DBAPIError, match="row-level security"):
        run(mine, DUE, order=sold.order_id, shop=mine.id, promoter=who.id)
    later()
    assert ask(owner, "SELECT count(*) FROM referral_rewards") == [(0,)]


@pytest.mark.parametrize("whose", ["platform", "brand", "another shop"])
def test_a_shop_makes_no_programme_that_somebody_else_pays_for(app, owner, whose):
    shop, other = make_shop(), make_shop()
    goods = make_goods(shop, codes=1)
    row = promote(
        other if whose == "another shop" else None, "referral", {"minor": 1},
        **({"brand_id": goods.brand_id} if whose == "brand" else {}),
    )  # fmt: skip
    with pytest.raises(DBAPIError, match="is not made for"):
        run(shop, PROGRAMME, promotion=row.id, shop=shop.id)


def test_a_programme_is_of_a_promotion_for_referrals(app, owner):
    shop = make_shop()
    row = promote(shop, "fixed_coupon", {"minor": 1})
    with pytest.raises(DBAPIError, match="is not made for"):
        run(shop, PROGRAMME, promotion=row.id, shop=shop.id)


def test_a_shop_hangs_no_terms_of_its_own_on_a_programme_that_its_maker_has_published(app, owner):
    """Even where the shop is one of those that it was made for."""
    shop = make_shop()
    goods = make_goods(shop, codes=1)
    row = promote(None, "referral", {"minor": 1}, brand_id=goods.brand_id, shop_ids=[shop.id])
    with pytest.raises(DBAPIError, match="is not made for"):
        run(shop, PROGRAMME, promotion=row.id, shop=shop.id)


def test_a_brands_terms_are_changed_by_no_shop(app, owner):
    shop = make_shop()
    programme(shop, hold_days=7)
    other = make_goods(shop, codes=1)
    with owner.begin() as connection:
        connection.execute(
            text(
                "UPDATE promotions SET owner = 'brand', funder = 'brand', shop_id = NULL, brand_id = :brand"
            ),
            {"brand": other.brand_id},
        )
    run(shop, "UPDATE referral_programmes SET hold_days = 0, most_per_month = NULL")
    assert ask(owner, "SELECT count(*) FROM referral_programmes WHERE hold_days = 0") == [(0,)]
