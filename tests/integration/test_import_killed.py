"""A worker is killed while it imports: whoever comes next ends with the same figures."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from app.config import Settings
from app.domain.inventory import imports
from app.flows import import_stock as flow
from app.flows.import_stock import Delivered
from app.foundation.actor import SYSTEM
from app.foundation.unit_of_work import unit_of_work
from tenants.context import brand_scope
from tests.factories import Goods, make_goods, make_shop

CODES = 120_000


@pytest.fixture
def goods(app: Flask) -> Goods:
    return make_goods(make_shop())


def confirmed(goods: Goods, content: bytes) -> int:
    with brand_scope(goods.brand_id):
        import_id = flow.receive_file(
            io.BytesIO(content), Delivered(goods.sku_id, "b", "f.csv"), actor=SYSTEM
        )
        flow.confirm_import(import_id, actor=SYSTEM)
        return import_id


def start_worker(goods: Goods, import_id: int, settings: Settings) -> subprocess.Popen[bytes]:
    environ = os.environ | {
        "PERKLINE_HOME": str(settings.home),
        "DATABASE_URL": settings.database_url,
        "DATABASE_APP_URL": settings.database_app_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": settings.secret_key,
        "FINGERPRINT_KEY": settings.fingerprint_key,
        "MASTER_KEYS": settings.master_keys,
    }
    program = [sys.executable, "-m", "app.bench.import_hand", "work", str(goods.brand_id), str(import_id)]
    return subprocess.Popen(program, env=environ, stdout=subprocess.DEVNULL)


def rows_done(owner: Engine, import_id: int) -> int:
    with owner.connect() as connection:
        found = text("SELECT rows_done FROM stock_imports WHERE id = :id")
        return int(connection.execute(found, {"id": import_id}).scalar_one())


def kill_after_first_chunk(goods: Goods, import_id: int, settings: Settings, owner: Engine) -> None:
    before = rows_done(owner, import_id)
    worker = start_worker(goods, import_id, settings)
    until = time.monotonic() + 60
    while rows_done(owner, import_id) == before and worker.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    worker.send_signal(signal.SIGKILL)
    worker.wait()


@pytest.mark.chaos
def test_a_worker_killed_in_the_middle_loses_and_repeats_nothing(
    goods: Goods, settings: Settings, owner: Engine
) -> None:
    lines = [b"KILL%07d,PW%07d" % (n, n * 7) for n in range(CODES)]
    content = b"\n".join([*lines, b"broken", *lines[:500]])
    import_id = confirmed(goods, content)
    for _ in range(2):
        kill_after_first_chunk(goods, import_id, settings, owner)
        assert 0 < rows_done(owner, import_id) < CODES
    with brand_scope(goods.brand_id):
        flow.import_stock(import_id)
        with unit_of_work():
            done = imports.get(import_id)
    assert (done.state, done.rows_done) == ("done", CODES + 501)
    assert (done.added, done.repeated_in_file, done.already_on_platform, done.malformed) == (CODES, 500, 0, 1)
    with owner.connect() as connection:
        kept = connection.execute(text("SELECT count(*), count(DISTINCT fingerprint) FROM codes")).one()
    assert kept == (CODES, CODES)
