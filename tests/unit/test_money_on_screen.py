"""Prices look as people write them."""

import pytest

from app.web.look.money import money, plain_amount, price_in


@pytest.mark.parametrize(
    ("minor", "currency", "locale", "shown"),
    [
        (2380, "CNY", "zh_Hans", "¥23.80"),
        (2380, "CNY", "en", "¥23.80"),
        (499, "USD", "en", "$4.99"),
        (499, "USD", "zh_Hans", "$4.99"),
        (500, "JPY", "zh_Hans", "¥500"),
        (5, "CNY", "en", "¥0.05"),
        (123456789, "CNY", "zh_Hans", "¥1,234,567.89"),
        (-2380, "CNY", "en", "-¥23.80"),
        (123456, "EUR", "de", "1.234,56\N{NO-BREAK SPACE}€"),
        (1234567, "KWD", "en", "KWD1,234.567"),
    ],
)
def test_a_price_is_written_as_its_readers_write_it(minor, currency, locale, shown):
    assert money(minor, currency, locale) == shown


def test_where_shops_of_several_currencies_meet_yuan_and_yen_are_told_apart():
    assert money(100, "CNY", "en", exact=True) == "CN¥1.00"
    assert money(100, "JPY", "en", exact=True) == "¥100"


def test_the_small_parts_of_a_price_are_marked_for_the_eye():
    assert price_in("CNY", "zh_Hans")(2380) == ('<span class="price"><small>¥</small>23<i>.80</i></span>')


def test_machines_read_an_amount_without_signs():
    assert plain_amount(2380, "CNY") == "23.80"
    assert plain_amount(500, "JPY") == "500"
