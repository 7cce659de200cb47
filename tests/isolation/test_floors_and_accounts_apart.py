"""Raw SQL in a firm's own scope: floors of others' goods, floors of other firms, accounts that do not cool."""

from contextlib import nullcontext

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.foundation.unit_of_work import unit_of_work
from tenants.context import brand_scope, distributor_scope, platform_scope, shop_scope
from tests.concurrency.race import ask
from tests.factories import make_goods, make_shop, place
from tests.factories.floors import set_floor
from tests.factories.money import add_uplines, seller_of
from tests.factories.payouts import make_payee

INSERT = text("""
    INSERT INTO floors (brand_id, sku_id, level_id, distributor_id, floor_minor, starts_at)
    VALUES (:brand, :sku, :level, :firm, 1, now())
""")
CHANGED = text("""
    INSERT INTO payout_accounts (distributor_id, method, currency, holder, shown, contact_email, cooling_until)
    VALUES (:firm, 'sandbox', 'CNY', 'x', 'x', 'thief@example.com', :until)
""")
FLOOR = text("SELECT money.floor_in_force(:sku, :firm, clock_timestamp())")
UPLINES = text("SELECT money.uplines_of(:firm)")


def test_a_brand_cannot_put_a_floor_under_anothers_goods(app, owner: Engine):
    shop, stranger = make_shop(), make_shop()
    goods, mine = make_goods(shop, floor=1500), make_goods(stranger)
    assert goods.brand_id != mine.brand_id
    values = {"brand": mine.brand_id, "sku": goods.sku_id, "level": None, "firm": seller_of(shop)}
    with pytest.raises(DBAPIError, match="floor_fits"), brand_scope(mine.brand_id), unit_of_work() as work:
        work.session.execute(INSERT, values)
    assert ask(owner, FLOOR.text, sku=goods.sku_id, firm=seller_of(shop)) == [(1500,)]


@pytest.mark.parametrize("target", ["level", "firm"])
def test_a_brand_names_only_its_own_levels_and_partners_in_a_floor(app, owner: Engine, target: str):
    shop, stranger = make_shop(), make_shop()
    goods, other = make_goods(shop), make_goods(stranger)
    ((level,),) = ask(owner, "SELECT id FROM levels WHERE brand_id = :b", b=other.brand_id)
    values = {"brand": goods.brand_id, "sku": goods.sku_id, "level": None, "firm": None}
    values[target] = {"level": level, "firm": seller_of(stranger)}[target]
    with pytest.raises(DBAPIError, match="floor_fits"), brand_scope(goods.brand_id), unit_of_work() as work:
        work.session.execute(INSERT, values)


@pytest.mark.parametrize("until", ["2000-01-01", "now"])
def test_a_changed_account_does_not_cool_in_the_past(app, until: str):
    firm = make_payee().firm.distributor_id
    with distributor_scope(firm), unit_of_work() as work:
        work.session.execute(text("UPDATE payout_accounts SET status = 'replaced'"))
    with (
        pytest.raises(DBAPIError, match="a changed account cools"),
        distributor_scope(firm),
        unit_of_work() as work,
    ):
        work.session.execute(CHANGED, {"firm": firm, "until": until})


def test_nobody_asks_for_the_floor_of_another_firm(app, owner: Engine):
    shop, rival = make_shop(), make_shop()
    goods = make_goods(shop, floor=1500)
    make_goods(rival, brand_id=goods.brand_id)
    set_floor(goods, 1300, distributor_id=seller_of(shop))
    other = make_goods(make_shop())

    def asked(scope, firm: int) -> int | None:
        with scope, unit_of_work() as work:
            return work.session.execute(FLOOR, {"sku": goods.sku_id, "firm": firm}).scalar_one()

    mine, theirs = seller_of(shop), seller_of(rival)
    assert asked(shop_scope(shop.id), mine) == asked(distributor_scope(mine), mine) == 1300
    assert asked(brand_scope(goods.brand_id), mine) == asked(platform_scope(), mine) == 1300
    assert asked(shop_scope(rival.id), theirs) == 1500
    assert asked(shop_scope(rival.id), mine) is None
    assert asked(distributor_scope(theirs), mine) is None
    assert asked(brand_scope(other.brand_id), mine) is None


def test_nobody_asks_who_stands_above_another_firm(app):
    shop, rival = make_shop(), make_shop()
    above, firm = add_uplines(shop, 2), seller_of(shop)

    def asked(scope) -> list[int | None] | None:
        with scope, unit_of_work() as work:
            return work.session.execute(UPLINES, {"firm": firm}).scalar_one_or_none()

    assert asked(shop_scope(shop.id)) == asked(platform_scope()) == above
    assert asked(shop_scope(rival.id)) is None
    assert asked(distributor_scope(seller_of(rival))) is None
    assert asked(brand_scope(make_goods(rival).brand_id)) is None


ATTEMPT = text("""
    INSERT INTO floor_attempts (shop_id, brand_id, distributor_id, sku_id, stage, wanted_minor, floor_minor, currency)
    VALUES (:shop, :brand, :firm, :sku, 'listing', 1, 2, 'CNY')
""")
COPY = """
    INSERT INTO order_lines (shop_id, order_id, listing_id, sku_id, product_id, brand_id, product_name, product_name_en,
        sku_name, sku_name_en, delivery_kind, counted, quantity, list_minor, offer_minor, net_minor, floor_minor, terms)
    SELECT shop_id, order_id, :listing, :sku, product_id, :brand, product_name, product_name_en, sku_name, sku_name_en,
        delivery_kind, counted, quantity, list_minor, offer_minor, net_minor, floor_minor, terms FROM order_lines
    WHERE order_id = :order
"""


@pytest.mark.parametrize("forged", [None, "brand", "firm"])
def test_a_shop_blames_nobody_else_for_its_attempts(app, forged: str | None):
    shop, rival = make_shop(), make_shop()
    goods, other = make_goods(shop), make_goods(rival)
    values = {"shop": shop.id, "brand": goods.brand_id, "firm": seller_of(shop), "sku": goods.sku_id}
    if forged is not None:
        values[forged] = {"brand": other.brand_id, "firm": seller_of(rival)}[forged]

    def write() -> None:
        with shop_scope(shop.id), unit_of_work() as work:
            work.session.execute(ATTEMPT, values)

    with pytest.raises(DBAPIError, match="row-level security") if forged else nullcontext():
        write()


def test_an_order_line_pays_no_brand_but_that_of_its_goods(app):
    shop = make_shop()
    goods, second, other = make_goods(shop, codes=1), make_goods(shop), make_goods(make_shop())
    values = {
        "listing": second.listing_id, "sku": second.sku_id, "order": place(shop, goods).order_id,
        "brand": other.brand_id,
    }  # fmt: skip
    with pytest.raises(DBAPIError, match="is not of brand"), shop_scope(shop.id), unit_of_work() as work:
        work.session.execute(text(COPY), values)
