"""Raw SQL in each scope: a distributor asks and never answers, a brand decides about its own, a shop only looks."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.domain.distributors.papers import paper
from app.flows import invite, partner, uplines
from app.foundation.actor import SYSTEM
from app.foundation.database import session
from app.foundation.unit_of_work import unit_of_work
from tenants.context import brand_scope, distributor_scope, platform_scope, shop_scope
from tests.factories import make_goods, make_shop

PDF = b"%PDF-1.7\n%%EOF\n"


@pytest.fixture
def world(app, owner):
    """Brand A, to which one distributor applies with a paper; brand B and its own distributor."""
    shop_a, shop_b, asking = make_shop("aaa"), make_shop("bbb"), make_shop("asking")
    a, b = make_goods(shop_a), make_goods(shop_b)
    with owner.connect() as connection:
        firms = dict(connection.execute(text("SELECT slug, distributor_id FROM shops")).all())
        levels = dict(connection.execute(text("SELECT brand_id, id FROM levels")).all())
    number = partner.apply(
        firms["asking"], a.brand_id, message="hi", files=[paper("x.pdf", PDF)], actor=SYSTEM
    )
    invite.make_brand_link(a.brand_id, level_id=None, most=1, days=1, note="", actor=SYSTEM)
    invite.make_recruit_link(firms["asking"], most=1, days=1, note="", actor=SYSTEM)
    return {
        "a": a.brand_id,
        "b": b.brand_id,
        "firms": firms,
        "levels": levels,
        "number": number,
        "shop": asking,
        "shop_a": shop_a,
    }


def tried(statement, **values):
    """How many rows a statement touched in the open scope; refused is none."""
    try:
        with unit_of_work() as work:
            done = work.session.execute(text(statement), values)
            return done.rowcount
    except DBAPIError:
        return 0


def seen(statement, **values):
    with unit_of_work() as work:
        return work.session.execute(text(statement), values).scalars().all()


def whole(owner):
    with owner.connect() as connection:
        return [
            connection.execute(text(f"SELECT to_jsonb(t)::text FROM {table} t ORDER BY 1")).scalars().all()
            for table in ("partnerships", "levels", "level_moves", "invites", "distributors")
        ]


SELF_APPROVAL = (
    "UPDATE partnerships SET status = 'approved'",
    "UPDATE partnerships SET status = 'approved', level_id = :level",
    "UPDATE partnerships SET level_id = :level",
    "UPDATE partnerships SET level_pinned = true",
    "UPDATE partnerships SET decided_by = NULL, reason = 'x'",
    "INSERT INTO partnerships (brand_id, distributor_id, status, level_id) VALUES (:b, :me, 'approved', :level_b)",
    "INSERT INTO partnerships (brand_id, distributor_id, status) VALUES (:b, :other, 'applied')",
    "INSERT INTO level_moves (partnership_id, brand_id, distributor_id, to_level_id, moved_by) VALUES (:number, :a, :me, :level, 'hand')",
    "UPDATE levels SET threshold_minor = 1 WHERE rank > 0",
    "UPDATE distributors SET status = 'approved', upline_id = NULL",
    "DELETE FROM partnerships",
    "DELETE FROM partnership_papers",
)


@pytest.mark.parametrize("statement", SELF_APPROVAL)
def test_a_distributor_cannot_answer_itself(world, owner, statement):
    before = whole(owner)
    values = {
        "level": world["levels"][world["a"]], "level_b": world["levels"][world["b"]], "a": world["a"], "b": world["b"],
        "me": world["firms"]["asking"], "other": world["firms"]["bbb"], "number": world["number"],
    }  # fmt: skip
    used = {name: value for name, value in values.items() if f":{name}" in statement}
    with distributor_scope(world["firms"]["asking"]):
        assert tried(statement, **used) == 0
    assert whole(owner) == before


def test_a_suspended_distributor_cannot_ask_its_way_back(world, owner):
    partner.approve(world["a"], world["number"], level_id=world["levels"][world["a"]], actor=SYSTEM)
    partner.suspend(world["a"], world["number"], reason="x", actor=SYSTEM)
    with distributor_scope(world["firms"]["asking"]):
        assert tried("UPDATE partnerships SET status = 'applied', level_id = NULL") == 0


def test_another_brand_sees_neither_partner_nor_paper_nor_link(world):
    with brand_scope(world["b"]):
        assert seen("SELECT id FROM partnerships WHERE brand_id = :a", a=world["a"]) == []
        assert seen("SELECT id FROM partnership_papers") == []
        assert seen("SELECT id FROM invites") == []
        assert seen("SELECT name FROM distributors WHERE id = :id", id=world["firms"]["asking"]) == []
        assert tried("UPDATE partnerships SET status = 'approved' WHERE id = :id", id=world["number"]) == 0


@pytest.mark.parametrize("statement", [
    "INSERT INTO partnerships (brand_id, distributor_id) VALUES (:b, :other)",
    "UPDATE partnerships SET distributor_id = :other",
    "UPDATE partnerships SET message = 'rewritten'",
    "UPDATE partnerships SET level_id = :level",
    "INSERT INTO partnership_papers (partnership_id, brand_id, distributor_id, name, media_type, content) VALUES (:number, :b, :other, 'x', 'y', 'z')",
    "UPDATE levels SET rank = 5",
    "UPDATE level_moves SET reason = 'x'",
])  # fmt: skip
def test_a_brand_reaches_no_distributor_that_did_not_ask_it(world, owner, statement):
    values = {
        "b": world["b"],
        "other": world["firms"]["asking"],
        "level": world["levels"][world["a"]],
        "number": world["number"],
    }
    used = {name: value for name, value in values.items() if f":{name}" in statement}
    before = whole(owner)
    with brand_scope(world["b"]):
        assert tried(statement, **used) == 0
    assert whole(owner) == before


def test_a_paper_hangs_on_its_own_partnership_even_for_the_platform(world):
    insert = (
        "INSERT INTO partnership_papers (partnership_id, brand_id, distributor_id, name, media_type, content)"
        " VALUES (:number, :b, :other, 'x', 'y', 'z')"
    )
    with platform_scope():
        assert tried(insert, number=world["number"], b=world["b"], other=world["firms"]["asking"]) == 0
        assert tried(insert, number=world["number"], b=world["a"], other=world["firms"]["asking"]) == 1


def test_a_ladder_that_falls_is_refused_by_the_database_itself(world, owner):
    with brand_scope(world["a"]):
        assert (
            tried(
                "INSERT INTO levels (brand_id, rank, name, threshold_minor) VALUES (:a, 1, 'x', 500)",
                a=world["a"],
            )
            == 1
        )
        assert (
            tried(
                "INSERT INTO levels (brand_id, rank, name, threshold_minor) VALUES (:a, 2, 'y', 500)",
                a=world["a"],
            )
            == 0
        )


def test_a_shop_sees_its_own_partnerships_and_no_papers(world):
    with shop_scope(world["shop"].id):
        assert seen("SELECT id FROM partnerships") == [world["number"]]
        assert tried("UPDATE partnerships SET status = 'approved'") == 0
        for table in ("partnership_papers", "invites", "level_moves"):
            with pytest.raises(DBAPIError):
                seen(f"SELECT id FROM {table}")


def test_another_distributor_sees_neither_application_nor_recruit_link(world):
    with distributor_scope(world["firms"]["bbb"]):
        assert seen("SELECT id FROM partnerships WHERE brand_id = :a", a=world["a"]) == []
        assert seen("SELECT id FROM partnership_papers") == []
        assert seen("SELECT id FROM invites") == []
        assert tried("UPDATE invites SET used = 0, ended_at = NULL") == 0


def test_a_distributor_reads_the_names_below_it_and_no_addresses(world):
    uplines.set_upline(world["firms"]["bbb"], world["firms"]["asking"], reason="x", actor=SYSTEM)
    with distributor_scope(world["firms"]["asking"]):
        assert len(seen("SELECT name FROM distributors")) == 2
        with pytest.raises(DBAPIError):
            seen("SELECT contact_email FROM distributors")
    session().rollback()
