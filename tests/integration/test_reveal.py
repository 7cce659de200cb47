"""A look at a secret is recorded before it is shown, and only the owner of a delivered line may look."""

import pytest
from sqlalchemy import Engine

from app.domain.orders.errors import NotDeliveredYet
from app.flows import reveal as reveal_flow
from app.flows.reveal import reveal
from app.foundation.actor import Actor
from app.foundation.errors import NotFound
from tenants.context import shop_scope
from tests.concurrency.race import ask
from tests.factories import add_codes, buy, make_goods, make_shop, pay, place, run_jobs
from tests.factories.orders import BUYER

AGENT = Actor("staff", id=7, name="Ming", ip="127.0.0.9", device="desk")


def line_of(owner: Engine, order_id: int) -> int:
    return int(ask(owner, "SELECT id FROM order_lines WHERE order_id = :id", id=order_id)[0][0])


def test_every_look_is_recorded_with_who_and_from_where(app, owner):
    shop = make_shop()
    goods = make_goods(shop)
    texts = add_codes(goods, 3)
    placed = buy(shop, {goods: 2})
    with shop_scope(shop.id):
        for actor in (BUYER, AGENT):
            seen = reveal(placed.order_id, line_of(owner, placed.order_id), actor=actor)
            assert [unit.secret.card for unit in seen] == texts[:2]
    looks = ask(owner, "SELECT actor_kind, actor_id, ip, device, codes FROM reveals ORDER BY id")
    assert looks == [("buyer", None, "127.0.0.1", None, 2), ("staff", 7, "127.0.0.9", "desk", 2)]


def test_the_record_stands_even_if_opening_fails(app, owner, monkeypatch):
    shop = make_shop()
    placed = buy(shop, make_goods(shop, codes=1))

    def broken(*_: object) -> None:
        raise RuntimeError("the key is away")

    monkeypatch.setattr(reveal_flow, "_opened", broken)
    with shop_scope(shop.id), pytest.raises(RuntimeError):
        reveal(placed.order_id, line_of(owner, placed.order_id), actor=BUYER)
    assert ask(owner, "SELECT count(*) FROM reveals") == [(1,)]


def test_nothing_is_shown_where_the_record_cannot_be_written(app, owner, monkeypatch):
    shop = make_shop()
    placed = buy(shop, make_goods(shop, codes=1))
    opened: list[object] = []
    monkeypatch.setattr(reveal_flow, "_opened", lambda *given: opened.append(given))
    monkeypatch.setattr(reveal_flow, "Reveal", lambda **_: None)
    with shop_scope(shop.id), pytest.raises(Exception):  # noqa: B017 - whatever the session says to None
        reveal(placed.order_id, line_of(owner, placed.order_id), actor=BUYER)
    assert opened == []


def test_an_order_that_is_not_delivered_has_nothing_to_show(app, owner):
    shop = make_shop()
    placed = place(shop, make_goods(shop, codes=1))
    line_id = line_of(owner, placed.order_id)
    for step in (lambda: None, lambda: pay(shop, placed)):
        step()
        with shop_scope(shop.id), pytest.raises(NotDeliveredYet):
            reveal(placed.order_id, line_id, actor=BUYER)
    assert ask(owner, "SELECT count(*) FROM reveals") == [(0,)]
    run_jobs()
    with shop_scope(shop.id):
        assert len(reveal(placed.order_id, line_id, actor=BUYER)) == 1


def test_a_line_is_only_shown_with_its_own_order(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=2)
    one, other = buy(shop, goods), buy(shop, goods)
    with shop_scope(shop.id), pytest.raises(NotFound):
        reveal(one.order_id, line_of(owner, other.order_id), actor=BUYER)
    assert ask(owner, "SELECT count(*) FROM reveals") == [(0,)]


def test_two_buyers_never_read_the_same_code(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=6)
    seen: list[str] = []
    for _ in range(3):
        placed = buy(shop, {goods: 2})
        with shop_scope(shop.id):
            seen += [
                unit.secret.card
                for unit in reveal(placed.order_id, line_of(owner, placed.order_id), actor=BUYER)
            ]
    assert len(seen) == len(set(seen)) == 6
