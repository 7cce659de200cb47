"""Two at once: a link with one use, two halves of a circle, two ticks. Each with its twin."""

import pytest
from sqlalchemy import select, text, update

from app.domain.distributors import invites
from app.domain.distributors import levels as standing
from app.domain.distributors.errors import InviteOver, UplineCircle
from app.domain.distributors.models import Invite
from app.flows import invite, levels, uplines
from app.foundation import ids
from app.foundation.actor import SYSTEM
from app.foundation.database import session
from tests.concurrency.race import ask, changed_function, race
from tests.factories import buy, make_goods, make_shop
from tests.integration.test_levels import ladder

pytestmark = pytest.mark.concurrency


@pytest.fixture
def firms(app, owner):
    """A brand, and three distributors that it does not know."""
    goods = make_goods(make_shop("old"))
    for slug in ("one", "two", "three"):
        make_shop(slug)
    found = ask(owner, "SELECT distributor_id FROM shops WHERE slug <> 'old' ORDER BY id")
    return goods.brand_id, [row[0] for row in found]


def follow_at_once(app, brand_id, distributors):
    token = invite.make_brand_link(brand_id, level_id=None, most=1, days=7, note="", actor=SYSTEM)
    return race(app, *(lambda who=who: invite.accept(token, who, actor=SYSTEM) for who in distributors))


def partners(owner, brand_id):
    return ask(
        owner, "SELECT count(*) FROM partnerships WHERE brand_id = :id AND status = 'approved'", id=brand_id
    )[0][0]


def test_a_link_with_one_use_brings_in_one_of_many(app, firms, owner):
    brand_id, distributors = firms
    ends = follow_at_once(app, brand_id, distributors)
    assert sorted(str(type(end).__name__) for end in ends) == ["InviteOver", "InviteOver", "int"]
    assert partners(owner, brand_id) == 2  # the one of the fixture and the one that came
    assert ask(owner, "SELECT used FROM invites") == [(1,)]


def test_without_the_claim_the_link_would_bring_in_several(app, firms, owner, monkeypatch):
    """The twin: looked at first, written down afterwards."""

    def look_then_write(token):
        found = session().execute(select(Invite).where(Invite.digest == ids.token_digest(token))).scalar_one()
        session().execute(text("SELECT pg_sleep(0.3)"))
        if found.used >= found.most:
            raise InviteOver(reason="used")
        session().execute(update(Invite).where(Invite.id == found.id).values(used=found.used + 1))
        return found

    monkeypatch.setattr(invites, "claim", look_then_write)
    brand_id, distributors = firms
    follow_at_once(app, brand_id, distributors)
    assert partners(owner, brand_id) > 2


def halves(app, one, two):
    return race(
        app,
        lambda: uplines.set_upline(one, two, reason="x", actor=SYSTEM),
        lambda: uplines.set_upline(two, one, reason="x", actor=SYSTEM),
    )


def circle(owner):
    question = "SELECT count(*) FROM distributors a JOIN distributors b ON b.id = a.upline_id WHERE b.upline_id = a.id"
    return ask(owner, question)[0][0]


def test_two_halves_of_a_circle_leave_a_line(app, firms, owner):
    _, (one, two, _three) = firms
    ends = halves(app, one, two)
    assert sorted(type(end).__name__ for end in ends) == ["NoneType", "UplineCircle"]
    assert circle(owner) == 0


def test_without_its_lock_two_halves_make_a_circle(app, firms, owner):
    """The twin: each half looks up before the other is there."""
    _, (one, two, _three) = firms
    changes = (
        (r"PERFORM pg_advisory_xact_lock[^;]*;", ""),
        (r"RETURN NEW;", "PERFORM pg_sleep(0.4); RETURN NEW;"),
    )
    with changed_function(owner, "money.no_circle", *changes):
        ends = halves(app, one, two)
    assert not [end for end in ends if isinstance(end, UplineCircle)]
    assert circle(owner) == 2


@pytest.fixture
def climber(app, owner):
    """A partner whose sales have reached the second level."""
    shop = make_shop()
    goods = make_goods(shop, codes=3)
    levels.change_ladder(goods.brand_id, ladder(2000, 900000), actor=SYSTEM)
    buy(shop, goods)
    return goods.brand_id


def test_two_ticks_at_once_move_a_level_once(app, climber, owner):
    ends = race(app, *(lambda: levels.move_levels_of(climber) for _ in range(4)))
    assert sorted(ends) == [0, 0, 0, 1]
    assert ask(owner, "SELECT count(*) FROM level_moves WHERE moved_by = 'rule'") == [(1,)]
    assert ask(owner, "SELECT count(*) FROM mails WHERE kind = 'level_moved'") == [(1,)]


def test_without_the_lock_a_level_would_move_more_than_once(app, climber, owner, monkeypatch):
    """The twin: nobody waits for the row."""
    whole = standing.climbers

    def unlocked(brand_id, *, locked=False):
        found = whole(brand_id)
        session().execute(text("SELECT pg_sleep(0.3)"))
        return found

    monkeypatch.setattr(standing, "climbers", unlocked)
    race(app, *(lambda: levels.move_levels_of(climber) for _ in range(3)))
    assert ask(owner, "SELECT count(*) FROM level_moves WHERE moved_by = 'rule'")[0][0] > 1
