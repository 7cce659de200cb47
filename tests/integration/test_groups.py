"""Group buys: nobody is delivered before all have paid, everybody is refunded where they have not, once."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.domain.groups.errors import GroupOver
from app.domain.inventory import service as inventory
from app.domain.promotions.models import StoredPromotion
from app.domain.promotions.service import become
from app.flows import grouping, prove, purchase, resolve
from app.flows.deliver import deliver_order
from app.flows.expire import expire_checkouts
from app.foundation.actor import Actor
from app.foundation.errors import StaleState
from app.foundation.unit_of_work import unit_of_work
from tenants.context import shop_scope
from tests.factories import make_goods, make_shop, pay, place, run_jobs
from tests.factories.groups import ask, group_of, offer_group, past_deadline
from tests.factories.orders import BUYER, state_of

STAFF = Actor("user", 1)
GROUPS = "SELECT state, because FROM groups ORDER BY id"
MEMBERS = "SELECT place, state FROM group_members ORDER BY id"
FREE = "SELECT count(*) FROM codes WHERE state = 'free'"
REFUNDS = "SELECT reason, state, count(*)::int FROM refunds GROUP BY 1, 2 ORDER BY 1"


@pytest.fixture
def deal(app):
    shop = make_shop()
    return offer_group(shop, make_goods(shop, codes=8), people=3)


def expire(owner, placed) -> None:
    with owner.begin() as connection:
        values = {"id": placed.order_id}
        connection.execute(
            text("UPDATE orders SET expires_at = now() - interval '1 s' WHERE id = :id"), values
        )
        connection.execute(
            text("UPDATE reservations SET until = now() - interval '1 s' WHERE id ="
                 " (SELECT reservation_id FROM orders WHERE id = :id)"), values,
        )  # fmt: skip
    expire_checkouts()


def left_for(deal, owner) -> int:
    reservation_id = ask(owner, "SELECT reservation_id FROM groups")[0][0]
    with shop_scope(deal.shop.id), unit_of_work():
        return inventory.left_in(reservation_id).get(deal.goods.sku_id, 0)


def test_opening_sets_aside_stock_for_every_place_and_the_first_order_takes_its_own_of_it(deal, owner):
    first = deal.open()
    assert ask(owner, GROUPS) == [("open", "")] and ask(owner, MEMBERS) == [(1, "held")]
    assert ask(owner, FREE) == [(5,)] and left_for(deal, owner) == 2
    assert ask(owner, "SELECT total_minor FROM orders") == [(1500,)], "the group's price"
    assert state_of(deal.shop, first) == "pending"


def test_a_group_cannot_be_opened_without_stock_for_all_its_places(app, owner):
    shop = make_shop()
    few = offer_group(shop, make_goods(shop, codes=2), people=3)
    with pytest.raises(GroupOver, match="no_stock"):
        few.open()
    assert ask(owner, "SELECT count(*) FROM groups") == [(0,)] and ask(owner, FREE) == [(2,)]
    assert ask(owner, "SELECT count(*) FROM orders") == [(0,)], "nothing is left of the attempt"


def test_who_has_paid_waits_until_the_last_has_and_then_all_are_delivered(deal, owner):
    first = deal.open()
    group = group_of(owner, first)
    others = [deal.join(group), deal.join(group)]
    deal.pay(first, others[0])
    assert {state_of(deal.shop, one) for one in (first, others[0])} == {"paid"}
    assert ask(owner, "SELECT count(*) FROM deliveries") == [(0,)]
    deal.pay(others[1])
    assert {state_of(deal.shop, one) for one in (first, *others)} == {"delivered"}
    assert ask(owner, GROUPS) == [("full", "")]
    assert ask(owner, "SELECT count(*) FROM codes WHERE state = 'sold'") == [(3,)] and ask(owner, FREE) == [
        (5,)
    ]
    assert ask(owner, "SELECT count(*) FROM order_lines WHERE settled") == [(3,)], "and settled as ever"
    assert ask(owner, "SELECT kind, count(*)::int FROM mails GROUP BY 1 ORDER BY 1") == [
        ("delivered", 3), ("group_joined", 1), ("group_waiting", 2),
    ]  # fmt: skip


def test_the_books_are_proven_while_members_wait_and_after_they_were_refunded(deal, owner):
    deal.pay(deal.open())
    assert proven() == []
    past_deadline(owner)
    grouping.end_groups()
    run_jobs()
    assert proven() == []


def proven() -> list[object]:
    return list(prove.prove().differences)


def test_not_full_by_its_deadline_everybody_is_refunded_by_itself(deal, owner):
    first = deal.open()
    second, unpaid = deal.join(group_of(owner, first)), deal.join(group_of(owner, first))
    deal.pay(first, second)
    past_deadline(owner)
    assert grouping.end_groups() == 1
    run_jobs()
    assert ask(owner, GROUPS) == [("failed", "deadline")]
    assert [state_of(deal.shop, one) for one in (first, second, unpaid)] == [
        "refunded",
        "refunded",
        "cancelled",
    ]
    assert ask(owner, REFUNDS) == [("group_failed", "succeeded", 2)]
    assert ask(owner, FREE) == [(8,)], "all stock is for sale again"
    assert grouping.end_groups() == 0
    assert ask(owner, "SELECT count(*) FROM promotion_uses WHERE state = 'used'") == [(0,)], (
        "they may try again"
    )


def test_a_failed_group_lets_go_once_however_often_it_is_asked(deal, owner):
    first = deal.open()
    deal.pay(first)
    past_deadline(owner)
    grouping.end_groups()
    with shop_scope(deal.shop.id):
        for _ in range(3):
            grouping.let_go(first.order_id)
    run_jobs()
    assert ask(owner, REFUNDS) == [("group_failed", "succeeded", 1)]


def test_a_full_group_is_not_failed_by_the_clock(deal, owner):
    first = deal.open()
    others = [deal.join(group_of(owner, first)) for _ in range(2)]
    deal.pay(first, *others)
    past_deadline(owner)
    assert grouping.end_groups() == 0 and ask(owner, GROUPS) == [("full", "")]


def test_a_fourth_is_told_that_the_group_is_full(deal, owner):
    first = deal.open()
    group = group_of(owner, first)
    deal.join(group), deal.join(group)
    with pytest.raises(GroupOver, match="full"):
        deal.join(group)
    assert ask(owner, FREE) == [(5,)]


def test_nobody_is_in_a_group_twice_by_mailbox_or_device(deal, owner):
    group = group_of(owner, deal.open(email="anna@example.com", device="one"))
    with pytest.raises(GroupOver, match="already_in"):
        deal.join(group, email="Anna@example.com", device="two")
    with pytest.raises(GroupOver, match="already_in"):
        deal.join(group, email="other@example.com", device="one")


def test_a_member_leaves_while_it_is_open_is_refunded_and_another_takes_the_place(deal, owner):
    first = deal.open()
    group = group_of(owner, first)
    second = deal.join(group)
    deal.pay(first, second)
    with shop_scope(deal.shop.id):
        grouping.leave(second.order_id, actor=BUYER)
    run_jobs()
    assert state_of(deal.shop, second) == "refunded" and left_for(deal, owner) == 2
    assert ask(owner, MEMBERS) == [(1, "paid"), (2, "left")]
    others = [deal.join(group), deal.join(group)]
    deal.pay(*others)
    assert ask(owner, GROUPS) == [("full", "")] and state_of(deal.shop, first) == "delivered"
    with shop_scope(deal.shop.id), pytest.raises(StaleState):
        grouping.leave(first.order_id, actor=BUYER)


def test_the_group_goes_on_without_its_opener_and_ends_when_nobody_is_left(deal, owner):
    first = deal.open()
    second = deal.join(group_of(owner, first))
    deal.pay(first, second)
    with shop_scope(deal.shop.id):
        grouping.leave(first.order_id, actor=BUYER)
    assert grouping.end_groups() == 0
    with shop_scope(deal.shop.id):
        grouping.leave(second.order_id, actor=BUYER)
    assert grouping.end_groups() == 1
    run_jobs()
    assert ask(owner, GROUPS) == [("failed", "empty")] and ask(owner, FREE) == [(8,)]
    assert ask(owner, REFUNDS) == [("group_left", "succeeded", 2)]


def test_a_group_whose_opener_never_pays_ends_with_the_checkout_and_frees_its_stock(deal, owner):
    expire(owner, deal.open())
    assert grouping.end_groups() == 1
    assert ask(owner, GROUPS) == [("failed", "empty")] and ask(owner, FREE) == [(8,)]


def test_staff_who_refund_a_waiting_member_open_its_place(deal, owner):
    first = deal.open()
    second = deal.join(group_of(owner, first))
    deal.pay(first, second)
    with shop_scope(deal.shop.id):
        resolve.refund_order(second.order_id, reason="asked", actor=STAFF)
    run_jobs()
    assert state_of(deal.shop, second) == "refunded" and left_for(deal, owner) == 2
    assert ask(owner, MEMBERS) == [(1, "paid"), (2, "left")]


def test_late_money_takes_the_place_again_where_it_is_free(deal, owner):
    first = deal.open()
    deal.pay(first)
    late = deal.join(group_of(owner, first))
    expire(owner, late)
    assert ask(owner, MEMBERS) == [(1, "paid"), (2, "left")] and left_for(deal, owner) == 2
    deal.pay(late)
    assert ask(owner, MEMBERS) == [(1, "paid"), (2, "paid")] and left_for(deal, owner) == 1
    assert state_of(deal.shop, late) == "paid"
    deal.pay(deal.join(group_of(owner, first)))
    assert state_of(deal.shop, late) == "delivered"


def test_late_money_goes_back_where_others_have_the_places(deal, owner):
    first = deal.open()
    deal.pay(first)
    late = deal.join(group_of(owner, first))
    expire(owner, late)
    group = group_of(owner, first)
    deal.join(group), deal.join(group)
    deal.pay(late)
    assert state_of(deal.shop, late) == "refunded"
    assert ask(owner, REFUNDS) == [("group_over", "succeeded", 1)]


def test_money_that_comes_when_the_group_has_failed_goes_back(deal, owner):
    first = deal.open()
    deal.pay(first)
    unpaid, closed = deal.join(group_of(owner, first)), deal.join(group_of(owner, first))
    past_deadline(owner)
    grouping.end_groups()
    pay(deal.shop, unpaid)  # before its checkout was closed
    run_jobs(kinds={"confirm_payment"})
    run_jobs()
    pay(deal.shop, closed)  # and after
    run_jobs()
    assert [state_of(deal.shop, one) for one in (first, unpaid, closed)] == ["refunded"] * 3
    assert ask(owner, REFUNDS) == [("group_failed", "succeeded", 1), ("group_over", "succeeded", 2)]
    assert ask(owner, FREE) == [(8,)]


def test_a_paused_offer_lets_nobody_in_and_its_groups_wait_an_ended_one_refunds_them(deal, owner):
    first = deal.open()
    deal.pay(first)
    waiting = deal.join(group_of(owner, first))
    move(deal, "paused")
    with pytest.raises(GroupOver):
        deal.join(group_of(owner, first))
    assert grouping.end_groups() == 0
    deal.pay(waiting)  # what was agreed before stands
    assert ask(owner, MEMBERS) == [(1, "paid"), (2, "paid")]
    move(deal, "ended")
    assert grouping.end_groups() == 1
    run_jobs()
    assert ask(owner, GROUPS) == [("failed", "ended")]
    assert [state_of(deal.shop, one) for one in (first, waiting)] == ["refunded"] * 2


def move(deal, status: str) -> None:
    with shop_scope(deal.shop.id), unit_of_work() as work:
        become(work.session.get_one(StoredPromotion, deal.promotion.id), status)


def test_an_offer_holds_stock_for_no_more_groups_than_it_says(app, owner):
    shop = make_shop()
    one = offer_group(shop, make_goods(shop, codes=9), people=2, most_open=1)
    one.open()
    with pytest.raises(GroupOver, match="too_many_open"):
        one.open()


def test_a_group_buys_its_one_thing_and_nothing_beside(deal):
    other = make_goods(deal.shop, codes=2)
    with pytest.raises(GroupOver, match="not_alone"):
        place(deal.shop, {deal.goods: 1, other: 1}, asked=deal.asked())
    with pytest.raises(GroupOver, match="not_alone"):
        place(deal.shop, {deal.goods: 2}, asked=deal.asked())


def test_an_offer_of_another_promotion_opens_nothing(deal, owner):
    dear = offer_group(deal.shop, deal.goods, people=2, minor=1900)
    group = group_of(owner, deal.open())
    with pytest.raises(GroupOver, match="not_offered"):
        dear.join(group)


def test_the_same_quote_twice_is_one_order_and_one_group(deal, owner):
    with shop_scope(deal.shop.id):
        quoted, _ = purchase.quote(deal.shop, {deal.goods.listing_id: 1}, deal.asked())
        command = purchase.PlaceOrder(
            quote=purchase.seal(quoted), email="a@example.com", method="alipay", device="d", locale="en"
        )
        numbers = {purchase.place_order(command, shop=deal.shop, actor=BUYER).number for _ in range(2)}
    assert len(numbers) == 1 and ask(owner, GROUPS) == [("open", "")] and ask(owner, FREE) == [(5,)]


def test_the_job_delivers_nothing_while_the_group_is_open_and_the_database_forbids_it(deal, owner):
    first = deal.open()
    deal.pay(first)
    with shop_scope(deal.shop.id):
        deliver_order(first.order_id)
    assert ask(owner, "SELECT count(*) FROM deliveries") == [(0,)]
    with owner.connect() as connection, pytest.raises(IntegrityError, match="not full"):
        connection.execute(
            text(
                "INSERT INTO deliveries (shop_id, order_id, order_line_id, brand_id, kind, state)"
                " SELECT shop_id, order_id, id, brand_id, 'code', 'waiting' FROM order_lines"
            )
        )


def test_the_database_lets_no_group_be_full_without_its_people_nor_open_again(deal, owner):
    deal.pay(deal.open())
    with owner.connect() as connection, pytest.raises(IntegrityError, match="1 of 3"):
        connection.execute(
            text("SET CONSTRAINTS ALL IMMEDIATE; UPDATE groups SET state = 'full', full_at = now()")
        )
    past_deadline(owner)
    grouping.end_groups()
    with owner.connect() as connection, pytest.raises(IntegrityError, match="failed already"):
        connection.execute(text("UPDATE groups SET state = 'open', because = '', failed_at = NULL"))
