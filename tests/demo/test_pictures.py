"""The demo's pictures are small, safe and their own."""

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from app.demo import goods, pictures, shops
from app.demo.art import marks
from app.demo.art.lettering import fit, width
from app.demo.shapes import Words

SVG = "{http://www.w3.org/2000/svg}"
DRAWN = {
    f"{SVG}{name}"
    for name in (
        "svg",
        "title",
        "defs",
        "g",
        "path",
        "circle",
        "ellipse",
        "rect",
        "text",
        "linearGradient",
        "radialGradient",
        "stop",
        "clipPath",
        "pattern",
    )
}


def every_picture() -> list[str]:
    """All goods in both languages, all Skus, all logos."""
    art = [
        pictures.product_picture(each, language=tongue)
        for each in goods.products()
        for tongue in ("zh", "en")
    ]
    art += [pictures.product_picture(product, sku=sku) for product, sku in goods.skus()]
    art += [pictures.brand_mark(brand) for brand in goods.BRANDS]
    art += [pictures.shop_logo(shop) for shop in shops.SHOPS]
    return [*art, pictures.avatar("林夏"), pictures.avatar("")]


@pytest.fixture(scope="module")
def drawn() -> list[str]:
    return every_picture()


def test_every_picture_is_well_formed_and_holds_nothing_that_runs_or_loads(drawn: list[str]) -> None:
    for picture in drawn:
        for element in ET.fromstring(picture).iter():
            assert element.tag in DRAWN
            for name, value in element.attrib.items():
                assert not name.lower().startswith("on")
                assert "href" not in name
                assert name != "style"
                assert "url(" not in value or re.fullmatch(r"url\(#p[0-9a-f]{6}[a-z0-9]?\)", value)


def test_every_picture_is_small(drawn: list[str]) -> None:
    assert max(len(picture.encode()) for picture in drawn) < 6000


def test_the_same_goods_get_the_same_picture(drawn: list[str]) -> None:
    assert drawn == every_picture()


def test_no_two_products_look_the_same() -> None:
    art = [pictures.product_picture(product) for product in goods.products()]
    assert len(set(art)) == len(art)


def test_a_page_of_goods_is_not_monotonous() -> None:
    for shop in shops.SHOPS:
        page = list(dict.fromkeys(each.product.key for each in shops.listings(shop.slug)))[:24]
        scenes = {pictures.scene_of(product) for product in goods.products() if product.key in page}
        assert len(scenes) >= min(8, len(page) // 2), shop.slug


def test_words_in_a_picture_cannot_become_markup() -> None:
    product = goods.products()[0]
    evil = Words('<script>alert("1")</script>&', "</text><image href=x onerror=y>")
    product = replace(product, name=evil, short=evil, maker=replace(product.maker, name=evil))
    for tongue in ("zh", "en"):
        tags = {
            element.tag
            for element in ET.fromstring(pictures.product_picture(product, language=tongue)).iter()
        }
        assert tags <= DRAWN


def test_letters_stay_within_their_place() -> None:
    for words in ("影", "豪华会员", "Unlimited", "All Events", "WWWWWWWW"):
        assert fit(words, within=200, at_most=90) * width(words) <= 201


def test_every_maker_has_a_mark_that_can_be_drawn() -> None:
    used = {product.maker.mark for product in goods.products()} | {brand.mark for brand in goods.BRANDS}
    assert used | {shop.theme.mark for shop in shops.SHOPS} <= marks.names()
