"""Limits attacked from the side: what nobody meant to allow, each with one outcome."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.domain.flash import queries as flash
from app.domain.groups.errors import GroupOver
from app.domain.inventory.errors import StockExhausted
from app.domain.orders.rules import clean_email
from app.domain.referrals.errors import PayoutTooSmall
from app.domain.referrals.rules import Promise
from app.flows import coupons, drops, promoter_pay, purchase, resolve, rewarding
from app.flows.expire import expire_checkouts
from app.flows.priced import Asked
from app.flows.prove import prove
from app.foundation import ids
from app.foundation.errors import InvalidInput
from app.web.storefront.line import Caller
from tenants.context import shop_scope
from tests.factories import make_goods, make_shop, pay, place, run_jobs
from tests.factories.drops import line_up, make_drop, order_seat
from tests.factories.groups import offer_group
from tests.factories.money import give
from tests.factories.promotions import promote
from tests.factories.referrals import HAND, brought, click, later, programme, promoter

SEATS = "SELECT state, count(*)::int FROM drop_seats GROUP BY 1 ORDER BY 1"
CODES = "SELECT state, count(*)::int FROM codes GROUP BY 1 ORDER BY 1"
REWARDS = "SELECT state, reason FROM referral_rewards ORDER BY id"
ACCOUNT = {"method": "bank", "holder": "李梅", "number": "6222020000001234", "bank": "工商银行"}


def ask(owner, question: str) -> list[tuple[object, ...]]:
    with owner.connect() as connection:
        return [tuple(row) for row in connection.execute(text(question))]


# ------------------------------------------------------------ seats


def test_a_seat_that_a_wrong_amount_was_paid_for_goes_to_the_next_in_line(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=1)
    drop = make_drop(shop, goods, units=1)
    (mei, _), (li, _) = line_up(shop, drop), line_up(shop, drop)
    placed = order_seat(shop, drop, goods, mei)
    pay(shop, placed, amount=1599)
    run_jobs()
    with shop_scope(shop.id):
        resolve.refund_order(placed.order_id, reason="a fen is missing", actor=HAND)
    run_jobs()
    drops.keep_drops()
    assert ask(owner, SEATS) == [("granted", 1), ("returned", 1)]
    bought = order_seat(shop, drop, goods, li)
    pay(shop, bought)
    run_jobs()
    assert ask(owner, CODES) == [("sold", 1)]


def test_a_unit_is_a_seats_or_a_groups(app, owner):
    """Whoever had both took the group's unit, and the seat's was kept from everybody for ever."""
    shop = make_shop()
    goods = make_goods(shop, codes=9)
    drop = make_drop(shop, goods, units=1, price=1600)
    deal = offer_group(shop, goods, people=2, minor=1500)
    mei, _ = line_up(shop, drop)
    with shop_scope(shop.id):
        seat = flash.seat_at(drop.id, mei.position)
    assert seat is not None
    both = Asked(
        granted=frozenset({drop.promotion_id, deal.promotion.id}),
        tied={
            "parent": seat.reservation_id, "seat": seat.id, "group": "new", "promotion": deal.promotion.id,
        },
    )  # fmt: skip
    with pytest.raises(IntegrityError, match="takes nothing from seat"):
        place(shop, goods, device=mei.device, email=mei.email, asked=both)
    assert ask(owner, SEATS) == [("granted", 1)] and ask(owner, "SELECT count(*) FROM groups") == [(0,)]


def test_an_account_stands_in_a_line_once_whatever_mailbox_it_types():
    callers = [
        Caller("phone", email="one@example.com", account=(7, "mei@example.com")),
        Caller("laptop", email="two@example.com", account=(7, "mei@example.com")),
    ]
    assert {caller.who()[1] for caller in callers} == {7}


# ------------------------------------------------------------ buyers


@pytest.mark.parametrize(
    "typed", ["ｍｅｉ＠ｇｍａｉｌ．ｃｏｍ", "MEI@ɢmail.com".replace("ɢ", "ｇ"), " mei@gmail.com\u3000"]
)
def test_a_wide_address_is_the_same_mailbox(typed):
    assert clean_email(typed) == "mei@gmail.com"


@pytest.mark.parametrize("unseen", ["\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad"])
def test_what_cannot_be_seen_makes_no_other_address(unseen):
    with pytest.raises(InvalidInput):
        clean_email(f"me{unseen}i@gmail.com")


def test_a_known_account_is_drawn_once_whatever_browser_it_comes_with(app):
    shop = make_shop()
    goods = make_goods(shop, codes=9)
    promote(shop, "timed_price", {"off_bps": 1000}, holdout_bps=5000)
    for account in (7, 8, 9):
        who = [coupons.Shopper(ids.token(), "mei@example.com", account) for _ in range(12)]
        with shop_scope(shop.id):
            totals = {
                purchase.quote(shop, {goods.listing_id: 1}, Asked(shopper=one))[0].total_minor for one in who
            }
        assert len(totals) == 1


def test_a_draw_that_an_order_stood_on_is_remembered_either_way(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=9)
    promote(shop, "timed_price", {"off_bps": 1000}, holdout_bps=5000)
    totals = []
    for at in range(8):
        mine = {"email": f"buyer{at}@example.com"}
        totals.append([_total(owner, place(shop, goods, **mine)) for _ in range(1)])
        cleared = coupons.Shopper(ids.token(), mine["email"])
        with shop_scope(shop.id):
            again = [
                purchase.quote(shop, {goods.listing_id: 1}, Asked(shopper=cleared))[0].total_minor
                for _ in range(2)
            ]
        assert set(again) == set(totals[-1])


def _total(owner, placed) -> int:
    return int(ask(owner, f"SELECT total_minor FROM orders WHERE id = {placed.order_id}")[0][0])  # type: ignore[call-overload]


# ------------------------------------------------------------ rewards


def test_the_account_that_pays_for_both_is_known_without_any_promotion(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    programme(shop)
    who = promoter(shop, "mei@gmail.com")
    pay(shop, place(shop, goods, email="M.ei+shop@gmail.com"), payer="her-card")
    placed = place(shop, goods, asked=click(shop, who))
    pay(shop, placed, payer="her-card")
    run_jobs()
    later()
    assert ask(owner, REWARDS) == [("refused", "own_payer")]


def test_a_rewards_coupon_that_lay_in_an_order_does_not_outlive_the_refund(app, owner, moved_clock):
    shop = make_shop()
    goods = make_goods(shop, codes=9)
    programme(shop, step1=Promise("discount", minor=100), hold_days=0, budget_minor=100)
    bought = brought(shop, goods, promoter(shop, "mei@example.com"))
    later()
    place(shop, goods, email="mei@example.com", signed_in=True)
    give(shop, bought, 2000 - 200)
    rewarding.follow_returns()
    assert ask(owner, REWARDS) == [("given", "coupon_used")], "a price that was agreed to is kept"
    moved_clock(minutes=30)
    expire_checkouts()
    rewarding.follow_returns()
    assert ask(owner, REWARDS) == [("taken_back", "refunded")]
    assert ask(owner, "SELECT spent_minor FROM referral_programmes") == [(0,)]
    with shop_scope(shop.id):
        mine = Asked(shopper=coupons.Shopper("x", "mei@example.com"))
        assert purchase.quote(shop, {goods.listing_id: 1}, mine)[0].total_minor == 2000


def test_a_rewards_coupon_that_is_paid_with_before_the_refund_is_heard_of_stays(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=9)
    programme(shop, step1=Promise("discount", minor=100), hold_days=0)
    bought = brought(shop, goods, promoter(shop, "mei@example.com"))
    later()
    parked = place(shop, goods, email="mei@example.com", signed_in=True)
    give(shop, bought, 2000 - 200)
    rewarding.follow_returns()
    pay(shop, parked)
    run_jobs()
    rewarding.follow_returns()
    assert ask(owner, REWARDS) == [("given", "coupon_used")]
    assert ask(owner, "SELECT count(*) FROM referral_rewards WHERE dirty") == [(0,)]
    assert ask(owner, "SELECT total_minor FROM orders ORDER BY id DESC LIMIT 1") == [(1900,)]


def test_what_was_taken_back_while_a_payout_was_at_the_bank_is_not_paid_when_that_fails(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    programme(shop)
    who = promoter(shop)
    first, _second = brought(shop, goods, who), brought(shop, goods, who)
    later()
    made = promoter_pay.ask_for_payout(shop.id, who.id, least_minor=1, actor=HAND, **ACCOUNT)
    promoter_pay.export("CNY", actor=HAND)
    give(shop, first, 2000 - 200)
    rewarding.follow_returns()
    assert ask(owner, "SELECT balance_minor, owed_minor FROM promoters") == [(0, 100)]
    promoter_pay.mark_failed(made, "no such account", actor=HAND)
    assert ask(owner, "SELECT balance_minor, owed_minor FROM promoters") == [(100, 0)]
    assert list(prove().differences) == []
    with pytest.raises(PayoutTooSmall):
        promoter_pay.ask_for_payout(shop.id, who.id, least_minor=101, actor=HAND, **ACCOUNT)
    moved = "SELECT sum(amount_minor)::int FROM ledger_entries WHERE account = 'promoter_payable'"
    assert ask(owner, moved) == [(100,)]


def test_who_owes_has_nothing_to_be_paid(app, owner):
    promoter_id = _owing(owner)
    with pytest.raises(IntegrityError, match="owes_or_has"), owner.begin() as connection:
        connection.execute(
            text("UPDATE promoters SET balance_minor = 1, owed_minor = 1 WHERE id = :id"), {"id": promoter_id}
        )


def _owing(owner) -> int:
    shop = make_shop()
    programme(shop)
    return promoter(shop).id


def test_a_reward_that_the_cap_in_all_refuses_does_not_count_in_its_month(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=9)
    programme(shop, most_in_all=1, most_per_month=2, near_most=9)
    who = promoter(shop)
    for _ in range(3):
        brought(shop, goods, who)
    later()
    assert [row[1] for row in ask(owner, REWARDS)] == ["", "cap_in_all", "cap_in_all"]
    assert ask(owner, "SELECT rewards FROM referral_counts") == [(1,), (1,)]


# ------------------------------------------------------------ stock


def test_no_sale_or_group_sets_aside_what_is_over_before_it_is(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=3)
    with owner.begin() as connection:
        connection.execute(text("UPDATE codes SET expires_at = now() + interval '20 minutes' WHERE id > 1"))
    deal = offer_group(shop, goods, people=2)
    with pytest.raises(StockExhausted):
        make_drop(shop, goods, units=2)  # for an hour
    with pytest.raises(GroupOver):
        deal.open()
    make_drop(shop, goods, units=1)
    assert ask(owner, "SELECT id FROM codes WHERE state = 'reserved'") == [(1,)]
    place(shop, {goods: 2})  # who pays within minutes has them in time
