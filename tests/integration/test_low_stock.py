"""A brand hears in time, and once, that its codes run out."""

from __future__ import annotations

import io

import pytest
from flask import Flask
from sqlalchemy import Engine, select, text

from app.domain.notifications.models import Mail
from app.flows import import_stock as flow
from app.flows.import_stock import Delivered
from app.flows.low_stock import tell_low_stock
from app.foundation.actor import SYSTEM
from app.foundation.unit_of_work import unit_of_work
from tenants.context import brand_scope, platform_scope
from tests.factories import Goods, make_goods, make_shop, run_jobs


@pytest.fixture
def goods(app: Flask, owner: Engine) -> Goods:
    goods = make_goods(make_shop("sells"), codes=0)
    with owner.connect() as connection:
        connection.execute(text("UPDATE brands SET contact_email = 'brand@example.com'"))
        connection.execute(text("UPDATE skus SET low_stock_at = 3"))
    return goods


def bring(goods: Goods, prefix: str, number: int) -> None:
    content = "\n".join(f"{prefix}{n:04d}" for n in range(number)).encode()
    with brand_scope(goods.brand_id):
        import_id = flow.receive_file(
            io.BytesIO(content), Delivered(goods.sku_id, "b", "f.txt"), actor=SYSTEM
        )
        flow.confirm_import(import_id, actor=SYSTEM)
    run_jobs()


def mails() -> list[dict[str, object]]:
    with platform_scope(), unit_of_work() as work:
        return [
            mail.data for mail in work.session.execute(select(Mail).where(Mail.kind == "low_stock")).scalars()
        ]


def sell(goods: Goods, quantity: int) -> None:
    with platform_scope(), unit_of_work() as work:
        work.session.execute(
            text(
                "UPDATE codes SET state = 'withheld' WHERE id IN"
                " (SELECT id FROM codes WHERE sku_id = :sku AND state = 'free' LIMIT :quantity)"
            ),
            {"sku": goods.sku_id, "quantity": quantity},
        )


def test_nobody_is_told_while_there_is_enough(goods: Goods) -> None:
    bring(goods, "A", 4)
    assert tell_low_stock() == 0
    assert mails() == []


def test_the_brand_is_told_once_when_stock_runs_low(goods: Goods) -> None:
    bring(goods, "A", 5)
    sell(goods, 2)
    assert tell_low_stock() == 1
    assert tell_low_stock() == 0
    [told] = mails()
    assert (told["left"], told["threshold"]) == (3, 3)


def test_new_stock_lets_the_brand_be_told_again(goods: Goods) -> None:
    bring(goods, "A", 3)
    assert tell_low_stock() == 1
    bring(goods, "B", 10)
    assert tell_low_stock() == 0
    sell(goods, 12)
    assert tell_low_stock() == 1
    assert [mail["left"] for mail in mails()] == [3, 1]


def test_a_sku_that_never_had_codes_is_not_low(goods: Goods) -> None:
    assert tell_low_stock() == 0


def test_the_mail_is_written_and_leaves(goods: Goods) -> None:
    bring(goods, "A", 2)
    tell_low_stock()
    run_jobs()
    with platform_scope(), unit_of_work() as work:
        assert work.session.execute(select(Mail.state).where(Mail.kind == "low_stock")).scalar_one() == "sent"
