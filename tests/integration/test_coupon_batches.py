"""Single-use codes: made in one go, readable once, good once."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.domain.promotions import batches
from app.domain.promotions.errors import (
    CouponBatchVoid,
    CouponsExported,
    CouponUnknown,
    CouponUsed,
    PromotionInvalid,
)
from app.flows import coupons
from app.flows.priced import Asked
from app.foundation.errors import NotFound, TooManyRequests
from tenants.context import shop_scope
from tests.concurrency.race import ask
from tests.factories import make_goods, make_shop, pay, place, run_jobs
from tests.factories.orders import BUYER, state_of
from tests.factories.promotions import promote
from tests.integration.test_promotions import overtake

STATES = "SELECT state, count(*) FROM coupon_codes GROUP BY 1 ORDER BY 1"


def batch_of(shop, promotion, size=5, prefix="MEI"):
    with shop_scope(shop.id):
        return coupons.make_batch(promotion.id, size=size, prefix=prefix, actor=BUYER)


def codes_of(shop, promotion, batch_id):
    with shop_scope(shop.id):
        return list(coupons.export_batch(batch_id, promotion.id, actor=BUYER).codes)


@pytest.fixture
def shop(app):
    return make_shop()


@pytest.fixture
def coupon(shop):
    return promote(shop, "fixed_coupon", {"minor": 100}, automatic=False)


def test_codes_are_readable_all_different_and_kept_as_fingerprints_only(shop, coupon, owner):
    codes = codes_of(shop, coupon, batch_of(shop, coupon, size=300))
    assert len(set(codes)) == 300 and all(len(code) == len("MEI-7K3F-Q2WX-9RTA") for code in codes)
    assert not set("".join(codes)) & set("01ILOU") - set("I"), "nothing that is misread, but for the prefix"
    kept = ask(owner, "SELECT fingerprint FROM coupon_codes")
    assert len(kept) == 300 and all(len(bytes(row[0])) == 32 for row in kept)


def test_codes_are_exported_once_and_their_seed_is_forgotten(shop, coupon, owner):
    batch_id = batch_of(shop, coupon)
    assert len(codes_of(shop, coupon, batch_id)) == 5
    assert ask(owner, "SELECT seed, exported_at IS NULL FROM coupon_batches") == [(None, False)]
    with pytest.raises(CouponsExported):
        codes_of(shop, coupon, batch_id)


def test_even_raw_sql_of_the_shop_gives_no_batch_a_second_export(shop, coupon, owner):
    batch_id = batch_of(shop, coupon)
    codes_of(shop, coupon, batch_id)
    with owner.connect() as connection, pytest.raises(IntegrityError, match="exported or voided"):
        connection.execute(text(f"UPDATE coupon_batches SET exported_at = NULL WHERE id = {batch_id}"))
    with owner.connect() as connection:
        connection.execute(text(rf"UPDATE coupon_batches SET seed = '\x00' WHERE id = {batch_id}"))
    assert ask(owner, "SELECT seed FROM coupon_batches") == [(None,)]


def test_a_code_is_good_once_and_follows_its_order(shop, coupon, owner):
    goods = make_goods(shop, codes=5)
    code = codes_of(shop, coupon, batch_of(shop, coupon))[0]
    first = place(shop, goods, asked=Asked(codes=(code.lower(),)))
    assert ask(owner, STATES) == [("free", 4), ("held", 1)]
    with shop_scope(shop.id), pytest.raises(CouponUsed):
        coupons.try_code(code, device="other", ip="10.0.0.1")
    overtake(owner)
    assert ask(owner, STATES) == [("free", 5)]
    again = place(shop, goods, asked=Asked(codes=(code,)))
    pay(shop, again)
    run_jobs()
    assert ask(owner, STATES) == [("free", 4), ("used", 1)]
    pay(shop, first)
    run_jobs()
    assert (state_of(shop, again), state_of(shop, first)) == ("delivered", "refunded"), "late money goes back"


def test_a_voided_batch_counts_nowhere_and_what_comes_back_from_an_order_is_void_too(shop, coupon, owner):
    goods = make_goods(shop, codes=5)
    batch_id = batch_of(shop, coupon)
    held, other = codes_of(shop, coupon, batch_id)[:2]
    place(shop, goods, asked=Asked(codes=(held,)))
    with shop_scope(shop.id):
        assert coupons.void_batch(batch_id, coupon.id, actor=BUYER) == 4
        assert coupons.void_batch(batch_id, coupon.id, actor=BUYER) == 0
    assert ask(owner, STATES) == [("held", 1), ("void", 4)]
    overtake(owner)
    assert ask(owner, STATES) == [("void", 5)]
    for code in (held, other):
        with shop_scope(shop.id), pytest.raises(CouponUnknown):
            coupons.try_code(code, device="d", ip="10.0.0.1")


def test_a_voided_batch_is_not_exported(shop, coupon):
    batch_id = batch_of(shop, coupon)
    with shop_scope(shop.id):
        coupons.void_batch(batch_id, coupon.id, actor=BUYER)
    with pytest.raises(CouponBatchVoid):
        codes_of(shop, coupon, batch_id)


def test_another_shops_batch_does_not_exist(shop, coupon):
    batch_id, other = batch_of(shop, coupon), make_shop()
    with shop_scope(other.id):
        for story in (coupons.export_batch, coupons.void_batch):
            with pytest.raises(NotFound):
                story(batch_id, coupon.id, actor=BUYER)
        with pytest.raises(NotFound):
            coupons.make_batch(coupon.id, size=1, prefix="", actor=BUYER)


def test_what_counts_by_itself_takes_no_codes_while_it_is_live(shop):
    automatic = promote(shop, "fixed_coupon", {"minor": 100})
    for wrong in ({"size": 0}, {"size": batches.MOST_CODES + 1}):
        with shop_scope(shop.id), pytest.raises(PromotionInvalid):
            coupons.make_batch(automatic.id, prefix="", actor=BUYER, **wrong)
    with pytest.raises(PromotionInvalid):
        batch_of(shop, automatic)


def test_unknown_foreign_void_and_ended_codes_get_one_and_the_same_answer(shop, coupon):
    other = make_shop()
    foreign = promote(other, "fixed_coupon", {"minor": 100}, automatic=False)
    paused = promote(shop, "fixed_coupon", {"minor": 100}, code="SLEEPS")
    with shop_scope(shop.id), coupons.unit_of_work():
        service_row = coupons.batch_queries.own(paused.id)
        coupons.service.become(service_row, "paused")
    foreign_code = codes_of(other, foreign, batch_of(other, foreign))[0]
    said = set()
    for code in ("NOSUCHCODE", foreign_code, "SLEEPS", "x", "", "9" * 200):
        with shop_scope(shop.id), pytest.raises(CouponUnknown) as refused:
            coupons.try_code(code, device=code, ip="10.0.0.1")
        said.add((refused.value.code, str(refused.value.facts), refused.value.param))
    assert len(said) == 1


def test_only_wrong_tries_are_counted_by_device_and_by_address(shop, coupon):
    promote(shop, "fixed_coupon", {"minor": 100}, code="WELCOME")
    with shop_scope(shop.id):
        for _ in range(40):
            assert coupons.try_code(" wel-come", device="d", ip="10.0.0.1") == "WELCOME"
        for number in range(10):
            with pytest.raises(CouponUnknown):
                coupons.try_code(f"GUESS{number}", device="d", ip="10.0.0.1")
        with pytest.raises(TooManyRequests):
            coupons.try_code("WELCOME", device="d", ip="10.0.0.2")
        for number in range(20):
            with pytest.raises(CouponUnknown):
                coupons.try_code(f"GUESS{number}", device=f"fresh-{number}", ip="10.0.0.1")
        with pytest.raises(TooManyRequests):
            coupons.try_code("WELCOME", device="fresh", ip="10.0.0.1")
        assert coupons.try_code("WELCOME", device="fresh", ip="10.0.0.9") == "WELCOME"


def test_a_fingerprint_made_by_the_batch_is_the_one_that_a_typed_code_has(shop, coupon, owner):
    key = coupons.settings().key_for("coupon-code")
    codes = codes_of(shop, coupon, batch_of(shop, coupon, size=3))
    kept = {bytes(row[0]) for row in ask(owner, "SELECT fingerprint FROM coupon_codes")}
    assert {coupons.service.fingerprint(f" {code.lower()} ", key) for code in codes} == kept
