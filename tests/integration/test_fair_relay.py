"""Ten thousand jobs of one shop stand behind one another, and not in front of another shop's one."""

import pytest
from rq import Queue
from sqlalchemy import Engine, text

from app.foundation.runtime import redis
from app.jobs import registry, relay
from app.jobs.registry import QUEUES, Handler
from app.jobs.relay import DEPTH, relay_once
from tests.factories import make_shop

PUT = text(
    "INSERT INTO outbox (kind, shop_id, payload, due_at) SELECT :kind, :shop, '{}', now() - make_interval(secs => :ago)"
    " FROM generate_series(1, :many)"
)
# As it was: whoever came first, whosever it is.
FIRST_COME = str(relay.TAKE).replace("ORDER BY turn, due_at", "ORDER BY due_at")


@pytest.fixture
def queues(app, monkeypatch) -> dict[str, Queue]:
    for kind, queue, batch in (("note", "normal", 20), ("slow", "normal", 1), ("hurry", "urgent", 20)):
        monkeypatch.setitem(registry.HANDLERS, kind, Handler(lambda: None, queue, batch=batch))
    return {name: Queue(name, connection=redis()) for name in QUEUES}


def put(owner: Engine, kind: str, shop: int | None, *, many: int = 1, ago: float = 1) -> None:
    with owner.connect() as connection:
        connection.execute(PUT, {"kind": kind, "shop": shop, "many": many, "ago": ago})


def taken(owner: Engine, shop: int) -> int:
    with owner.connect() as connection:
        found = connection.execute(
            text("SELECT count(*) FROM outbox WHERE attempts > 0 AND shop_id = :s"), {"s": shop}
        )
        return int(found.scalar_one())


def test_a_shops_single_job_is_put_on_before_ten_thousand_older_ones_of_another(queues, owner):
    loud, calm = make_shop("loud"), make_shop("calm")
    put(owner, "note", loud.id, many=10_000, ago=60)
    put(owner, "note", calm.id)
    relay_once(queues)
    assert taken(owner, calm.id) == 1
    first = queues["normal"].jobs[0].args[0]
    with owner.connect() as connection:
        mine = connection.execute(
            text("SELECT id FROM outbox WHERE shop_id = :s"), {"s": calm.id}
        ).scalar_one()
    assert mine in first, "it is in the first job, not behind the others"


def test_without_turns_the_single_job_would_wait_behind_them_all(queues, owner, monkeypatch):
    loud, calm = make_shop("loud"), make_shop("calm")
    put(owner, "note", loud.id, many=10_000, ago=60)
    put(owner, "note", calm.id)
    monkeypatch.setattr(relay, "TAKE", text(FIRST_COME))
    relay_once(queues)
    assert (taken(owner, calm.id), taken(owner, loud.id)) == (0, DEPTH * 20)


def test_a_queue_stays_short_so_that_a_newcomer_has_little_in_front_of_it(queues, owner):
    loud, calm = make_shop("loud"), make_shop("calm")
    put(owner, "note", loud.id, many=1_000, ago=60)
    for _ in range(5):
        relay_once(queues)
    assert queues["normal"].count == DEPTH
    put(owner, "note", calm.id)
    assert relay_once(queues) == 0, "not before it is half empty"
    for _ in range(DEPTH // 2):
        queues["normal"].pop_job_id()
    relay_once(queues)
    assert taken(owner, calm.id) == 1
    assert queues["normal"].count == DEPTH


def test_a_full_queue_holds_up_no_other_queue(queues, owner):
    loud = make_shop("loud")
    put(owner, "slow", loud.id, many=100, ago=60)
    relay_once(queues)
    assert queues["normal"].count == DEPTH
    put(owner, "hurry", loud.id)
    assert relay_once(queues) == 1
    assert queues["urgent"].count == 1


def test_what_waits_is_put_on_once_and_everything_in_the_end(queues, owner):
    shops = [make_shop(name) for name in ("one", "two", "three")]
    for many, shop in zip((170, 30, 1), shops, strict=True):
        put(owner, "note", shop.id, many=many)
    put(owner, "note", None, many=7)
    seen: list[int] = []
    while relay_once(queues):
        for job in queues["normal"].jobs:
            seen += job.args[0]
        queues["normal"].empty()
    assert len(seen) == len(set(seen)) == 208
