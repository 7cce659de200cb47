"""No coupon is used more often than it says: races for each limit, each with a twin whose lock is gone."""

import json
import time
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from app.domain.promotions.buyers import Shopper
from app.domain.promotions.errors import CouponNotClaimed, PromotionOver
from app.domain.promotions.models import StoredPromotion
from app.flows import coupons
from app.flows.expire import expire_checkouts
from app.flows.priced import Asked
from app.flows.purchase import Placed
from app.foundation.errors import Busy
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope, shop_scope
from tenants.directory import Tenant
from tests.concurrency.race import ask, changed_function, order, race
from tests.factories import Goods, make_goods, make_shop, pay, run_jobs
from tests.factories.orders import BUYER
from tests.factories.promotions import promote

pytestmark = pytest.mark.concurrency

NO_LOCK = (r"FOR UPDATE( SKIP LOCKED| OF u)?", "")
# What a slot has left is read, and a moment later written as if nobody else had been there.
STALE = (
    (r"SELECT slot INTO v_slot", "SELECT slot, uses_left, minor_left INTO v_slot"),
    (
        r"SET uses_left = uses_left - p_uses, minor_left = minor_left - p_minor",
        "SET uses_left = v_slot.uses_left - p_uses, minor_left = v_slot.minor_left - p_minor",
    ),
    (r"IF FOUND THEN", "IF FOUND THEN PERFORM pg_sleep(0.02);"),
)
NO_QUEUE = (r"PERFORM pg_advisory_xact_lock\(.*?\);", "NULL;")
TAKEN = "SELECT coalesce(sum(units), 0)::int, coalesce(sum(minor), 0)::int FROM promotion_uses WHERE state IN ('claimed', 'held', 'used')"
LEFT = "SELECT sum(uses_left)::int, sum(minor_left)::int, min(uses_left) FROM promotion_slots WHERE day = '-infinity'"
OFF = 100


def with_coupon(ends: list[object]) -> list[Placed]:
    """Who has an order; everybody else was told that the coupon cannot be had, or to come again."""
    wrong = [end for end in ends if not isinstance(end, Placed | PromotionOver | Busy)]
    assert not wrong, f"{len(wrong)} came to another end, such as {wrong[0]!r}"
    return [end for end in ends if isinstance(end, Placed)]


def buyers(
    shop: Tenant, goods: Goods, many: int, code: str, *, who: Callable[[int], dict[str, str]] = lambda _: {}
) -> list[Callable[[], Placed]]:
    return [order(shop, {goods: 1}, asked=Asked(codes=(code,)), **who(at)) for at in range(many)]


def check(
    app: Flask, owner: Engine, *, many: int = 100, who: Callable[[int], dict[str, str]] = lambda _: {}, most: int = 3, **limits: int
) -> None:  # fmt: skip
    """So many buyers with a quote in hand: exactly as many as the limit lets have the coupon."""
    shop = make_shop()
    goods = make_goods(shop, codes=many)
    promote(shop, "fixed_coupon", {"minor": OFF}, code="RUSH", **limits)
    placed = with_coupon(race(app, *buyers(shop, goods, many, "RUSH", who=who)))
    assert ask(owner, TAKEN) == [(len(placed), len(placed) * OFF)]
    assert len(placed) == most
    assert ask(owner, "SELECT count(*) FROM order_promotions") == [(most,)]


# --------------------------------------------------------- in total, a day, a budget


def test_100_buyers_for_a_limit_of_3_leave_3_with_the_coupon(app, owner):
    check(app, owner, total_limit=3)
    assert ask(owner, LEFT) == [(0, None, 0)]


def test_without_the_lock_a_limit_of_3_is_used_more_often(app, owner):
    with changed_function(owner, "promo.take_from", NO_LOCK, *STALE), pytest.raises(AssertionError):
        check(app, owner, many=30, total_limit=3)


def test_a_limit_in_many_slots_is_used_to_its_end_and_no_further(app, owner):
    check(app, owner, many=110, most=70, total_limit=70)
    assert ask(owner, LEFT) == [(0, None, 0)]


def test_100_buyers_for_3_a_day_leave_3_and_the_whole_is_not_lessened_by_the_others(app, owner):
    check(app, owner, per_day=3, total_limit=1000)
    assert ask(owner, LEFT)[0][0] == 997


def test_without_the_lock_3_a_day_are_more(app, owner):
    with changed_function(owner, "promo.take_from", NO_LOCK, *STALE), pytest.raises(AssertionError):
        check(app, owner, many=30, per_day=3)


