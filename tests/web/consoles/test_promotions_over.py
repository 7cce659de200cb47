"""Promotions seen from above: a brand stops one for its goods, the platform any; exemptions; their own promotions."""

import re

import pytest
from sqlalchemy import text

from app.domain.promotions.errors import PromotionOver
from app.flows import purchase
from app.flows.priced import Asked
from tenants.context import shop_scope
from tests.factories import make_goods, make_shop, run_jobs
from tests.factories.promotions import promote


def ask(owner, question):
    with owner.connect() as connection:
        return [tuple(row) for row in connection.execute(text(question))]


def price_of(shop, goods, asked=None):
    with shop_scope(shop.id):
        quoted, _ = purchase.quote(shop, {goods.listing_id: 1}, asked or Asked())
    return quoted.total_minor


@pytest.fixture
def world(inside, house):
    with inside():
        shop = make_shop()
        goods = make_goods(shop, price=2000, floor=1500, supply=1200, codes=5)
        other = make_goods(shop, price=2000, floor=1500, supply=1200, codes=5)
    return shop, goods, other


def test_a_brand_sees_what_touches_its_goods_switches_it_off_for_them_and_on_again(
    world, staff, inside, owner
):
    shop, goods, other = world
    with inside():
        row = promote(shop, "timed_price", {"off_bps": 1000}, title="双十一", title_en="Double eleven")
        elsewhere = promote(shop, "timed_price", {"off_bps": 500}, title_en="Theirs", target_of="sku",
                            target_ids=[other.sku_id])  # fmt: skip
    visitor = staff("brand", brand_id=goods.brand_id)
    words = visitor.words("/brand/promotions")
    assert "Double eleven" in words and shop.name in words and "Theirs" not in words
    assert visitor.get(f"/brand/promotions/{elsewhere.id}").status_code == 404
    assert "¥18.00" in visitor.words(f"/brand/promotions/{row.id}")
    form = {"promotion": str(row.id), "reason": ""}
    visitor.post("/brand/promotions/switch", form)
    assert ask(owner, "SELECT count(*) FROM promotion_switches") == [(0,)]
    assert visitor.post("/brand/promotions/switch", form | {"reason": "不合品牌形象"}).status_code == 303
    assert "Switched off" in visitor.words(f"/brand/promotions/{row.id}")
    with inside():
        assert (price_of(shop, goods), price_of(shop, other)) == (2000, 1800)
        run_jobs()
    assert ask(owner, "SELECT recipient, state FROM mails WHERE kind = 'promotion_off'") == [
        ("d@example.com", "sent")
    ]
    assert ask(owner, "SELECT action FROM audit_entries WHERE action LIKE 'promotions.switched%'") == [
        ("promotions.switched_off",)
    ]
    ((switch_id,),) = ask(owner, "SELECT id FROM promotion_switches")
    visitor.post(f"/brand/promotions/switches/{switch_id}/on", {"promotion": str(row.id)})
    with inside():
        assert price_of(shop, goods) == 1800
        run_jobs()
    assert ask(owner, "SELECT count(*) FROM mails WHERE kind = 'promotion_on'") == [(1,)]


def test_a_kind_is_switched_off_in_one_shop_or_in_all_and_once_only(world, staff, inside, owner):
    shop, goods, _other = world
    with inside():
        elsewhere = make_shop()
        mine = make_goods(elsewhere, price=2000, floor=1500, supply=1200, codes=1, brand_id=goods.brand_id)
        promote(shop, "timed_price", {"off_bps": 1000})
        promote(elsewhere, "timed_price", {"off_bps": 1000})
    visitor = staff("brand", brand_id=goods.brand_id)
    form = {"kind": "timed_price", "shop": str(shop.id), "reason": "价格乱"}
    visitor.post("/brand/promotions/switch", form)
    visitor.post("/brand/promotions/switch", form)
    with inside():
        assert (price_of(shop, goods), price_of(elsewhere, mine)) == (2000, 1800)
    assert ask(owner, "SELECT count(*) FROM promotion_switches") == [(1,)]
    visitor.post("/brand/promotions/switch", form | {"shop": ""})
    with inside():
        assert price_of(elsewhere, mine) == 2000
    assert "in all shops" in visitor.words("/brand/promotions")


def test_the_platform_stops_everything_of_a_shop(world, staff, inside):
    shop, goods, other = world
    with inside():
        promote(shop, "timed_price", {"off_bps": 1000})
    visitor = staff("platform")
    assert shop.name in visitor.words("/platform/promotions")
    visitor.post("/platform/promotions/switch", {"shop": str(shop.id), "reason": "虚假宣传"})
    with inside():
        assert (price_of(shop, goods), price_of(shop, other)) == (2000, 2000)


