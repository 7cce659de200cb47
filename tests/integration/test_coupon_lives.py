"""A coupon's life: for whom it is, where it goes when its order ends, and that what is taken and left is always the whole."""

import random
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.domain.payments.gateway import EventKind
from app.domain.promotions.buyers import Shopper
from app.domain.promotions.errors import CouponNotClaimed, PromotionLimitTooLow, PromotionOver
from app.domain.promotions.models import PromotionBuyer, StoredPromotion
from app.flows import coupons, purchase
from app.flows.priced import Asked
from app.flows.resolve import refund_order
from app.foundation import clock
from app.foundation.unit_of_work import unit_of_work
from app.jobs.clock import TICKS
from tenants.context import shop_scope
from tests.concurrency.race import ask
from tests.factories import make_goods, make_shop, pay, place, run_jobs
from tests.factories.money import STAFF, give
from tests.factories.orders import BUYER
from tests.factories.promotions import promote
from tests.integration.test_promotions import overtake
from tests.integration.test_resolve import refund_event

STATES = "SELECT state FROM promotion_uses ORDER BY id"
CODE = Asked(codes=("RUSH",))
WHOLE = """
    SELECT p.total_limit - coalesce(s.uses, 0) - u.units, p.budget_minor - coalesce(s.minor, 0) - u.minor, s.least
    FROM promotions p,
        LATERAL (SELECT sum(uses_left) AS uses, sum(minor_left) AS minor, least(min(uses_left), min(minor_left)) AS least
                 FROM promotion_slots WHERE promotion_id = p.id AND day = '-infinity') s,
        LATERAL (SELECT coalesce(sum(units), 0) AS units, coalesce(sum(minor), 0) AS minor FROM promotion_uses
                 WHERE promotion_id = p.id AND state IN ('claimed', 'held', 'used')) u
"""


@pytest.fixture
def shop(app):
    return make_shop()


@pytest.fixture
def goods(shop):
    return make_goods(shop, codes=60)


def off(shop, goods, asked=CODE, **who) -> list[str]:
    """Why a coupon is left out of this visitor's quote; empty where it counts."""
    with shop_scope(shop.id):
        shopper = Shopper(who.get("device", ""), who.get("email", ""))
        quoted, _ = purchase.quote(shop, {goods.listing_id: 1}, Asked(shopper=shopper, codes=asked.codes))
    return [step.because for step in quoted.left_out]


@pytest.mark.parametrize(
    ("returns", "unpaid", "refunded"),
    [("never", "used", "used"), ("unpaid", "returned", "used"), ("refunded", "returned", "returned")],
)
def test_a_use_goes_back_by_its_rule(shop, owner, returns, unpaid, refunded):
    goods = make_goods(shop, kind="manual", unlimited=True)
    promote(shop, "fixed_coupon", {"minor": 100}, code="RUSH", returns=returns, total_limit=5)
    place(shop, goods, asked=CODE)
    overtake(owner)
    assert ask(owner, STATES) == [(unpaid,)]
    paid = place(shop, goods, asked=CODE)
    pay(shop, paid)
    run_jobs()
    with shop_scope(shop.id):
        refund_order(paid.order_id, reason="broken", actor=STAFF)
    run_jobs()
    assert ask(owner, "SELECT state FROM orders ORDER BY id") == [("expired",), ("refunded",)]
    assert ask(owner, STATES) == [(unpaid,), (refunded,)]


def test_a_claimed_coupon_counts_by_device_or_by_proven_mailbox_and_comes_back_into_the_hand(
    shop, goods, owner
):
    coupon = promote(
        shop, "fixed_coupon", {"minor": 100}, claim="page", claim_days=3, per_buyer=1, total_limit=2
    )
    with shop_scope(shop.id):
        coupons.claim(coupon, Shopper("phone", "mei@example.com"), ip="10.0.0.1")
    place(shop, goods, device="laptop", email="mei@example.com", signed_in=True)
    assert ask(owner, STATES) == [("held",)]
    overtake(owner)
    assert ask(owner, STATES) == [("claimed",)]
    pay(shop, place(shop, goods, device="laptop", email="other@example.com"))
    run_jobs()
    assert ask(owner, STATES) == [("used",)], "the laptop is hers since she ordered on it"
    with shop_scope(shop.id), pytest.raises(CouponNotClaimed) as told:
        coupons.claim(coupon, Shopper("tablet", "mei+tablet@example.com"), ip="10.0.0.1")
    assert told.value.facts["reason"] == "buyer_limit"


def test_a_claim_whose_time_is_over_goes_to_somebody_else(shop, goods, owner):
    coupon = promote(
        shop, "fixed_coupon", {"minor": 100}, claim="page", claim_days=1, total_limit=1, per_day=5
    )
    with shop_scope(shop.id):
        coupons.claim(coupon, Shopper("one"), ip="10.0.0.1")
        with pytest.raises(CouponNotClaimed):
            coupons.claim(coupon, Shopper("two"), ip="10.0.0.2")
    assert coupons.lapse_coupons() == 0
    with owner.connect() as connection:
        connection.execute(text("UPDATE promotion_uses SET until = now() - interval '1 s'"))
    assert (60, coupons.lapse_coupons) in TICKS
    assert coupons.lapse_coupons() == 1 and ask(owner, STATES) == [("lapsed",)]
    with shop_scope(shop.id):
        coupons.claim(coupon, Shopper("two"), ip="10.0.0.2")


