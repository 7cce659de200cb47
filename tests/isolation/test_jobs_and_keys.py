"""A job is held to its shop, and every key in Redis says whose it is."""

import pytest
from sqlalchemy import Engine, text

from app.foundation.errors import NotFound
from app.foundation.unit_of_work import unit_of_work
from app.jobs.registry import HANDLERS
from app.jobs.run import run_batch
from tenants.context import platform_scope, shop_scope
from tenants.errors import NoScope
from tenants.jobs import job_scope
from tenants.keys import platform_key, shop_key
from tests.isolation.test_routes import everything
from tests.isolation.world import World

OF_NO_SHOP = {
    "import_stock": "a brand's",
    "reorder_codes": "a brand's",
    "follow_level": "a brand's: it follows a distributor's level with that brand",
    "send_payouts": "the platform's: it carries payouts of every firm",
    "verify_account": "a brand's or distributor's; see test_a_job_checks_only_its_own_firms_account",
    "send_sandbox_event": "what an outside party sends; signed, and it knows no shop",
}


def arguments(world: World, owner: Engine, kind: str) -> dict[str, int]:
    """What a job of each kind is given, all of it shop B's."""
    with owner.connect() as connection:
        of_b = {"shop": world.b.shop.id}
        one = {
            name: connection.execute(text(f"SELECT id FROM {table} WHERE shop_id = :shop ORDER BY id LIMIT 1"), of_b).scalar_one()
            for name, table in {
                "event_id": "payment_events", "payment_id": "payments", "order_id": "orders", "refund_id": "refunds", "mail_id": "mails",
                "supplier_order_id": "supplier_orders",
            }.items()
        }  # fmt: skip
    wanted = HANDLERS[kind].run.__code__
    return {name: one[name] for name in wanted.co_varnames[: wanted.co_argcount] if name in one}


@pytest.mark.parametrize("kind", sorted(HANDLERS))
def test_a_job_opened_for_one_shop_changes_nothing_of_another(world: World, owner: Engine, kind: str):
    if kind in OF_NO_SHOP:
        return
    given = arguments(world, owner, kind)
    assert given, "say here what such a job is given, or above why it is of no shop"
    with owner.connect() as connection:  # as if nobody had worked on it yet
        connection.execute(
            text("UPDATE payment_events SET outcome = NULL WHERE shop_id = :shop"), {"shop": world.b.shop.id}
        )
    before = everything(owner, world.b)
    refusal: Exception | None = None
    with job_scope(world.a.shop.id):
        try:
            HANDLERS[kind].run(**given)
        except Exception as error:  # noqa: BLE001 - it may refuse in any words, but only by not finding
            refusal = error
    assert refusal is None or isinstance(refusal, NotFound) or "No row was found" in str(refusal), refusal
    assert everything(owner, world.b) == before


def test_an_outbox_row_of_one_shop_that_names_anothers_order_fails_and_changes_nothing(
    world: World, owner: Engine
):
    before = everything(owner, world.b)
    with shop_scope(world.a.shop.id), unit_of_work() as work:
        work.enqueue("deliver_order", order_id=world.b.placed.order_id)
    with owner.connect() as connection:
        row = connection.execute(
            text("SELECT max(id) FROM outbox WHERE shop_id = :shop"), {"shop": world.a.shop.id}
        ).scalar_one()
    run_batch([row])
    with owner.connect() as connection:
        assert (
            connection.execute(text("SELECT last_error FROM outbox WHERE id = :id"), {"id": row}).scalar_one()
            == "not_found"
        )
    assert everything(owner, world.b) == before


def test_a_shop_cannot_leave_a_job_for_another(world: World, owner: Engine):
    with shop_scope(world.a.shop.id), unit_of_work() as work:
        work.enqueue("deliver_order", order_id=1, for_shop=world.b.shop.id, key="for-another")
    with owner.connect() as connection:
        assert (
            connection.execute(text("SELECT shop_id FROM outbox WHERE key = 'for-another'")).scalar_one()
            == world.a.shop.id
        )


def test_a_key_names_its_shop_and_there_is_none_without():
    with shop_scope(7):
        assert shop_key("tries", "x") == "perkline:shop:7:tries:x"
    with platform_scope(), pytest.raises(ValueError):
        shop_key("tries")
    with pytest.raises(NoScope):
        shop_key("tries")
    assert platform_key("tries") == "perkline:platform:tries"
