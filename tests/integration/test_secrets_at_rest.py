"""Whoever steals the database, Redis or the logs has no code."""

from __future__ import annotations

import base64
import io
import os
import subprocess

import pytest
from flask import Flask
from redis import Redis

from app.config import Settings
from app.domain.distributors.models import Shop
from app.domain.identity import service
from app.domain.orders.queries import lines_of
from app.domain.payouts.accounts import Firm
from app.flows import coupons
from app.flows import import_stock as flow
from app.flows.bank_batches import download, export
from app.flows.import_stock import Delivered
from app.flows.pay_out import plan_payouts
from app.flows.payout_accounts import NewAccount, change_account
from app.flows.priced import Asked
from app.flows.reveal import reveal
from app.flows.review_payouts import approve
from app.foundation.actor import SYSTEM
from app.foundation.database import session
from app.foundation.embedded.cluster import installed_programs
from app.foundation.unit_of_work import unit_of_work
from tenants.context import brand_scope, distributor_scope, platform_scope, shop_scope
from tests.factories import Goods, buy, make_goods, make_shop, pay, place, run_jobs
from tests.factories.drops import make_drop
from tests.factories.orders import BUYER
from tests.factories.payouts import make_payee, payouts
from tests.factories.promotions import promote

SECRETS = [(f"NEEDLECARD{n:04d}", f"NEEDLEPASS{n:04d}") for n in range(40)]
CONTENT = "\n".join(f"{card},{password}" for card, password in SECRETS) + "\nNEEDLEBROKEN\n"


def dump(settings: Settings) -> bytes:
    """Everything PostgreSQL keeps, as a thief would carry it away."""
    url = settings.database_url.replace("postgresql+psycopg", "postgresql")
    told = subprocess.run(
        [str(installed_programs() / "bin" / "pg_dump"), "--dbname", url],
        capture_output=True,
        check=True,
        env={"PATH": os.defpath},
    )
    return told.stdout


def in_redis(settings: Settings) -> bytes:
    with Redis.from_url(settings.redis_url) as redis:
        return b"\n".join(b"%s %s" % (key, redis.dump(key)) for key in redis.scan_iter())


def spellings(needle: str) -> list[bytes]:
    """How a secret could stand in a dump: plain, as bytea's hex, as base64 at any of its three offsets."""
    plain = needle.encode()
    inside = [base64.b64encode(b"\0" * pad + plain)[4:-4] for pad in range(3)]
    return [plain, plain.hex().encode(), *inside]


def found(needles: list[str], *places: bytes) -> list[str]:
    return [needle for needle in needles for way in spellings(needle) for place in places if way in place]


@pytest.fixture
def goods(app: Flask) -> Goods:
    return make_goods(make_shop())


def receive(goods: Goods) -> int:
    with brand_scope(goods.brand_id):
        told = Delivered(goods.sku_id, "batch", "codes.csv")
        return flow.receive_file(io.BytesIO(CONTENT.encode()), told, actor=SYSTEM)


ACCOUNT = "6222020200112230"


