"""The demo's goods keep the promises that real goods must keep."""

import re
from collections import Counter

from app.demo import cards, goods, prices, shops
from app.demo.fields import FIELDS


def test_there_are_several_hundred_goods_of_two_brands() -> None:
    sold = goods.on_sale()
    assert len(sold) >= 60
    assert sum(len(product.skus) for product in sold) >= 300
    assert {product.brand for product in sold} == {"xinghan", "yunqi"}


def test_goods_are_read_the_same_every_time() -> None:
    assert goods.products.__wrapped__() == goods.products()


def test_every_key_names_one_product_and_one_sku() -> None:
    assert not [key for key, times in Counter(each.key for each in goods.products()).items() if times > 1]
    assert not [key for key, times in Counter(sku.key for _, sku in goods.skus()).items() if times > 1]


def test_a_buyer_is_never_asked_more_than_the_face_value_nor_a_distributor_more_than_the_floor() -> None:
    for _, sku in goods.skus():
        assert 0 < sku.supply_minor <= sku.floor_minor <= sku.suggested_minor <= sku.face_value_minor, sku.key


def test_no_level_pays_more_than_the_floor() -> None:
    for _, sku in goods.skus():
        assert all(prices.supply_at(level, sku.supply_minor) <= sku.floor_minor for level in prices.LEVELS)


def test_all_five_kinds_of_delivery_are_on_the_shelves() -> None:
    assert {sku.delivery for _, sku in goods.skus()} == {"code", "link", "reusable", "topup", "manual"}


def test_only_goods_with_secrets_have_a_format_and_stock() -> None:
    for _, sku in goods.skus():
        kept = sku.delivery in ("code", "link", "reusable")
        assert (sku.form in cards.FORMATS, sku.stock is not None) == (kept, kept), sku.key


def test_goods_for_an_account_ask_for_it_and_others_ask_nothing() -> None:
    for _, sku in goods.skus():
        assert bool(sku.fields) == (sku.delivery in ("topup", "manual")), sku.key


def test_the_sample_of_every_field_matches_its_pattern() -> None:
    for field in FIELDS.values():
        assert re.fullmatch(field.pattern, field.sample), field.key
        assert not re.fullmatch(field.pattern, f"{field.sample} "), field.key


def test_every_product_speaks_both_languages() -> None:
    chinese = re.compile(r"[\u4e00-\u9fff]")
    for product in goods.products():
        for words in (product.name, product.short, product.summary, product.description, product.redeem):
            assert all((words.zh.strip(), words.en.strip())), product.key
            assert not chinese.search(words.en), (product.key, words.en)
        assert all(not chinese.search(sku.name.en) for sku in product.skus), product.key


def test_units_of_stock_never_repeat() -> None:
    seen: set[str] = set()
    for product, sku in goods.skus():
        for unit in cards.units(product, sku, count=300 if sku.delivery != "reusable" else 1):
            assert unit.secret not in seen
            seen.add(unit.secret)
    assert len(seen) > 50_000


def test_the_same_seed_fills_the_same_shelf_and_another_seed_another() -> None:
    product, sku = goods.skus()[0]
    first, again = (list(cards.units(product, sku, count=5)) for _ in range(2))
    assert first == again
    assert first[2:] == list(cards.units(product, sku, count=3, start=2))
    assert not set(first) & set(cards.units(product, sku, count=5, seed="another"))


def test_a_unit_survives_a_stock_file() -> None:
    for product, sku in goods.skus():
        for unit in cards.units(product, sku, count=1):
            secret, *password = unit.line().split(",")
            assert (secret, password) == (unit.secret, [unit.password] if unit.password else [])


def test_a_shop_sells_in_its_own_currency_and_never_below_the_floor() -> None:
    for shop in shops.SHOPS:
        shelf = shops.listings(shop.slug)
        assert len(shelf) >= 40
        assert any(each.featured for each in shelf)
        for each in shelf:
            assert each.sku.currency == shop.currency
            assert each.sku.floor_minor <= each.list_price_minor <= each.sku.face_value_minor, each.sku.key


def test_shops_ask_different_prices_for_the_same_thing() -> None:
    asked: dict[str, set[int]] = {}
    for shop in shops.SHOPS:
        for each in shops.listings(shop.slug):
            asked.setdefault(each.sku.key, set()).add(each.list_price_minor)
    assert sum(len(ask) > 1 for ask in asked.values()) > 40


def test_nothing_of_a_brand_that_waits_for_approval_is_on_sale() -> None:
    waiting = {brand.key for brand in goods.BRANDS if not brand.approved}
    assert waiting
    assert not [
        each for shop in shops.SHOPS for each in shops.listings(shop.slug) if each.product.brand in waiting
    ]
