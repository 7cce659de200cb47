"""Stripe Connect as its own documents show it: transfers, reversals, accounts, signed news."""

import json
import time
from threading import Thread
from urllib.parse import parse_qsl

import pytest
from flask import Flask, Response, request
from sqlalchemy import text
from werkzeug.serving import make_server

from app.domain.payments.errors import ForgedEvent
from app.domain.payouts import carriers
from app.domain.payouts.errors import CarrierDisagrees, CarrierUnavailable
from app.domain.payouts.gateway import State, Transfer
from app.domain.payouts.stripe_carrier import StripeCarrier, checked, read
from app.flows import pay_out
from app.flows.hear_carrier import hear_carrier
from app.flows.payout_accounts import verify_account
from app.foundation.errors import NotFound
from tenants.context import distributor_scope
from tests.concurrency.race import ask
from tests.factories import run_jobs
from tests.factories.payouts import make_payee, payouts
from tests.simulators.stripe import _Quiet, signed
from tests.simulators.stripe_objects import example

KEY, SECRET = "sk_test_payouts", "whsec_payouts"
DESTINATION = "acct_1PgafTB7WZ01zgkW"
WANTED = Transfer("payout-d1-USD-20261122", 1100, "USD", DESTINATION)
PARAMS = {"amount", "currency", "destination", "transfer_group", "metadata[payout]"}


class Connect:
    """Transfers and accounts of Stripe, in its own shapes; strict about what it is sent."""

    def __init__(self) -> None:
        self.transfers: dict[str, dict] = {}
        self.by_key: dict[str, str] = {}
        self.account: dict = example("account")
        self.fail_next: list[tuple[int, dict]] = []
        app = Flask("connect")
        app.add_url_rule("/v1/transfers", view_func=self.create, methods=["POST"])
        app.add_url_rule("/v1/transfers", "list", self.list, methods=["GET"])
        app.add_url_rule("/v1/accounts/<name>", view_func=self.retrieve)
        self.server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
        Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def create(self) -> Response:
        sent = dict(parse_qsl(request.get_data(as_text=True)))
        assert set(sent) == PARAMS, sent
        key = request.headers["Idempotency-Key"]
        if key not in self.by_key:
            number = f"tr_{len(self.by_key) + 1}"
            self.by_key[key] = number
            self.transfers[number] = example(
                "transfer", id=number, amount=int(sent["amount"]), currency=sent["currency"], reversed=False,
                destination=sent["destination"], transfer_group=sent["transfer_group"],
                metadata={"payout": sent["metadata[payout]"]},
            )  # fmt: skip
        if self.fail_next:
            status, told = self.fail_next.pop()
            return self.said({"error": told}, status)
        return self.said(self.transfers[self.by_key[key]])

    def list(self) -> Response:
        group = request.args["transfer_group"]
        found = [one for one in self.transfers.values() if one["transfer_group"] == group]
        return self.said({"object": "list", "data": found, "has_more": False, "url": "/v1/transfers"})

    def retrieve(self, name: str) -> Response:
        if name != self.account["id"]:
            return self.said(
                {"error": {"type": "invalid_request_error", "code": "resource_missing", "message": "No"}}, 404
            )
        return self.said(self.account)

    def said(self, told: dict, status: int = 200) -> Response:
        return Response(json.dumps(told), status, content_type="application/json")


@pytest.fixture
def connect():
    simulator = Connect()
    yield simulator
    simulator.server.shutdown()
    simulator.server.server_close()


@pytest.fixture
def carrier(connect: Connect) -> StripeCarrier:
    return StripeCarrier(KEY, [SECRET], api_base=connect.url)


def event(kind: str, thing: dict, **more: object) -> tuple[dict[str, str], bytes]:
    """A signed event around an official object."""
    told = example("event", type=kind, livemode=False, data={"object": thing}) | more
    body = json.dumps(told).encode()
    return signed(SECRET, body, int(time.time())), body


def ready(**changes: object) -> dict:
    account = example("account", default_currency="usd", payouts_enabled=True, details_submitted=True)
    account["requirements"] = account["requirements"] | {"disabled_reason": None}
    return account | changes


def test_a_transfer_is_made_once_per_key(carrier, connect):
    first, again = carrier.transfer(WANTED), carrier.transfer(WANTED)
    assert first == again and first.state is State.PAID and first.external_id == "tr_1"
    assert len(connect.transfers) == 1
    assert connect.transfers["tr_1"]["metadata"] == {"payout": WANTED.key}


def test_an_answer_that_was_lost_is_found_by_asking(carrier, connect):
    connect.fail_next = [(500, {"type": "api_error", "message": "boom"})] * 2
    with pytest.raises(CarrierUnavailable):
        carrier.transfer(WANTED)
    connect.by_key.clear()  # a day later Stripe has forgotten the key, never the transfer
    assert carrier.transfer(WANTED).external_id == "tr_1"
    assert len(connect.transfers) == 1


