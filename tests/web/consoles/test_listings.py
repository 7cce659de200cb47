"""What a distributor does with prices, and what the brand's floor makes of it."""

import csv
import io
import re

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from tests.factories import make_goods, make_shop
from tests.web.consoles.conftest import words_of


@pytest.fixture
def world(inside, owner):
    """A shop with three listings and its distributor."""
    with inside():
        shop = make_shop("corner")
        goods = [make_goods(shop, price=price, floor=1500) for price in (2000, 3000, 1600)]
    with owner.connect() as connection:
        firm = connection.execute(text("SELECT distributor_id FROM shops")).scalar_one()
    return shop, goods, firm


def prices(owner) -> list[int]:
    with owner.connect() as connection:
        return list(connection.execute(text("SELECT price_minor FROM listings ORDER BY id")).scalars())


def test_a_price_is_changed_in_its_cell(world, staff, owner):
    shop, goods, firm = world
    page = staff("distributor", "staff", distributor_id=firm).post(
        f"/distributor/shops/{shop.slug}/listings/{goods[0].listing_id}/price",
        {"price": "21.50"},
        HX_Request="true",
    )
    assert "Saved." in page.text
    assert prices(owner) == [2150, 3000, 1600]


def test_a_price_below_the_floor_is_refused_in_the_cell_with_what_was_typed(world, staff, owner):
    shop, goods, firm = world
    page = staff("distributor", distributor_id=firm).post(
        f"/distributor/shops/{shop.slug}/listings/{goods[0].listing_id}/price",
        {"price": "14.99"},
        HX_Request="true",
    )
    assert "no price below ¥15.00" in words_of(page)
    assert 'value="14.99"' in page.text
    assert prices(owner) == [2000, 3000, 1600]


def test_a_bulk_change_shows_what_each_price_becomes_before_anything_is_saved(world, staff, owner):
    shop, goods, firm = world
    visitor = staff("distributor", distributor_id=firm)
    page = visitor.post(
        f"/distributor/shops/{shop.slug}/listings/preview",
        {"listing": [one.listing_id for one in goods], "change": "percent", "by": "-30"},
    )
    assert "2 held up by their floors" in words_of(page)
    assert prices(owner) == [2000, 3000, 1600]
    sent = dict(re.findall(r'name="((?:was|new)-\d+)" value="(\d+)"', page.text))
    listed = re.findall(r'name="listing" value="(\d+)"><input type="hidden" name="was', page.text)
    visitor.post(f"/distributor/shops/{shop.slug}/listings/prices", {"listing": listed, **sent})
    assert prices(owner) == [1500, 2100, 1500]


def test_a_price_that_was_changed_since_the_preview_is_left_alone(world, staff, owner):
    shop, goods, firm = world
    key = goods[0].listing_id
    answer = staff("distributor", distributor_id=firm).post(
        f"/distributor/shops/{shop.slug}/listings/prices",
        {"listing": key, f"was-{key}": 1990, f"new-{key}": 1800},
    )
    assert answer.status_code == 303
    assert prices(owner)[0] == 2000


def test_a_forged_preview_cannot_go_below_the_floor(world, staff, owner):
    shop, goods, firm = world
    key = goods[0].listing_id
    visitor = staff("distributor", distributor_id=firm)
    visitor.post(
        f"/distributor/shops/{shop.slug}/listings/prices",
        {"listing": key, f"was-{key}": 2000, f"new-{key}": 1},
    )
    assert prices(owner)[0] == 2000
    assert "Nothing was changed" in visitor.words(f"/distributor/shops/{shop.slug}/listings")


def test_listings_are_paused_and_resumed_together(world, staff, owner):
    shop, goods, firm = world
    visitor, chosen = staff("distributor", distributor_id=firm), [one.listing_id for one in goods[:2]]
    visitor.post(f"/distributor/shops/{shop.slug}/listings/bulk", {"listing": chosen, "do": "pause"})
    with owner.connect() as connection:
        states = list(connection.execute(text("SELECT status FROM listings ORDER BY id")).scalars())
    assert states == ["paused", "paused", "live"]
    assert "2 listings changed" in visitor.words(f"/distributor/shops/{shop.slug}/listings?status=paused")


def test_a_list_is_searched_in_chinese_filtered_and_sorted(world, staff, owner, inside):
    shop, goods, firm = world
    visitor = staff("distributor", distributor_id=firm)
    page = visitor.get(f"/distributor/shops/{shop.slug}/listings?sort=-price")
    shown = [int(key) for key in re.findall(r'name="listing" value="(\d+)"', page.text)]
    assert shown == [goods[1].listing_id, goods[0].listing_id, goods[2].listing_id]
    assert "Nothing matches" in visitor.words(f"/distributor/shops/{shop.slug}/listings?kind=topup")
    assert "Nothing matches" in visitor.words(f"/distributor/shops/{shop.slug}/listings?q=%E7%94%B5%E5%BD%B1")


def test_an_export_holds_every_row_and_is_a_file(world, staff):
    shop, goods, firm = world
    visitor = staff("distributor", distributor_id=firm)
    answer = visitor.get(f"/distributor/shops/{shop.slug}/listings?export=csv")
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(rows) == 1 + len(goods)
    assert "20.00" in {cell for row in rows for cell in row}
    book = load_workbook(io.BytesIO(visitor.get(f"/distributor/shops/{shop.slug}/listings?export=xlsx").data))
    assert book.active.max_row == 1 + len(goods)


def test_a_viewer_sees_prices_and_changes_nothing(world, staff, owner):
    shop, goods, firm = world
    visitor = staff("distributor", "viewer", distributor_id=firm)
    assert visitor.get(f"/distributor/shops/{shop.slug}/listings").status_code == 200
    address = f"/distributor/shops/{shop.slug}/listings/{goods[0].listing_id}/price"
    assert visitor.post(address, {"price": "25"}).status_code == 403
    assert visitor.get(f"/distributor/shops/{shop.slug}/listings?export=csv").status_code == 403
    assert visitor.get(f"/distributor/shops/{shop.slug}/settings").status_code == 403
    assert prices(owner) == [2000, 3000, 1600]


def test_goods_of_the_catalogue_are_added_at_their_suggested_price(world, staff, owner, inside):
    shop, _goods, firm = world
    with inside():
        other = make_goods(make_shop("other"), price=5000, floor=4000)
    visitor = staff("distributor", distributor_id=firm)
    assert str(other.sku_id) in re.findall(
        r'name="sku" value="(\d+)"', visitor.get(f"/distributor/shops/{shop.slug}/catalogue").text
    )
    visitor.post(f"/distributor/shops/{shop.slug}/catalogue", {"sku": [other.sku_id]})
    assert prices(owner) == [2000, 3000, 1600, 5000, 5000]
