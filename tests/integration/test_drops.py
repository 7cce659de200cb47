"""A flash sale from its line to the goods: who comes first is served first, and no unit is promised twice."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.domain.flash import tickets
from app.domain.flash.errors import DropInvalid, SeatGone
from app.domain.flash.room import Room
from app.domain.flash.rules import standing
from app.domain.flash.service import Plan
from app.domain.inventory.errors import StockExhausted
from app.domain.promotions.errors import PromotionOver
from app.flows import drops, purchase, resolve
from app.flows.expire import expire_checkouts
from app.flows.hear_gateway import hear_gateway
from app.foundation import clock
from app.foundation.actor import SYSTEM, Actor
from app.foundation.runtime import redis
from tenants.context import shop_scope
from tests.factories import make_goods, make_shop, pay, run_jobs, set_slots
from tests.factories.drops import line_up, make_drop, order_seat, pass_seats, row_of, seat_of, somebody
from tests.factories.orders import paid_event, state_of

STATES = "SELECT state, count(*)::int FROM drop_seats GROUP BY 1 ORDER BY 1"
CODES = "SELECT state, count(*)::int FROM codes GROUP BY 1 ORDER BY 1"


def ask(owner, question: str) -> list[tuple[object, ...]]:
    with owner.connect() as connection:
        return [tuple(row) for row in connection.execute(text(question))]


@pytest.fixture
def sale(app):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    return shop, goods, make_drop(shop, goods, units=2)


def test_a_drop_from_the_line_to_the_goods(sale, owner):
    shop, goods, drop = sale
    assert ask(owner, CODES) == [("free", 3), ("reserved", 2)], "set aside from when it is scheduled"
    (first, one), (second, two), (third, three) = (line_up(shop, drop) for _ in range(3))
    assert [one.seat["state"], two.seat["state"]] == ["granted", "granted"] and three.seat is None
    stand = standing(three.rank, three.news)
    assert (stand.state, stand.nth) == ("standby", 1) and 0 < stand.odds < 50
    assert first.position < second.position < third.position
    placed = order_seat(shop, drop, goods, first)
    pay(shop, placed)
    run_jobs()
    assert state_of(shop, placed) == "delivered"
    assert ask(owner, "SELECT net_minor, list_minor FROM order_lines") == [(1600, 2000)]
    assert ask(owner, STATES) == [("bought", 1), ("granted", 1)]
    assert ask(owner, "SELECT kind, minor FROM order_promotions") == [("flash_price", 400)]


def test_a_seat_that_lapses_goes_to_the_next_in_line(sale, owner):
    shop, goods, drop = sale
    (first, _), (second, _), (third, _) = (line_up(shop, drop) for _ in range(3))
    pay(shop, order_seat(shop, drop, goods, second))
    run_jobs()
    pass_seats(owner)
    drops.keep_drops()
    assert ask(owner, STATES) == [("bought", 1), ("granted", 1), ("lapsed", 1)]
    assert seat_of(shop, drop, third).state == "granted"
    assert line_up(shop, drop, first)[1].seat["state"] == "lapsed"
    assert line_up(shop, drop, third)[1].seat["state"] == "granted"
    with pytest.raises((SeatGone, StockExhausted)):
        order_seat(shop, drop, goods, first)
    again, place = line_up(shop, drop, replace(first, position=0))
    assert again.position > third.position and place.seat is None, "at the end of the line"


def test_an_order_that_ends_unpaid_leaves_the_seat_while_its_own_time_lasts(sale, owner):
    shop, goods, drop = sale
    first, _ = line_up(shop, drop)
    placed = order_seat(shop, drop, goods, first)
    assert ask(owner, STATES) == [("ordered", 1)]
    with shop_scope(shop.id):
        purchase.cancel_order(placed.order_id, actor=SYSTEM)
    assert ask(owner, STATES) == [("granted", 1)]
    placed = order_seat(shop, drop, goods, first)
    with owner.begin() as connection:
        connection.execute(
            text("UPDATE orders SET expires_at = now() - interval '1 s' WHERE state = 'pending'")
        )
        connection.execute(
            text(
                "UPDATE reservations SET until = now() - interval '1 s' WHERE state = 'held' AND kind = 'order'"
            )
        )
    expire_checkouts()
    pass_seats(owner)
    drops.keep_drops()
    assert ask(owner, STATES) == [("lapsed", 1)]
    with shop_scope(shop.id):
        assert drops.stands(drop).left == 2
    pay(shop, placed)
    run_jobs()
    assert state_of(shop, placed) == "refunded", "late money buys no unit that is somebody else's turn"


def test_the_clock_ends_a_drop_and_its_stock_returns(sale, owner):
    shop, goods, drop = sale
    first, _ = line_up(shop, drop)
    second, _ = line_up(shop, drop)
    third, _ = line_up(shop, drop)
    running = order_seat(shop, drop, goods, first)
    with owner.begin() as connection:
        connection.execute(
            text("UPDATE drops SET starts_at = now() - interval '2 h', ends_at = now() - interval '1 s'")
        )
    drops.keep_drops()
    drop = row_of(shop, drop.id)
    assert drop.state == "ended" and ask(owner, STATES) == [("lapsed", 1), ("ordered", 1)]
    assert ask(owner, CODES) == [("free", 4), ("reserved", 1)]
    assert ask(owner, "SELECT status FROM promotions") == [("ended",)]
    assert standing(0, line_up(shop, drop, third)[1].news).state == "over"
    pay(shop, running)
    run_jobs()
    assert state_of(shop, running) == "delivered", "an order under way runs on"
    assert second.position < third.position


def test_a_refreshed_page_several_tabs_and_another_mailbox_gain_nothing(sale, owner):
    shop, _goods, drop = sale
    first, place = line_up(shop, drop)
    for _ in range(3):
        assert line_up(shop, drop, replace(first, position=0))[1].position == place.position
    assert (
        line_up(shop, drop, replace(first, position=0, email="other@example.com"))[1].position
        == place.position
    )
    other = somebody(email=first.email.upper())
    assert line_up(shop, drop, other)[1].refused == "taken"
    assert ask(owner, STATES) == [("granted", 1)]


def test_a_buyer_has_no_more_than_the_limit_by_device_mailbox_or_account(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    drop = make_drop(shop, goods, units=3)
    first, _ = line_up(shop, drop)
    pay(shop, order_seat(shop, drop, goods, first))
    run_jobs()
    drops.keep_drops()
    again, place = line_up(shop, drop, replace(first, position=0))
    assert place.seat["state"] == "limit" and again.position != first.position
    mail_again, place = line_up(shop, drop, somebody(email=first.email))
    assert place.seat["state"] == "limit"
    assert ask(owner, STATES) == [("bought", 1)]
    assert mail_again.device != first.device


def test_the_account_that_pays_has_its_share_and_no_more(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    drop = make_drop(shop, goods, units=2)
    (first, _), (second, _), (third, _) = (line_up(shop, drop) for _ in range(3))
    one, two = order_seat(shop, drop, goods, first), order_seat(shop, drop, goods, second)
    for placed in (one, two):
        headers, body = paid_event(shop, placed, payer="acct_one_and_the_same")
        hear_gateway("sandbox", headers, body)
    run_jobs()
    assert (state_of(shop, one), state_of(shop, two)) == ("delivered", "refunded")
    drops.keep_drops()
    assert seat_of(shop, drop, third).state == "granted", "its unit went to the next in line"
    assert ask(owner, "SELECT DISTINCT payer IS NOT NULL FROM payments WHERE state = 'received'") == [(True,)]


def test_a_room_that_forgets_everything_loses_nobodys_place_and_oversells_nothing(app, owner, monkeypatch):
    shop = make_shop()
    goods = make_goods(shop, codes=10)
    drop = make_drop(shop, goods, units=3)
    before = [line_up(shop, drop)[0] for _ in range(6)]
    placed = order_seat(shop, drop, goods, before[0])
    redis().flushall()
    late, place = line_up(shop, drop)
    assert place.seat is None and place.position > before[-1].position
    for buyer in reversed(before):
        assert line_up(shop, drop, buyer)[1].position == buyer.position
    # Two seats lapse; nobody is called until those with a ticket have had time to come back.
    pass_seats(owner)
    drops.keep_drops()
    assert ask(owner, STATES) == [("lapsed", 2), ("ordered", 1)]
    with shop_scope(shop.id):
        redis().delete(Room(drop.id)._key["rest"])
    drops.keep_drops()
    granted = {row[0] for row in ask(owner, "SELECT position FROM drop_seats WHERE state = 'granted'")}
    assert granted == {before[3].position, before[4].position}, (
        "in their order, and not who came after the loss"
    )
    assert seat_of(shop, drop, late) is None
    pay(shop, placed)
    run_jobs()
    assert state_of(shop, placed) == "delivered"
    [(units,)] = ask(
        owner, "SELECT count(*)::int FROM drop_seats WHERE state IN ('granted', 'ordered', 'bought')"
    )
    assert units == 3


def test_a_counted_sku_is_dropped_like_codes(app, owner):
    shop = make_shop()
    goods = make_goods(shop, kind="topup")
    set_slots(goods, [2, 2])
    drop = make_drop(shop, goods, units=2)
    for _ in range(3):
        line_up(shop, drop)
    assert ask(owner, STATES) == [("granted", 2)]
    pass_seats(owner)
    drops.keep_drops()
    assert ask(owner, STATES) == [("granted", 1), ("lapsed", 2)]


def test_a_refunded_unit_goes_to_the_next_in_line(app, owner):
    shop = make_shop()
    goods = make_goods(shop, kind="manual")
    set_slots(goods, [1])
    drop = make_drop(shop, goods, units=1)
    (first, _), (second, _) = (line_up(shop, drop) for _ in range(2))
    placed = order_seat(shop, drop, goods, first)
    pay(shop, placed)
    run_jobs()
    assert ask(owner, STATES) == [("bought", 1)]
    with shop_scope(shop.id):
        resolve.refund_order(placed.order_id, reason="cannot be made", actor=Actor("staff"))
    run_jobs()
    drops.keep_drops()
    assert state_of(shop, placed) == "refunded"
    assert ask(owner, STATES) == [("granted", 1), ("returned", 1)]
    assert seat_of(shop, drop, second).state == "granted"
    pay(shop, order_seat(shop, drop, goods, second))
    run_jobs()
    assert ask(owner, STATES) == [("bought", 1), ("returned", 1)]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"price_minor": 2000}, "not_cheaper"), ({"price_minor": 1400}, "sale_below_floor"),
        ({"ends_at": timedelta(hours=-1)}, "ends_before_start"), ({"per_buyer": 9}, "more_than_units"),
    ],
)  # fmt: skip
def test_a_sale_that_cannot_be_is_refused_in_words(app, owner, change, reason):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    now = clock.now()
    plan = Plan(goods.listing_id, "x", 1600, 2, now, now + timedelta(hours=1))
    told = {key: now + value if isinstance(value, timedelta) else value for key, value in change.items()}
    with shop_scope(shop.id), pytest.raises(DropInvalid) as refused:
        drops.schedule(replace(plan, **told), currency="CNY", actor=SYSTEM)
    assert refused.value.facts["reason"] == reason
    assert ask(owner, "SELECT count(*) FROM promotions") == [(0,)]


def test_an_unlimited_sku_and_more_units_than_there_are_are_refused(app, owner):
    shop = make_shop()
    now = clock.now()
    endless, few = make_goods(shop, kind="reusable", unlimited=True), make_goods(shop, codes=1)
    for goods, error in ((endless, DropInvalid), (few, StockExhausted)):
        plan = Plan(goods.listing_id, "x", 1600, 2, now, now + timedelta(hours=1))
        with shop_scope(shop.id), pytest.raises(error):
            drops.schedule(plan, currency="CNY", actor=SYSTEM)


def test_without_a_seat_the_price_is_the_list_price_and_a_strangers_seat_orders_nothing(sale, owner):
    shop, goods, drop = sale
    first, _ = line_up(shop, drop)
    with shop_scope(shop.id):
        quoted, _ = purchase.quote(shop, {goods.listing_id: 1})
    assert quoted.total_minor == 2000
    with pytest.raises((SeatGone, PromotionOver)):
        order_seat(shop, drop, goods, replace(first, device="somebody-else"))
    assert ask(owner, "SELECT count(*) FROM orders") == [(0,)]


def test_a_ticket_is_worth_nothing_in_other_hands_another_shop_or_changed():
    made = tickets.Ticket(7, 1_763_000_000_000_000, "mei@example.com", 3)
    sealed = tickets.seal(made, device="mine", shop_id=1, key=b"k")
    assert tickets.read(sealed, device="mine", shop_id=1, key=b"k") == made
    assert tickets.read(sealed, device="other", shop_id=1, key=b"k") is None
    assert tickets.read(sealed, device="mine", shop_id=2, key=b"k") is None
    assert tickets.read(sealed.replace("7.", "8.", 1), device="mine", shop_id=1, key=b"k") is None
    assert tickets.read("nonsense", device="mine", shop_id=1, key=b"k") is None
