"""The sandbox's pay page plays a gateway with all its moods; whatever it does, the money ends well."""

import json
import re
import time
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app.domain.orders.models import Order
from app.domain.payments.models import Payment, PaymentEvent
from app.domain.payments.webhook_signing import sign
from app.flows.ask_gateway import ask_about_open_payments
from app.flows.expire import expire_checkouts
from app.foundation import clock
from app.foundation.database import session
from app.foundation.figures import forged_events
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope
from tests.factories import make_goods, make_shop
from tests.web.conftest import pay_origin, text_of

SIGNING = "whsec_dGVzdHM="


@pytest.fixture
def shop(inside):
    with inside():
        return make_shop("lantern")


@pytest.fixture
def goods(inside, shop):
    with inside():
        return make_goods(shop, price=2380, codes=5)


@pytest.fixture
def at_till(visit, shop, goods):
    """A buyer standing at the pay page: (browser, page)."""
    buyer = visit(shop)
    buyer.wish(goods.listing_id)
    return buyer, buyer.follow_to_pay(buyer.check_out())


@pytest.fixture
def later(inside):
    """Let all delayed jobs be due."""

    def run():
        with inside(), platform_scope(), unit_of_work() as work:
            work.session.execute(text("UPDATE outbox SET due_at = now()"))

    return run


@pytest.fixture
def ends(inside):
    """(order state, payment state, payment outcome, event outcomes) as they stand."""

    def read():
        with inside(), platform_scope():
            order = session().execute(select(Order.state)).scalar_one()
            payment = session().execute(select(Payment.state, Payment.outcome)).one()
            events = session().execute(select(PaymentEvent.outcome).order_by(PaymentEvent.id)).scalars().all()
            return order, payment.state, payment.outcome, list(events)

    return read


@pytest.fixture(autouse=True)
def _clock():
    yield
    clock.travel_back()


def test_the_page_is_in_the_shops_name_and_says_that_it_is_a_sandbox(at_till):
    _, page = at_till
    words = text_of(page)
    assert "Shop" in words
    assert "¥ 23 .80" in words
    assert "Sandbox: no real money" in words
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("method", "mark"),
    [("card", "Card number"), ("wechat_pay", "Scan with WeChat"), ("alipay", "Scan with Alipay")],
)
def test_each_way_to_pay_has_its_own_look(at_till, method, mark):
    buyer, page = at_till
    path = re.search(r'action="(/pay/[^"]+)"', page.text).group(1)
    looked = buyer.client.get(f"{path}?method={method}", base_url=pay_origin(buyer.origin))
    assert f"till-top-{method}" in looked.text
    assert mark in text_of(looked)


def test_a_link_that_is_not_ours_is_no_page(at_till):
    buyer, page = at_till
    path = re.search(r'action="(/pay/[^"]+)"', page.text).group(1)
    forged = path[:-1] + ("0" if path[-1] != "0" else "1")
    assert buyer.client.get(forged, base_url=pay_origin(buyer.origin)).status_code == 404
    assert buyer.client.get("/pay/x", base_url=pay_origin(buyer.origin)).status_code == 404


def test_paying_leads_back_to_the_order_and_delivers(at_till, wire, work, ends):
    buyer, page = at_till
    back = buyer.pay(page)
    assert back.headers["Location"].startswith(f"{buyer.origin}/orders/")
    work()
    assert ends() == ("delivered", "received", "delivered", ["applied"])
    assert [status for *_, status in wire] == [200]


def test_a_refusal_charges_nothing_and_can_be_tried_again(at_till, wire, work, ends):
    buyer, page = at_till
    refused = buyer.pay(page, outcome="fail")
    assert "Not paid" in text_of(refused)
    work()
    assert ends()[0] == "pending"
    buyer.pay(page)
    work()
    assert ends()[0] == "delivered"


