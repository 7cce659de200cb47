"""What a brand or the platform pays for is read again at commit: on, for those goods, and no more than was promised."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.domain.pricing import quotes
from app.domain.pricing.rules import Offer, price
from app.domain.promotions.models import StoredPromotion
from app.domain.promotions.rules import Cut, Off, Promotion
from app.domain.promotions.service import Taken
from app.flows import purchase
from app.flows.purchase import PlaceOrder
from app.foundation import clock
from app.foundation.database import fresh_session
from tenants.context import shop_scope
from tenants.directory import Tenant
from tests.factories import Goods, make_goods, make_shop
from tests.factories.orders import BUYER
from tests.factories.promotions import promote


@pytest.fixture
def shop(app) -> Tenant:
    return make_shop()


@pytest.fixture
def goods(shop: Tenant) -> Goods:
    return make_goods(shop, price=2000, floor=500, supply=500, codes=5)


def order(shop: Tenant, goods: Goods, *said: Promotion, **line: object) -> None:
    """An order as a shop's scope would write it that computes as it likes."""
    offer = Offer(
        goods.listing_id, goods.sku_id, 1, 2000, 500, brand_id=goods.brand_id, brand_bears_minor=1500
    )
    lines = price([offer], list(said))
    taken = tuple(
        Taken(step.promotion_id, 1, step.minor) for one in lines for step in one.steps if step.minor
    )
    assert taken, "an order without a promotion would prove nothing"
    made = quotes.make(shop.id, "CNY", lines, clock.now(), taken=taken)
    with shop_scope(shop.id):
        command = PlaceOrder(
            quote=purchase.seal(made), email="b@example.com", method="alipay", device="d", locale="zh_Hans"
        )
        purchase.place_order(command, shop=shop, actor=BUYER)


def refused(match: str, shop: Tenant, goods: Goods, *said: Promotion) -> None:
    with pytest.raises(Exception) as told:
        order(shop, goods, *said)
    causes, error = [], told.value
    while error is not None:
        causes.append(str(error))
        error = error.__cause__
    assert any(match in cause for cause in causes), causes


CHEAPER = [
    ("timed_price", {"off_bps": 1000}, Cut(off_bps=2000)),
    ("timed_price", {"minor": 1800}, Cut(minor=1700)),
    ("percentage_coupon", {"rate_bps": 1000}, Off(rate_bps=2000)),
    ("percentage_coupon", {"rate_bps": 5000, "most_minor": 300}, Off(rate_bps=5000)),
    ("fixed_coupon", {"minor": 200}, Off(minor=201)),
]


def of(row: StoredPromotion, value: Cut | Off) -> Promotion:
    return Promotion(row.id, row.key, row.kind, value, row.funder, brand_id=row.brand_id)


@pytest.mark.parametrize("by_brand", [True, False])
@pytest.mark.parametrize(("kind", "value", "taken"), CHEAPER)
def test_nobody_takes_more_than_a_brand_or_the_platform_promised(shop, goods, kind, value, taken, by_brand):
    row = promote(None, kind, value, brand_id=goods.brand_id if by_brand else None)
    refused("gave more than it gives", shop, goods, of(row, taken))


@pytest.mark.parametrize("kind", ["quantity_tiers", "bundle_price"])
def test_what_was_promised_by_tiers_and_in_bundles_is_a_limit_too(shop, goods, kind):
    other = make_goods(shop, brand_id=goods.brand_id)
    value = (
        {"tiers": [{"from": 1, "minor": 1900}, {"from": 9, "minor": 1000}]} if kind == "quantity_tiers"
        else {"parts": [{"sku": goods.sku_id, "units": 1, "minor": 1900}, {"sku": other.sku_id, "units": 1, "minor": 900}]}
    )  # fmt: skip
    row = promote(None, kind, value)
    # Its own price is told by a kind that needs neither so many nor the other part.
    forged = Promotion(row.id, row.key, "timed_price", Cut(minor=1850), row.funder)
    refused("gave more than it gives", shop, goods, forged)


def test_what_they_promised_is_given(shop, goods):
    brand = promote(None, "timed_price", {"off_bps": 2500}, brand_id=goods.brand_id)
    platform = promote(None, "percentage_coupon", {"rate_bps": 1000, "most_minor": 100})
    order(shop, goods, of(brand, Cut(off_bps=2500)), of(platform, Off(rate_bps=1000, most_minor=100)))


