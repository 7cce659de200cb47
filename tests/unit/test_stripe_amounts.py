"""Amounts as Stripe counts them."""

import pytest

from app.domain.payments.errors import AmountNotPayable
from app.domain.payments.stripe_amounts import WITH_THREE, WITHOUT_DECIMALS, from_stripe, to_stripe
from app.foundation.money import decimals


@pytest.mark.parametrize(
    ("minor", "currency", "told"),
    [
        (1990, "CNY", 1990),
        (500, "JPY", 500),
        (1230, "KWD", 1230),
        (500, "ISK", 50000),
        (10**10, "KRW", 10**10),
    ],
)
def test_amounts_go_there_and_back(minor, currency, told):
    assert to_stripe(minor, currency) == told
    assert from_stripe(told, currency) == minor


def test_every_currency_stripe_writes_otherwise_survives_the_way_there_and_back():
    for currency in [*WITHOUT_DECIMALS, *WITH_THREE, "ISK", "UGX", "USD", "EUR"]:
        minor = 7 * 10 ** max(decimals(currency), 2)
        assert from_stripe(to_stripe(minor, currency), currency) == minor


@pytest.mark.parametrize(
    ("minor", "currency"), [(1234, "KWD"), (150, "XAF"), (550, "UGX"), (0, "CNY"), (-1, "CNY")]
)
def test_an_amount_stripe_cannot_take_is_refused_and_never_rounded(minor, currency):
    with pytest.raises(AmountNotPayable):
        to_stripe(minor, currency)


def test_a_fraction_of_our_smallest_unit_is_no_amount():
    assert from_stripe(50, "ISK") is None
