"""A friend's order brings its promoter a reward, once, after delivery and the hold; every cent of it stands in the books."""

import pytest
from sqlalchemy import text

from app.domain.payments.gateway import EventKind
from app.domain.referrals.errors import PayoutState, PayoutTooSmall
from app.domain.referrals.rules import Promise
from app.flows import promoter_pay, purchase, rewarding
from app.flows.prove import prove
from tenants.context import shop_scope
from tests.factories import make_goods, make_shop, place
from tests.factories.money import Books, dispute, give, mature, seller_of
from tests.factories.orders import pay, run_jobs
from tests.factories.referrals import HAND, brought, click, later, programme, promoter

REWARDS = "SELECT step, kind, amount_minor, state, reason FROM referral_rewards ORDER BY order_id, step"
BOOKED = "SELECT sum(amount_minor)::bigint FROM ledger_entries WHERE account = 'promoter_payable'"
ACCOUNT = {"method": "bank", "holder": "李梅", "number": "6222020000001234", "bank": "工商银行"}


def ask(owner, question: str, **values: object) -> list[tuple[object, ...]]:
    with owner.connect() as connection:
        return [tuple(row) for row in connection.execute(text(question), values)]


def proven() -> None:
    found = prove()
    assert list(found.differences) == []


def paid_out(shop, who) -> int:
    """All that a promoter has, asked for, carried to the bank, and paid."""
    made = promoter_pay.ask_for_payout(shop.id, who.id, least_minor=1, actor=HAND, **ACCOUNT)
    promoter_pay.export("CNY", actor=HAND)
    promoter_pay.mark_paid([made], actor=HAND)
    return made


def test_a_friend_pays_less_and_the_promoter_is_paid_after_delivery_and_the_hold(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=3)
    programme(shop, friend={"minor": 200})
    who = promoter(shop)
    placed = brought(shop, goods, who)
    assert ask(owner, "SELECT minor, kind FROM order_promotions") == [(200, "referral")]
    assert ask(owner, "SELECT via, promoter_id, order_id FROM attributions") == [
        ("click", who.id, placed.order_id)
    ]
    assert ask(owner, REWARDS) == [(1, "cash", 0, "waiting", "")]
    rewarding.judge_rewards()
    assert ask(owner, REWARDS) == [(1, "cash", 100, "held", "")]
    rewarding.mature_rewards()
    assert ask(owner, REWARDS) == [(1, "cash", 100, "held", "")], "the hold is not over"
    assert ask(owner, BOOKED) == [(None,)]
    later()
    assert ask(owner, REWARDS) == [(1, "cash", 100, "available", "")]
    before = Books(owner).parts()["seller"]
    assert ask(owner, BOOKED) == [(100,)]
    assert Books(owner).accounts()["distributor_available"] == before - 100
    later()
    assert ask(owner, BOOKED) == [(100,)], "once, however often the clock ticks"
    proven()


def test_a_promoter_is_paid_by_the_bank_in_two_steps_and_once(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=3)
    programme(shop)
    who = promoter(shop)
    brought(shop, goods, who)
    later()
    with pytest.raises(PayoutTooSmall):
        promoter_pay.ask_for_payout(shop.id, who.id, least_minor=101, actor=HAND, **ACCOUNT)
    made = promoter_pay.ask_for_payout(shop.id, who.id, least_minor=100, actor=HAND, **ACCOUNT)
    proven()
    with pytest.raises(PayoutState):
        promoter_pay.mark_paid([made], actor=HAND)
    file = promoter_pay.export("CNY", actor=HAND)
    assert file is not None and "6222020000001234" in file.decode() and "李梅" in file.decode()
    assert b"6222" not in bytes(ask(owner, "SELECT details FROM promoter_payouts")[0][0])
    promoter_pay.mark_paid([made], actor=HAND)
    with pytest.raises(PayoutState):
        promoter_pay.mark_paid([made], actor=HAND)
    assert ask(owner, REWARDS) == [(1, "cash", 100, "paid", "")]
    books = Books(owner).accounts()
    assert "promoter_payable" not in books and books["bank_clearing"] == 100
    proven()


def test_a_payout_that_failed_can_be_asked_for_again(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=3)
    programme(shop)
    who = promoter(shop)
    brought(shop, goods, who)
    later()
    made = promoter_pay.ask_for_payout(shop.id, who.id, least_minor=1, actor=HAND, **ACCOUNT)
    promoter_pay.export("CNY", actor=HAND)
    promoter_pay.mark_failed(made, "没有这个账户", actor=HAND)
    proven()
    paid_out(shop, who)
    assert ask(owner, REWARDS) == [(1, "cash", 100, "paid", "")]
    proven()


