"""The trial of a promotion, on values alone: which stacks are looked at, and what is counted."""

from itertools import combinations

from app.domain.commissions.promotion_trial import Good, stacks_with, tried
from app.domain.pricing.rules import Offer
from app.domain.promotions.rules import ANY_KIND, Cut, Off, Promotion

MARGIN = {"kind": "margin", "supply_price_minor": 500, "rule": None}


def good(number: int = 1, *, list_minor: int = 2000, floor_minor: int = 600) -> Good:
    return Good(
        Offer(number, number, 1, list_minor, floor_minor, product_id=number, category_id=1), 10, MARGIN
    )


def coupon(
    number: int, minor: int, *, beside: frozenset[str] = ANY_KIND, kind: str = "fixed_coupon"
) -> Promotion:
    return Promotion(number, f"P-{number}", kind, Off(minor=minor), combines=beside)


MINE = Promotion(99, "P-mine", "timed_price", Cut(off_bps=1000))


def test_stacks_are_the_largest_sets_that_all_stand_beside_each_other():
    apart = frozenset({"timed_price"})
    one, other, third = coupon(1, 100, beside=apart), coupon(2, 200), coupon(3, 50, kind="referral")
    offer = Promotion(4, "P-4", "timed_price", Cut(off_bps=500))
    found = {frozenset(p.id for p in stack) for stack in stacks_with(MINE, [one, other, third, offer])}
    assert found == {frozenset({99, 1}), frozenset({99, 2, 3})}


def test_no_smaller_stack_leaves_the_seller_less_than_the_worst_that_is_told():
    others = [coupon(1, 130), coupon(2, 90, kind="threshold_coupon"), coupon(3, 70, kind="referral")]
    [row] = tried(MINE, [good()], others).rows
    for many in range(len(others) + 1):
        for some in combinations(others, many):
            [smaller] = tried(MINE, [good()], list(some)).rows
            assert smaller.worst_keeps_minor >= row.worst_keeps_minor
    assert set(row.worst_with) == {"P-1", "P-2", "P-3"}
    assert row.worst_net_minor == 1800 - 130 - 90 - 70


def test_a_listing_is_counted_once_however_many_tiers_it_has():
    trial = tried(coupon(9, 5000), [good(1), good(2)], [])
    assert (trial.listings, trial.limited, trial.losing) == (2, 2, 0)
    assert trial.below_floor() == {1: 0, 2: 0}


def test_a_list_price_below_its_floor_is_told_as_not_on_sale():
    [row] = tried(MINE, [good(list_minor=500)], []).rows
    assert row.because == "below_floor" and not row.losing
