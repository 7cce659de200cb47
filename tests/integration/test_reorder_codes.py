"""When a brand changes which code goes out first, those in stock follow."""

from __future__ import annotations

import io
from itertools import pairwise

import pytest
from flask import Flask
from sqlalchemy import select, text

from app.domain.inventory import keys, reordering
from app.domain.inventory.issue_order import IssueOrder
from app.domain.inventory.models import Code
from app.flows import goods as goods_flow
from app.flows import import_stock as flow
from app.flows.import_stock import Delivered
from app.flows.reorder_codes import reorder_codes
from app.foundation.actor import SYSTEM
from app.foundation.runtime import runtime
from app.foundation.unit_of_work import unit_of_work
from app.foundation.vault import Sealed
from tenants.context import brand_scope, platform_scope
from tests.factories import Goods, make_goods, make_shop, run_jobs
from tests.factories.goods import key_of

FIRST = "code,expiry\nA1,2039-01-01\nA2,\nA3,2038-01-01\n"
SECOND = "code,expiry\nB1,2037-01-01\nB2,2040-01-01\n"
PLACES = {
    IssueOrder.OLDEST: ["A1", "A2", "A3", "B1", "B2"],
    IssueOrder.NEWEST: ["B2", "B1", "A3", "A2", "A1"],
    IssueOrder.OLDEST_EXPIRY: ["B1", "A3", "A1", "B2", "A2"],
}


def bring(goods: Goods, content: str) -> None:
    with brand_scope(goods.brand_id):
        told = Delivered(goods.sku_id, "b", "f.csv")
        import_id = flow.receive_file(io.BytesIO(content.encode()), told, actor=SYSTEM)
        flow.confirm_import(import_id, actor=SYSTEM)
    run_jobs()


def order_by(goods: Goods, order: IssueOrder) -> None:
    with brand_scope(goods.brand_id):
        with unit_of_work() as work:
            sku = work.session.execute(text("SELECT * FROM skus WHERE id = :id"), {"id": goods.sku_id}).one()
            values = {name: getattr(sku, name) for name in KEPT} | {"issue_order": order.value}
        goods_flow.save_sku(goods.product_id, goods.sku_id, values, actor=SYSTEM)


KEPT = (
    "name", "name_en", "currency", "delivery_kind", "suggested_minor", "floor_minor", "supply_price_minor", "status",
    "low_stock_at", "max_per_order", "unlimited", "supplier_product", "buyer_fields", "face_value_minor",
    "face_currency",
)  # fmt: skip


def in_order(goods: Goods) -> list[str]:
    with platform_scope(), unit_of_work() as work:
        key = keys.key_of(key_of(work, goods.brand_id).id)
        codes = work.session.execute(select(Code).order_by(Code.pick)).scalars()
        return [runtime().vault.open(key, Sealed(code.fingerprint, code.secret)).card for code in codes]


@pytest.fixture
def goods(app: Flask) -> Goods:
    goods = make_goods(make_shop())
    bring(goods, FIRST)
    bring(goods, SECOND)
    return goods


def test_codes_in_stock_follow_every_change(goods: Goods, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reordering, "PAGE", 2)
    assert in_order(goods) == PLACES[IssueOrder.OLDEST]
    for order in [*PLACES, *reversed(PLACES)]:
        order_by(goods, order)
        run_jobs()
        assert in_order(goods) == PLACES[order]


def test_a_random_order_is_another_one_and_keeps_still(goods: Goods) -> None:
    order_by(goods, IssueOrder.RANDOM)
    run_jobs()
    shuffled = in_order(goods)
    assert sorted(shuffled) == sorted(PLACES[IssueOrder.OLDEST])
    with brand_scope(goods.brand_id):
        reorder_codes(goods.sku_id)
    assert in_order(goods) == shuffled


def test_batches_keep_their_turn_after_a_random_order(goods: Goods) -> None:
    order_by(goods, IssueOrder.RANDOM)
    run_jobs()
    order_by(goods, IssueOrder.OLDEST)
    run_jobs()
    assert all(one[0] <= next_[0] for one, next_ in pairwise(in_order(goods)))


def test_sold_codes_stay_where_they_are(goods: Goods) -> None:
    with platform_scope(), unit_of_work() as work:
        work.session.execute(text("UPDATE codes SET state = 'withheld'"))
        before = work.session.execute(select(Code.id, Code.pick).order_by(Code.id)).all()
    order_by(goods, IssueOrder.NEWEST)
    run_jobs()
    with platform_scope(), unit_of_work() as work:
        assert work.session.execute(select(Code.id, Code.pick).order_by(Code.id)).all() == before
