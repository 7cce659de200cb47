"""Our refunds with the official SDK against a Stripe that we did not write.

It has PaymentIntents and Refunds; it has no Checkout Sessions and keeps no
idempotency keys, so what is proven here is the shape of our calls, and that a
refund is looked for before it is made.
"""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import stripe
import urllib3

from app.domain.payments.gateway import RefundState
from app.domain.payments.stripe_gateway import StripeAccount, StripeGateway

PROGRAM = Path(__file__).parents[1] / "simulators" / "local_stripe.py"
KEY = "sk_test_of_the_tests"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = subprocess.Popen([sys.executable, str(PROGRAM), str(port)])
    address = f"http://127.0.0.1:{port}"
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            urllib3.request("GET", f"{address}/v1/refunds", timeout=1, retries=False)
            break
        except urllib3.exceptions.HTTPError:
            time.sleep(0.05)
    yield address
    program.terminate()
    program.wait(timeout=10)


@pytest.fixture
def paid(url) -> str:
    """A payment of ¥39.80 by card."""
    client = stripe.StripeClient(KEY, base_addresses={"api": url}).v1
    card = client.payment_methods.create(
        {
            "type": "card",
            "card": {"number": "4242424242424242", "exp_month": 12, "exp_year": 2030, "cvc": "123"},
        }
    )
    intent = client.payment_intents.create({"amount": 3980, "currency": "cny", "payment_method": card.id})
    return client.payment_intents.confirm(intent.id).id


@pytest.fixture
def gateway(url) -> StripeGateway:
    return StripeGateway(StripeAccount(KEY, ["whsec_unused"], api_base=url))


def refund(gateway: StripeGateway, intent: str, part: str = "late", amount_minor: int = 3980):
    return gateway.refund(
        reference=f"{part}:{intent}", payment_external_id=intent, amount_minor=amount_minor, currency="CNY",
        reason="late",
    )  # fmt: skip


def test_a_refund_succeeds(gateway, paid):
    assert refund(gateway, paid).state is RefundState.SUCCEEDED


def test_the_same_refund_again_is_the_same_refund(gateway, paid):
    assert refund(gateway, paid, amount_minor=1000) == refund(gateway, paid, amount_minor=1000)


def test_another_part_is_another_refund(gateway, paid):
    parts = [refund(gateway, paid, f"line{number}", 1000) for number in range(2)]
    assert parts[0].external_id != parts[1].external_id


def test_a_payment_that_does_not_exist_gives_nothing_back(gateway):
    outcome = refund(gateway, "pi_none")
    assert (outcome.state, outcome.external_id) == (RefundState.FAILED, None)
