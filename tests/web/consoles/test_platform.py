"""What the platform approves, suspends, watches and tries again."""

import re
import time

import pytest
from sqlalchemy import text

from tests.factories import buy, make_goods, make_shop, pay, place


@pytest.fixture
def shop(inside):
    with inside():
        made = make_shop("corner")
        make_goods(made, codes=2)
        return made


def firm_of(owner) -> int:
    with owner.connect() as connection:
        return connection.execute(text("SELECT distributor_id FROM shops")).scalar_one()


def test_a_suspended_distributors_shop_is_closed_and_comes_back(shop, staff, owner):
    visitor, firm = staff("platform"), firm_of(owner)

    def shop_is_closed(wanted: bool) -> bool:
        """Within the second that pages and hosts may be kept."""
        ends = time.monotonic() + 2
        while time.monotonic() < ends:
            home = visitor.client.get("/", base_url="http://corner.localhost:8000")
            if home.status_code == 200 and ("暂停营业" in home.text) is wanted:
                return True
            time.sleep(0.1)
        return False

    visitor.post("/platform/distributor/decide", {"firm": firm, "do": "suspend", "reason": "complaints"})
    assert shop_is_closed(True)
    assert "complaints" in staff("distributor", distributor_id=firm).words("/distributor/")
    visitor.post("/platform/distributor/decide", {"firm": firm, "do": "approve"})
    assert shop_is_closed(False)


def test_a_suspension_needs_a_reason(shop, staff, owner):
    visitor = staff("platform")
    visitor.post("/platform/distributor/decide", {"firm": firm_of(owner), "do": "suspend", "reason": " "})
    with owner.connect() as connection:
        assert connection.execute(text("SELECT status FROM distributors")).scalar_one() == "approved"
    assert "needs a reason" in visitor.words("/platform/distributors")


def test_who_decided_is_in_the_audit_trail(shop, staff, owner):
    visitor = staff("platform", "manager")
    visitor.post(
        "/platform/distributor/decide", {"firm": firm_of(owner), "do": "suspend", "reason": "complaints"}
    )
    words = visitor.words("/platform/audit?q=suspended")
    assert "distributor.suspended" in words
    assert "manager of platform" in words


def test_a_viewer_of_the_platform_decides_nothing(shop, staff, owner):
    visitor = staff("platform", "viewer")
    answer = visitor.post(
        "/platform/distributor/decide", {"firm": firm_of(owner), "do": "suspend", "reason": "x"}
    )
    assert answer.status_code == 403


def test_a_failed_job_is_tried_again(shop, staff, owner):
    with owner.connect() as connection:
        connection.execute(
            text(
                "INSERT INTO outbox (kind, payload, failed_at, last_error, attempts)"
                " VALUES ('settle', '{}', now(), 'Boom', 9)"
            )
        )
    visitor = staff("platform")
    page = visitor.get("/platform/jobs?state=failed")
    assert "Boom" in page.text
    address = re.search(r'action="(/platform/jobs/\d+/retry)"', page.text).group(1)
    visitor.post(address)
    with owner.connect() as connection:
        assert connection.execute(text("SELECT failed_at, attempts FROM outbox")).one() == (None, 0)


def test_an_order_that_waits_for_a_person_is_among_the_stuck_ones(shop, staff, owner, inside):
    with inside():
        buy(shop, make_goods(shop, codes=1))
    with owner.connect() as connection:
        number = connection.execute(text("SELECT number FROM orders")).scalar_one()
        connection.execute(text("UPDATE orders SET state = 'attention', attention_reason = 'out of stock'"))
    visitor = staff("platform")
    assert number in visitor.words("/platform/stuck")
    assert "out of stock" in visitor.words(f"/platform/orders/{number}")


def test_health_says_that_no_worker_was_heard_of(staff):
    words = staff("platform").words("/platform/health")
    assert "PostgreSQL answers" in words
    assert "No worker has been heard of" in words


def test_an_order_page_holds_no_secret_until_a_manager_looks_and_that_is_recorded(
    shop, staff, owner, inside, work
):
    with inside():
        goods = make_goods(shop, codes=1)
        buy(shop, goods)
    work()
    with owner.connect() as connection:
        number, line = connection.execute(
            text("SELECT o.number, l.id FROM orders o JOIN order_lines l ON l.order_id = o.id")
        ).one()
    address = f"/distributor/shops/corner/orders/{number}"
    clerk, manager = (
        staff("distributor", role, distributor_id=firm_of(owner)) for role in ("staff", "manager")
    )
    secret = f"SECRET-{goods.sku_id:04d}-"
    assert secret not in clerk.get(address).text + manager.get(address).text
    assert clerk.post(f"{address}/lines/{line}/reveal").status_code == 403
    assert secret in manager.post(f"{address}/lines/{line}/reveal").text
    with owner.connect() as connection:
        assert connection.execute(text("SELECT actor_kind, ip FROM reveals")).all() == [
            ("staff", "203.0.113.9")
        ]


def test_an_order_that_waited_is_closed_by_a_manager_once_its_money_is_back(shop, staff, owner, inside, work):
    with inside():
        pay(shop, place(shop, make_goods(shop, codes=1)), amount=1999)
    work()
    with owner.connect() as connection:
        number = connection.execute(text("SELECT number FROM orders")).scalar_one()
    address = f"/distributor/shops/corner/orders/{number}"
    clerk, manager = (
        staff("distributor", role, distributor_id=firm_of(owner)) for role in ("staff", "manager")
    )
    assert "Seen to: close it" in manager.words(address)
    assert "Seen to: close it" not in clerk.words(address)
    assert clerk.post(f"{address}/acknowledge").status_code == 403
    manager.post(f"{address}/acknowledge", {"note": "too early"})
    with owner.connect() as connection:
        assert connection.execute(text("SELECT state FROM orders")).scalar_one() == "attention"
        # Its money is back, as after a refund made by hand at the gateway.
        connection.execute(text("UPDATE payments SET refunded_minor = received_minor"))
    manager.post(f"{address}/acknowledge", {"note": "given back at the gateway"})
    with owner.connect() as connection:
        assert connection.execute(text("SELECT state FROM orders")).scalar_one() == "cancelled"
        assert connection.execute(text("SELECT outcome FROM payments")).scalar_one() == "refunded"
