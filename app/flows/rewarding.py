"""What a promoter gets for an order: judged when it is delivered, given after the hold, taken back with a refund.

Every tick goes on from what the rows say; a reward is changed behind its order's lock, one in each transaction.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlalchemy.exc import OperationalError

from app.domain.commissions.calendar import day_of
from app.domain.ledger.firms import Firm
from app.domain.referrals import queries, service
from app.domain.referrals.models import Promoter, ReferralProgramme, ReferralReward
from app.domain.referrals.queries import OrderFacts
from app.domain.referrals.rules import OWN, Someone, same_person, worth
from app.flows import crediting, reward_news
from app.foundation import clock
from app.foundation.addresses import mailbox
from app.foundation.errors import ProductError
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope

log = logging.getLogger(__name__)
BATCH = 200
FORGOTTEN = timedelta(days=3)
"""Money for an order that expired may still come late; after this it is not waited for."""


def judge_rewards() -> int:
    """The clock's tick: rewards of orders that have come to an end are held, or refused with the reason."""
    with platform_scope():
        ids = queries.waiting(clock.now() - FORGOTTEN, BATCH)
    return _each(ids, _judge)


def mature_rewards() -> int:
    """The clock's tick: what was held long enough, and whose earnings have matured, is given."""
    with platform_scope():
        ids = queries.due(clock.now(), BATCH)
    return _each(ids, _mature)


def follow_returns() -> int:
    """The clock's tick: rewards follow refunds, chargebacks, and those that were undone."""
    with platform_scope():
        ids = queries.dirty(BATCH)
    return _each(ids, _restate)


def _each(ids: Sequence[int], story: Callable[[ReferralReward], bool]) -> int:
    return sum(_alone(reward_id, story) for reward_id in ids)


def _alone(reward_id: int, story: Callable[[ReferralReward], bool]) -> bool:
    """One that cannot be changed now holds up no other; the next tick sees it again."""
    try:
        with platform_scope(), unit_of_work() as work:
            reward = queries.lock(reward_id)
            if reward is None:
                return False
            before = reward.state
            done = story(reward)
            reward_news.tell(work, reward, before)
            return done
    except (OperationalError, ProductError) as error:
        log.warning("reward waits", extra={"reward": reward_id, "error": type(error).__name__})
        return False


def _judge(reward: ReferralReward) -> bool:
    if reward.state != "waiting":
        return False
    order = queries.facts(reward)
    if order.state in {"expired", "cancelled"}:
        return _end(reward, "lapsed", "not_paid")
    if order.state == "refunded":
        return _end(reward, "refused", "refunded")
    if order.state != "delivered" or order.unsettled:
        return False
    programme = queries.programme(reward.promotion_id, reward.shop_id)
    promoter = queries.lock_promoter(reward.promoter_id)
    reason = "stopped" if promoter.state != "active" else _own(reward, promoter, order)
    if not reason and reward.step == 1 and queries.near(reward, order.ip) >= programme.near_most:
        reason = "neighbourhood"
    return _end(reward, "refused", reason) if reason else _hold(reward, programme, order)


def _own(reward: ReferralReward, promoter: Promoter, order: OrderFacts) -> str:
    """Why the buyer is the promoter, or the one who brought the promoter's friend: nobody is paid for themselves."""
    first = queries.first_step(reward.order_id) if reward.step == 2 else None
    if first is not None and first.state == "refused" and first.reason in {*OWN, "neighbourhood"}:
        return first.reason
    here, theirs = queries.payers(reward.shop_id, order.id, promoter.mailbox)
    friend = Someone(
        {mailbox(order.email)}, {order.buyer_id} - {None}, {order.device} - {""}, here  # type: ignore[arg-type]
    )  # fmt: skip
    known = Someone(
        {promoter.mailbox}, {promoter.buyer_id} - {None}, {promoter.device} - {""}, theirs  # type: ignore[arg-type]
    )  # fmt: skip
    reason = same_person(known, friend)
    if reason:
        return reason
    for email, buyer_id in queries.bought_on(reward.shop_id, order.device, order.id):
        if mailbox(email) == promoter.mailbox or (buyer_id is not None and buyer_id == promoter.buyer_id):
            return "own_device"
    return ""


def _hold(reward: ReferralReward, programme: ReferralProgramme, order: OrderFacts) -> bool:
    promise = service.promise_of(programme, reward.step)
    found = worth(promise, stayed_minor=order.stayed, kept_minor=_kept(reward, order))
    if not found.minor:
        return _end(reward, "refused", found.because or "nothing")
    month = day_of(order.delivered_at or clock.now()).replace(day=1)
    reason = service.count(reward, programme, month)
    if not reason and not service.spend(reward, found.minor):
        reason = "budget"
        service.uncount(reward)
    if reason:
        reward.month = None
        return _end(reward, "refused", reason)
    reward.state, reward.because = "held", found.because
    reward.granted_minor = reward.amount_minor = found.minor
    reward.matures_at = (order.delivered_at or clock.now()) + timedelta(days=programme.hold_days)
    return True


def _kept(reward: ReferralReward, order: OrderFacts) -> int:
    """What the funder keeps of the order and has not given away: a firm's part, or for the platform all of it."""
    return (order.stayed if reward.funder == "platform" else order.kept) - order.given


