"""What others call their promotions, and why one was stopped elsewhere, is nobody's to hear."""

import pytest
from sqlalchemy import text

from app.flows import coupons, purchase
from app.flows.priced import Asked
from app.foundation.database import session
from app.foundation.unit_of_work import unit_of_work
from tenants.context import brand_scope, shop_scope
from tests.factories import make_goods, make_shop
from tests.factories.promotions import promote
from tests.isolation.world import World

STOPPED = (
    "INSERT INTO promotion_switches (brand_id, promotion_id, reason) VALUES (:brand, :promotion, :reason)"
)
REASONS = "SELECT reason FROM promotion_switches"


def test_two_brands_and_the_platform_may_choose_the_same_letters(app):
    """Else whoever is refused knows that somebody has them, and whoever is first keeps them from everybody."""
    shop = make_shop()
    one, other = make_goods(shop, codes=1), make_goods(shop, codes=1)
    made = [
        promote(None, "fixed_coupon", {"minor": 100}, code="SAME", brand_id=goods.brand_id)
        for goods in (one, other)
    ]
    ours = promote(None, "fixed_coupon", {"minor": 10}, code="SAME")
    with shop_scope(shop.id):
        cart = {one.listing_id: 1, other.listing_id: 1}
        quoted, _ = purchase.quote(shop, cart, Asked(codes=("SAME",)))
        assert {step.promotion_id: step.minor for step in quoted.taken} == {
            made[0].id: 100,
            made[1].id: 100,
            ours.id: 10,
        }
        assert coupons.meant_by(["SAME"]) == {"SAME": made[0].id}
        session().rollback()
    own = promote(shop, "fixed_coupon", {"minor": 70}, code="SAME")
    with shop_scope(shop.id):
        quoted, _ = purchase.quote(shop, {one.listing_id: 1}, Asked(codes=("SAME",)))
        assert [step.promotion_id for step in quoted.taken] == [own.id], "a shop's own goes before all others"
        assert coupons.meant_by(["SAME"]) == {"SAME": own.id}
        session().rollback()


@pytest.mark.parametrize("side", ["a", "b"])
def test_a_shop_reads_why_its_own_promotion_was_stopped_and_not_why_anothers_was(world: World, side: str):
    theirs = getattr(world, side)
    reason = f"because of {side}"
    with brand_scope(theirs.goods.brand_id), unit_of_work() as work:
        values = {"brand": theirs.goods.brand_id, "promotion": theirs.coupon_id, "reason": reason}
        work.session.execute(text(STOPPED), values)
    for one in (world.a, world.b):
        with shop_scope(one.shop.id):
            seen = session().execute(text(REASONS)).scalars().all()
            session().rollback()
        assert (reason in seen) == (one is theirs)
