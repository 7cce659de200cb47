"""A brand's or the platform's referral programme: promoters are the shop's, every cent of it its maker's."""

import pytest

from app.domain.promotions.errors import NoShopTakesPart
from app.domain.referrals import queries
from app.domain.referrals.rules import Promise
from app.flows import promotions as making
from app.flows import referrals
from app.flows.prove import prove
from app.foundation.actor import SYSTEM
from app.foundation.database import session
from app.foundation.errors import NotFound
from tenants.context import shop_scope
from tests.factories import make_goods, make_shop
from tests.factories.money import Books, give
from tests.factories.orders import pay, place, run_jobs
from tests.factories.others import PLATFORM, also_in, brand_of, referral, scope_of
from tests.factories.referrals import brought, click, later, programme, promoter

REWARDS = "SELECT kind, funder, amount_minor, state, reason FROM referral_rewards ORDER BY order_id, step"


@pytest.fixture
def books(app, owner) -> Books:
    return Books(owner)


@pytest.fixture
def two(app):
    """Two shops that sell one brand's Sku."""
    first, second = make_shop(), make_shop()
    goods = make_goods(first, price=2000, floor=1000, supply=1000, codes=8)
    return first, second, goods, also_in(second, goods)


@pytest.mark.parametrize("who", ["brand", "platform"])
def test_friend_and_promoter_are_paid_by_who_made_it_and_a_refund_gives_it_back(two, books, who):
    first, second, goods, there = two
    made = referral(brand_of(goods) if who == "brand" else PLATFORM, [first.id, second.id])
    assert [one.error for one in made.shops] == [None, None]
    mei, other = promoter(first), promoter(second, "other@example.com")
    placed = brought(first, goods, mei)
    brought(second, there, other)
    later()
    assert books.ask(REWARDS) == [("cash", who, 100, "available", "")] * 2
    assert books.parts()["seller"] == 2 * 1000, "the shops earn as if nobody had brought anybody"
    accounts = books.accounts()
    assert accounts["promoter_payable"] == 200
    if who == "brand":
        assert books.parts()["supplier"] == 2 * (1000 - 200)
        assert accounts["brand_available"] == 2 * (1000 - 200 - 100)
        assert "promotion_cost" not in accounts
    else:
        assert accounts["promotion_cost"] == -2 * (200 + 100)
        assert accounts["brand_available"] == 2 * 1000
    assert list(prove().differences) == []
    give(first, placed, 1800)
    later()
    assert books.ask(REWARDS)[0] == ("cash", who, 0, "taken_back", "refunded")
    assert books.accounts()["promoter_payable"] == 100
    assert list(prove().differences) == []


def test_a_brand_rewards_its_own_goods_only_and_never_more_than_it_has_of_them(two, books):
    first, _second, goods, _there = two
    foreign = make_goods(first, price=9000, floor=1000, supply=1000, codes=3)
    referral(brand_of(goods), [first.id], step1=Promise("cash", minor=5000))
    mei = promoter(first)
    both = place(first, {goods: 1, foreign: 1}, asked=click(first, mei))
    pay(first, both)
    run_jobs()
    only_foreign = place(first, foreign, asked=click(first, mei))
    pay(first, only_foreign)
    run_jobs()
    later()
    assert books.ask(REWARDS) == [("cash", "brand", 800, "available", "")], (
        "1000 less the 200 that the friend saved"
    )
    found = "SELECT sum(amount_minor)::int FROM ledger_entries WHERE account = 'brand_available' AND brand_id = :brand"
    assert books.ask(found, brand=goods.brand_id) == [(0,)]
    assert books.ask(found, brand=foreign.brand_id) == [(2000,)], "the other brand pays nothing"
    assert list(prove().differences) == []


def test_a_rewards_coupon_is_paid_by_the_brand_too(two, books):
    first, _second, goods, _there = two
    referral(brand_of(goods), [first.id], step1=Promise("discount", minor=300))
    mei = promoter(first)
    brought(first, goods, mei)
    later()
    assert books.ask(REWARDS) == [("discount", "brand", 300, "given", "")]
    pay(first, place(first, goods, email=mei.email, device="mei", signed_in=True))
    run_jobs()
    assert books.ask("SELECT net_minor, funded_brand_minor FROM order_lines ORDER BY id")[1] == (1700, 300)
    assert list(prove().differences) == []


def test_a_shops_own_programme_goes_before_and_whoever_has_one_is_named(two, books):
    first, second, goods, _there = two
    own = programme(first)
    made = referral(brand_of(goods), [first.id, second.id])
    told = {one.shop_id: one.error and one.error.facts["reason"] for one in made.shops}
    assert told == {first.id: "has_programme", second.id: None}
    assert books.ask("SELECT shop_ids FROM promotions WHERE id = :id", id=made.promotion_id) == [
        ([second.id],)
    ]
    with pytest.raises(NoShopTakesPart):
        referral(PLATFORM, [first.id, second.id])
    later_own = programme(second)
    with shop_scope(second.id):
        found = queries.programme_in_force(books.ask("SELECT now()")[0][0])
        assert found and found[1].id == later_own != own
        session().rollback()
    assert books.ask("SELECT status FROM promotions WHERE id = :id", id=made.promotion_id) == [("live",)]


def test_each_shops_budget_holds_for_itself(two, books):
    first, second, goods, there = two
    referral(brand_of(goods), [first.id, second.id], budget_minor=150)
    mei, other = promoter(first), promoter(second, "other@example.com")
    brought(first, goods, mei)
    brought(first, goods, mei)
    brought(second, there, other)
    later()
    states = [(row[3], row[4]) for row in books.ask(REWARDS)]
    assert states == [("available", ""), ("refused", "budget"), ("available", "")]
    spent = "SELECT spent_minor FROM referral_programmes ORDER BY shop_id"
    assert books.ask(spent) == [(100,), (100,)]


def test_a_shop_does_not_change_it_another_brand_does_not_see_it_and_foreign_shops_cannot_be_named(
    two, books
):
    first, _second, goods, _there = two
    elsewhere = make_shop()
    foreign = make_goods(elsewhere, codes=1)
    with pytest.raises(NotFound):
        referral(brand_of(goods), [first.id, elsewhere.id])
    assert books.ask("SELECT count(*) FROM promotions") == [(0,)]
    made = referral(brand_of(goods), [first.id])
    with shop_scope(first.id), pytest.raises(NotFound):
        referrals.change_state(made.promotion_id, "ended", actor=SYSTEM)
    with scope_of(brand_of(foreign)), pytest.raises(NotFound):
        making.end(brand_of(foreign), made.promotion_id, actor=SYSTEM)
    with scope_of(brand_of(goods)):
        making.end(brand_of(goods), made.promotion_id, actor=SYSTEM)
    with shop_scope(first.id):
        assert queries.programme_in_force(books.ask("SELECT now()")[0][0]) is None
        session().rollback()