def test_news_that_comes_five_times_counts_once(at_till, wire, work, later, ends):
    buyer, page = at_till
    buyer.pay(page, repeat="5")
    later()
    work()
    assert len(wire) == 5
    assert ends() == ("delivered", "received", "delivered", ["applied"])


def test_an_older_refusal_that_arrives_later_changes_nothing(at_till, wire, work, later, ends):
    buyer, page = at_till
    buyer.pay(page, order="wrong")
    later()
    work()
    assert len(wire) == 2
    assert ends()[:3] == ("delivered", "received", "delivered")


@pytest.mark.parametrize("amount", ["less", "more", "currency"])
def test_a_wrong_amount_never_passes_and_waits_for_a_person(at_till, wire, work, ends, amount):
    buyer, page = at_till
    buyer.pay(page, amount=amount)
    work()
    assert ends() == ("attention", "received", "attention", ["mismatched"])


def test_news_of_nothing_is_no_payment(at_till, wire, work, ends):
    buyer, page = at_till
    buyer.pay(page, amount="zero")
    work()
    assert ends() == ("pending", "open", None, ["mismatched"])


def test_a_forged_event_changes_nothing_and_is_counted(at_till, wire, work, ends):
    before = forged_events.labels("sandbox")._value.get()
    buyer, page = at_till
    buyer.pay(page, signature="wrong")
    work()
    assert [status for *_, status in wire] == [400]
    assert ends() == ("pending", "open", None, [])
    assert forged_events.labels("sandbox")._value.get() == before + 1


def test_money_that_comes_after_expiry_is_allocated_again(at_till, wire, work, later, ends, inside):
    buyer, page = at_till
    buyer.pay(page, delay="late")
    work()
    assert ends()[0] == "pending"
    clock.travel(timedelta(minutes=20))
    with inside():
        expire_checkouts()
    assert ends()[0] == "expired"
    later()
    work()
    assert ends()[:3] == ("delivered", "received", "delivered")
    number = re.search(r"\d{6}-[0-9A-Z]{8}", page.text).group(0)
    assert "nothing is lost" in text_of(buyer.get(f"/orders/{number}"))


def test_pressing_pay_twice_takes_the_money_once(at_till, wire, work, ends):
    buyer, page = at_till
    assert buyer.pay(page).status_code == buyer.pay(page).status_code == 303
    work()
    assert len(wire) == 1
    assert ends()[0] == "delivered"


def test_a_page_whose_time_is_over_takes_no_money(at_till, wire, work, ends):
    buyer, page = at_till
    clock.travel(timedelta(minutes=16))
    late = buyer.pay(page)
    assert late.status_code == 410
    assert "The time to pay is over" in text_of(late)
    work()
    assert wire == []


def test_paid_twice_by_two_ways_sends_the_second_back(at_till, wire, work, inside, visit):
    buyer, page = at_till
    number = re.search(r"\d{6}-[0-9A-Z]{8}", page.text).group(0)
    other = buyer.follow_to_pay(buyer.post(f"/orders/{number}/pay", {"method": "wechat_pay"}))
    buyer.pay(page)
    buyer.pay(other)
    work()
    with inside(), platform_scope():
        rows = session().execute(select(Payment.state, Payment.outcome).order_by(Payment.id)).all()
    assert sorted(outcome for _, outcome in rows) == ["delivered", "refunded"]


def test_an_event_of_nobodys_payment_is_kept_and_does_nothing(house, inside):
    body = json.dumps(
        {"id": "evt_x", "type": "paid", "account": "sandbox", "occurred_at": "2026-01-01T00:00:00+00:00",
         "data": {"external_id": "sbx_none", "reference": "pay_none", "amount_minor": 1, "currency": "CNY"}}
    ).encode()  # fmt: skip
    headers = sign(SIGNING, event_id="evt_x", body=body, timestamp=int(time.time()))
    answer = house.test_client().post(
        "/hooks/sandbox", base_url="http://127.0.0.1:8000", data=body, headers=headers
    )
    assert (answer.status_code, answer.json) == (200, {"received": 1})
    again = house.test_client().post(
        "/hooks/sandbox", base_url="http://127.0.0.1:8000", data=body, headers=headers
    )
    assert again.json == {"received": 0}
    with inside(), platform_scope():
        assert session().execute(select(PaymentEvent.outcome)).scalars().all() == ["unmatched"]


