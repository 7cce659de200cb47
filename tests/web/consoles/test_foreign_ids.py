"""Every console page that takes an id, tried with somebody else's: it does not exist."""

import pytest
from sqlalchemy import text

from app.domain.commissions.drafts import Draft
from app.flows.terms import make_rule
from app.foundation.actor import Actor
from tenants.context import brand_scope
from tests.factories import buy, make_goods, make_shop
from tests.factories.drops import make_drop
from tests.factories.groups import offer_group
from tests.factories.referrals import programme, promoter
from tests.isolation.addresses import any_value

# Methods and addresses of pages about one thing; what stands in braces belongs to somebody else.
OF_A_SHOP = (
    ("GET", ""),
    ("GET", "listings"),
    ("GET", "catalogue"),
    ("POST", "catalogue"),
    ("GET", "orders"),
    ("GET", "promotions"),
    ("GET", "promotions/new"),
    ("GET", "promotions/calendar"),
    ("GET", "promotions/others"),
    ("GET", "promotions/new/timed_price"),
    ("POST", "promotions/new/timed_price"),
    ("GET", "promotions/1"),
    ("GET", "promotions/1/edit"),
    ("POST", "promotions/1/edit"),
    ("GET", "promotions/1/figures"),
    ("GET", "promotions/1/report"),
    ("GET", "promotions/1/report?export=csv"),
    ("GET", "promotions/1/orders"),
    ("POST", "promotions/1/state"),
    ("GET", "settings"),
    ("POST", "settings"),
    ("GET", "look"),
    ("POST", "logo"),
    ("POST", "open"),
    ("GET", "domains"),
    ("POST", "domains/check"),
    ("POST", "domains/drop"),
    ("POST", "listings/bulk"),
    ("POST", "listings/preview"),
    ("POST", "listings/prices"),
    ("POST", "listings/{listing}/price"),
    ("GET", "orders/{number}"),
    ("POST", "orders/{number}/lines/{line}/reveal"),
    ("POST", "orders/{number}/lines/{line}/deliver"),
    ("GET", "orders/{number}/lines/{line}/give-back"),
    ("POST", "orders/{number}/lines/{line}/give-back"),
    ("POST", "orders/{number}/refund"),
    ("POST", "orders/{number}/acknowledge"),
    ("GET", "promotions/1/codes"),
    ("POST", "promotions/1/codes"),
    ("POST", "promotions/1/codes/1/download"),
    ("POST", "promotions/1/codes/1/void"),
    ("GET", "groups"),
    ("POST", "groups/{promotion}"),
    ("GET", "promotions/new/group"),
    ("POST", "promotions/new/group"),
    ("GET", "referrals"),
    ("GET", "referrals/promoters"),
    ("GET", "referrals/rewards"),
    ("GET", "referrals/credit"),
    ("GET", "promotions/new/referral"),
    ("POST", "promotions/new/referral"),
    ("POST", "referrals/{programme}/state"),
    ("POST", "referrals/promoters/{promoter}/state"),
    ("GET", "promotions/flash"),
    ("GET", "promotions/new/flash"),
    ("POST", "promotions/new/flash"),
    ("GET", "promotions/flash/{drop}"),
    ("POST", "promotions/flash/{drop}/end"),
)
OF_A_BRAND = (
    ("GET", "products/{product}"), ("POST", "products/{product}"), ("POST", "products/{product}/picture"),
    ("POST", "products/{product}/status"), ("GET", "products/{product}/skus/new"),
    ("POST", "products/{product}/skus/{sku}"), ("GET", "stock/{sku}"), ("POST", "stock/{sku}/count"),
    ("GET", "promotions/new/flash_price?sku={sku}"), ("POST", "promotions/new/flash_price?sku={sku}"),
    ("GET", "earnings/lines/{earned}"), ("GET", "earnings/lines/{earned}.json"), ("GET", "earnings/moves/{settled}"),
    ("POST", "stock/{sku}/reusable"), ("GET", "imports/1"), ("POST", "imports/1"), ("GET", "imports/1/progress"),
    ("GET", "floors/{sku}"), ("POST", "floors/{sku}"), ("POST", "floors/{sku}/end"), ("GET", "price-map/{listing}"),
    ("GET", "distributors/{partnership}"), ("POST", "distributors/{partnership}"),
    ("POST", "distributors/{partnership}/level"), ("GET", "distributors/{partnership}/papers/1"), ("POST", "invites/1/end"),
    ("GET", "terms/{series}"), ("GET", "terms/{series}/next"), ("POST", "terms/{series}/next"),
    ("GET", "terms/{series}/end"), ("POST", "terms/{series}/end"), ("POST", "stock/{sku}/reusable"), ("GET", "imports/1"), ("POST", "imports/1"), ("GET", "imports/1/progress"),
)  # fmt: skip
FORM = {
    "status": "archived", "pieces": "5", "secret": "ABCD-1234", "price": "99", "name": "x", "category_id": "1",
    "begins": "now", "reason": "none", "open": "0", "sku": "1", "listing": "1", "do": "pause",
}  # fmt: skip


