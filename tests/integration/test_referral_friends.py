"""To whom a friend is due: links, parents and coupons; and who is their own friend, or one too many."""

import pytest
from sqlalchemy import text

from app.domain.promotions.errors import PromotionOver
from app.domain.promotions.service import is_held_out
from app.domain.referrals.errors import ProgrammeInvalid
from app.domain.referrals.rules import Promise
from app.flows import referrals, rewarding
from app.flows.priced import Asked
from app.flows.prove import prove
from app.foundation.unit_of_work import unit_of_work
from tenants.context import shop_scope
from tests.factories import make_goods, make_shop, place
from tests.factories.orders import pay, run_jobs
from tests.factories.promotions import promote
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


def test_two_steps_are_rewarded_and_a_third_is_not(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    programme(shop, step1=Promise("cash", minor=100), step2=Promise("cash", minor=30))
    top = promoter(shop, "top@example.com")
    middle = promoter(shop, "middle@example.com", brought_by=top.id)
    who = promoter(shop, "mei@example.com", brought_by=middle.id)
    brought(shop, goods, who)
    later()
    assert ask(owner, "SELECT promoter_id, amount_minor FROM referral_rewards ORDER BY step") == [
        (who.id, 100), (middle.id, 30),
    ]  # fmt: skip
    proven()


def test_a_promoter_is_below_whoever_brought_its_first_order_and_nothing_makes_a_circle(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    programme(shop)
    first = promoter(shop, "first@example.com")
    brought(shop, goods, first, email="second@example.com")
    second = promoter(shop, "second@example.com")
    assert second.parent_id == first.id
    assert promoter(shop, "first@example.com", brought_by=second.id).parent_id is None
    for parent in (second.id, first.id):
        with pytest.raises(Exception, match="no_circles"), owner.begin() as connection:
            connection.execute(
                text("UPDATE promoters SET parent_id = :parent WHERE id = :who"),
                {"parent": parent, "who": first.id},
            )
    with pytest.raises(Exception, match="permission denied"), shop_scope(shop.id), unit_of_work() as work:
        work.session.execute(text("UPDATE promoters SET parent_id = NULL"))


@pytest.mark.parametrize(
    ("friend", "reason"),
    [
        ({"email": "M.ei+2@googlemail.com"}, "own_email"),
        ({"device": "her-phone"}, "own_device"),
    ],
)
def test_who_sends_themselves_gets_nothing_and_it_says_why(app, owner, friend, reason):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    programme(shop, step2=Promise("cash", minor=10))
    above = promoter(shop, "above@example.com")
    who = promoter(shop, "mei@gmail.com", device="her-phone", brought_by=above.id)
    with pytest.raises(PromotionOver) as refused:
        place(shop, goods, asked=click(shop, who), **friend)
    assert refused.value.facts["reason"] == "not_for_you", "a friend's benefit is for friends"
    asked = Asked(due={"promoter_id": who.id})
    placed = place(shop, goods, asked=asked, **friend)
    pay(shop, placed)
    run_jobs()
    later()
    assert ask(owner, REWARDS) == [(1, "cash", 0, "refused", reason), (2, "cash", 0, "refused", reason)]


def test_who_has_bought_on_that_device_before_is_known_by_it(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    programme(shop)
    who = promoter(shop, "mei@example.com")
    own = place(shop, goods, email="mei@example.com", device="their-tablet")
    pay(shop, own)
    brought(shop, goods, who, device="their-tablet", email="husband@example.com")
    later()
    assert [row[3:] for row in ask(owner, REWARDS)] == [("refused", "own_device")]


def test_a_neighbourhood_brings_so_many_rewards_and_no_more(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    programme(shop, near_most=2)
    who = promoter(shop)
    for _ in range(3):
        brought(shop, goods, who)
    with owner.begin() as connection:
        connection.execute(text("UPDATE orders SET ip = '10.0.0.7'"))
    later()
    assert [row[3:] for row in ask(owner, REWARDS)] == [
        ("available", ""),
        ("available", ""),
        ("refused", "neighbourhood"),
    ]


def test_caps_and_budget_stop_rewards_and_say_so(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=9)
    programme(shop, most_per_month=1, near_most=9)
    who, other = promoter(shop), promoter(shop, "other@example.com")
    brought(shop, goods, who)
    brought(shop, goods, who)
    later()
    assert [row[3:] for row in ask(owner, REWARDS)] == [("available", ""), ("refused", "cap_month")]
    programme(shop, budget_minor=150, near_most=9)
    brought(shop, goods, other)
    brought(shop, goods, who)
    later()
    assert [row[3:] for row in ask(owner, REWARDS)][2:] == [("available", ""), ("refused", "budget")]
    assert ask(owner, "SELECT spent_minor FROM referral_programmes ORDER BY promotion_id") == [(100,), (100,)]


def test_a_coupons_owner_comes_before_the_last_click(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    programme(shop)
    clicked, owns = promoter(shop, "clicked@example.com"), promoter(shop, "owns@example.com")
    coupon = promote(shop, "fixed_coupon", {"minor": 50}, code="OWNED", settings={"promoter_id": owns.id})
    asked = click(shop, clicked)
    place(shop, goods, asked=Asked(codes=("OWNED",), granted=asked.granted, due=asked.due))
    assert ask(owner, "SELECT via, promoter_id, promotion_id, click_id FROM attributions") == [
        ("coupon", owns.id, coupon.id, None)
    ]
    assert ask(owner, "SELECT promoter_id FROM referral_rewards") == [(owns.id,)]


def test_a_friend_who_is_held_out_pays_the_list_price_and_is_remembered(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    made = programme(shop, holdout_bps=5000)
    [(key,)] = ask(owner, "SELECT key FROM promotions WHERE id = :at", at=made)
    device = next(
        name for name in (f"device-{at}" for at in range(99)) if is_held_out(key, f"d:{name}", 5000)
    )
    place(shop, goods, asked=click(shop, promoter(shop)), device=device)
    assert ask(owner, "SELECT count(*) FROM order_promotions") == [(0,)]
    assert ask(owner, "SELECT held_out FROM attributions") == [([made],)]


def test_an_order_that_is_never_paid_brings_nothing(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    programme(shop)
    place(shop, goods, asked=click(shop, promoter(shop)))
    with owner.begin() as connection:
        connection.execute(
            text("UPDATE orders SET state = 'expired', created_at = now() - interval '4 days'")
        )
    rewarding.judge_rewards()
    assert ask(owner, REWARDS) == [(1, "cash", 0, "lapsed", "not_paid")]


def test_a_stopped_promoters_link_does_nothing(app, owner):
    shop = make_shop()
    goods = make_goods(shop, codes=5)
    programme(shop)
    who = promoter(shop)
    placed = place(shop, goods, asked=click(shop, who))
    with shop_scope(shop.id):
        referrals.stop_promoter(who.id, stopped=True, actor=HAND)
        assert referrals.arrive(shop, who.code, device="d", ip="10.0.0.1") is None
    pay(shop, placed)
    run_jobs()
    later()
    assert ask(owner, REWARDS) == [(1, "cash", 0, "refused", "stopped")]


def test_a_shop_has_one_live_programme_and_a_wrong_one_is_refused(app, owner):
    shop = make_shop()
    one, other = programme(shop), programme(shop)
    assert ask(owner, "SELECT id, status FROM promotions ORDER BY id") == [(one, "ended"), (other, "live")]
    with pytest.raises(ProgrammeInvalid):
        programme(shop, step1=Promise("discount", rate_bps=100))
    with pytest.raises(ProgrammeInvalid):
        programme(shop, step1=Promise("cash", minor=1, rate_bps=1))


def test_clicks_of_one_device_within_an_hour_are_one(app, owner):
    shop = make_shop()
    programme(shop)
    who = promoter(shop)
    for device in ("a", "a", "b"):
        click(shop, who, device=device)
    assert ask(owner, "SELECT count(*) FROM referral_clicks") == [(2,)]