def test_a_reward_that_was_taken_back_on_its_way_to_the_bank_is_not_paid_out_again_when_the_bank_fails(
    app, owner
):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    programme(shop)
    who = promoter(shop)
    first = brought(shop, goods, who)
    brought(shop, goods, who)
    later()
    held = Books(owner).accounts()["distributor_available"]
    made = promoter_pay.ask_for_payout(shop.id, who.id, least_minor=1, actor=HAND, **ACCOUNT)
    promoter_pay.export("CNY", actor=HAND)
    dispute(shop, first, EventKind.DISPUTE_TAKEN)
    rewarding.follow_returns()
    assert ask(owner, "SELECT balance_minor, owed_minor FROM promoters") == [(0, 100)]
    promoter_pay.mark_failed(made, "没有这个账户", actor=HAND)
    assert ask(owner, "SELECT balance_minor, owed_minor FROM promoters") == [(100, 0)], (
        "one reward is left of two"
    )
    proven()
    paid_out(shop, who)
    assert ask(owner, "SELECT sum(amount_minor)::int FROM promoter_payouts WHERE state = 'paid'") == [(100,)]
    [(earned,)] = ask(owner, "SELECT sum(taken_back_minor)::int FROM earnings WHERE role = 'seller'")
    assert Books(owner).accounts()["distributor_available"] == held - earned + 100
    proven()
    dispute(shop, first, EventKind.DISPUTE_RETURNED, status="won")
    rewarding.follow_returns()
    assert ask(owner, "SELECT balance_minor, owed_minor FROM promoters") == [(100, 0)]
    proven()


