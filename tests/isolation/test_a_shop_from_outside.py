"""What the world sees of a shop before it is open, and what Redis keeps of one."""

import re
import time

from flask import Flask
from rq import Queue
from sqlalchemy import Engine, text

from app.foundation.runtime import redis
from app.foundation.unit_of_work import unit_of_work
from app.jobs.registry import QUEUES
from app.jobs.relay import relay_once
from tenants.context import platform_scope
from tests.factories import add_codes, make_goods, make_shop, pay, place
from tests.integration.test_relay_and_jobs import work_off
from tests.isolation.test_sessions_and_hosts import send

OURS = re.compile(r"perkline:(shop:\d+|platform):.+")


def test_a_shop_that_is_not_open_yet_or_not_approved_is_nowhere(app, built_app: Flask):
    shop = make_shop()
    client = built_app.test_client()
    assert send(client, "GET", "/", f"http://{shop.slug}.localhost").status_code == 200
    for change in ("UPDATE shops SET status = 'draft'", "UPDATE distributors SET status = 'suspended'"):
        with platform_scope(), unit_of_work() as work:
            work.session.execute(text(change))
        time.sleep(1)  # a change is seen within a second, also through what the door has kept
        assert send(client, "GET", "/", f"http://{shop.slug}.localhost").status_code == 404


def test_after_a_whole_purchase_every_key_in_redis_says_whose_it_is(app, built_app, owner: Engine):
    shop = make_shop()
    goods = make_goods(shop)
    secrets = add_codes(goods, 2)
    queues = {name: Queue(name, connection=redis()) for name in QUEUES}
    client = built_app.test_client()
    origin = f"http://{shop.slug}.localhost"
    for path in ("/", f"/p/{goods.slug}", "/search?q=x", "/orders"):
        assert send(client, "GET", path, origin).status_code == 200
    send(client, "POST", "/orders", origin, data={"number": "260101-NOTHING0", "email": "a@example.com"})
    placed = place(shop, {goods: 2}, email="mei@example.com")
    pay(shop, placed)
    seen: set[str] = set()
    while relay_once(queues):
        seen |= set(_keys())
        work_off(queues)
    seen |= set(_keys())
    assert seen, "nothing was kept: nothing was looked at"
    assert [key for key in seen if not OURS.fullmatch(key) and not key.startswith("rq:")] == []
    whole = b"".join(redis().dump(key) or b"" for key in redis().scan_iter("*"))
    for told in (*secrets, "mei@example.com"):
        assert told.encode() not in whole


def _keys() -> list[str]:
    return [key.decode() for key in redis().scan_iter("*")]