def test_a_first_order_is_known_by_mailbox_in_every_spelling_and_by_device(shop, goods):
    promote(shop, "fixed_coupon", {"minor": 100}, code="RUSH", audience="first_order")
    pay(shop, place(shop, goods, device="d1", email="Mei.Li@gmail.com"))
    run_jobs()
    assert off(shop, goods, device="d2", email="meili+again@googlemail.com") == ["not_first"]
    assert off(shop, goods, device="d1", email="new@example.com") == ["not_first"]
    assert off(shop, goods, device="d3", email="new@example.com") == []


def test_a_claimed_first_order_coupon_does_not_stand_in_the_way_of_a_second_order(shop, goods):
    coupon = promote(shop, "fixed_coupon", {"minor": 100}, claim="page", audience="first_order")
    with shop_scope(shop.id):
        coupons.claim(coupon, Shopper("d1"), ip="10.0.0.1")
    with shop_scope(shop.id), unit_of_work() as work:
        coupons.service.become(work.session.get_one(StoredPromotion, coupon.id), "paused")
    pay(shop, place(shop, goods, device="d1", email="mei@example.com"))
    run_jobs()
    with shop_scope(shop.id), unit_of_work() as work:
        coupons.service.become(work.session.get_one(StoredPromotion, coupon.id), "live")
    assert off(shop, goods, Asked(), device="d1", email="mei@example.com") == ["not_first"]
    place(shop, goods, device="d1", email="mei@example.com")


def test_a_coupon_for_certain_buyers_is_for_nobody_else(shop, goods):
    coupon = promote(shop, "fixed_coupon", {"minor": 100}, code="RUSH", audience="chosen")
    with shop_scope(shop.id), unit_of_work() as work:
        work.session.add(PromotionBuyer(promotion_id=coupon.id, key="e:mei@example.com"))
    assert off(shop, goods, device="d", email="Mei+x@example.com") == []
    assert off(shop, goods, device="d", email="lin@example.com") == ["not_for_you"]


@pytest.mark.parametrize(("status", "because"), [("paused", "paused"), ("ended", "not_now")])
def test_what_was_paused_or_ended_after_the_quote_is_not_had(shop, goods, status, because):
    coupon = promote(shop, "fixed_coupon", {"minor": 100}, code="RUSH", total_limit=5)
    with shop_scope(shop.id):
        quoted, _ = purchase.quote(shop, {goods.listing_id: 1}, CODE)
    with shop_scope(shop.id), unit_of_work() as work:
        coupons.service.become(work.session.get_one(StoredPromotion, coupon.id), status)
    command = purchase.PlaceOrder(purchase.seal(quoted), "b@example.com", "card", "d", "en")
    with shop_scope(shop.id), pytest.raises(PromotionOver) as told:
        purchase.place_order(command, shop=shop, actor=BUYER)
    assert told.value.facts["reason"] == because


def test_a_buyer_with_units_left_is_promised_no_more_of_them(shop, goods):
    promote(shop, "timed_price", {"off_bps": 1000}, limit_of="units", per_buyer=3)
    who = {"device": "d", "email": "mei@example.com"}
    place(shop, {goods: 2}, **who)
    with shop_scope(shop.id):
        quoted, _ = purchase.quote(
            shop, {goods.listing_id: 2}, Asked(shopper=Shopper("d", "mei@example.com"))
        )
    assert [step.because for step in quoted.left_out] == ["buyer_limit"]
    place(shop, {goods: 2}, **who)


def test_a_limit_below_what_is_used_is_refused(shop, goods):
    coupon = promote(shop, "fixed_coupon", {"minor": 100}, code="RUSH", total_limit=5)
    place(shop, goods, asked=CODE)
    place(shop, goods, asked=CODE)
    with shop_scope(shop.id), unit_of_work() as work:
        row = work.session.get_one(StoredPromotion, coupon.id)
        row.total_limit = 1
        with pytest.raises(PromotionLimitTooLow):
            coupons.service.set_limits(row)


