"""A brand's file of codes, from the upload to a buyer's hand."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, select, text

from app.domain.inventory import importing, imports, storing
from app.domain.inventory.errors import NotPooled, UploadGone
from app.domain.inventory.imports import ImportState
from app.domain.inventory.models import Code
from app.domain.inventory.stock_file import Reason
from app.domain.orders.queries import lines_of
from app.flows import import_stock as flow
from app.flows.import_stock import Delivered
from app.flows.reveal import reveal
from app.foundation import clock
from app.foundation.actor import Actor
from app.foundation.database import session
from app.foundation.errors import NotFound, StaleState
from app.foundation.unit_of_work import unit_of_work
from tenants.context import brand_scope, platform_scope, shop_scope
from tests.factories import Goods, buy, make_goods, make_shop, run_jobs
from tests.factories.orders import BUYER

STAFF = Actor("staff", id=1)


def receive(goods: Goods, content: str, **told: object) -> int:
    with brand_scope(goods.brand_id):
        delivered = Delivered(goods.sku_id, "first batch", "codes.csv", **told)  # type: ignore[arg-type]
        return flow.receive_file(io.BytesIO(content.encode()), delivered, actor=STAFF)


def confirm(goods: Goods, import_id: int, **choices: object) -> None:
    with brand_scope(goods.brand_id):
        flow.confirm_import(import_id, choices, actor=STAFF)


def bring(goods: Goods, content: str) -> ImportState:
    import_id = receive(goods, content)
    confirm(goods, import_id)
    run_jobs()
    return state_of(goods, import_id)


def state_of(goods: Goods, import_id: int) -> ImportState:
    with brand_scope(goods.brand_id), unit_of_work():
        return imports.get(import_id)


def figures(done: ImportState) -> tuple[int, int, int, int]:
    return done.added, done.repeated_in_file, done.already_on_platform, done.malformed


def codes(goods: Goods) -> list[Code]:
    with platform_scope(), unit_of_work() as work:
        found = select(Code).where(Code.sku_id == goods.sku_id).order_by(Code.pick)
        return list(work.session.execute(found).scalars())


@pytest.fixture
def goods(app: Flask) -> Goods:
    return make_goods(make_shop())


def many(number: int) -> str:
    return "card,password\n" + "".join(f"CARD{n:05d},PW{n:05d}\n" for n in range(number))


def test_every_line_of_a_file_is_accounted_for(goods: Goods) -> None:
    bring(goods, "CARD0,PW0\nCARD9,PW9")
    done = bring(goods, "CARD1,PW1\nCARD0,PW0\nbroken\nCARD1, PW1\nCARD2,PW2\n")
    assert done.state == "done"
    assert (done.rows_total, done.rows_done) == (5, 5)
    assert figures(done) == (2, 1, 1, 1)
    assert done.problems == [
        [2, "already_on_platform"],
        [3, Reason.NO_PASSWORD],
        [4, "repeated_in_file", 1],
    ]


def test_a_buyer_reads_the_code_that_was_imported(app: Flask) -> None:
    shop = make_shop()
    goods = make_goods(shop)
    bring(goods, "卡号,密码\nA-1,p-1\nA-2,p-2\n")
    placed = buy(shop, goods)
    with shop_scope(shop.id):
        [line] = lines_of(placed.order_id)
        line_id = line.id
        session().rollback()
        [seen] = reveal(placed.order_id, line_id, actor=BUYER)
    assert (seen.secret.card, seen.secret.password) == ("A-1", "p-1")


def test_a_file_brought_twice_adds_nothing(goods: Goods) -> None:
    assert figures(bring(goods, many(50))) == (50, 0, 0, 0)
    assert figures(bring(goods, many(50))) == (0, 0, 50, 0)
    assert len(codes(goods)) == 50


def test_a_code_of_another_brand_is_refused_and_stays_theirs(goods: Goods) -> None:
    other = make_goods(make_shop())
    bring(other, "SAME-1\nSAME-2\nTHEIRS-1")
    assert figures(bring(goods, "SAME-1\n SAME-2 \nOURS-1")) == (1, 0, 2, 0)
    assert len(codes(other)) == 3


def test_codes_take_their_places_in_the_issue_order_of_their_sku(app: Flask) -> None:
    goods = make_goods(make_shop(), issue_order="oldest_expiry")
    bring(goods, "code,expiry\nLATE,2039-01-01\nNEVER,\nSOON,2038-01-01\n")
    assert [code.expires_at and code.expires_at.year for code in codes(goods)] == [2038, 2039, None]


def test_a_batchs_expiry_counts_where_a_line_has_none(goods: Goods) -> None:
    day = clock.now() + timedelta(days=30)
    import_id = receive(goods, "A1\nA2", expires_at=day)
    confirm(goods, import_id)
    run_jobs()
    assert {code.expires_at for code in codes(goods)} == {day}


def test_nothing_is_added_before_it_is_confirmed(goods: Goods) -> None:
    import_id = receive(goods, many(30))
    with brand_scope(goods.brand_id):
        seen = flow.preview_import(import_id)
        session().rollback()
    assert (seen.good, seen.first[0].masked) == (30, "CA••••00 / ••••")
    run_jobs()
    assert codes(goods) == []
    assert state_of(goods, import_id).state == "waiting"


def test_confirming_twice_adds_once(goods: Goods) -> None:
    import_id = receive(goods, many(30))
    confirm(goods, import_id)
    confirm(goods, import_id)
    run_jobs()
    confirm(goods, import_id)
    run_jobs()
    assert figures(state_of(goods, import_id)) == (30, 0, 0, 0)


def test_what_the_brand_said_about_its_file_is_followed(goods: Goods) -> None:
    import_id = receive(goods, "code\nAB CD\nEF GH\n")
    confirm(goods, import_id, separator="", has_header=False)
    run_jobs()
    assert figures(state_of(goods, import_id)) == (3, 0, 0, 0)


def test_a_file_that_cannot_be_read_fails_with_its_reason(goods: Goods) -> None:
    import_id = receive(goods, "PK\x03\x04 no archive")
    confirm(goods, import_id)
    run_jobs()
    failed = state_of(goods, import_id)
    assert (failed.state, failed.error) == ("failed", "broken_spreadsheet")


def test_the_file_is_forgotten_when_its_codes_are_in(goods: Goods) -> None:
    done = bring(goods, many(5))
    with brand_scope(goods.brand_id), pytest.raises(UploadGone):
        flow.preview_import(done.id)
    session().rollback()


def test_a_cancelled_import_adds_nothing_more(goods: Goods, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "CHUNK", 10)
    import_id = receive(goods, many(100))
    confirm(goods, import_id)
    stop_after(monkeypatch, 3, lambda: cancel(goods, import_id))
    with brand_scope(goods.brand_id), pytest.raises(StaleState):
        flow.import_stock(import_id)
    assert state_of(goods, import_id).state == "cancelled"
    assert len(codes(goods)) == 30
    with brand_scope(goods.brand_id):
        flow.import_stock(import_id)
    assert len(codes(goods)) == 30


def cancel(goods: Goods, import_id: int) -> None:
    with brand_scope(goods.brand_id):
        assert flow.cancel_import(import_id, actor=STAFF)


def stop_after(monkeypatch: pytest.MonkeyPatch, chunks: int, then: object) -> None:
    """Do something between two chunks, once."""
    left = [chunks]
    store = flow._store

    def counting(*args: object) -> None:
        if left[0] == 0:
            left[0] = -1
            then()  # type: ignore[operator]
        left[0] -= 1
        store(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(flow, "_store", counting)


def test_an_import_that_died_goes_on_and_ends_the_same(goods: Goods, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "CHUNK", 7)
    bring(goods, "CARD00003,PW00003\nX,Y")
    content = many(60) + "CARD00001,PW00001\nbroken\n" + many(20).replace("PW", "NEW")
    import_id = receive(goods, content)
    confirm(goods, import_id)
    for died_after in (1, 2, 3):
        stop_after(monkeypatch, died_after, die)
        with brand_scope(goods.brand_id), pytest.raises(Died):
            flow.import_stock(import_id)
    with brand_scope(goods.brand_id):
        flow.import_stock(import_id)
    died = state_of(goods, import_id)
    assert figures(died) == (79, 1, 1, 2)
    assert died.rows_done == died.rows_total == 83
    assert len(codes(goods)) == 81


def test_a_job_that_died_is_put_on_again_when_its_lease_is_over(
    goods: Goods, monkeypatch: pytest.MonkeyPatch, owner: Engine
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 7)
    import_id = receive(goods, many(30))
    confirm(goods, import_id)
    stop_after(monkeypatch, 2, die)
    with brand_scope(goods.brand_id), pytest.raises(Died):
        flow.import_stock(import_id)
    run_jobs()
    assert state_of(goods, import_id).rows_done == 14
    with owner.connect() as connection:
        due = "UPDATE outbox SET due_at = now() WHERE due_at < now() + make_interval(secs => 60)"
        assert connection.execute(text(due)).rowcount == 1
    run_jobs()
    assert state_of(goods, import_id).state == "done"


class Died(BaseException):
    pass


def die() -> None:
    raise Died


def test_a_chunk_that_fails_halfway_leaves_nothing(goods: Goods, monkeypatch: pytest.MonkeyPatch) -> None:
    import_id = receive(goods, many(30))
    confirm(goods, import_id)
    monkeypatch.setattr(storing, "_count", lambda *_: die())
    with brand_scope(goods.brand_id), pytest.raises(Died):
        flow.import_stock(import_id)
    assert codes(goods) == []
    assert state_of(goods, import_id).rows_done == 0


def test_two_workers_on_one_import_add_each_code_once(
    app: Flask, goods: Goods, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 5)
    import_id = receive(goods, many(200))
    confirm(goods, import_id)

    def work(_: int) -> None:
        with app.app_context(), brand_scope(goods.brand_id):
            try:
                flow.import_stock(import_id)
            except StaleState:
                return

    with ThreadPoolExecutor(2) as hands:
        list(hands.map(work, range(2)))
    run_jobs()
    assert figures(state_of(goods, import_id)) == (200, 0, 0, 0)


def test_an_import_of_another_brand_is_not_found(goods: Goods) -> None:
    other = make_goods(make_shop())
    import_id = receive(goods, many(3))
    with brand_scope(other.brand_id):
        for look in (imports.get, flow.preview_import):
            with pytest.raises(NotFound):
                look(import_id)
        session().rollback()
        flow.confirm_import(import_id, {}, actor=STAFF)
        assert not flow.cancel_import(import_id, actor=STAFF)
    assert state_of(goods, import_id).state == "waiting"


def test_a_sku_that_keeps_no_codes_takes_none(app: Flask) -> None:
    goods = make_goods(make_shop(), kind="topup")
    with pytest.raises(NotPooled):
        receive(goods, many(3))


def test_an_upload_nobody_confirms_is_forgotten_after_a_day(goods: Goods, owner: Engine) -> None:
    import_id = receive(goods, many(3))
    assert flow.forget_uploads() == 0
    clock.travel(timedelta(days=1, minutes=1))
    try:
        assert flow.forget_uploads() == 1
    finally:
        clock.travel_back()
    with owner.connect() as connection:
        kept = connection.execute(
            text("SELECT state, source FROM stock_imports WHERE id = :id"), {"id": import_id}
        )
        assert kept.one() == ("cancelled", None)


@pytest.mark.parametrize("choices", [{"zone": "Nowhere/City"}, {"zone": "../etc/passwd"}, {"separator": "-"}])
def test_a_choice_that_is_none_is_refused_before_anything_moves(
    goods: Goods, choices: dict[str, str]
) -> None:
    import_id = receive(goods, many(3))
    with pytest.raises(ValueError):
        confirm(goods, import_id, **choices)
    assert state_of(goods, import_id).state == "waiting"
