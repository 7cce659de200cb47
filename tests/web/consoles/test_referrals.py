"""A distributor sets up a referral programme, sees what was refused and why, and the platform pays promoters."""

import pytest
from sqlalchemy import text

from app.domain.distributors.queries import ShopDirectory
from tests.factories import make_shop
from tests.factories.credit import credited

FORM = {
    "title": "和朋友一起省", "friend_off": "5", "friend_unit": "amount", "audience": "all", "step1_kind": "cash",
    "step1_unit": "rate", "step1_off": "10", "step2_kind": "", "window_days": "30", "hold_days": "7", "near_most": "3",
    "coupon_days": "90", "least_payout": "10", "do": "live",
}  # fmt: skip


@pytest.fixture
def seller(inside, owner, staff, house):
    with inside():
        make_shop("mine")
    with owner.connect() as connection:
        firm = connection.execute(text("SELECT distributor_id FROM shops WHERE slug = 'mine'")).scalar_one()
    return staff("distributor", distributor_id=firm)


def test_a_programme_is_made_paused_and_ended(seller, owner):
    address = "/distributor/shops/mine/promotions/new/referral"
    assert "What a friend saves" in seller.words(address)
    wrong = seller.post(address, FORM | {"step1_off": "x", "step1_unit": "amount", "step1_kind": "discount"})
    assert wrong.status_code == 422
    assert seller.post(address, FORM).status_code == 303
    with owner.connect() as connection:
        row = connection.execute(
            text("SELECT promotion_id, step1_rate_bps, hold_days FROM referral_programmes")
        ).one()
    assert tuple(row[1:]) == (1000, 7)
    assert "10% in cash" in seller.words("/distributor/shops/mine/referrals")
    for to, shown in (("paused", "Paused"), ("live", "Under way"), ("ended", "Ended")):
        seller.post(f"/distributor/shops/mine/referrals/{row[0]}/state", {"to": to})
        assert shown in seller.words("/distributor/shops/mine/referrals")


def test_lists_say_that_nobody_has_come_yet(seller):
    assert "Nobody promotes your shop yet" in seller.words("/distributor/shops/mine/referrals/promoters")
    assert "No order has come" in seller.words("/distributor/shops/mine/referrals/rewards")


def test_the_platform_has_a_page_for_promoters_payouts(staff, house):
    someone = staff("platform")
    assert "No promoter has asked for a payout yet" in someone.words("/platform/promoter-payouts")
    assert someone.post("/platform/promoter-payouts/file", {"currency": "CNY"}).status_code == 303
    assert someone.post("/platform/promoter-payouts/end", {"payout": "1", "do": "paid"}).status_code == 404


def test_store_credit_is_a_reward_that_a_shop_chooses_and_counts(seller, inside, owner):
    address = "/distributor/shops/mine/promotions/new/referral"
    more = {"step1_kind": "credit", "step2_kind": "credit", "step2_unit": "amount", "step2_off": "1"}
    assert seller.post(address, FORM | more).status_code == 303
    assert "10% of store credit" in seller.words("/distributor/shops/mine/referrals")
    assert "Nobody has store credit yet" in seller.words("/distributor/shops/mine/referrals/credit")
    with inside():
        credited(ShopDirectory().by_slug("mine"), owner, 700)
    assert "Outstanding credit" in seller.words("/distributor/shops/mine/referrals")
    held = seller.words("/distributor/shops/mine/referrals/credit")
    assert "mei@example.com" in held and "¥7.00" in held