@pytest.fixture
def two(inside, owner, house):
    """Two shops of two distributors, two brands; the first has sold something."""
    with inside():
        mine, theirs = make_shop("mine"), make_shop("theirs")
        goods = make_goods(theirs, codes=3)
        make_goods(mine)
        number = buy(theirs, goods)
        promotion = offer_group(theirs, goods).promotion.id
        drop = make_drop(theirs, goods, units=1)
        with brand_scope(goods.brand_id):
            draft = Draft("commission", {"rate_bps": 100})
            series = make_rule(draft, reason="theirs", actor=Actor("staff"))
        made, who = programme(theirs), promoter(theirs).id
    with owner.connect() as connection:
        firm = connection.execute(text("SELECT distributor_id FROM shops WHERE slug = 'mine'")).scalar_one()
        brand = connection.execute(text("SELECT max(id) FROM brands")).scalar_one()
        line = connection.execute(text("SELECT id FROM order_lines")).scalar_one()
        earned = connection.execute(text("SELECT id FROM earnings WHERE role = 'supplier'")).scalar_one()
        settled = connection.execute(text("SELECT transaction_id FROM settlements")).scalar_one()
        partnership = connection.execute(
            text(
                "SELECT p.id FROM partnerships p JOIN shops s USING (distributor_id) WHERE s.slug = 'theirs'"
            )
        ).scalar_one()
        number = connection.execute(text("SELECT number FROM orders")).scalar_one()
    facts = {
        "listing": goods.listing_id,
        "number": number,
        "drop": drop.id,
        "line": line,
        "product": goods.product_id,
        "sku": goods.sku_id,
        "earned": earned,
        "settled": settled,
        "partnership": partnership,
        "series": series,
        "programme": made,
        "promoter": who,
    }
    return {"firm": firm, "brand": brand, "promotion": promotion, **facts}


def everything(owner) -> list[object]:
    tables = (
        "shops",
        "listings",
        "orders",
        "order_lines",
        "products",
        "skus",
        "stock_slots",
        "reveals",
        "refunds",
        "partnerships",
        "level_moves",
        "rate_rules",
        "promotions",
        "group_offers",
        "promoters",
    )
    with owner.connect() as connection:
        return [
            list(connection.execute(text(f"SELECT to_jsonb(t) FROM {table} t ORDER BY 1")))
            for table in tables
        ]


@pytest.mark.parametrize("role", ["owner", "staff", "viewer"])
def test_another_distributors_shop_does_not_exist(two, staff, owner, role):
    visitor, before = staff("distributor", role, distributor_id=two["firm"]), everything(owner)
    for method, rest in OF_A_SHOP:
        address = f"/distributor/shops/theirs/{rest.format(**two)}"
        answer = visitor.get(address) if method == "GET" else visitor.post(address, FORM)
        assert answer.status_code == 404, (method, address)
    assert everything(owner) == before


def test_another_shops_ids_do_not_exist_in_ones_own_shop(two, staff, owner):
    visitor, before = staff("distributor", distributor_id=two["firm"]), everything(owner)
    for method, rest in OF_A_SHOP:
        if "{" not in rest:
            continue
        address = f"/distributor/shops/mine/{rest.format(**two)}"
        answer = visitor.get(address) if method == "GET" else visitor.post(address, FORM)
        if rest.endswith("/price"):  # a cell answers in place; nothing may have changed
            continue
        assert answer.status_code == 404, (method, address)
    assert everything(owner) == before


@pytest.mark.parametrize("role", ["owner", "viewer"])
def test_another_brands_goods_do_not_exist(two, staff, owner, role):
    visitor, before = staff("brand", role, brand_id=two["brand"]), everything(owner)
    for method, rest in OF_A_BRAND:
        address = f"/brand/{rest.format(**two)}"
        answer = visitor.get(address) if method == "GET" else visitor.post(address, FORM)
        assert answer.status_code in {404, 403} if role == "viewer" else answer.status_code == 404, (
            method,
            address,
        )
    assert everything(owner) == before


def test_a_shop_cannot_look_at_a_code_through_another_shops_order(two, staff, owner):
    visitor = staff("distributor", distributor_id=two["firm"])
    answer = visitor.post(f"/distributor/shops/mine/orders/{two['number']}/lines/{two['line']}/reveal")
    assert answer.status_code == 404
    with owner.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM reveals")).scalar_one() == 0


def test_every_console_page_wants_somebody_signed_in(house):
    adapter, client = house.url_map, house.test_client()
    for rule in adapter.iter_rules():
        if rule.endpoint.split(".")[0] not in {"distributor", "brand", "platform"}:
            continue
        values = {name: any_value(rule, name) for name in rule.arguments}
        address = rule.build({**values, "door": "console"} if "door" in rule.arguments else values)[1]
        method = "GET" if "GET" in rule.methods else "POST"
        answer = client.open(address, method=method, base_url="http://console.localhost:8000")
        assert answer.status_code == 302, address
        assert answer.headers["Location"].startswith("/sign-in"), address
