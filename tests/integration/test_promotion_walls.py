"""What a promotion gave is counted and adds up, whatever the code of a shop does: the database says so at commit."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.domain.promotions import service
from app.flows import coupons, promoting
from app.flows.priced import Asked
from app.foundation.addresses import mailbox
from app.foundation.unit_of_work import unit_of_work
from tenants.context import shop_scope
from tests.concurrency.race import ask
from tests.factories import buy, make_goods, make_shop, place
from tests.factories.orders import BUYER
from tests.factories.promotions import promote

LEFT = "SELECT sum(uses_left)::int, sum(minor_left)::int FROM promotion_slots WHERE day = '-infinity'"


@pytest.fixture
def shop(app):
    return make_shop()


@pytest.fixture
def goods(shop):
    return make_goods(shop, codes=5)


@pytest.fixture
def coupon(shop):
    return promote(
        shop, "fixed_coupon", {"minor": 100}, code="TENNER", total_limit=10, per_buyer=1, budget_minor=1000
    )


def run(shop, sql, **values):
    """One statement in the shop's own scope, committed."""
    with shop_scope(shop.id), unit_of_work() as work:
        found = work.session.execute(text(sql), values)
        return found.scalar() if found.returns_rows else None


def refused(match, story):
    with pytest.raises(DBAPIError, match=match):
        story()


def with_code(shop, goods, **who):
    return place(shop, goods, asked=Asked(codes=("TENNER",)), **who)


def test_an_order_under_a_counted_promotion_is_not_written_without_its_use(shop, goods, coupon, monkeypatch):
    monkeypatch.setattr(service, "take", lambda *_: None)
    refused("was given by order", lambda: with_code(shop, goods))


def test_a_use_takes_as_much_of_the_budget_as_the_order_gave(shop, goods, coupon, monkeypatch):
    honest = service.take

    def stingy(order_id, wanted, keys, titles):
        honest(order_id, [service.Taken(one.promotion_id, one.units, 1) for one in wanted], keys, titles)

    monkeypatch.setattr(service, "take", stingy)
    refused("was given by order", lambda: with_code(shop, goods))


def test_what_a_line_tells_of_promotions_is_what_it_costs_less(shop, goods, coupon, monkeypatch):
    honest = promoting.OrderPromotion

    def boastful(**facts):
        return honest(**{**facts, "minor": facts["minor"] - 1})

    monkeypatch.setattr(promoting, "OrderPromotion", boastful)
    refused("do not add up", lambda: with_code(shop, goods))


FORGED = """
    INSERT INTO order_promotions (shop_id, order_id, order_line_id, promotion_id, brand_id, title, kind, funder, minor, wanted_minor)
    SELECT l.shop_id, l.order_id, l.id, :promotion, l.brand_id, 'x', 'fixed_coupon', :funder, 1, 1 FROM order_lines l
"""


@pytest.mark.parametrize("funder", ["distributor", "brand"])
def test_a_row_that_is_added_later_is_refused(shop, goods, coupon, funder):
    buy(shop, goods)
    refused("order_promotion|not this shop", lambda: run(shop, FORGED, promotion=coupon.id, funder=funder))


def test_another_shops_promotion_is_on_no_order_here(shop, goods):
    other = promote(make_shop(), "fixed_coupon", {"minor": 100})
    buy(shop, goods)
    refused("row-level security", lambda: run(shop, FORGED, promotion=other.id, funder="distributor"))


TAKE = "SELECT promo.take(:order, :promotion, 1, 100, ARRAY['d:x'], NULL, NULL)"


def test_nothing_is_taken_for_another_shops_order_nor_for_one_that_has_ended(shop, goods, coupon):
    other = make_shop()
    theirs = make_goods(other, codes=1)
    promote(other, "fixed_coupon", {"minor": 100}, code="TENNER")
    foreign = with_code(other, theirs)
    ended = with_code(shop, goods)
    refused("no such order", lambda: run(shop, TAKE, order=foreign.order_id, promotion=coupon.id))
    run(shop, "UPDATE orders SET state = 'cancelled' WHERE id = :id", id=ended.order_id)
    refused("no such order", lambda: run(shop, TAKE, order=ended.order_id, promotion=coupon.id))