def _mature(reward: ReferralReward) -> bool:
    if reward.state != "held":
        return False
    order = queries.facts(reward)
    if order.state != "delivered" or (reward.funder != "platform" and not order.matured):
        return False  # somebody is still at the order, or its funder's part is held longer
    programme = queries.programme(reward.promotion_id, reward.shop_id)
    promoter = queries.lock_promoter(reward.promoter_id)
    _resize(reward, programme, order)
    if reward.state != "held":
        return True
    if _own(reward, promoter, order) == "own_payer":  # a gateway may tell it after the reward was judged
        return _refuse_held(reward)
    reward.matured_at = clock.now()
    if reward.kind == "discount":
        coupon_id = service.coupon_of(programme, reward.step)
        reward.use_id = service.give_coupon(coupon_id, promoter, days=programme.coupon_days)
        reward.state = "given"
        return True
    reward.state = "available"
    _earn(reward, promoter, order, reward.amount_minor)
    return True


def _refuse_held(reward: ReferralReward) -> bool:
    """What was counted and spent for it is there for others again."""
    service.uncount(reward)
    service.spend(reward, -reward.amount_minor)
    reward.amount_minor, reward.month = 0, None
    return _end(reward, "refused", "own_payer")


def _restate(reward: ReferralReward) -> bool:
    """Let a reward be what its order is worth now, never more than was granted."""
    reward.dirty = False
    order, programme = queries.facts(reward), queries.programme(reward.promotion_id, reward.shop_id)
    promoter = queries.lock_promoter(reward.promoter_id)
    if reward.matured_at is None:
        _resize(reward, programme, order)
    elif reward.kind == "discount":
        _take_coupon(reward, programme, order)
    else:
        _rebalance(reward, programme, promoter, order)
    return True


def _now_worth(reward: ReferralReward, programme: ReferralProgramme, order: OrderFacts) -> tuple[int, str]:
    found = worth(
        service.promise_of(programme, reward.step), stayed_minor=order.stayed, kept_minor=_kept(reward, order)
    )
    return min(found.minor, reward.granted_minor), found.because


def _resize(reward: ReferralReward, programme: ReferralProgramme, order: OrderFacts) -> None:
    """Of a reward that is not given yet."""
    minor, because = _now_worth(reward, programme, order)
    if reward.state not in {"held", "taken_back"} or minor == reward.amount_minor:
        return
    if not service.spend(reward, minor - reward.amount_minor):
        return
    reward.amount_minor, reward.because = minor, because
    reward.state = "held" if minor else "taken_back"
    reward.reason = "" if minor else "refunded"
    reward.ended_at = None if minor else clock.now()


def _take_coupon(reward: ReferralReward, programme: ReferralProgramme, order: OrderFacts) -> None:
    minor, _because = _now_worth(reward, programme, order)
    if minor or reward.state != "given" or reward.use_id is None:
        return
    taken = service.take_coupon(reward.use_id)
    if not taken:
        reward.reason, reward.dirty = "coupon_used", taken is None  # one in an order is asked for again
        return
    service.spend(reward, -reward.amount_minor)
    reward.amount_minor, reward.state, reward.reason, reward.ended_at = (
        0,
        "taken_back",
        "refunded",
        clock.now(),
    )


def _rebalance(
    reward: ReferralReward, programme: ReferralProgramme, promoter: Promoter, order: OrderFacts
) -> None:
    """Of cash that was given: take back what went with a refund, or give again what a won dispute brought back."""
    minor, because = _now_worth(reward, programme, order)
    more = minor - reward.amount_minor
    if not more or (more > 0 and not service.spend(reward, more)):
        return
    if more < 0:
        service.spend(reward, more)
        _give_up(reward, promoter, order, -more)
        reward.amount_minor = minor
    else:
        reward.amount_minor = minor
        _earn(reward, promoter, order, more)
    reward.because = because
    if not minor:
        reward.state, reward.reason, reward.ended_at = "taken_back", "refunded", clock.now()
    elif reward.state == "taken_back":
        reward.state, reward.reason, reward.ended_at = "available", "", None


def _earn(reward: ReferralReward, promoter: Promoter, order: OrderFacts, minor: int) -> None:
    """Cash for a promoter; what it still owes of rewards that were taken back stays with the funder."""
    if reward.kind == "credit":
        crediting.earn(reward, promoter, order, minor)
        return
    withheld = min(promoter.owed_minor, minor)
    promoter.owed_minor -= withheld
    reward.withheld_minor += withheld
    if minor > withheld:
        promoter.balance_minor += minor - withheld
        _post(reward, promoter, order, "earned", minor - withheld)


def _give_up(reward: ReferralReward, promoter: Promoter, order: OrderFacts, minor: int) -> None:
    """Cash goes back to its funder as far as it is there; the rest is owed."""
    reward.withheld_minor = min(reward.withheld_minor, reward.amount_minor - minor)
    if reward.kind == "credit":
        crediting.give_up(reward, promoter, order, minor)
        return
    there = min(promoter.balance_minor, minor)
    promoter.owed_minor += minor - there
    if there:
        promoter.balance_minor -= there
        _post(reward, promoter, order, "taken_back", -there)


def _post(reward: ReferralReward, promoter: Promoter, order: OrderFacts, kind: str, minor: int) -> None:
    service.move(
        promoter, kind, minor, key=service.next_key(reward), at=clock.now(), reward=reward,
        firm=_funder(reward, order),
    )  # fmt: skip


def _funder(reward: ReferralReward, order: OrderFacts) -> Firm | None:
    """At whose expense a reward is; None: the platform's."""
    if reward.funder == "platform":
        return None
    return (
        Firm(brand_id=order.brand_id)
        if reward.funder == "brand"
        else Firm(distributor_id=order.distributor_id)
    )


def _end(reward: ReferralReward, state: str, reason: str) -> bool:
    reward.state, reward.reason, reward.ended_at = state, reason, clock.now()
    return True