def test_a_refund_before_the_hold_is_over_takes_the_reward_and_after_it_too(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    programme(shop, budget_minor=1000)
    who = promoter(shop)
    first, second = brought(shop, goods, who), brought(shop, goods, who)
    rewarding.judge_rewards()
    total = ask(owner, "SELECT total_minor FROM orders LIMIT 1")[0][0]
    give(shop, first, total)
    rewarding.follow_returns()
    assert ask(owner, REWARDS) == [(1, "cash", 0, "taken_back", "refunded"), (1, "cash", 100, "held", "")]
    later()
    assert ask(owner, BOOKED) == [(100,)]
    give(shop, second, total)
    rewarding.follow_returns()
    rewarding.follow_returns()
    assert [row[3] for row in ask(owner, REWARDS)] == ["taken_back", "taken_back"]
    assert ask(owner, BOOKED) == [(0,)] and "distributor_available" not in Books(owner).accounts()
    assert ask(owner, "SELECT spent_minor FROM referral_programmes") == [(0,)]
    proven()


def test_what_was_paid_out_and_taken_back_is_kept_from_the_next_reward_and_given_again_after_a_won_dispute(
    app, owner
):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    programme(shop)
    who = promoter(shop)
    first = brought(shop, goods, who)
    later()
    paid_out(shop, who)
    dispute(shop, first, EventKind.DISPUTE_TAKEN)
    rewarding.follow_returns()
    assert ask(owner, "SELECT balance_minor, owed_minor FROM promoters") == [(0, 100)]
    proven()
    brought(shop, goods, who)
    later()
    assert ask(owner, "SELECT balance_minor, owed_minor FROM promoters") == [(0, 0)]
    assert [row[2:4] for row in ask(owner, REWARDS)] == [(0, "taken_back"), (100, "available")]
    proven()
    dispute(shop, first, EventKind.DISPUTE_RETURNED, status="won")
    rewarding.follow_returns()
    assert ask(owner, "SELECT balance_minor, owed_minor FROM promoters") == [(100, 0)]
    assert [row[2:4] for row in ask(owner, REWARDS)] == [(100, "available"), (100, "available")]
    proven()


def test_a_rate_follows_what_was_not_refunded(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    programme(shop, step1=Promise("cash", rate_bps=500), friend={"minor": 1})
    who = promoter(shop)
    placed = brought(shop, goods, who)
    later()
    total = ask(owner, "SELECT total_minor FROM orders")[0][0]
    assert ask(owner, BOOKED) == [(total * 500 // 10_000,)]
    give(shop, placed, total // 2)
    rewarding.follow_returns()
    kept = ask(
        owner, "SELECT sum(amount_minor - taken_back_minor)::bigint FROM earnings WHERE role = 'seller'"
    )[0][0]
    assert ask(owner, BOOKED) == [(min((total - total // 2) * 500 // 10_000, kept),)]
    proven()


def test_nobody_gives_more_than_the_order_earned_and_it_is_said(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    programme(shop, step1=Promise("cash", minor=50_000), step2=Promise("cash", minor=50_000))
    above = promoter(shop, "above@example.com")
    who = promoter(shop, "mei@example.com", brought_by=above.id)
    brought(shop, goods, who)
    later()
    [(kept,)] = ask(owner, "SELECT sum(amount_minor)::bigint FROM earnings WHERE role = 'seller'")
    assert kept > 0
    rewards = ask(
        owner, "SELECT step, amount_minor, state, because, reason FROM referral_rewards ORDER BY step"
    )
    assert rewards == [(1, kept, "available", "earned", ""), (2, 0, "refused", "", "earned")]
    assert "distributor_available" not in Books(owner).accounts()
    proven()


def test_a_reward_that_the_platform_funds_is_at_its_own_cost(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    made = programme(shop)
    who = promoter(shop)
    placed = place(shop, goods, asked=click(shop, who))
    with owner.begin() as connection:
        connection.execute(
            text("UPDATE referral_rewards SET funder = 'platform' WHERE promotion_id = :at"), {"at": made}
        )
    pay(shop, placed)
    run_jobs()
    later()
    books = Books(owner)
    assert books.accounts()["promotion_cost"] == -100
    assert books.accounts()["distributor_available"] == books.parts()["seller"]
    proven()


def test_a_discount_is_a_coupon_of_the_promoter_alone_and_goes_with_a_refund(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=9)
    programme(shop, step1=Promise("discount", minor=300), friend={"minor": 100}, near_most=9)
    who = promoter(shop)
    first, _second = brought(shop, goods, who), brought(shop, goods, who)
    later()
    assert [row[1:4] for row in ask(owner, REWARDS)] == [("discount", 300, "given")] * 2
    with shop_scope(shop.id):
        [stranger] = purchase.quote(shop, {goods.listing_id: 1})[0].lines
    assert stranger.discount_minor == 0
    newest = "SELECT minor FROM order_promotions ORDER BY id DESC LIMIT 1"
    place(shop, goods, email="mei@example.com")
    assert ask(owner, newest) == [(100,)], "who only knows her address is not she"
    place(shop, goods, email="mei@example.com", signed_in=True)
    assert ask(owner, newest) == [(300,)]
    total = ask(owner, "SELECT total_minor FROM orders WHERE id = :at", at=first.order_id)[0][0]
    give(shop, first, total)
    rewarding.follow_returns()
    states = ask(
        owner,
        "SELECT u.state, r.state, r.reason FROM promotion_uses u JOIN referral_rewards r ON r.use_id = u.id",
    )
    assert sorted(states) == [("claimed", "given", ""), ("held", "given", "coupon_used")]
    assert ask(owner, BOOKED) == [(None,)], "a discount costs what it takes off, when it does"
    proven()


def test_an_unused_discount_is_taken_back(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=9)
    programme(shop, step1=Promise("discount", minor=300), friend={"minor": 100})
    first = brought(shop, goods, promoter(shop))
    later()
    total = ask(owner, "SELECT total_minor FROM orders WHERE id = :at", at=first.order_id)[0][0]
    give(shop, first, total)
    rewarding.follow_returns()
    assert ask(
        owner, "SELECT u.state, r.state FROM promotion_uses u JOIN referral_rewards r ON r.use_id = u.id"
    ) == [("returned", "taken_back")]
    place(shop, goods, email="mei@example.com")
    assert ask(owner, "SELECT count(*) FROM order_promotions WHERE kind = 'fixed_coupon'") == [(0,)]


def test_the_books_show_a_changed_movement_of_a_promoter(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    programme(shop)
    brought(shop, goods, promoter(shop))
    later()
    mature()
    proven()
    assert seller_of(shop)
    with owner.begin() as connection:
        connection.execute(text("ALTER TABLE promoter_moves DISABLE ROW LEVEL SECURITY"))
        connection.execute(text("UPDATE promoter_moves SET amount_minor = 99"))
        connection.execute(text("ALTER TABLE promoter_moves ENABLE ROW LEVEL SECURITY"))
    found = {one["check"] for one in prove().differences}
    assert {"reward", "balance", "promoter"} <= found
