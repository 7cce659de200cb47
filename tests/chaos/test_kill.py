"""Kill −9 of web, worker and relay, and a flushed Redis, at any moment: nothing is lost, nothing happens twice."""

import random
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from app.config import Settings
from app.flows.prove import prove
from app.foundation.runtime import redis
from tenants.directory import Tenant
from tests.chaos.house import House, running
from tests.concurrency.race import ask
from tests.factories import Goods, make_goods, make_shop, place, set_slots
from tests.factories.orders import paid_event

Event = tuple[dict[str, str], bytes]

SOON = text("UPDATE outbox SET due_at = now() WHERE failed_at IS NULL AND due_at > now()")


def orders_of(shop: Tenant, goods: Goods, counted: Goods, number: int) -> list[Event]:
    """So many orders that wait for their money, and the signed news that it came."""
    carts: list[dict[Goods, int]] = [{goods: 1}, {goods: 2}, {goods: 1, counted: 1}]
    return [paid_event(shop, place(shop, carts[at % len(carts)])) for at in range(number)]


def misfortune(house: House, chance: random.Random) -> None:
    """One thing that goes wrong."""
    what = chance.choice(["web", "worker", "worker", "relay", "redis", "worker and redis"])
    for name in house.commands:
        if name in what:
            house.kill(name)
    if "redis" in what:
        redis().flushall()


def pay_everything(house: House, events: list[Event], chance: random.Random, owner: Engine) -> int:
    """A gateway tells everything until it has been heard, each twice, while the house is struck; how often it was."""
    struck = 0
    waiting = [*events, *events]
    chance.shuffle(waiting)
    while waiting:
        headers, body = waiting.pop()
        if house.post("/hooks/sandbox", headers, body) != 200:
            waiting.insert(0, (headers, body))
            house.mend()
            time.sleep(0.2)
        if chance.random() < 0.12:
            misfortune(house, chance)
            struck += 1
            time.sleep(chance.random() * 0.3)
            house.mend()
            pass_time(owner)
    return struck


def pass_time(owner: Engine) -> None:
    """Let every lease be over, also of what is being worked on at this moment."""
    with owner.connect() as connection:
        connection.execute(SOON)


def until_done(house: House, owner: Engine, seconds: float) -> None:
    until = time.monotonic() + seconds
    while ask(owner, "SELECT count(*) FROM outbox") != [(0,)]:
        assert time.monotonic() < until, ask(
            owner, "SELECT kind, attempts, last_error, failed_at FROM outbox LIMIT 5"
        )
        house.mend()
        time.sleep(1)
        pass_time(owner)


def check_nothing_lost(owner: Engine, mailbox: Path, *, orders: int) -> None:
    """Every paid order is delivered exactly once, no code twice, no mail lost, nothing left to do."""
    assert ask(owner, "SELECT state, count(*) FROM orders GROUP BY 1") == [("delivered", orders)]
    assert ask(owner, "SELECT outcome, count(*) FROM payments GROUP BY 1") == [("delivered", orders)]
    owed = "SELECT coalesce(sum(quantity), 0) FROM order_lines WHERE delivery_kind = 'code'"
    sold = "SELECT count(*) FROM codes WHERE state = 'sold'"
    assert ask(owner, owed) == ask(owner, sold)
    by_line = """
        SELECT count(*) FROM order_lines l WHERE delivery_kind = 'code'
          AND quantity <> (SELECT count(*) FROM codes c WHERE c.order_line_id = l.id)
    """
    assert ask(owner, by_line) == [(0,)]
    assert ask(owner, "SELECT count(*) FROM codes WHERE state = 'reserved'") == [(0,)]
    assert ask(
        owner, "SELECT count(*), count(DISTINCT order_line_id) FROM deliveries WHERE state = 'delivered'"
    ) == ask(owner, "SELECT count(*), count(*) FROM order_lines")
    assert ask(owner, "SELECT step, count(*) FROM order_steps GROUP BY 1 ORDER BY 1") == [
        ("delivered", orders), ("paid", orders), ("placed", orders),
    ]  # fmt: skip
    assert ask(owner, "SELECT kind, state, count(*) FROM mails GROUP BY 1, 2") == [
        ("delivered", "sent", orders)
    ]
    assert len(list(mailbox.glob("*.eml"))) == orders
    assert ask(owner, "SELECT count(*) FROM payment_events WHERE outcome = 'applied'") == [(orders,)]
    assert ask(owner, "SELECT count(*) FROM outbox") == [(0,)]
    assert ask(owner, "SELECT count(*) FROM settlements") == ask(owner, "SELECT count(*) FROM order_lines")
    assert prove().differences == []


def run(settings: Settings, owner: Engine, tmp_path: Path, *, orders: int, seed: int, seconds: float) -> None:
    for mail in (settings.home / "mailbox").glob("*.eml"):
        mail.unlink()
    shop = make_shop(max_open_orders=orders)
    goods = make_goods(shop, codes=orders * 2)
    counted = make_goods(shop, kind="reusable", brand_id=goods.brand_id)
    set_slots(counted, [orders] * 4)
    events = orders_of(shop, goods, counted, orders)
    with running(settings, tmp_path) as house:
        assert pay_everything(house, events, random.Random(seed), owner) > orders // 10
        until_done(house, owner, seconds)
    check_nothing_lost(owner, settings.home / "mailbox", orders=orders)


@pytest.mark.chaos
def test_thirty_orders_survive_every_kill(app, settings, owner, tmp_path):
    run(settings, owner, tmp_path, orders=30, seed=7, seconds=60)


@pytest.mark.chaos
@pytest.mark.nightly
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_hundreds_of_orders_survive_every_kill(app, settings, owner, tmp_path, seed):
    run(settings, owner, tmp_path, orders=300, seed=seed, seconds=300)


@pytest.mark.chaos
def test_a_lost_order_would_be_noticed(app, settings, owner, tmp_path):
    """The twin: a house whose outbox forgets what Redis forgot fails the same check."""
    shop = make_shop(max_open_orders=10)
    goods = make_goods(shop, codes=4)
    counted = make_goods(shop, kind="reusable", brand_id=goods.brand_id)
    set_slots(counted, [5])
    events = orders_of(shop, goods, counted, 2)
    with running(settings, tmp_path) as house:
        house.kill("worker")
        for headers, body in events:
            assert house.post("/hooks/sandbox", headers, body) == 200
        with owner.connect() as connection:
            connection.execute(text("DELETE FROM outbox"))
        redis().flushall()
    with pytest.raises(AssertionError):
        check_nothing_lost(owner, settings.home / "mailbox", orders=2)
