"""A brand's or the platform's referral programme in chosen shops: promoters are each shop's, the cost its maker's.

A brand's is about its own goods: friends save on them, and rewards follow what the brand has of them. A shop has one
programme at a time: its own goes before, and a shop that has one already is left out and named.
"""

from collections.abc import Collection, Sequence

from app.domain.promotions import lists, switch_queries
from app.domain.promotions import service as promotions
from app.domain.promotions.errors import NoShopTakesPart, PromotionInvalid, ShopCannotSell
from app.domain.promotions.lists import Owner
from app.domain.referrals import queries
from app.domain.referrals.errors import ProgrammeInvalid
from app.flows import promotions as making
from app.flows.chosen_shops import MOST_SHOPS, InShop, Launched, told
from app.flows.referrals import Plan, check, coupon, row_of, terms_of
from app.foundation.actor import Actor
from app.foundation.errors import NotFound, ProductError
from app.foundation.unit_of_work import unit_of_work
from tenants.context import shop_scope


def launch(owner: Owner, shops: Collection[int], currency: str, plan: Plan, *, actor: Actor) -> Launched:
    """Start a programme in chosen shops; `plan`'s budget for rewards is each shop's.

    NotFound where a shop is not the owner's to choose; NoShopTakesPart where every one has a programme already.
    """
    check(plan)
    for step, promise in (("step1", plan.step1), ("step2", plan.step2)):
        if promise is not None and promise.kind == "credit":
            raise ProgrammeInvalid(param=step, reason="credit_is_the_shops")
    names = _names(shops, currency)
    tried = [
        _tried(shop_id, name) for shop_id, name in sorted(names.items(), key=lambda one: (one[1], one[0]))
    ]
    if all(one.error for one in tried):
        raise NoShopTakesPart(param="shop", left_out=[told(one) for one in tried])
    made = _draft(owner, sorted(names), currency, plan, actor)
    placed = [_placed(one, made, plan, actor) for one in tried]
    if all(one.error for one in placed):
        making.end(owner, made[0], actor=actor)
        raise NoShopTakesPart(param="shop", left_out=[told(one) for one in placed])
    _publish(owner, made[0], placed, actor)
    return Launched(made[0], placed)


def _names(shops: Collection[int], currency: str) -> dict[int, str]:
    if not shops or len(shops) > MOST_SHOPS:
        raise PromotionInvalid(param="shop", reason="none_chosen" if not shops else "too_many_shops")
    with unit_of_work():
        rows = switch_queries.named_shops(sorted(shops))
        known = {row[0]: row[1] for row in rows if row[3] == currency}
    if set(shops) - set(known):
        raise NotFound(what="shop")
    return known


def _tried(shop_id: int, name: str) -> InShop:
    with shop_scope(shop_id), unit_of_work():
        taken = any(row.status in {"live", "paused"} for _programme, row in queries.programmes())
    error = ShopCannotSell(param="shop", reason="has_programme") if taken else None
    return InShop(shop_id, name, 0, error=error)


def _draft(
    owner: Owner, shops: Sequence[int], currency: str, plan: Plan, actor: Actor
) -> tuple[int, int | None, int | None]:
    """The promotion and the coupons that rewards hand out; nobody sees a draft but its maker."""
    with unit_of_work(actor) as work:
        facts = {**owner.facts(), "shop_ids": shops}
        row = row_of(facts, currency, plan, actor)
        first = coupon(facts, currency, plan, plan.step1, actor)
        second = coupon(facts, currency, plan, plan.step2, actor) if plan.step2 else None
        work.record(
            "promotion.drafted", f"promotion:{row.id}", kind=row.kind, title=row.title, value=row.value
        )
        return int(row.id), first, second


def _placed(one: InShop, made: tuple[int, int | None, int | None], plan: Plan, actor: Actor) -> InShop:
    if one.error is not None:
        return one
    promotion_id, first, second = made
    try:
        with shop_scope(one.shop_id), unit_of_work(actor) as work:
            work.session.add(terms_of(plan, promotion_id, one.shop_id, first, second))
            work.session.flush()
            work.record("referral.placed", f"promotion:{promotion_id}", kind=plan.step1.kind)
    except ProductError as error:
        return InShop(one.shop_id, one.name, 0, error=error)
    return one


def _publish(owner: Owner, promotion_id: int, placed: Sequence[InShop], actor: Actor) -> None:
    with unit_of_work(actor) as work:
        row = lists.own(owner, promotion_id, lock=True)
        if row is None:
            raise NotFound(what="promotion")
        row.shop_ids = sorted(one.shop_id for one in placed if one.error is None)
        row.settings = {**row.settings, "left_out": [told(one) for one in placed if one.error is not None]}
        promotions.save(row)
        promotions.become(row, "live")
        work.record(
            "promotion.live", f"promotion:{row.id}", title=row.title, kind=row.kind, shops=row.shop_ids
        )
