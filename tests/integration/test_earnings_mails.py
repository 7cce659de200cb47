"""A firm hears once a day at most what became available and what was taken back from it."""

from datetime import datetime, time, timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import text

from app.domain.commissions.calendar import ZONE, day_of
from app.domain.ledger.posting import Posting, Side, post
from app.flows.mature import mature_earnings
from app.flows.send_mail import send_mail
from app.flows.tell_earnings import tell_earnings
from app.foundation import clock
from app.foundation.database import session
from app.foundation.runtime import settings
from app.foundation.unit_of_work import unit_of_work
from tenants.context import distributor_scope, platform_scope
from tests.factories import buy, make_goods, make_shop


def mails(kind: str) -> list[tuple[str, str, dict[str, object], int | None, int | None]]:
    with platform_scope():
        found = session().execute(
            text(
                "SELECT recipient, locale, data, brand_id, distributor_id FROM mails WHERE kind = :kind ORDER BY id"
            ),
            {"kind": kind},
        )
        rows = [tuple(row) for row in found]
        session().rollback()
    return rows


@pytest.fixture
def morning(app, moved_clock):
    """`morning(1)`: nine o'clock, so many days from now."""

    def go(days: int) -> None:
        clock.travel_back()
        now = clock.now()
        wanted = datetime.combine(day_of(now) + timedelta(days=days), time(9), ZONE)
        moved_clock(seconds=(wanted - now).total_seconds())

    return go


def post_at(kind: str, minor: int, days: int, firm: int, key: str) -> None:
    """A posting to a distributor's available money, as if it had been made so many days ago."""
    with platform_scope(), unit_of_work() as work:
        sides = [Side("distributor_available", minor, distributor_id=firm), Side("rounding", -minor)]
        made = post(Posting(key, kind, "CNY", clock.now(), sides))
        work.session.execute(text("SELECT 1"))
    _backdate(made, days)


def _backdate(transaction_id: int | None, days: int) -> None:
    OWNER[0].execute(text("ALTER TABLE ledger_transactions DISABLE TRIGGER USER"))
    OWNER[0].execute(
        text(
            "UPDATE ledger_transactions SET posted_at = now() + make_interval(days => :days) WHERE id = :id"
        ),
        {"days": days, "id": transaction_id},
    )
    OWNER[0].execute(text("ALTER TABLE ledger_transactions ENABLE TRIGGER USER"))


OWNER: list[object] = []


@pytest.fixture(autouse=True)
def _owner(owner):
    with owner.connect() as connection:
        connection.execute(text("ALTER TABLE ledger_transactions NO FORCE ROW LEVEL SECURITY"))
        OWNER[:] = [connection]
        yield
        connection.execute(text("ALTER TABLE ledger_transactions FORCE ROW LEVEL SECURITY"))


@pytest.fixture
def firm(app) -> int:
    shop = make_shop()
    buy(shop, make_goods(shop, codes=2))
    with platform_scope():
        found = session().execute(text("SELECT distributor_id FROM shops")).scalar_one()
        session().rollback()
    return int(found)


def test_what_became_available_in_a_day_is_told_once_the_next_morning_with_its_sum(firm, morning):
    post_at("maturity", 500, 0, firm, "one")
    post_at("maturity", 250, 0, firm, "two")
    morning(1)
    assert tell_earnings() == 1
    assert tell_earnings() == 0
    ((recipient, locale, data, brand, distributor),) = mails("earnings_available")
    assert (recipient, locale, brand, distributor) == ("d@example.com", "zh_Hans", None, firm)
    assert data["sums"] == [{"currency": "CNY", "minor": 750}]
    assert str(data["page"]).startswith("/distributor/statements?")


def test_nothing_is_told_of_today_nor_in_the_night(firm, morning, moved_clock):
    post_at("maturity", 500, 0, firm, "one")
    morning(0)
    assert tell_earnings() == 0
    morning(1)
    moved_clock(hours=-3)
    assert tell_earnings() == 0


def test_days_in_which_the_clock_stood_still_are_told_in_one_mail(firm, morning):
    for day in (0, 1, 2):
        post_at("maturity", 100, day, firm, f"day {day}")
    morning(3)
    assert tell_earnings() == 1
    ((*_rest,),) = mails("earnings_available")
    assert mails("earnings_available")[0][2]["sums"] == [{"currency": "CNY", "minor": 300}]
    post_at("maturity", 40, 3, firm, "later")
    morning(4)
    assert tell_earnings() == 1
    assert mails("earnings_available")[1][2]["sums"] == [{"currency": "CNY", "minor": 40}]


def test_what_is_taken_from_available_money_is_told_and_what_was_only_held_is_not(firm, morning):
    post_at("return", -300, 0, firm, "taken")
    with platform_scope(), unit_of_work():
        held = [Side("distributor_held", -90, distributor_id=firm), Side("rounding", 90)]
        post(Posting("held", "return", "CNY", clock.now(), held))
    morning(1)
    assert tell_earnings() == 1
    ((_to, _locale, data, _brand, distributor),) = mails("earnings_taken")
    assert (data["sums"], distributor) == ([{"currency": "CNY", "minor": -300}], firm)
    assert "by=returned" in str(data["page"])


def test_the_brand_hears_of_its_own_part_when_real_earnings_mature(firm, morning, owner, app):
    with owner.connect() as connection:
        connection.execute(text("ALTER TABLE brands NO FORCE ROW LEVEL SECURITY"))
        connection.execute(text("UPDATE brands SET contact_email = 'brand@example.com'"))
        connection.execute(text("ALTER TABLE brands FORCE ROW LEVEL SECURITY"))
    morning(8)
    assert mature_earnings() == 2
    with platform_scope():
        ids = (
            session()
            .execute(text("SELECT id FROM ledger_transactions WHERE kind = 'maturity'"))
            .scalars()
            .all()
        )
        session().rollback()
    for transaction_id in ids:
        _backdate(transaction_id, 8)
    morning(9)
    assert tell_earnings() == 2
    told = {
        (to, data["sums"][0]["minor"])
        for to, _locale, data, _brand, _distributor in mails("earnings_available")
    }
    assert told == {("brand@example.com", 1200), ("d@example.com", 800)}


@pytest.mark.parametrize(("kind", "word"), [("maturity", "可提现"), ("return", "扣回")])
def test_the_mail_is_written_in_chinese_and_leads_to_the_figures(firm, morning, kind: str, word: str):
    post_at(kind, 750 if kind == "maturity" else -750, 0, firm, "one")
    morning(1)
    tell_earnings()
    with distributor_scope(firm):
        mail_id = session().execute(text("SELECT max(id) FROM mails")).scalar_one()
        session().rollback()
        send_mail(mail_id)
    (written,) = (settings().home / "mailbox").glob("earnings-*.eml")
    message = message_from_bytes(written.read_bytes(), policy=policy.default)
    written.unlink()
    body = message.get_body(("plain",)).get_content()
    assert word in message["Subject"]
    assert "¥7.50" in message["Subject"]
    assert "http://console.localhost" in body
    assert "/distributor/" in body