def test_no_account_number_is_in_a_dump_logs_or_mails_after_it_was_paid(
    app: Flask, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """On the way it is kept, verified, paid by the sandbox or put into the bank's file, which leaves it nowhere."""
    shop = make_shop()
    with platform_scope(), unit_of_work() as work:
        firm = Firm(distributor_id=work.session.get_one(Shop, shop.id).distributor_id)
    with distributor_scope(firm.id):
        for method, number in (("sandbox", "acct_NEEDLEACCOUNT"), ("bank", ACCOUNT)):
            wanted = NewAccount(
                method=method, currency="CNY", holder="星选", number=number, bank="NEEDLEBRANCH"
            )
            change_account(wanted, firm=firm, user_id=None, actor=SYSTEM)
    make_payee(10_000, number="acct_NEEDLEPAID")
    make_payee(10_000, method="bank", number=ACCOUNT)
    plan_payouts()
    with platform_scope(), unit_of_work():
        person = service.register(email="a@example.com", name="Ann", password="quiet river 42")
    for payout in payouts(state="planned"):
        approve(payout.id, by=person, actor=SYSTEM)
    run_jobs()
    assert ACCOUNT.encode() in download(export("CNY", by=person, actor=SYSTEM), actor=SYSTEM)
    run_jobs()
    assert sorted(payout.state for payout in payouts()) == ["paid", "sent"]
    mailbox = b"".join(mail.read_bytes() for mail in settings.home.rglob("*.eml"))
    needles = ["NEEDLEACCOUNT", "NEEDLEBRANCH", "NEEDLEPAID", ACCOUNT]
    assert found(needles, dump(settings), in_redis(settings), caplog.text.encode(), mailbox) == []


NEEDLES = [part for pair in SECRETS for part in pair] + ["NEEDLEBROKEN"]


def test_the_search_would_find_a_secret_that_lay_open() -> None:
    for way in (
        b"x NEEDLECARD0001 y",
        b"\\x" + b"NEEDLECARD0001".hex().encode(),
        base64.b64encode(b"-NEEDLECARD0001--"),
    ):
        assert found(["NEEDLECARD0001"], way)


def test_no_secret_is_in_a_dump_while_a_file_waits(goods: Goods, settings: Settings) -> None:
    receive(goods)
    assert found(NEEDLES, dump(settings), in_redis(settings)) == []


def test_no_secret_is_in_a_dump_after_it_was_imported_sold_and_read(
    app: Flask, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    shop = make_shop()
    goods = make_goods(shop)
    import_id = receive(goods)
    with brand_scope(goods.brand_id):
        flow.preview_import(import_id)
        session().rollback()
        flow.confirm_import(import_id, actor=SYSTEM)
    run_jobs()
    placed = buy(shop, {goods: 3})
    with shop_scope(shop.id):
        [line_id] = [line.id for line in lines_of(placed.order_id)]
        session().rollback()
        shown = reveal(placed.order_id, line_id, actor=BUYER)
    assert {unit.secret.card for unit in shown} == {card for card, _ in SECRETS[:3]}
    mailbox = b"".join(mail.read_bytes() for mail in settings.home.rglob("*.eml"))
    assert found(NEEDLES, dump(settings), in_redis(settings), caplog.text.encode(), mailbox) == []


def test_no_code_of_a_coupon_and_no_ticket_of_a_line_is_in_a_dump_redis_logs_or_mails(
    app: Flask, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """Made, downloaded, guessed at, used and paid with; a ticket taken, asked with and bought with."""
    caplog.set_level("DEBUG", "perkline")
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    coupon = promote(shop, "fixed_coupon", {"minor": 100}, automatic=False)
    with shop_scope(shop.id):
        batch_id = coupons.make_batch(coupon.id, size=20, prefix="NEEDLE", actor=BUYER)
    before = dump(settings), in_redis(settings)
    with shop_scope(shop.id):
        codes = list(coupons.export_batch(batch_id, coupon.id, actor=BUYER).codes)
    with app.test_client() as browser:
        at = {"base_url": f"http://{shop.slug}.{settings.base_host}"}
        browser.post("/coupons/code", data={"code": codes[0]}, **at)
        browser.post("/coupons/code", data={"code": f"{codes[1]}X"}, **at)
        browser.get("/cart", **at)
        drop = make_drop(shop, goods, units=1)
        ticket = browser.post(f"/flash/{drop.id}/enter", data={"email": "mei@example.com"}, **at).json[
            "ticket"
        ]
        browser.get(f"/flash/{drop.id}/place", headers={"X-Ticket": ticket}, **at)
        browser.post(f"/flash/{drop.id}/take", data={"ticket": ticket}, **at)
    placed = place(shop, goods, asked=Asked(codes=(codes[0],)))
    pay(shop, placed)
    run_jobs()
    mailbox = b"".join(mail.read_bytes() for mail in settings.home.rglob("*.eml"))
    needles = [*codes, *(code.replace("-", "") for code in codes), f"{codes[1]}X", ticket.rpartition(".")[2]]
    assert found(needles, dump(settings), in_redis(settings), caplog.text.encode(), mailbox, *before) == []
