"""Members of a group pay with store credit, and get it back when the group ends without being full."""

from app.flows import grouping
from app.flows.spending import Wish
from tests.factories import make_goods, make_shop
from tests.factories.credit import MEI, account, credited, proven
from tests.factories.groups import group_of, offer_group, past_deadline
from tests.factories.money import Books
from tests.factories.orders import run_jobs, state_of


def test_members_of_a_group_pay_with_credit_and_get_it_back_when_it_fails(app, owner):
    shop = make_shop()
    credited(shop, owner, 1600)
    deal = offer_group(shop, make_goods(shop, codes=9), people=2)
    whole = deal.open(email=MEI, credit=Wish(MEI, 1500))
    assert whole.payment_id is None and state_of(shop, whole) == "paid"
    assert account(owner, shop) == (100, 0, 0)
    past_deadline(owner)
    assert grouping.end_groups() == 1
    run_jobs()
    assert state_of(shop, whole) == "refunded" and account(owner, shop) == (1600, 0, 0)
    again = deal.open(email=MEI, credit=Wish(MEI, 1500))
    deal.pay(deal.join(group_of(owner, again)))
    assert state_of(shop, again) == "delivered" and account(owner, shop) == (100, 0, 0)
    Books(owner).check()
    proven()


def test_a_member_who_has_not_paid_yet_gets_its_credit_with_the_groups_end(app, owner):
    shop = make_shop()
    credited(shop, owner, 700)
    deal = offer_group(shop, make_goods(shop, codes=9), people=2)
    first = deal.open()
    member = deal.join(group_of(owner, first), email=MEI, credit=Wish(MEI, 700))
    deal.pay(first)
    assert account(owner, shop) == (700, 700, 0)
    past_deadline(owner)
    grouping.end_groups()
    run_jobs()
    assert state_of(shop, member) == "cancelled" and account(owner, shop) == (700, 0, 0)
    proven()