@pytest.mark.parametrize("limits", [{"code": "TENNER", "total_limit": 5}, {"code": "TENNER"}])
def test_nothing_is_taken_of_a_promotion_in_another_currency(shop, goods, owner, limits):
    platform = promote(None, "fixed_coupon", {"minor": 100}, currency="USD", **limits | {"code": "DOLLAR"})
    coupon = promote(shop, "fixed_coupon", {"minor": 100}, **limits)
    placed = with_code(shop, goods)
    refused("is in USD", lambda: run(shop, TAKE, order=placed.order_id, promotion=platform.id))
    assert ask(owner, "SELECT DISTINCT promotion_id FROM promotion_uses WHERE order_id IS NOT NULL") in (
        [], [(coupon.id,)]
    )  # fmt: skip


def test_a_buyer_is_known_by_the_order_whatever_keys_the_caller_tells(shop, goods, coupon, owner):
    with_code(shop, goods, device="d1", email="Mei.Li+x@gmail.com")
    assert {row[0] for row in ask(owner, "SELECT key FROM promotion_use_keys")} == {
        "d:d1",
        "e:meili@gmail.com",
    }


def test_a_refusal_that_is_committed_takes_nothing(shop, goods, owner):
    coupon = promote(shop, "fixed_coupon", {"minor": 100}, claim="page", total_limit=10, per_day=1)
    with shop_scope(shop.id):
        coupons.claim(coupon, coupons.Shopper("one"), ip="10.0.0.1")
        with pytest.raises(coupons.CouponNotClaimed) as told:
            coupons.claim(coupon, coupons.Shopper("two"), ip="10.0.0.1")
    assert told.value.facts["reason"] == "day_limit"
    assert ask(owner, LEFT) == [(9, None)], "the whole has lost one, not two"


@pytest.mark.parametrize("change", [
    "UPDATE coupon_codes SET state = 'free'", "UPDATE promotion_uses SET state = 'returned'",
    "UPDATE promotion_slots SET uses_left = 99", "INSERT INTO promotion_use_keys VALUES (1, 'd:x', 1, 1)",
    "DELETE FROM promotion_uses", "UPDATE orders SET promoted = false", "UPDATE order_promotions SET minor = 1",
])  # fmt: skip
def test_a_shop_writes_on_no_use_slot_or_code_itself(shop, change):
    refused("permission denied", lambda: run(shop, change))


def test_a_brand_pays_for_nothing_that_no_promotion_of_its_own_gave(shop, goods, coupon, monkeypatch):
    from_engine = promoting.OrderPromotion
    monkeypatch.setattr(
        promoting, "OrderPromotion", lambda **facts: from_engine(**{**facts, "funder": "brand"})
    )
    refused("not this shop", lambda: with_code(shop, goods))


def test_a_batch_of_another_shop_cannot_be_voided_by_raw_sql(shop, owner):
    mine = promote(shop, "fixed_coupon", {"minor": 100}, automatic=False)
    with shop_scope(shop.id):
        batch = coupons.make_batch(mine.id, size=2, prefix="", actor=BUYER)
    assert run(make_shop(), "SELECT promo.void_batch(:batch)", batch=batch) == 0
    assert ask(owner, "SELECT DISTINCT state FROM coupon_codes") == [("free",)]


@pytest.mark.parametrize("email", [
    "Mei+shop@x.com", "m.e.i.l.i@gmail.com", "M.L+a+b@GoogleMail.com", " li@b.example ", "a.b@x.com", "+@x.com",
])  # fmt: skip
def test_a_mailbox_is_the_same_to_the_house_and_to_the_database(owner, app, email):
    with owner.connect() as connection:
        said = connection.execute(text("SELECT promo.mailbox(:email)"), {"email": email}).scalar_one()
    assert said == mailbox(email)
