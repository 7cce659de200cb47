"""What two at once could have left behind: each race with a twin whose lock is gone."""

import time

import pytest
from flask import Flask
from sqlalchemy import Engine

from app.flows import coupons, purchase
from app.flows.priced import Asked
from tenants.context import shop_scope
from tests.concurrency.race import ask, changed_function, race
from tests.factories import make_goods, make_shop, place
from tests.factories.orders import BUYER
from tests.factories.promotions import promote

pytestmark = pytest.mark.concurrency

UNLOCKED = (r"PERFORM 1 FROM public\.coupon_batches b WHERE [^;]*FOR SHARE;", "")
LINGERS = (r"(UPDATE public\.coupon_codes c SET state = [^;]*;)", r"\1 PERFORM pg_sleep(0.6);")


def check_voided_while_it_comes_back(app: Flask, owner: Engine) -> None:
    """The batch is voided just when an order gives its code back: the code is void, whoever was first."""
    shop = make_shop()
    goods = make_goods(shop, codes=3)
    coupon = promote(shop, "fixed_coupon", {"minor": 100}, automatic=False)
    with shop_scope(shop.id):
        batch = coupons.make_batch(coupon.id, size=1, prefix="", actor=BUYER)
        code = coupons.export_batch(batch, coupon.id, actor=BUYER).codes[0]
    placed = place(shop, goods, asked=Asked(codes=(code,)))

    def give_up() -> None:
        with shop_scope(shop.id):
            purchase.cancel_order(placed.order_id, actor=BUYER)

    def void() -> int:
        time.sleep(0.3)  # the order is giving it back
        with shop_scope(shop.id):
            return coupons.void_batch(batch, coupon.id, actor=BUYER)

    ends = race(app, give_up, void)
    assert not [end for end in ends if isinstance(end, Exception)], ends
    assert ask(owner, "SELECT state FROM coupon_codes") == [("void",)]


def test_a_code_that_comes_back_while_its_batch_is_voided_is_void(app, owner):
    with changed_function(owner, "promo.give_back", LINGERS):
        check_voided_while_it_comes_back(app, owner)


def test_without_the_batchs_lock_a_voided_code_is_free(app, owner):
    with (
        changed_function(owner, "promo.give_back", UNLOCKED, LINGERS),
        pytest.raises(AssertionError, match="free"),
    ):
        check_voided_while_it_comes_back(app, owner)