def test_a_certain_no_is_a_failure_with_its_reason(carrier, connect):
    connect.fail_next = [
        (400, {"type": "invalid_request_error", "code": "balance_insufficient", "message": "No"})
    ]
    told = carrier.transfer(WANTED)
    assert (told.state, told.reason) == (State.FAILED, "balance_insufficient")


def test_our_key_with_another_amount_is_for_a_person(carrier):
    carrier.transfer(WANTED)
    with pytest.raises(CarrierDisagrees):
        carrier.transfer(Transfer(WANTED.key, 1200, "USD", DESTINATION))


def test_a_reversed_transfer_is_found_as_returned(carrier, connect):
    carrier.transfer(WANTED)
    connect.transfers["tr_1"]["reversed"] = True
    assert carrier.find(WANTED).state is State.RETURNED
    assert carrier.find(Transfer("unknown", 1, "USD", DESTINATION)) is None


@pytest.mark.parametrize(
    ("account", "status", "reason"),
    [
        (ready(), "verified", ""),
        (example("account"), "unverified", "requirements.past_due"),
        (ready(payouts_enabled=False), "unverified", "unfinished"),
        (ready(default_currency="eur"), "refused", "other_currency"),
        (ready(requirements={"disabled_reason": "rejected.fraud"}), "refused", "rejected.fraud"),
    ],
)
def test_an_account_is_verified_when_stripe_would_pay_it_out(account, status, reason):
    found = checked(account, "USD")
    assert (found.status, found.reason) == (status, reason)


def test_an_unknown_account_is_refused(carrier):
    assert carrier.check("acct_unknown1", currency="USD").status == "refused"
    assert carrier.check(DESTINATION, currency="USD").status == "unverified"


def test_news_are_believed_only_when_signed(carrier):
    headers, body = event("transfer.reversed", example("transfer"))
    assert carrier.hear(headers, body) is not None
    for wrong in ({}, {"Stripe-Signature": "t=1,v1=00"}, signed("other", body, int(time.time()))):
        with pytest.raises(ForgedEvent):
            carrier.hear(wrong, body)
    with pytest.raises(ForgedEvent):
        carrier.hear(signed(SECRET, b"{}", int(time.time())), b"{}")


def test_other_events_mean_nothing(carrier):
    assert carrier.hear(*event("transfer.created", example("transfer"))) is None
    assert read({"type": "payout.paid", "data": {"object": example("payout")}}) is None


@pytest.fixture
def stripe_firm(app, carrier, monkeypatch, owner):
    monkeypatch.setitem(carriers._carriers, "stripe", carrier)
    return make_payee(5_000, method="stripe", number=DESTINATION, currency="USD")


def approve_all(owner) -> None:
    with owner.connect() as connection:
        connection.execute(
            text("INSERT INTO users (email, name, password_hash) VALUES ('a@x.io', 'Ann', 'x')")
        )
        connection.execute(
            text(
                "UPDATE payouts SET approved_by = (SELECT id FROM users), state = 'reserved' WHERE state = 'planned'"
            )
        )


def test_a_reversal_puts_the_money_back_and_comes_twice_without_harm(stripe_firm, connect, owner):
    pay_out.plan_payouts()
    approve_all(owner)
    pay_out.send_payouts([payout.id for payout in payouts()])
    run_jobs()
    [paid] = payouts()
    assert (paid.state, paid.external_id) == ("paid", "tr_1")
    headers, body = event("transfer.reversed", connect.transfers["tr_1"] | {"reversed": True})
    assert hear_carrier("stripe", headers, body)
    assert not hear_carrier("stripe", headers, body)
    assert payouts()[0].state == "returned"
    assert ask(
        owner, "SELECT sum(amount_minor)::bigint FROM ledger_entries WHERE account = 'distributor_available'"
    ) == [(5_000,)]


def test_an_account_that_cannot_pay_out_is_refused_until_its_firm_acts(stripe_firm, owner):
    headers, body = event(
        "payout.failed", example("payout", failure_code="account_closed"), account=DESTINATION
    )
    assert hear_carrier("stripe", headers, body)
    assert ask(owner, "SELECT status, refusal FROM payout_accounts") == [("refused", "account_closed")]
    assert ask(owner, "SELECT kind FROM mails") == [("payout_account_refused",)]


def test_an_account_whose_papers_are_in_becomes_verified(stripe_firm, connect, owner):
    with owner.connect() as connection:
        connection.execute(text("UPDATE payout_accounts SET status = 'unverified'"))
    connect.account = ready()
    assert hear_carrier("stripe", *event("account.updated", connect.account))
    run_jobs()
    assert ask(owner, "SELECT status FROM payout_accounts") == [("verified",)]


def test_a_job_checks_only_its_own_firms_account(stripe_firm):
    with distributor_scope(stripe_firm.firm.id + 1), pytest.raises(NotFound):
        verify_account(stripe_firm.account_id)
