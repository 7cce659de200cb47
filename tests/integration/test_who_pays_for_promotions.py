"""Promotions of a brand, the platform and the shop, all the way: priced, sold, settled, given back, charged back, proven."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine

from app.flows.priced import Asked
from app.flows.prove import prove
from tenants.directory import Tenant
from tests.factories import Goods, make_goods, make_shop, pay, place, run_jobs
from tests.factories.money import Books, brackets, dispute, give, set_rule
from tests.factories.orders import state_of
from tests.factories.promotions import promote

TERMS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "margin": [],
    "margin and a boost": [("boost", {"add_bps": 2000})],
    "commission": [("commission", {"rate_bps": 3000})],
    "commission and a boost": [("commission", {"rate_bps": 6000}), ("boost", {"add_bps": 3000})],
    "brackets": [("commission", {"brackets": brackets((0, 500), (1000, 8000))})],
}
LINES = """
    SELECT l.list_minor * l.quantity - l.net_minor, l.funded_brand_minor, l.funded_platform_minor,
        (SELECT sum(p.minor) FROM order_promotions p WHERE p.order_line_id = l.id)::bigint,
        (SELECT coalesce(sum(p.minor) FILTER (WHERE p.funder = 'brand'), 0) FROM order_promotions p
         WHERE p.order_line_id = l.id)::bigint,
        (SELECT coalesce(sum(p.minor) FILTER (WHERE p.funder = 'platform'), 0) FROM order_promotions p
         WHERE p.order_line_id = l.id)::bigint
    FROM order_lines l
"""
ASKED_OF_SELLER = """
    SELECT count(*) FROM settlements s, jsonb_array_elements(s.parts) p, jsonb_array_elements(p -> 'steps') step
    WHERE step ->> 'what' = 'brands_discount'
"""


@pytest.fixture
def books(app: Flask, owner: Engine) -> Books:
    return Books(owner)


@pytest.fixture
def shop(app: Flask) -> Tenant:
    return make_shop()


def stacked(shop: Tenant, goods: Goods) -> None:
    """A price of the brand's, a coupon of the brand's, one of the platform's and one of the shop's."""
    promote(None, "timed_price", {"off_bps": 2500}, brand_id=goods.brand_id, title="品牌日")
    promote(None, "fixed_coupon", {"minor": 900}, brand_id=goods.brand_id, code="BRAND9", title="品牌券")
    promote(None, "percentage_coupon", {"rate_bps": 1000}, code="ALLTEN", title="平台券", budget_minor=50_000)
    promote(shop, "threshold_coupon", {"minor": 200, "from_minor": 1000}, title="满减")


ASKED = Asked(codes=("BRAND9", "ALLTEN"))


@pytest.mark.parametrize("terms", TERMS)
def test_everybody_pays_for_its_own_promotions_and_nobody_for_anothers(shop, books, terms):
    goods = make_goods(shop, price=2000, floor=600, supply=600, codes=3)
    for kind, value in TERMS[terms]:
        set_rule(goods, kind, ends_in_days=30 if kind == "boost" else None, **value)
    stacked(shop, goods)
    placed = place(shop, {goods: 2}, asked=ASKED)
    pay(shop, placed)
    run_jobs()
    assert state_of(shop, placed) == "delivered"
    [(saved, brand, platform, steps, by_brand, by_platform)] = books.ask(LINES)
    assert saved == steps and (brand, platform) == (by_brand, by_platform)
    assert brand > 0 and platform > 0
    assert books.ask(ASKED_OF_SELLER) == [(0,)], "the seller pays for nothing that the brand promised"
    assert books.accounts()["promotion_cost"] == -platform
    assert min(books.parts().values()) >= 0
    books.check()
    give(shop, placed, 333)
    books.check()
    (returned,) = books.ask("SELECT amount_minor FROM refunds")[0]
    net = 4000 - saved
    assert books.accounts()["promotion_cost"] == -(platform - platform * returned // net)
    dispute(shop, placed)
    books.check()
    assert "promotion_cost" not in books.accounts(), "what was taken back takes the platform's share back"
    assert set(books.parts().values()) == {0} or "brackets" in terms
    assert prove().differences == []


def test_a_refund_gives_platform_and_brand_their_share_back_and_a_returning_coupon_its_use(shop, books):
    goods = make_goods(shop, price=2000, floor=500, supply=500, codes=3)
    set_rule(goods, "commission", rate_bps=2000)
    stacked(shop, goods)
    promote(
        None, "referral", {"minor": 0, "rate_bps": 500}, title="友", returns="refunded", total_limit=5
    )  # granted: named by nobody here, and so takes nothing
    placed = place(shop, goods, asked=ASKED)
    pay(shop, placed)
    run_jobs()
    [(net,)] = books.ask("SELECT net_minor FROM order_lines")
    give(shop, placed, net)
    assert books.accounts() == {}
    assert set(books.parts().values()) == {0}
    books.check()
    assert prove().differences == []


def test_a_platforms_budget_is_what_it_has_paid(shop, books):
    goods = make_goods(shop, price=2000, floor=500, supply=500, codes=5)
    promote(None, "percentage_coupon", {"rate_bps": 1000}, code="ALLTEN", budget_minor=450)
    for _ in range(3):
        placed = place(shop, goods, asked=Asked(codes=("ALLTEN",)))
        pay(shop, placed)
        run_jobs()
    assert books.ask("SELECT funded_platform_minor FROM order_lines ORDER BY id") == [(200,), (200,), (0,)]
    assert books.accounts()["promotion_cost"] == -400
    assert books.ask("SELECT sum(minor_left)::int FROM promotion_slots") == [(50,)]
    books.check()
