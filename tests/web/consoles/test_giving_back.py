"""Giving a part of a delivered line back, as people do it: asked, shown, confirmed; and a bank that does it for them."""

import re

import pytest
from sqlalchemy import text

from tests.factories import buy, make_goods, make_shop
from tests.factories.money import Books, dispute
from tests.web.conftest import value_of


@pytest.fixture
def sale(inside, owner, house):
    """A delivered order of 20.00 in the shop "corner": (address of the order, line id)."""
    with inside():
        shop = make_shop("corner")
        placed = buy(shop, make_goods(shop, codes=1))
    ((number, line, firm),) = Books(owner).ask(
        "SELECT o.number, l.id, s.distributor_id FROM orders o JOIN order_lines l ON l.order_id = o.id JOIN shops s ON s.id = o.shop_id"
    )
    return {"shop": shop, "placed": placed, "number": number, "line": line, "firm": firm}


def form(amount: str, **more: str) -> dict[str, str]:
    return {"amount": amount, "reason": "不能用", **more}


def test_a_manager_sees_what_it_takes_and_then_gives_a_part_back(sale, staff, owner, work):
    manager = staff("distributor", "manager", distributor_id=sale["firm"])
    address = f"/distributor/shops/corner/orders/{sale['number']}"
    assert "Refund part of this item" in manager.words(address)
    page = f"{address}/lines/{sale['line']}/give-back"
    assert "Can still be given back ¥20.00" in re.sub(r"\s+", " ", manager.words(page))
    shown = manager.post(page, form("5.00"))
    words = re.sub(r"<[^>]+>|\s+", " ", shown.text)
    words = re.sub(r"\s+", " ", words)
    assert "The buyer gets back ¥5.00" in words
    assert "You give back −¥2.00" in words
    assert "The brand gives back" not in words
    assert Books(owner).ask("SELECT count(*) FROM refunds") == [(0,)]
    sure = form("5.00", sure="1", key=value_of(shown, "key"), seen=value_of(shown, "seen"))
    manager.post(page, sure)
    manager.post(page, sure)  # pressed twice
    work()
    assert Books(owner).ask("SELECT amount_minor, state FROM refunds") == [(500, "succeeded")]
    assert Books(owner).parts() == {"seller": 600, "supplier": 900}
    assert "Can still be given back ¥15.00" in re.sub(r"\s+", " ", manager.words(page))
    assert "Money of an item went back" in manager.words(address)


@pytest.mark.parametrize("amount", ["0", "20.01", "x", "-1"])
def test_what_cannot_be_given_back_is_said_at_the_field(sale, staff, owner, amount):
    manager = staff("distributor", "manager", distributor_id=sale["firm"])
    page = f"/distributor/shops/corner/orders/{sale['number']}/lines/{sale['line']}/give-back"
    answer = manager.post(page, form(amount))
    assert answer.status_code == 422
    assert "field-error" in answer.text
    assert manager.post(page, {"amount": "1.00", "reason": " "}).status_code == 422
    assert Books(owner).ask("SELECT count(*) FROM refunds") == [(0,)]


def test_who_may_not_refund_may_not_give_back(sale, staff):
    clerk = staff("distributor", "staff", distributor_id=sale["firm"])
    address = f"/distributor/shops/corner/orders/{sale['number']}"
    assert "Refund part of this item" not in clerk.words(address)
    page = f"{address}/lines/{sale['line']}/give-back"
    assert clerk.get(page).status_code == clerk.post(page, form("1.00")).status_code == 403


def test_the_platform_sees_every_part_and_may_do_it_too(sale, staff, owner, work):
    boss = staff("platform", "owner")
    page = f"/platform/orders/{sale['number']}/lines/{sale['line']}/give-back"
    assert "Refund part of this item" in boss.words(f"/platform/orders/{sale['number']}")
    shown = boss.post(page, form("20.00"))
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>|\s+", " ", shown.text))
    assert "The distributor gives back −¥8.00" in words
    assert "The brand gives back −¥12.00" in words
    boss.post(page, form("20.00", sure="1", key=value_of(shown, "key"), seen=value_of(shown, "seen")))
    work()
    assert Books(owner).ask("SELECT state FROM orders") == [("refunded",)]
    assert "Nothing of this item can be given back any more." in boss.words(page)


def test_a_buyer_reads_what_went_back_and_why(sale, staff, owner, work, inside, visit):
    manager = staff("distributor", "manager", distributor_id=sale["firm"])
    page = f"/distributor/shops/corner/orders/{sale['number']}/lines/{sale['line']}/give-back"
    shown = manager.post(page, form("5.00"))
    manager.post(page, form("5.00", sure="1", key=value_of(shown, "key"), seen=value_of(shown, "seen")))
    work()
    mails = Books(owner).ask(
        "SELECT kind, data ->> 'said' FROM mails WHERE kind IN ('giving_back', 'refunded') ORDER BY id"
    )
    assert mails == [("giving_back", "不能用"), ("refunded", None)]


def test_a_chargeback_stands_on_the_order_in_words(sale, staff, inside, owner):
    with inside():
        dispute(sale["shop"], sale["placed"], fee=1500)
    manager = staff("distributor", "manager", distributor_id=sale["firm"])
    words = manager.words(f"/distributor/shops/corner/orders/{sale['number']}")
    assert "This order waits for a person: the buyer's bank took the money back" in words
    assert "Taken by the buyer's bank" in words
    with owner.connect() as connection:
        assert (
            connection.execute(text("SELECT state FROM mails WHERE kind = 'dispute'")).scalar_one() == "sent"
        )
