"""Two people of one brand set its terms at the same moment."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.domain.commissions import rule_service
from app.domain.commissions.drafts import Draft
from app.domain.commissions.errors import RatesOverWhole, WindowsOverlap
from app.flows import terms
from app.foundation import clock
from app.foundation.actor import Actor
from tenants.context import brand_scope
from tests.concurrency.race import ask, race, without_constraint
from tests.factories import Goods, make_goods, make_shop

pytestmark = pytest.mark.concurrency
ONE = "SELECT count(*) FROM rate_rules WHERE ends_at IS NULL"


@pytest.fixture
def goods(app) -> Goods:
    return make_goods(make_shop(), codes=1)


def maker(goods: Goods, draft: Draft) -> Callable[[], str]:
    def run() -> str:
        with brand_scope(goods.brand_id):
            return terms.make_rule(draft, reason="a race", actor=Actor("staff"))

    return run


def eight(goods: Goods) -> list[Callable[[], str]]:
    return [maker(goods, Draft("commission", {"rate_bps": 100 + at})) for at in range(8)]


def no_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule_service, "hold", lambda brand_id: None)


def test_of_eight_rules_for_one_target_one_is_made(app, owner, goods):
    ends = race(app, *eight(goods))
    assert sum(isinstance(end, str) for end in ends) == 1
    assert sum(isinstance(end, WindowsOverlap) for end in ends) == 7
    assert ask(owner, ONE) == [(1,)]


def test_the_database_alone_lets_only_one_of_them_in(app, owner, goods, monkeypatch):
    no_lock(monkeypatch)
    ends = race(app, *eight(goods))
    assert sum(isinstance(end, str) for end in ends) == 1
    assert all(isinstance(end, str | WindowsOverlap) for end in ends), ends
    assert ask(owner, ONE) == [(1,)]


def test_without_lock_and_constraint_several_rules_stand_in_one_place(app, owner, goods, monkeypatch):
    """The twin."""
    no_lock(monkeypatch)
    monkeypatch.setattr(rule_service, "in_the_way", lambda rules, draft, *, now: None)
    with without_constraint(owner, "rate_rules", "ex_rate_rules_one_window", clean="DELETE FROM rate_rules"):
        race(app, *eight(goods))
        assert ask(owner, ONE)[0][0] > 1


def over_the_whole(goods: Goods) -> list[Callable[[], str]]:
    """Each alone is fine, together they take more than the price."""
    ends_at = clock.now() + timedelta(days=1)
    return [
        maker(goods, Draft("commission", {"rate_bps": 9000})),
        maker(goods, Draft("boost", {"add_bps": 2000}, ends_at=ends_at)),
    ]


def test_two_rules_that_together_take_too_much_are_not_both_made(app, owner, goods):
    ends = race(app, *over_the_whole(goods))
    assert sorted(type(end) for end in ends if not isinstance(end, str)) == [RatesOverWhole]
    assert ask(owner, "SELECT count(*) FROM rate_rules") == [(1,)]


def test_without_the_lock_both_may_be_made(app, owner, goods, monkeypatch):
    """The twin: both look before either has written."""
    no_lock(monkeypatch)
    made = 0
    for _ in range(12):
        race(app, *over_the_whole(goods))
        made = max(made, ask(owner, "SELECT count(*) FROM rate_rules")[0][0])
        with owner.connect() as connection:
            connection.execute(text("DELETE FROM rate_rules"))
    assert made == 2
