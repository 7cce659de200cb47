"""The brand's pages about floors, and what distributors and buyers see of them."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.foundation import clock
from tests.factories import make_goods, make_shop
from tests.factories.floors import later, let_begin, set_floor
from tests.web.conftest import Shopper
from tests.web.consoles.conftest import words_of

FORM = {
    "target": "all",
    "floor": "25.00",
    "when": "now",
    "overtaken": "raise",
    "starts": "",
    "ends": "",
    "promotion": "",
    "reason": "",
}


@pytest.fixture
def world(inside, owner, staff):
    """A brand with one Sku in one shop, and its owner at the console."""
    with inside():
        shop = make_shop("corner")
        goods = make_goods(shop, price=2000, floor=1500, supply=1200, codes=2)
    with owner.connect() as connection:
        connection.execute(text("UPDATE skus SET suggested_minor = 5000"))
        connection.execute(
            text(
                "INSERT INTO levels (brand_id, rank, name, name_en, threshold_minor) VALUES (:b, 1, '金', 'Gold', 100)"
            ),
            {"b": goods.brand_id},
        )
        firm = connection.execute(text("SELECT distributor_id FROM shops")).scalar_one()
    return shop, goods, staff("brand", brand_id=goods.brand_id), firm


def one(owner, sql: str):
    with owner.connect() as connection:
        return connection.execute(text(sql)).one()


def gold(owner) -> str:
    return f"level:{one(owner, 'SELECT id FROM levels WHERE rank = 1')[0]}"


def test_a_floor_is_shown_with_its_consequences_before_it_is_saved(world, owner):
    shop, goods, visitor, _firm = world
    address = f"/brand/floors/{goods.sku_id}"
    seen = words_of(visitor.post(address, FORM))
    assert "1 price is below it." in seen
    assert shop.name in seen
    assert "raised to ¥25.00" in seen
    assert one(owner, "SELECT count(*), min(price_minor) FROM floors, listings") == (1, 2000)
    assert visitor.post(address, FORM | {"confirm": "1"}).status_code == 303
    assert one(owner, "SELECT price_minor FROM listings")[0] == 2500
    assert "The floor is set." in visitor.words(address)


def test_a_coming_floor_is_scheduled_in_beijing_time_and_taken_back(world, owner):
    _shop, goods, visitor, _firm = world
    address = f"/brand/floors/{goods.sku_id}"
    day = f"{clock.now() + timedelta(days=9):%Y-%m-%d}"
    form = FORM | {"when": "later", "starts": f"{day}T08:00", "overtaken": "pause"}
    seen = words_of(visitor.post(address, form))
    assert "paused" in seen
    assert "told by mail today" in seen
    visitor.post(address, form | {"confirm": "1"})
    assert (
        one(
            owner,
            "SELECT to_char(starts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') FROM floors ORDER BY id DESC LIMIT 1",
        )[0]
        == f"{day} 00:00"
    )
    assert "coming" in visitor.words(address)
    floor = one(owner, "SELECT max(id) FROM floors")[0]
    visitor.post(f"{address}/end", {"floor": floor})
    assert one(owner, "SELECT count(*) FROM floors")[0] == 1


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"floor": "11.99"}, "floor", "cannot be below ¥12.00"),
        ({"floor": "50.01"}, "floor", "cannot be above your suggested price of ¥50.00"),
        ({"floor": "x"}, "floor", "not an amount"),
        ({"when": "later"}, "starts", "A day and a time"),
        ({"when": "later", "starts": "2020-01-01T00:00"}, "starts", "has passed"),
        ({"ends": "2020-01-01T00:00"}, "ends", "after the start"),
        ({"promotion": "winter"}, "promotion", "Choose one of the promotions"),
        ({"target": "distributor:999"}, "target", "choose one"),
    ],
)
def test_a_floor_that_cannot_be_says_so_at_its_field(world, owner, wrong, field, said):
    _shop, goods, visitor, _firm = world
    page = visitor.post(f"/brand/floors/{goods.sku_id}", FORM | wrong | {"confirm": "1"})
    assert page.status_code == 422
    assert said in page.text.split(f'id="h-{field}"')[1].split("</p>")[0]
    assert one(owner, "SELECT count(*) FROM floors")[0] == 1


def test_a_viewer_sees_floors_and_sets_none(world, staff, owner):
    _shop, goods, _visitor, _firm = world
    viewer = staff("brand", "viewer", brand_id=goods.brand_id)
    assert viewer.get(f"/brand/floors/{goods.sku_id}").status_code == 200
    assert viewer.post(f"/brand/floors/{goods.sku_id}", FORM | {"confirm": "1"}).status_code == 403


def test_every_page_about_floors_is_there_in_both_languages_empty_and_full(world, staff, inside, owner):
    _shop, goods, visitor, _firm = world
    pages = [
        "floors",
        f"floors/{goods.sku_id}",
        "price-map",
        f"price-map/{goods.listing_id}",
        "attempts",
        "sellers",
    ]
    with inside():
        nothing = make_goods(make_shop("bare"))
    with owner.connect() as connection:
        connection.execute(text("DELETE FROM listings WHERE id = :id"), {"id": nothing.listing_id})
    bare = staff("brand", brand_id=nothing.brand_id)
    for language in ("en", "zh-CN"):
        for page in pages:
            assert (
                visitor.get(f"/brand/{page}?lang={'en' if language == 'en' else 'zh_Hans'}").status_code
                == 200
            )
        for page in ("floors", "price-map", "attempts", "sellers"):
            assert bare.get(f"/brand/{page}", Accept_Language=language).status_code == 200


def test_the_price_map_compares_with_the_floor_of_that_shops_distributor(world, owner, inside):
    _shop, goods, visitor, firm = world
    assert "+33%" in visitor.words("/brand/price-map")
    with inside():
        set_floor(goods, 2000, distributor_id=firm)
    assert "at the floor" in visitor.words("/brand/price-map?stands=at")
    assert "Nothing matches" in visitor.words("/brand/price-map?stands=near")
    assert "¥20.00" in visitor.words(f"/brand/price-map/{goods.listing_id}")


def test_a_refused_price_stands_among_the_brands_attempts(world, staff, owner):
    shop, goods, visitor, firm = world
    seller = staff("distributor", distributor_id=firm)
    seller.post(
        f"/distributor/shops/{shop.slug}/listings/{goods.listing_id}/price",
        {"price": "14.00"},
        HX_Request="true",
    )
    words = visitor.words("/brand/attempts")
    for part in (
        shop.name,
        "owner of distributor",
        "¥14.00",
        "¥15.00",
        "¥1.00",
        "Price of a listing",
        "list price ¥14.00",
    ):
        assert part in words, part
    assert "Nothing matches" in visitor.words("/brand/attempts?stage=order")


def test_a_distributor_reads_where_its_floor_comes_from(world, staff, inside, owner):
    shop, goods, _visitor, firm = world
    seller = staff("distributor", distributor_id=firm)
    listings = f"/distributor/shops/{shop.slug}/listings"
    assert "for everybody, since" in seller.words(listings)
    assert "Your floor is ¥15.00: for everybody, since" in seller.get(listings).text
    with owner.connect() as connection:
        connection.execute(text("UPDATE partnerships SET level_id = (SELECT id FROM levels WHERE rank = 1)"))
    with inside():
        set_floor(goods, 1800, level_id=int(gold(owner).split(":")[1]))
    assert "¥18.00 level Gold, since" in seller.words(listings)
    address = f"{listings}/{goods.listing_id}/price"
    assert "no price below ¥18.00" in words_of(seller.post(address, {"price": "17.00"}, HX_Request="true"))
    preview = seller.post(
        f"{listings}/preview", {"listing": goods.listing_id, "change": "percent", "by": "-50"}
    )
    assert 'name="new-1" value="1800"' in preview.text
    with inside():
        set_floor(goods, 1900, distributor_id=firm)
    assert "Your floor is ¥19.00: agreed with you, since" in seller.get(listings).text


def test_between_a_floors_start_and_the_clock_a_buyer_meets_a_word_and_no_error_page(
    world, inside, house, owner
):
    shop, goods, _visitor, _firm = world
    with inside():
        let_begin(owner, set_floor(goods, 2400, starts_at=later(days=2)))
    buyer = Shopper(house.test_client(), f"http://{shop.slug}.localhost:8000")
    assert buyer.get(f"/p/{goods.slug}").status_code in {200, 404}
    buyer.wish(goods.listing_id)
    page = buyer.get("/checkout?now=1")
    assert page.status_code == 422
    assert "Not available for the moment" in words_of(page)
    buyer.wish(goods.listing_id, then="cart")
    assert "Not available for the moment" in words_of(buyer.get("/cart"))


def test_another_brands_floor_cannot_be_ended_by_its_number(world, inside, owner):
    _shop, goods, visitor, _firm = world
    with inside():
        theirs = make_goods(make_shop("theirs"))
        floor = set_floor(theirs, 1700, starts_at=later(days=2))
    assert visitor.post(f"/brand/floors/{goods.sku_id}/end", {"floor": floor}).status_code == 404
    assert one(owner, f"SELECT count(*) FROM floors WHERE id = {floor}")[0] == 1
