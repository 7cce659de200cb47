"""Keys change while every secret stays readable."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from app.domain.inventory import resealing
from app.domain.orders.queries import lines_of
from app.domain.payouts import queries as payouts
from app.flows import rotate_keys
from app.flows.payout_accounts import details_of
from app.flows.reveal import reveal
from app.foundation.database import session
from app.foundation.runtime import runtime
from app.foundation.vault import Fingerprinter, MasterKeys, MasterKeyUnknown, Vault
from tenants.context import platform_scope, shop_scope
from tenants.directory import Tenant
from tests.database import MASTER, SECRET
from tests.factories import Goods, add_codes, buy, make_goods, make_shop
from tests.factories.orders import BUYER
from tests.factories.payouts import make_payee

NEW = "k2:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh4="


@pytest.fixture
def house(app: Flask) -> Iterator[Flask]:
    """The app, with its own vault back in place afterwards."""
    before = runtime().vault
    yield app
    runtime().vault = before


def use_master_keys(setting: str) -> None:
    runtime().vault = Vault(MasterKeys.parse(setting), Fingerprinter(SECRET))


def read(shop: Tenant, order_id: int) -> list[str]:
    with shop_scope(shop.id):
        line_ids = [line.id for line in lines_of(order_id)]
        session().rollback()
        return [unit.secret.card for line_id in line_ids for unit in reveal(order_id, line_id, actor=BUYER)]


def sold(kind: str = "code", quantity: int = 2) -> tuple[Tenant, Goods, int, list[str]]:
    shop = make_shop()
    goods = make_goods(shop, kind=kind, unlimited=kind == "reusable")
    if kind == "code":
        add_codes(goods, 5)
    placed = buy(shop, {goods: quantity})
    return shop, goods, placed.order_id, read(shop, placed.order_id)


@pytest.mark.usefixtures("house")
def test_accounts_for_payouts_move_to_the_new_master_key_too() -> None:
    payee = make_payee(number="acct_demo_rotated")
    use_master_keys(f"{NEW},{MASTER}")
    assert rotate_keys.rotate_master_key().rewrapped == 1
    use_master_keys(NEW)
    with platform_scope():
        account = payouts.account(payee.account_id)
        assert account is not None
        assert details_of(account).number == "acct_demo_rotated"


@pytest.mark.usefixtures("house")
def test_after_a_new_master_key_the_old_one_is_not_needed() -> None:
    shop, _, order_id, before = sold()
    use_master_keys(f"{NEW},{MASTER}")
    assert read(shop, order_id) == before
    assert rotate_keys.rotate_master_key().rewrapped == 1
    assert rotate_keys.rotate_master_key().rewrapped == 0
    use_master_keys(NEW)
    assert read(shop, order_id) == before


@pytest.mark.usefixtures("house")
def test_without_the_master_key_nothing_opens() -> None:
    shop, _, order_id, _ = sold()
    use_master_keys(NEW)
    with pytest.raises(MasterKeyUnknown):
        read(shop, order_id)


def test_every_secret_moves_to_the_new_data_key_and_reads_the_same(
    house: Flask, owner: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resealing, "PAGE", 2)
    orders = [sold(), sold("reusable", 1)]
    heard: list[int] = []
    rotated = rotate_keys.rotate_data_keys(tell=heard.append)
    assert (rotated.new_keys, rotated.resealed) == (2, 6)
    assert heard[-1] == 6
    for shop, _, order_id, before in orders:
        assert read(shop, order_id) == before
    with owner.connect() as connection:
        states = connection.execute(text("SELECT version, state FROM data_keys ORDER BY brand_id, version"))
        assert states.all() == [(1, "retired"), (2, "current")] * 2


def test_a_row_in_use_keeps_its_old_key_until_it_is_free(house: Flask, owner: Engine) -> None:
    shop, _, order_id, before = sold()
    with owner.connect().execution_options(isolation_level="READ COMMITTED") as busy, busy.begin():
        busy.execute(text("SELECT FROM codes WHERE state = 'sold' FOR UPDATE"))
        assert rotate_keys.rotate_data_keys().resealed == 3
        assert read(shop, order_id) == before
    assert rotate_keys.reseal_everything() == 2
    assert read(shop, order_id) == before
