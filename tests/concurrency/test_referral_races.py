"""Caps, budgets and payouts hold when everybody comes at once; each with the twin that shows what holds them."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from app.domain.referrals import queries, service
from app.domain.referrals.errors import PayoutTooSmall
from app.flows import promoter_pay, rewarding
from tests.concurrency.race import ask, race
from tests.factories import make_goods, make_shop
from tests.factories.referrals import HAND, brought, later, programme, promoter

pytestmark = pytest.mark.concurrency
CROWD = 8
HELD = "SELECT count(*) FROM referral_rewards WHERE state IN ('held', 'available', 'given', 'paid')"
ACCOUNT = {"method": "alipay", "holder": "李梅", "number": "13800000000", "bank": ""}
# What the statement would be if it looked first and wrote afterwards.
LOOK_FIRST = text("""
    WITH seen AS (SELECT spent_minor, pg_sleep(0.4) FROM referral_programmes WHERE promotion_id = :promotion)
    UPDATE referral_programmes g SET spent_minor = seen.spent_minor + :minor FROM seen
    WHERE g.promotion_id = :promotion AND seen.spent_minor + :minor <= g.budget_minor RETURNING g.promotion_id
""")


def judging(ids: list[int]) -> list[Callable[[], int]]:
    """Each reward judged by a clock of its own."""
    return [lambda at=at: rewarding._each([at], rewarding._judge) for at in ids]


def waiting(owner: Engine) -> list[int]:
    return [
        int(row[0])
        for row in ask(owner, "SELECT id FROM referral_rewards WHERE state = 'waiting' ORDER BY id")
    ]


def crowd(**terms: int) -> None:
    """A crowd of friends of as many promoters, all delivered to."""
    shop = make_shop()
    goods = make_goods(shop, codes=CROWD)
    programme(shop, **terms)
    for at in range(CROWD):
        brought(shop, goods, promoter(shop, f"mei{at}@example.com"))


def test_a_budget_for_three_rewards_gives_three(app: Flask, owner: Engine):
    crowd(budget_minor=300)
    race(app, *judging(waiting(owner)))
    assert ask(owner, HELD) == [(3,)]
    assert ask(owner, "SELECT spent_minor FROM referral_programmes") == [(300,)]
    assert ask(owner, "SELECT count(*) FROM referral_rewards WHERE reason = 'budget'") == [(CROWD - 3,)]


def test_looked_at_first_the_budget_would_be_spent_by_all_of_them(
    app: Flask, owner: Engine, monkeypatch: pytest.MonkeyPatch
):
    """The twin."""
    crowd(budget_minor=300)
    monkeypatch.setattr(service, "SPEND", LOOK_FIRST)
    race(app, *judging(waiting(owner)))
    assert ask(owner, HELD)[0][0] > 3


def test_a_promoters_cap_holds_when_all_its_friends_are_delivered_at_once(app: Flask, owner: Engine):
    shop = make_shop()
    goods = make_goods(shop, codes=CROWD)
    programme(shop, most_per_month=2, near_most=99)
    who = promoter(shop)
    for _ in range(CROWD):
        brought(shop, goods, who)
    race(app, *judging(waiting(owner)))
    assert ask(owner, HELD) == [(2,)]
    assert ask(owner, "SELECT count(*) FROM referral_rewards WHERE reason = 'cap_month'") == [(CROWD - 2,)]


def test_without_its_promoters_lock_and_the_counts_the_cap_would_be_passed(
    app: Flask, owner: Engine, monkeypatch: pytest.MonkeyPatch
):
    """The twin: counted by looking, with nobody held up."""
    shop = make_shop()
    goods = make_goods(shop, codes=CROWD)
    programme(shop, most_per_month=2, near_most=99)
    who = promoter(shop)
    for _ in range(CROWD):
        brought(shop, goods, who)
    unlocked = queries.promoter

    def looked(reward, terms, month):
        seen = text(f"{HELD} AND promoter_id = :promoter")
        found = queries.session().execute(seen, {"promoter": reward.promoter_id}).scalar_one()
        queries.session().execute(text("SELECT pg_sleep(0.4)"))
        return "cap_month" if found >= terms.most_per_month else ""

    monkeypatch.setattr(queries, "lock_promoter", unlocked)
    monkeypatch.setattr(service, "count", looked)
    race(app, *judging(waiting(owner)))
    assert ask(owner, HELD)[0][0] > 2


def test_a_reward_matures_once_however_many_clocks_tick(app: Flask, owner: Engine):
    crowd()
    rewarding.judge_rewards()
    with owner.begin() as connection:
        connection.execute(text("UPDATE referral_rewards SET matures_at = now()"))
        connection.execute(text("UPDATE earnings SET matures_at = now()"))
    later(0)
    with owner.begin() as connection:
        connection.execute(text("UPDATE referral_rewards SET dirty = true"))
    race(app, *[rewarding.mature_rewards for _ in range(3)], *[rewarding.follow_returns for _ in range(3)])
    booked = (
        "SELECT sum(amount_minor)::bigint, count(*) FROM ledger_entries WHERE account = 'promoter_payable'"
    )
    assert ask(owner, booked) == [(100 * CROWD, CROWD)]
    assert ask(owner, "SELECT sum(balance_minor)::bigint FROM promoters") == [(100 * CROWD,)]


def asked_for(owner: Engine) -> tuple[int, int]:
    """A promoter with something to be paid: (shop, promoter)."""
    shop = make_shop()
    goods = make_goods(shop, codes=2)
    programme(shop)
    who = promoter(shop)
    brought(shop, goods, who)
    later()
    assert ask(owner, "SELECT balance_minor FROM promoters") == [(100,)]
    return shop.id, who.id


def test_of_many_who_ask_for_the_same_balance_one_gets_it(app: Flask, owner: Engine):
    shop_id, promoter_id = asked_for(owner)
    asks = [
        lambda: promoter_pay.ask_for_payout(shop_id, promoter_id, least_minor=1, actor=HAND, **ACCOUNT)
        for _ in range(CROWD)
    ]
    ends = race(app, *asks)
    assert sum(isinstance(end, int) for end in ends) == 1
    assert all(isinstance(end, int | PayoutTooSmall) for end in ends), ends
    assert ask(owner, "SELECT sum(amount_minor)::bigint FROM promoter_payouts") == [(100,)]


def test_without_the_lock_and_the_index_the_balance_would_leave_twice(
    app: Flask, owner: Engine, monkeypatch: pytest.MonkeyPatch
):
    """The twin."""
    shop_id, promoter_id = asked_for(owner)
    monkeypatch.setattr(queries, "lock_promoter", queries.promoter)

    def slowly(work, promoter_id):
        del promoter_id
        work.session.execute(text("SELECT pg_sleep(0.4)"))
        return False

    monkeypatch.setattr(promoter_pay, "_open_of", slowly)
    asks = [
        lambda: promoter_pay.ask_for_payout(shop_id, promoter_id, least_minor=1, actor=HAND, **ACCOUNT)
        for _ in range(2)
    ]
    with owner.connect() as connection:
        connection.execute(text("DROP INDEX uq_promoter_payouts_open"))
    try:
        race(app, *asks)
        assert ask(owner, "SELECT sum(amount_minor)::bigint FROM promoter_payouts") == [(200,)]
    finally:
        with owner.connect() as connection:
            connection.execute(text("UPDATE referral_rewards SET payout_id = NULL"))
            connection.execute(text("DELETE FROM promoter_payouts"))
            connection.execute(
                text(
                    "CREATE UNIQUE INDEX uq_promoter_payouts_open ON promoter_payouts (promoter_id)"
                    " WHERE state IN ('requested', 'exported')"
                )
            )


def test_a_payout_marked_by_two_people_at_once_leaves_the_bank_once(app: Flask, owner: Engine):
    shop_id, promoter_id = asked_for(owner)
    made = promoter_pay.ask_for_payout(shop_id, promoter_id, least_minor=1, actor=HAND, **ACCOUNT)
    promoter_pay.export("CNY", actor=HAND)
    ends = race(app, *[lambda: promoter_pay.mark_paid([made], actor=HAND) for _ in range(4)])
    assert sum(end == 1 for end in ends) == 1
    assert ask(
        owner, "SELECT sum(amount_minor)::bigint FROM ledger_entries WHERE account = 'bank_clearing'"
    ) == [(100,)]
