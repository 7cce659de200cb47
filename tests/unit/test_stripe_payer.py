"""Who paid, read from Stripe's own examples of a charge and the shapes its SDK names."""

import pytest

from app.domain.payments.stripe_payer import payer_of
from tests.simulators.stripe_objects import example


def intent(details: dict | None = None, method: object = "pm_1") -> dict:
    charge = example("charge", **({"payment_method_details": details} if details is not None else {}))
    return example("payment_intent") | {"latest_charge": charge, "payment_method": method}


def test_stripes_own_example_of_a_card_is_known_by_its_fingerprint_and_never_by_its_digits():
    assert payer_of(intent()) == "card:AOB934RVNwzk6xtn"


@pytest.mark.parametrize(
    ("details", "sign"),
    [
        ({"type": "alipay", "alipay": {"buyer_id": "2088", "fingerprint": "aF1", "transaction_id": "1"}}, "alipay:aF1"),
        ({"type": "alipay", "alipay": {"buyer_id": "2088", "fingerprint": None, "transaction_id": "1"}}, "alipay:2088"),
        ({"type": "wechat_pay", "wechat_pay": {"fingerprint": "wF1", "transaction_id": "1"}}, "wechat_pay:wF1"),
        ({"type": "wechat_pay", "wechat_pay": {"fingerprint": None, "transaction_id": "1"}}, ""),
        ({"type": "paypal", "paypal": {"payer_id": "PAY1", "payer_email": "mei@example.com"}}, "paypal:PAY1"),
        ({"type": "link", "link": {"country": "CN"}}, ""),
        ({}, ""),
    ],
)  # fmt: skip
def test_each_way_to_pay_is_known_by_what_stripe_has_for_it(details, sign):
    assert payer_of(intent(details)) == sign


def test_link_is_known_by_its_account_of_which_no_address_is_kept():
    details = {"type": "link", "link": {"country": "CN"}}
    one, same, other = (
        payer_of(intent(details, {"type": "link", "link": {"email": email}}))
        for email in ("Mei@example.com", "mei@example.com ", "li@example.com")
    )
    assert one == same != other
    assert one.startswith("link:") and "mei" not in one


@pytest.mark.parametrize("unknown", [None, "pi_1", {"latest_charge": None}, {"latest_charge": "ch_1"}])
def test_what_was_not_expanded_tells_nobody(unknown):
    assert payer_of(unknown) == ""