ENDINGS = {
    "ended": "status = 'ended', ended_at = now() - interval '1 s'",
    "over": "starts_at = now() - interval '2 h', ends_at = now() - interval '1 h'",
    "still to come": "starts_at = now() + interval '1 h'",
}


@pytest.mark.parametrize("change", ENDINGS.values(), ids=list(ENDINGS))
def test_one_that_is_not_on_is_paid_for_by_nobody(shop, goods, owner: Engine, monkeypatch, change):
    """Whoever writes orders by hand does not ask whether there is one to take."""
    row = promote(None, "timed_price", {"off_bps": 1000})
    with owner.connect() as connection:
        connection.execute(text(f"UPDATE promotions SET {change} WHERE id = :id"), {"id": row.id})
    monkeypatch.setattr("app.domain.promotions.service.take", lambda *_: None)
    refused("is not on", shop, goods, of(row, Cut(off_bps=1000)))


def test_one_for_other_goods_is_not_for_these(shop, goods):
    other = make_goods(shop)
    row = promote(None, "timed_price", {"off_bps": 1000}, target_of="sku", target_ids=[other.sku_id])
    refused("is not for these goods", shop, goods, of(row, Cut(off_bps=1000)))


@pytest.mark.parametrize("target_of", ["sku", "product", "category"])
def test_one_for_these_goods_is(shop, goods, owner: Engine, target_of):
    column = {"sku": "s.id", "product": "p.id", "category": "p.category_id"}[target_of]
    found = text(f"SELECT {column} FROM skus s JOIN products p ON p.id = s.product_id WHERE s.id = :sku")
    with owner.connect() as connection:
        wanted = connection.execute(found, {"sku": goods.sku_id}).scalar_one()
    row = promote(None, "timed_price", {"off_bps": 1000}, target_of=target_of, target_ids=[wanted])
    order(shop, goods, of(row, Cut(off_bps=1000)))


EXEMPT = text("""
    INSERT INTO floors (brand_id, sku_id, promotion, floor_minor, starts_at, ends_at)
    SELECT brand_id, id, :key, 300, now() - interval '1 hour', now() + interval '1 day' FROM skus
""")


def test_an_exemption_is_used_with_its_own_promotion(shop, goods, owner: Engine):
    """A brand lets its 11.11 go below the floor: the shop's own coupon does not go there in its name."""
    row = promote(None, "timed_price", {"minor": 400}, brand_id=goods.brand_id, total_limit=1)
    own = promote(shop, "timed_price", {"minor": 400})
    with owner.connect() as connection:
        connection.execute(EXEMPT, {"key": row.key})
    offer = Offer(
        goods.listing_id, goods.sku_id, 1, 2000, 500, exempt={row.key: 300}, brand_id=goods.brand_id,
        brand_bears_minor=1500,
    )  # fmt: skip
    # Priced as if the shop's own price had the name that the exemption was given to.
    lines = price([offer], [Promotion(own.id, row.key, "timed_price", Cut(minor=400), "distributor")])
    made = quotes.make(shop.id, "CNY", lines, clock.now(), taken=(Taken(own.id, 1, 1600),))
    command = PlaceOrder(
        quote=purchase.seal(made), email="b@example.com", method="alipay", device="d", locale="zh_Hans"
    )
    with shop_scope(shop.id), pytest.raises(DBAPIError, match="stands on an exemption"):
        purchase.place_order(command, shop=shop, actor=BUYER)


def test_a_shops_scope_makes_no_table_that_would_hide_another(shop):
    with shop_scope(shop.id), fresh_session() as opened, pytest.raises(DBAPIError, match="permission denied"):
        opened.execute(text("CREATE TEMP TABLE groups (id bigint, size int, state text)"))


def test_every_function_of_the_house_says_where_it_looks(owner: Engine, app):
    """One that runs as whoever writes and names no schemas would ask a table that the writer made."""
    found = text("""
        SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND p.prosrc ~* '\\m(from|join|into|update)\\s+[a-z_]+\\M(?!\\.)'
          AND NOT EXISTS (SELECT 1 FROM unnest(coalesce(p.proconfig, '{}')) c WHERE c LIKE 'search_path=%')
          AND (p.prosecdef OR p.prorettype = 'trigger'::regtype)
    """)
    with owner.connect() as connection:
        assert connection.execute(found).scalars().all() == []