def test_only_a_manager_switches_and_nobody_lets_anothers_switch_go(world, staff, inside, owner):
    shop, goods, other = world
    with inside():
        row = promote(shop, "timed_price", {"off_bps": 1000})
    form = {"promotion": str(row.id), "reason": "x"}
    assert (
        staff("brand", "staff", brand_id=goods.brand_id).post("/brand/promotions/switch", form).status_code
        == 403
    )
    staff("brand", brand_id=goods.brand_id).post("/brand/promotions/switch", form)
    ((switch_id,),) = ask(owner, "SELECT id FROM promotion_switches")
    address = f"/brand/promotions/switches/{switch_id}/on"
    assert staff("brand", brand_id=other.brand_id).post(address, {}).status_code == 404
    assert staff("platform").post(address.replace("brand", "platform", 1), {}).status_code == 404
    assert ask(owner, "SELECT count(*) FROM promotion_switches WHERE ended_at IS NULL") == [(1,)]


def test_a_brand_lets_one_promotion_below_its_floor_for_a_sku_and_for_nothing_else(world, staff, inside):
    shop, goods, _other = world
    with inside():
        row = promote(shop, "timed_price", {"off_bps": 3500}, ends_at=None)
        assert price_of(shop, goods) == 1500
    visitor = staff("brand", brand_id=goods.brand_id)
    address = f"/brand/promotions/{row.id}"
    assert "the floor holds it" in visitor.words(address)
    form = {"sku": str(goods.sku_id), f"floor{goods.sku_id}": "12.50", "ends_at": "2027-11-30T00:00"}
    assert visitor.post(f"{address}/exempt", form | {f"floor{goods.sku_id}": "1.00"}).status_code == 422
    assert visitor.post(f"{address}/exempt", {"ends_at": "2027-11-30T00:00"}).status_code == 422
    assert visitor.post(f"{address}/exempt", form).status_code == 303
    with inside():
        assert price_of(shop, goods) == 1300


@pytest.mark.parametrize("kind", ["brand", "platform"])
def test_a_brand_and_the_platform_make_promotions_of_their_own_for_chosen_shops(
    world, staff, inside, owner, kind
):
    shop, goods, other = world
    with inside():
        elsewhere = make_shop()
        mine = make_goods(elsewhere, price=2000, floor=1500, supply=1200, codes=1, brand_id=goods.brand_id)
    visitor = staff("brand", brand_id=goods.brand_id) if kind == "brand" else staff("platform")
    form = {
        "currency": "CNY", "title": "周年庆", "target": "all", "begins": "now", "how": "off", "off": "10", "get": "auto",
        "with": "all", "audience": "all", "limit_of": "orders", "returns": "unpaid", "for": "some", "shop": str(shop.id),
        "budget": "100",
    }  # fmt: skip
    seen = visitor.post(f"/{kind}/promotions/new/timed_price", form | {"do": "preview"})
    assert "¥18.00" in seen.text and elsewhere.name not in seen.text
    made = visitor.post(f"/{kind}/promotions/new/timed_price", form | {"do": "publish"})
    assert made.status_code == 303
    assert ask(owner, "SELECT owner, funder, status, shop_ids FROM promotions") == [
        (kind, kind, "live", [shop.id])
    ]
    with inside():
        assert (price_of(shop, goods), price_of(elsewhere, mine)) == (1800, 2000)
        assert price_of(shop, other) == (2000 if kind == "brand" else 1800)
    address = re.sub(r"^https?://[^/]+", "", made.headers["Location"])
    visitor.post(f"{address}/state", {"do": "pause"})
    with inside():
        assert price_of(shop, goods) == 2000
    assert visitor.get(f"{address}/edit").status_code == 200


def test_a_promotion_in_one_currency_counts_in_no_shop_of_another(app):
    shop = make_shop(currency="USD")
    goods = make_goods(shop, price=2000, floor=1500, supply=1200, codes=1)
    promote(None, "fixed_coupon", {"minor": 500}, currency="CNY", automatic=True)
    assert price_of(shop, goods) == 2000
    promote(None, "fixed_coupon", {"minor": 300}, currency="USD", automatic=True)
    assert price_of(shop, goods) == 1700


