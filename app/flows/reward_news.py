"""What a promoter hears of rewards and payouts by mail, in their language; in the transaction of its cause.

Many orders on one day are one letter each way: the page has all of them. A coupon and money are told every time.
"""

from datetime import timedelta
from typing import Any

from app.domain.commissions.calendar import ZONE, day_of
from app.domain.notifications import service as notifications
from app.domain.referrals import queries
from app.domain.referrals.models import Promoter, PromoterPayout, ReferralReward
from app.foundation import clock
from app.foundation.unit_of_work import Work

QUIET = frozenset({"refunded", "not_paid"})
"""Nothing was promised yet, so nothing is told."""


def tell(work: Work, reward: ReferralReward, before: str) -> None:
    """Write of what became of a reward that was in the state `before`; the platform's scope."""
    if reward.state == before:
        return
    promoter = queries.lock_promoter(reward.promoter_id)
    day = day_of(clock.now())
    if reward.state == "held":
        _write(
            work, promoter, "reward_earned", f"{promoter.id}:{day}", path="/promote", amount_minor=reward.amount_minor,
            as_coupon=reward.kind == "discount", on=_day(reward),
        )  # fmt: skip
    elif reward.state == "given":
        days = queries.programme(reward.promotion_id, reward.shop_id).coupon_days
        until = (clock.now() + timedelta(days=days)).astimezone(ZONE)
        _write(
            work, promoter, "reward_coupon", str(reward.id), path="/coupons", amount_minor=reward.granted_minor,
            until=f"{until:%Y-%m-%d}",
        )  # fmt: skip
    elif reward.state == "refused" and reward.reason not in QUIET:
        _write(
            work, promoter, "reward_refused", f"{promoter.id}:{reward.reason}:{day}", path="/promote",
            reason=reward.reason,
        )  # fmt: skip
    elif reward.state == "taken_back" and before in {"available", "given", "paid"}:
        _write(
            work, promoter, "reward_taken", str(reward.id), path="/promote", amount_minor=reward.granted_minor,
            owed_minor=promoter.owed_minor, as_coupon=reward.kind == "discount",
        )  # fmt: skip


def tell_payout(work: Work, promoter: Promoter, payout: PromoterPayout) -> None:
    """Write that a payout was paid, or why it was not."""
    kind = "reward_paid" if payout.state == "paid" else "reward_not_paid"
    _write(
        work, promoter, kind, str(payout.id), path="/promote", amount_minor=payout.amount_minor, shown=payout.shown,
        reason=payout.reason,
    )  # fmt: skip


def _write(work: Work, promoter: Promoter, kind: str, occasion: str, **facts: Any) -> None:
    notifications.write(
        work, key=f"{kind}:{occasion}", kind=kind, recipient=promoter.email, locale=promoter.locale,
        shop_id=promoter.shop_id, currency=promoter.currency, **facts,
    )  # fmt: skip


def _day(reward: ReferralReward) -> str:
    return f"{reward.matures_at.astimezone(ZONE):%Y-%m-%d}" if reward.matures_at else ""