class Walk:
    """A shop's day at random: after every step what is taken and what is left is the whole."""

    def __init__(self, shop, goods, owner, seed):
        self.shop, self.goods, self.owner, self.dice = shop, goods, owner, random.Random(seed)
        claim = self.dice.choice(("none", "page"))
        self.coupon = promote(
            shop, "fixed_coupon", {"minor": 100}, code=None if claim == "page" else "RUSH", claim=claim, claim_days=1,
            total_limit=self.dice.choice((4, 70)), budget_minor=900, per_buyer=2, per_day=6,
            returns=self.dice.choice(("never", "unpaid", "refunded")),
        )  # fmt: skip
        self.open, self.paid = [], []

    def step(self):
        self.dice.choice((self.order, self.order, self.claim, self.claim, self.pay, self.expire, self.refund, self.lapse,
                          self.limit))()  # fmt: skip
        [(uses, minor, least)] = ask(self.owner, WHOLE)
        assert (uses, minor) == (0, 0) and least >= 0

    def who(self):
        return {"device": f"d{self.dice.randrange(6)}", "email": f"b{self.dice.randrange(6)}@example.com"}

    def order(self):
        with suppress(PromotionOver, purchase.hoarding.TooManyOpenOrders):
            self.open.append(place(self.shop, self.goods, asked=CODE, **self.who()))

    def claim(self):
        who = self.who()
        with suppress(CouponNotClaimed), shop_scope(self.shop.id):
            coupons.claim(self.coupon, Shopper(**who), ip=f"10.0.0.{self.dice.randrange(200)}")

    def pay(self):
        """Also late: an order that has expired is among the open ones still."""
        if self.open:
            placed = self.open.pop(self.dice.randrange(len(self.open)))
            pay(self.shop, placed)
            run_jobs()
            self.paid.append(placed)

    def refund(self):
        if self.paid and (placed := self.paid.pop()) and self._state(placed) == "paid":
            with shop_scope(self.shop.id):
                refund_order(placed.order_id, reason="asked", actor=STAFF)
            run_jobs()

    def expire(self):
        overtake(self.owner)

    def lapse(self):
        with self.owner.connect() as connection:
            connection.execute(
                text(
                    "UPDATE promotion_uses SET until = now() - interval '1 s' WHERE id % 3 = 0 AND state = 'claimed'"
                )
            )
        coupons.lapse_coupons()

    def limit(self):
        with suppress(PromotionLimitTooLow), shop_scope(self.shop.id), unit_of_work() as work:
            row = work.session.get_one(StoredPromotion, self.coupon.id)
            row.total_limit, row.ends_at = self.dice.choice((4, 20, 80)), clock.now() + timedelta(days=9)
            coupons.service.set_limits(row)

    def _state(self, placed):
        return ask(self.owner, "SELECT state FROM orders WHERE id = :id", id=placed.order_id)[0][0]


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_what_is_taken_and_what_is_left_is_the_whole(shop, owner, seed):
    goods = make_goods(
        shop, kind="manual", unlimited=True
    )  # paid, and not yet handed over: can be refunded whole
    walk = Walk(shop, goods, owner, seed)
    for _ in range(40):
        walk.step()


LEFT = "SELECT sum(uses_left)::int, sum(minor_left)::int FROM promotion_slots WHERE day = '-infinity'"
USES = "SELECT state, minor::int FROM promotion_uses ORDER BY id"


def bounced(shop, owner, placed):
    """All of an order goes back, and days later the bank sends it here again."""
    [(net,)] = ask(owner, "SELECT net_minor FROM order_lines WHERE order_id = :id", id=placed.order_id)
    give(shop, placed, net)
    assert ask(owner, "SELECT state FROM orders WHERE id = :id", id=placed.order_id) == [("refunded",)]

    def back():
        [(key,)] = ask(owner, "SELECT key FROM refunds WHERE order_id = :id", id=placed.order_id)
        refund_event(shop, placed, EventKind.REFUND_FAILED, f"evt_{placed.order_id}", refund_reference=key)
        run_jobs()

    return back


@pytest.mark.parametrize("claim", ["none", "page"])
def test_a_refund_that_bounced_takes_its_use_and_its_budget_again(shop, owner, claim):
    goods = make_goods(shop, codes=3)
    coupon = promote(
        shop, "fixed_coupon", {"minor": 100}, code="RUSH" if claim == "none" else None, claim=claim, claim_days=9,
        total_limit=3, budget_minor=150, per_day=5, returns="refunded",
    )  # fmt: skip
    if claim == "page":
        with shop_scope(shop.id):
            coupons.claim(coupon, Shopper("one", "one@example.com"), ip="10.0.0.1")
    placed = place(shop, goods, asked=CODE, device="one", email="one@example.com")
    pay(shop, placed)
    run_jobs()
    before = ask(owner, LEFT)
    back = bounced(shop, owner, placed)
    assert ask(owner, LEFT) == [(before[0][0] + (claim == "none"), 150)]
    back()
    assert ask(owner, LEFT) == before and ask(owner, USES) == [("used", 100)]
    assert ask(owner, WHOLE)[0][:2] == (0, 0)


def test_what_somebody_else_has_had_meanwhile_stays_theirs(shop, owner):
    goods = make_goods(shop, codes=3)
    promote(
        shop, "fixed_coupon", {"minor": 100}, code="RUSH", total_limit=1, budget_minor=150, returns="refunded"
    )
    first = place(shop, goods, asked=CODE)
    pay(shop, first)
    run_jobs()
    back = bounced(shop, owner, first)
    second = place(shop, goods, asked=CODE)
    pay(shop, second)
    run_jobs()
    back()
    assert ask(owner, LEFT) == [(0, 0)] and ask(owner, USES) == [("used", 100), ("used", 100)]
