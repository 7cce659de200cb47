"""What a brand does with its goods, their floors and their stock."""

import io
import re

import pytest
from PIL import Image
from sqlalchemy import text

from tests.factories import make_goods, make_shop, set_slots
from tests.web.consoles.conftest import words_of

SKU = {
    "name": "12 个月", "name_en": "12 months", "delivery_kind": "code", "currency": "CNY", "supply": "80.00",
    "floor": "90.00", "suggested": "99.90", "issue_order": "oldest", "low_stock_at": "10", "max_per_order": "5",
}  # fmt: skip


@pytest.fixture
def world(inside, owner, staff):
    """One brand with one Sku in one shop, and its owner at the console."""
    with inside():
        goods = make_goods(make_shop("corner"), price=2000, floor=1500, supply=1200)
    return goods, staff("brand", brand_id=goods.brand_id)


def one(owner, sql: str):
    with owner.connect() as connection:
        return connection.execute(text(sql)).one()


def new_product(visitor, owner, **more) -> int:
    category = one(owner, "SELECT min(id) FROM categories")[0]
    answer = visitor.post(
        "/brand/products/new", {"name": "星幕会员", "category_id": category, "tags": "追剧，4K", **more}
    )
    assert answer.status_code == 303, words_of(answer)
    return int(answer.headers["Location"].rsplit("/", 1)[1])


def test_a_product_is_made_sold_and_found_in_chinese(world, owner):
    _goods, visitor = world
    product = new_product(visitor, owner)
    assert visitor.post(f"/brand/products/{product}/skus/new", SKU).status_code == 303
    visitor.post(f"/brand/products/{product}/status", {"status": "active"})
    assert one(owner, f"SELECT status FROM products WHERE id = {product}")[0] == "active"
    for asked in ("星幕", "会员", "追剧", "4k"):
        assert f"/brand/products/{product}" in visitor.get("/brand/products", q="").text
        assert (
            "星幕会员"
            in visitor.client.get(
                "/brand/products", query_string={"q": asked}, base_url="http://console.localhost:8000"
            ).text
        )


def test_a_product_without_anything_to_sell_is_not_put_on_offer(world, owner):
    _goods, visitor = world
    product = new_product(visitor, owner)
    visitor.post(f"/brand/products/{product}/status", {"status": "active"})
    assert one(owner, f"SELECT status FROM products WHERE id = {product}")[0] == "draft"


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"floor": "79.99"}, "floor", "lower than the supply price"),
        ({"suggested": "89.99"}, "suggested", "lower than the minimum price"),
        ({"floor": "ninety"}, "floor", "not an amount"),
        ({"max_per_order": "0"}, "max_per_order", "from 1 to 1000"),
        ({"field-0-name": "Mobile No", "field-0-label": "手机号"}, "field-0-name", "small letter"),
        (
            {"field-0-name": "mobile", "field-0-label": "手机号", "field-0-pattern": "1[3-9"},
            "field-0-pattern",
            "no brackets",
        ),
    ],
)
def test_a_wrong_figure_is_said_at_its_field_and_nothing_typed_is_lost(world, owner, wrong, field, said):
    goods, visitor = world
    page = visitor.post(f"/brand/products/{goods.product_id}/skus/new", SKU | wrong)
    assert page.status_code == 422
    at = page.text.split(f'id="h-{field}"')[1].split("</p>")[0]
    assert said in at
    assert 'value="12 个月"' in page.text


def test_buyer_fields_are_kept_as_they_were_written(world, owner):
    goods, visitor = world
    fields = {
        "field-0-name": "mobile", "field-0-label": "手机号", "field-0-label_en": "Mobile number",
        "field-0-pattern": r"1[3-9]\d{9}", "field-0-required": "1",
    }  # fmt: skip
    assert visitor.post(f"/brand/products/{goods.product_id}/skus/new", SKU | fields).status_code == 303
    kept = one(owner, "SELECT buyer_fields FROM skus ORDER BY id DESC LIMIT 1")[0]
    assert kept[0] | {"name": "mobile", "pattern": r"1[3-9]\d{9}", "required": True} == kept[0]


def test_a_higher_floor_asks_first_and_then_lifts_the_prices_under_it(world, owner):
    goods, visitor = world
    address = f"/brand/products/{goods.product_id}/skus/{goods.sku_id}"
    raised = SKU | {"supply": "12.00", "floor": "25.00", "suggested": "30.00"}
    page = visitor.post(address, raised)
    assert "1 prices in 1 shops are below this floor" in words_of(page)
    assert one(owner, "SELECT floor_minor FROM skus")[0] == 1500
    assert visitor.post(address, raised | {"lift": "1"}).status_code == 303
    assert one(owner, "SELECT price_minor FROM listings")[0] == 2500
    assert one(owner, "SELECT count(*) FROM audit_entries WHERE action = 'listings.lifted'")[0] == 1