def test_every_page_is_there_in_both_languages_empty_and_full(world, staff, inside):
    shop, goods, _other = world
    for kind, more in (("brand", {"brand_id": goods.brand_id}), ("platform", {})):
        visitor = staff(kind, **more)
        for language in ("en", "zh_Hans"):
            for page in ("", "/new", "/new/timed_price", "/new/fixed_coupon", "/new/bundle_price"):
                assert visitor.get(f"/{kind}/promotions{page}?lang={language}").status_code == 200
        with inside():
            row = promote(shop, "quantity_tiers", {"tiers": [{"from": 2, "off_bps": 4000}]})
        for language in ("en", "zh_Hans"):
            assert visitor.get(f"/{kind}/promotions/{row.id}?lang={language}").status_code == 200


def test_a_reason_is_told_to_no_buyer(world, staff, inside):
    shop, goods, _other = world
    with inside():
        row = promote(shop, "timed_price", {"off_bps": 1000})
        with shop_scope(shop.id):
            quoted, _ = purchase.quote(shop, {goods.listing_id: 1})
        sealed = purchase.seal(quoted)
    staff("brand", brand_id=goods.brand_id).post(
        "/brand/promotions/switch", {"promotion": str(row.id), "reason": "内部原因"}
    )
    command = purchase.PlaceOrder(sealed, "b@example.com", "card", "d", "en")
    with inside(), shop_scope(shop.id), pytest.raises(PromotionOver) as told:
        purchase.place_order(command, shop=shop, actor=purchase.SYSTEM)
    assert "内部原因" not in str(told.value.facts)


def test_a_brand_sees_what_is_for_categories_where_its_own_goods_are_among_them(world, staff, inside, owner):
    shop, goods, other = world
    with owner.begin() as connection:
        told = "INSERT INTO categories (slug, name, name_en, position) VALUES ('far', '远', 'Far', 9) RETURNING id"
        far = connection.execute(text(told)).scalar_one()
        move = text("UPDATE products SET category_id = :far WHERE id = :product")
        connection.execute(move, {"far": far, "product": other.product_id})
    with inside():
        for shop_of, title in ((shop, "Of the shop"), (None, "Of the platform")):
            promote(
                shop_of,
                "timed_price",
                {"off_bps": 100},
                title_en=title,
                target_of="category",
                target_ids=[far],
            )
    its, others = staff("brand", brand_id=other.brand_id), staff("brand", brand_id=goods.brand_id)
    for title in ("Of the shop", "Of the platform"):
        assert title in its.words("/brand/promotions")
        assert title not in others.words("/brand/promotions")


def test_a_shop_is_told_who_has_switched_what_off_before_it_publishes_and_after(world, staff, inside, owner):
    shop, goods, _other = world
    with inside():
        row = promote(shop, "timed_price", {"off_bps": 1000}, title_en="Double eleven")
    staff("brand", brand_id=goods.brand_id).post(
        "/brand/promotions/switch", {"kind": "timed_price", "reason": "不合品牌形象"}
    )
    with owner.connect() as connection:
        found = text("SELECT s.distributor_id, b.name_en, b.name FROM shops s, brands b WHERE b.id = :brand")
        firm, english, name = connection.execute(found, {"brand": goods.brand_id}).one()
    seller = staff("distributor", distributor_id=firm)
    told = f"{english or name} has switched this off for its goods since"
    for page in (f"promotions/{row.id}", "promotions/new/timed_price"):
        words = seller.words(f"/distributor/shops/{shop.slug}/{page}")
        assert told in words and "Timed price in all shops" in words and "不合品牌形象" in words, page
    assert told not in seller.words(f"/distributor/shops/{shop.slug}/promotions/new/fixed_coupon")


def test_a_shops_code_is_told_to_no_brand_and_a_brands_own_to_itself(world, staff, inside):
    """A brand looks at what makes its goods cheaper; the code that a shop gave its buyers is the shop's to give."""
    shop, goods, _ = world
    with inside():
        theirs = promote(shop, "fixed_coupon", {"minor": 100}, code="ONLYFORVIP", title_en="Theirs")
        ours = promote(None, "fixed_coupon", {"minor": 100}, code="OURSPRING", brand_id=goods.brand_id)
    visitor = staff("brand", brand_id=goods.brand_id)
    words = visitor.words(f"/brand/promotions/{theirs.id}")
    assert (
        "with the code ••••" in words
        and "ONLYFORVIP" not in visitor.get(f"/brand/promotions/{theirs.id}").text
    )
    assert "ONLYFORVIP" not in visitor.get("/brand/promotions").text
    assert "with the code OURSPRING" in visitor.words(f"/brand/promotions/{ours.id}")