@pytest.mark.parametrize(
    ("path", "status"), [("/hooks/sandbox", 400), ("/hooks/nobody", 404), ("/hooks/supplier/alpha", 400)]
)
def test_a_hook_believes_nobody_without_a_signature(house, path, status):
    answer = house.test_client().post(path, base_url="http://127.0.0.1:8000", data=b"{}")
    assert answer.status_code == status
    assert answer.is_json


@pytest.mark.parametrize(
    ("story", "order", "refund"),
    [
        ("opened", "attention", ("chargeback", "succeeded")),
        ("won", "attention", ("chargeback", "failed")),
        ("lost", "attention", ("chargeback", "succeeded")),
        ("mixed", "delivered", ("chargeback", "failed")),
        ("asked", "attention", None),
    ],
)
@pytest.mark.usefixtures("wire")
def test_the_payers_bank_may_dispute_afterwards(at_till, work, later, ends, inside, story, order, refund):
    buyer, page = at_till
    buyer.pay(page, dispute=story)
    work()
    assert ends()[0] == "delivered"
    clock.travel(timedelta(seconds=62))
    later()
    work()
    assert ends()[0] == order
    with inside(), platform_scope():
        kept = session().execute(text("SELECT kind, state FROM refunds")).all()
        owed = session().execute(text("SELECT sum(amount_minor) FROM ledger_entries")).scalar_one()
        session().rollback()
    assert [tuple(row) for row in kept] == ([refund] if refund else [])
    assert owed == 0


@pytest.fixture
def paid_as(visit, work, inside, wire):
    """Two buyers pay with these accounts, `same` of them in one browser; the payers that are known afterwards."""
    assert wire == []

    def payers(chosen, *, same=False, **knobs):
        with inside():
            shop = make_shop()
            goods = make_goods(shop, codes=len(chosen))
        browsers = [visit(shop)] * len(chosen) if same else [visit(shop) for _ in chosen]
        for browser, account in zip(browsers, chosen, strict=True):
            browser.wish(goods.listing_id)
            page = browser.follow_to_pay(browser.check_out())
            browser.client.post(
                re.search(r'action="(/pay/[^"]+)"', page.text).group(1), base_url=pay_origin(browser.origin),
                data={"payer": account} | {f"knob.{name}": value for name, value in knobs.items()},
            )  # fmt: skip
            work()
        with inside(), platform_scope():
            found = session().execute(select(Payment.payer).order_by(Payment.id)).scalars().all()
            session().rollback()
            return found

    return payers


def test_a_browser_pays_with_its_own_account_every_time(paid_as):
    one, again, other, another = paid_as(["own", "own", "other", "family"], same=True)
    assert one == again is not None
    assert len({one, other, another}) == 3


def test_two_browsers_have_accounts_of_their_own_and_one_to_share_and_one_that_nobody_tells(paid_as):
    own, others, family, shared, untold = paid_as(["own", "own", "family", "family", "untold"])
    assert own != others and None not in {own, others}
    assert family == shared is not None
    assert untold is None


def test_a_payer_whose_news_were_lost_is_known_when_the_gateway_is_asked(paid_as, inside, work):
    assert paid_as(["own"], outcome="silent") == [None]
    with inside():
        clock.travel(timedelta(minutes=3))
        ask_about_open_payments()
    work()
    with inside(), platform_scope():
        assert session().execute(select(Payment.payer)).scalar_one()
        session().rollback()
