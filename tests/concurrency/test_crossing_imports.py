"""Two brands bring the same codes at once, each in the other's opposite order."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import text

from app.domain.inventory import imports, storing
from app.flows import import_stock as flow
from app.flows.import_stock import Delivered
from app.foundation.actor import SYSTEM
from app.foundation.errors import Busy
from app.foundation.unit_of_work import unit_of_work
from tenants.context import brand_scope
from tests.factories import Goods, make_goods, make_shop

CODES = 10_000
TRIES = 5

pytestmark = pytest.mark.concurrency


def bring_at_once(app: Flask, name: str) -> list[imports.ImportState | Busy]:
    lines = [f"{name}{n:06d}" for n in range(CODES)]
    both = [make_goods(make_shop()), make_goods(make_shop())]
    ids = [confirmed(both[0], lines), confirmed(both[1], lines[::-1])]
    together = Barrier(2)

    def work(place: int) -> imports.ImportState | Busy:
        with app.app_context(), brand_scope(both[place].brand_id):
            together.wait()
            try:
                flow.import_stock(ids[place])
            except Busy as error:
                return error
            with unit_of_work():
                return imports.get(ids[place])

    with ThreadPoolExecutor(2) as hands:
        return list(hands.map(work, range(2)))


def confirmed(goods: Goods, lines: list[str]) -> int:
    with brand_scope(goods.brand_id):
        source, told = io.BytesIO("\n".join(lines).encode()), Delivered(goods.sku_id, "b", "f.txt")
        import_id = flow.receive_file(source, told, actor=SYSTEM)
        flow.confirm_import(import_id, actor=SYSTEM)
        return import_id


def test_crossing_imports_share_the_codes_out(app: Flask) -> None:
    done = bring_at_once(app, "SHARED")
    assert [getattr(one, "state", one) for one in done] == ["done", "done"]
    assert sum(one.added for one in done if isinstance(one, imports.ImportState)) == CODES


def test_without_one_order_for_all_crossing_imports_deadlock(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    unordered = str(storing.INSERT).replace("ORDER BY fingerprint", "ORDER BY line")
    monkeypatch.setattr(storing, "INSERT", text(unordered))
    assert any(deadlocked(bring_at_once(app, f"TURN{turn}X")) for turn in range(TRIES))


def deadlocked(ended: list[imports.ImportState | Busy]) -> bool:
    return any("deadlock" in str(one.__cause__) for one in ended if isinstance(one, Busy))