def test_codes_are_pasted_previewed_started_and_reported(world, owner, work):
    goods, visitor = world
    paste = "ABCD-0001-XYZ\nABCD-0002-XYZ\nABCD-0001-XYZ\n"
    answer = visitor.post("/brand/imports/new", {"sku_id": goods.sku_id, "batch": "七月", "paste": paste})
    assert answer.status_code == 303, words_of(answer)
    address = answer.headers["Location"]
    preview = visitor.get(address)
    assert "repeats line 1" in words_of(preview)
    assert "ABCD-0001-XYZ" not in preview.text
    assert visitor.post(address).status_code == 303
    assert 'hx-trigger="every 1s"' in visitor.get(address).text
    work()
    report = visitor.get(f"{address}/progress")
    assert "hx-trigger" not in report.text
    assert "Done" in words_of(report)
    assert one(owner, "SELECT added, repeated_in_file FROM stock_imports") == (2, 1)
    assert "2" in words_of(visitor.get(f"/brand/stock/{goods.sku_id}"))


def test_a_reusable_code_is_sealed_and_never_shown_again(inside, owner, staff):
    with inside():
        goods = make_goods(make_shop("corner"), kind="reusable")
    visitor = staff("brand", brand_id=goods.brand_id)
    visitor.post(f"/brand/stock/{goods.sku_id}/reusable", {"secret": "MERRY-2026-ALL"})
    assert "MERRY-2026-ALL" not in visitor.get(f"/brand/stock/{goods.sku_id}").text
    row = one(owner, "SELECT secret, fingerprint FROM reusable_secrets WHERE active")
    assert b"MERRY" not in bytes(row[0])
    again = visitor.post(f"/brand/stock/{goods.sku_id}/reusable", {"secret": "MERRY-2026-ALL"})
    assert again.status_code == 422
    assert "on the platform already" in words_of(again)


def test_counted_stock_is_added_shared_out_and_taken_away(inside, owner, staff):
    with inside():
        goods = make_goods(make_shop("corner"), kind="topup")
        set_slots(goods, [3, 0])
    visitor = staff("brand", brand_id=goods.brand_id)
    assert "20 pieces remain" in words_of(
        visitor.get(visitor.post(f"/brand/stock/{goods.sku_id}/count", {"pieces": "17"}).location)
    )
    visitor.post(f"/brand/stock/{goods.sku_id}/count", {"pieces": "-18"})
    assert one(owner, "SELECT sum(remaining), min(remaining) FROM stock_slots") == (2, 0)
    page = visitor.post(f"/brand/stock/{goods.sku_id}/count", {"pieces": "-3"})
    assert page.status_code == 422
    assert one(owner, "SELECT sum(remaining) FROM stock_slots")[0] == 2


def upload(visitor, address: str, content: bytes, name: str):
    return visitor.client.post(
        address, base_url="http://console.localhost:8000", data={"picture": (io.BytesIO(content), name)},
        headers={"Accept-Language": "en"},
    )  # fmt: skip


def test_a_picture_is_drawn_anew_and_served_by_the_digest_of_its_content(world, owner):
    goods, visitor = world
    drawn = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(drawn, "PNG")
    upload(visitor, f"/brand/products/{goods.product_id}/picture", drawn.getvalue(), "a.png")
    address = one(owner, "SELECT picture FROM products")[0]
    assert re.fullmatch(r"/media/[0-9a-f]{32}\.webp", address)
    served = visitor.client.get(address, base_url="http://corner.localhost:8000")
    assert served.status_code == 200
    assert Image.open(io.BytesIO(served.data)).format == "WEBP"
    served.close()


def test_a_drawing_with_a_script_is_refused(world, owner):
    goods, visitor = world
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    upload(visitor, f"/brand/products/{goods.product_id}/picture", svg, "a.png")
    assert one(owner, "SELECT picture FROM products")[0] is None
    assert "not a PNG, JPEG or WebP" in visitor.words(f"/brand/products/{goods.product_id}")


def test_a_brand_sees_who_sells_its_goods_and_how_far_above_the_floor(world):
    _goods, visitor = world
    words = visitor.words("/brand/sellers")
    assert "corner" in words
    assert "¥5.00" in words


def test_a_script_in_a_description_is_only_text(world, owner):
    _goods, visitor = world
    product = new_product(
        visitor, owner, description="<script>alert(1)</script> **bold** [x](javascript:alert(1))"
    )
    page = visitor.get(f"/brand/products/{product}").text
    assert "<script>alert(1)" not in page
    assert 'href="javascript' not in page
    assert "<strong>bold</strong>" in page