def test_a_budget_of_3_discounts_is_spent_by_3_of_100(app, owner):
    check(app, owner, budget_minor=3 * OFF + OFF // 2)
    assert ask(owner, LEFT)[0][1] == OFF // 2


def test_without_the_lock_a_budget_is_spent_more_than_once(app, owner):
    with changed_function(owner, "promo.take_from", NO_LOCK, *STALE), pytest.raises(AssertionError):
        check(app, owner, many=30, budget_minor=3 * OFF)


# --------------------------------------------------------- a buyer


SPELLINGS = ("mei.li@gmail.com", "MeiLi@googlemail.com", "m.e.i.l.i+{}@gmail.com", "meili+shop{}@gmail.com")


def one_mailbox(at: int) -> dict[str, str]:
    return {"email": SPELLINGS[at % len(SPELLINGS)].format(at)}


def one_device(_: int) -> dict[str, str]:
    return {"device": "the-same-browser"}


@pytest.fixture
def roomy(monkeypatch: pytest.MonkeyPatch, settings) -> None:
    """What one visitor may hold unpaid is another cap; here it is out of the way."""
    monkeypatch.setattr("app.domain.orders.hoarding._too_many", lambda *_: None)


@pytest.mark.parametrize("who", [one_mailbox, one_device])
def test_one_buyer_by_mailbox_or_device_has_a_coupon_once(app, owner, roomy, who):
    check(app, owner, many=20, most=1, per_buyer=1, who=who)


@pytest.mark.parametrize("who", [one_mailbox, one_device])
def test_without_the_queue_one_buyer_has_it_more_than_once(app, owner, roomy, who, monkeypatch):
    # Orders of one visitor queue for their stock as well: without that queue, too.
    monkeypatch.setattr("app.domain.orders.hoarding.queue_up", lambda *_: None)
    linger = (r"RETURN '';\s+END", "PERFORM pg_sleep(0.1); RETURN ''; END")
    with (
        changed_function(owner, "promo.queue_up", NO_QUEUE),
        changed_function(owner, "promo.may_take", linger),
        pytest.raises(AssertionError),
    ):
        check(app, owner, many=8, most=1, per_buyer=1, who=who)


def test_a_first_order_is_first_for_one_of_many_at_once(app, owner, roomy):
    check(app, owner, many=12, most=1, audience="first_order", who=one_mailbox)


# --------------------------------------------------------- one code, many claims


def check_code(app: Flask, owner: Engine, *, many: int) -> None:
    shop = make_shop()
    goods = make_goods(shop, codes=many)
    coupon = promote(shop, "fixed_coupon", {"minor": OFF}, automatic=False)
    with shop_scope(shop.id):
        batch = coupons.make_batch(coupon.id, size=2, prefix="", actor=BUYER)
        code = coupons.export_batch(batch, coupon.id, actor=BUYER).codes[0]
    placed = with_coupon(race(app, *buyers(shop, goods, many, code)))
    assert len(placed) == 1
    assert ask(owner, "SELECT count(*) FROM promotion_uses") == [(1,)]
    assert ask(owner, "SELECT state, count(*) FROM coupon_codes GROUP BY 1 ORDER BY 1") == [
        ("free", 1),
        ("held", 1),
    ]


SLOWLY = (r"v_said := promo.count_in", "PERFORM pg_sleep(0.05); v_said := promo.count_in")


def test_100_buyers_of_one_single_use_code_leave_one_with_it(app, owner):
    check_code(app, owner, many=100)


def test_without_the_lock_a_code_is_refused_by_the_last_check_only(app, owner):
    with (
        changed_function(owner, "promo.take", NO_LOCK, SLOWLY),
        pytest.raises(AssertionError, match=r"uq_promotion_uses_code|another end"),
    ):
        check_code(app, owner, many=20)


def test_without_lock_and_last_check_a_code_is_used_twice(app, owner):
    with owner.connect() as connection:
        connection.execute(text("DROP INDEX uq_promotion_uses_code"))
    try:
        with changed_function(owner, "promo.take", NO_LOCK, SLOWLY), pytest.raises(AssertionError):
            check_code(app, owner, many=20)
    finally:
        with owner.connect() as connection:
            connection.execute(text("UPDATE promotion_uses SET code_id = NULL"))
            connection.execute(text(
                "CREATE UNIQUE INDEX uq_promotion_uses_code ON promotion_uses (code_id) WHERE (state IN ('held', 'used'))"
            ))  # fmt: skip


def claiming(shop: Tenant, coupon: StoredPromotion, who: Shopper, at: int) -> Callable[[], str]:
    def run() -> str:
        with shop_scope(shop.id):
            coupons.claim(coupon, who, ip=f"10.1.{at // 250}.{at % 250}")
            return "claimed"

    return run


def check_claims(
    app: Flask, owner: Engine, *, many: int, most: int, same: bool = False, **limits: int
) -> None:
    shop = make_shop()
    coupon = promote(shop, "fixed_coupon", {"minor": OFF}, claim="page", **limits)
    who = [Shopper("one-device" if same else f"device-{at}") for at in range(many)]
    ends = race(app, *(claiming(shop, coupon, one, at) for at, one in enumerate(who)))
    wrong = [end for end in ends if end != "claimed" and not isinstance(end, CouponNotClaimed | Busy)]
    assert not wrong, f"such as {wrong[0]!r}"
    assert ends.count("claimed") == most
    assert ask(owner, "SELECT count(*) FROM promotion_uses WHERE state = 'claimed'") == [(most,)]


def test_100_claims_of_3_leave_3_in_hand(app, owner):
    check_claims(app, owner, many=100, most=3, total_limit=3)


def test_without_the_lock_more_than_3_are_claimed(app, owner):
    with changed_function(owner, "promo.take_from", NO_LOCK, *STALE), pytest.raises(AssertionError):
        check_claims(app, owner, many=30, most=3, total_limit=3)


def test_one_buyer_who_clicks_twenty_times_has_one_in_hand(app, owner):
    check_claims(app, owner, many=20, most=1, same=True)


def test_without_the_queue_twenty_clicks_claim_more_than_one(app, owner):
    linger = (r"RETURN '';\s+END", "PERFORM pg_sleep(0.1); RETURN ''; END")
    with (
        changed_function(owner, "promo.queue_up", NO_QUEUE),
        changed_function(owner, "promo.may_take", linger),
        pytest.raises(AssertionError),
    ):
        check_claims(app, owner, many=8, most=1, same=True)


# --------------------------------------------------------- limits that change, ends that cross


def check_new_limit(app: Flask, owner: Engine) -> None:
    """A limit that is set while many are taking counts those who took just before."""
    shop = make_shop()
    goods = make_goods(shop, codes=40)
    coupon = promote(shop, "fixed_coupon", {"minor": OFF}, code="RUSH")

    def limit() -> str:
        time.sleep(0.2)  # in the middle of those who take
        with shop_scope(shop.id), unit_of_work() as work:
            row = work.session.get_one(StoredPromotion, coupon.id)
            row.total_limit = 40
            coupons.service.set_limits(row)
            return "set"

    ends = race(app, *buyers(shop, goods, 30, "RUSH"), limit)
    placed = with_coupon(ends[:-1])
    assert ends[-1] == "set"
    used, left = ask(owner, TAKEN)[0][0], ask(owner, LEFT)[0][0]
    assert (used, used + left) == (len(placed), 40)


def check_new_limit_often(app: Flask, owner: Engine, *, rounds: int) -> None:
    for _ in range(rounds):
        check_new_limit(app, owner)
        with owner.connect() as connection:
            connection.execute(text("TRUNCATE promotion_slots, promotion_use_keys, promotion_uses CASCADE"))


def test_a_limit_that_is_set_while_many_take_counts_every_one_of_them(app, owner):
    check_new_limit_often(app, owner, rounds=3)


def test_without_waiting_for_those_who_take_a_new_limit_forgets_them(app, owner):
    alone = (r"SELECT pg_advisory_xact_lock_shared\(.*?\)\s*\n", "SELECT pg_sleep(0)\n")
    linger = (r"RETURN '';\s+END", "PERFORM pg_sleep(0.3); RETURN ''; END")
    with (
        changed_function(owner, "promo.hold_limits", alone),
        changed_function(owner, "promo.take", linger),
        pytest.raises(AssertionError),
    ):
        check_new_limit_often(app, owner, rounds=8)


def test_money_and_the_clock_at_once_leave_each_coupon_used_or_back_and_no_limit_broken(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=20)
    promote(shop, "fixed_coupon", {"minor": OFF}, code="RUSH", total_limit=10, budget_minor=10 * OFF)
    placed = with_coupon(race(app, *buyers(shop, goods, 10, "RUSH")))
    with owner.connect() as connection:
        connection.execute(text("UPDATE orders SET expires_at = now() - interval '1 s'"))
        connection.execute(text("UPDATE reservations SET until = now() - interval '1 s'"))
    race(app, *((lambda one=one: pay(shop, one)) for one in placed), expire_checkouts, expire_checkouts)
    run_jobs()
    assert ask(owner, "SELECT DISTINCT state FROM orders") == [("delivered",)]
    assert ask(owner, TAKEN) == [(10, 10 * OFF)] and ask(owner, LEFT) == [(0, 0, 0)]


def test_a_claim_that_lapses_while_it_is_used_is_one_or_the_other(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=20)
    coupon = promote(shop, "fixed_coupon", {"minor": OFF}, claim="page", claim_days=1, total_limit=20)
    runs = []
    for at in range(10):
        with shop_scope(shop.id):
            coupons.claim(coupon, Shopper(f"device-{at}"), ip=f"10.1.0.{at}")
        runs.append(order(shop, {goods: 1}, device=f"device-{at}"))
    with owner.connect() as connection:
        connection.execute(
            text("UPDATE promotion_uses SET until = now() + interval '0.3 s' WHERE id % 2 = 0")
        )

    def lapse() -> int:
        with platform_scope(), unit_of_work():
            return coupons.service.lapse(100)

    with_coupon(race(app, *runs, lapse, lapse)[:-2])
    states = dict(ask(owner, "SELECT state, count(*)::int FROM promotion_uses GROUP BY 1"))
    left = ask(owner, LEFT)[0][0]
    assert left + states.get("held", 0) + states.get("claimed", 0) == 20, json.dumps(states)
