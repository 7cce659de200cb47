"""What the clock puts away every hour."""

from datetime import timedelta

from sqlalchemy import Engine, text

from app.domain.identity.models import BuyerSignIn
from app.flows import withhold_expired as withholding
from app.flows.sign_in_buyer import forget_links
from app.foundation import clock, ids
from app.foundation.unit_of_work import unit_of_work
from app.jobs.clock import TICKS
from tenants.context import shop_scope
from tests.factories import make_goods, make_shop


def test_expired_codes_leave_the_shelf_batch_by_batch_and_others_stay(app, owner: Engine, monkeypatch):
    monkeypatch.setattr(withholding, "BATCH", 2)
    goods = make_goods(make_shop(), codes=7)
    with owner.connect() as connection:
        connection.execute(text("UPDATE codes SET expires_at = now() - interval '1 minute' WHERE pick < 5"))
        connection.execute(text("UPDATE codes SET expires_at = now() + interval '1 day' WHERE pick = 5"))
        assert withholding.withhold_expired() == 5
        found = connection.execute(
            text("SELECT state FROM codes WHERE sku_id = :sku ORDER BY pick"), {"sku": goods.sku_id}
        )
        assert list(found.scalars()) == ["withheld"] * 5 + ["free"] * 2


def test_links_that_open_nothing_any_more_are_deleted(app, owner: Engine):
    shop = make_shop()
    with shop_scope(shop.id), unit_of_work() as work:
        for minutes in (-1, 15):
            until = clock.now() + timedelta(minutes=minutes)
            work.session.add(
                BuyerSignIn(
                    shop_id=shop.id,
                    email=f"{minutes}@example.com",
                    digest=ids.token_digest(ids.token()),
                    expires_at=until,
                )
            )
    forget_links()
    with owner.connect() as connection:
        assert connection.execute(text("SELECT email FROM buyer_sign_ins")).scalars().all() == [
            "15@example.com"
        ]


def test_both_run_every_hour():
    assert {(3600, forget_links), (3600, withholding.withhold_expired)} <= set(TICKS)
