"""Changes of promoters, rewards and their money, inside the caller's transaction."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import text

from app.domain.ledger.firms import Firm
from app.domain.ledger.posting import Posting, Side, post
from app.domain.referrals.models import Promoter, PromoterMove, ReferralProgramme, ReferralReward
from app.domain.referrals.rules import Promise
from app.foundation.database import session

# One statement, so that whoever comes second waits for the row and counts what the first has taken.
SPEND = text("""
    UPDATE referral_programmes SET spent_minor = greatest(spent_minor + :minor, 0)
        WHERE promotion_id = :promotion AND shop_id = :shop
        AND (:minor <= 0 OR budget_minor IS NULL OR spent_minor + :minor <= budget_minor) RETURNING promotion_id
""")
COUNT = text("""
    INSERT INTO referral_counts AS c (promotion_id, promoter_id, month, shop_id, rewards, most)
    VALUES (:promotion, :promoter, CAST(:month AS date), :shop, 1, :most)
    ON CONFLICT (promotion_id, promoter_id, month) DO UPDATE SET rewards = c.rewards + 1, most = EXCLUDED.most
        WHERE EXCLUDED.most IS NULL OR c.rewards + 1 <= EXCLUDED.most
    RETURNING rewards
""")
UNCOUNT = text("""
    UPDATE referral_counts SET rewards = rewards - 1 WHERE promotion_id = :promotion AND promoter_id = :promoter
        AND (month = CAST(:month AS date) OR :whole AND month = '-infinity') AND rewards > 0
""")
GIVE = text("SELECT refer.give_coupon(:promotion, :shop, :keys, :days)")
TAKE = text("SELECT refer.take_coupon(:use)")
MOVES = text("SELECT count(*) FROM promoter_moves WHERE reward_id = :reward")


def promise_of(programme: ReferralProgramme, step: int) -> Promise:
    if step == 1:
        return Promise(programme.step1_kind, programme.step1_minor, programme.step1_rate_bps)
    return Promise(programme.step2_kind or "cash", programme.step2_minor, programme.step2_rate_bps)


def coupon_of(programme: ReferralProgramme, step: int) -> int:
    """The promotion of which a discount reward of this step is a use."""
    found = programme.coupon_id if step == 1 else programme.coupon2_id
    if found is None:
        raise AssertionError(f"programme {programme.promotion_id} has no coupon for step {step}")
    return found


def spend(reward: ReferralReward, minor: int) -> bool:
    """Take from the budget of a reward's programme, or give back (negative); whether there was enough."""
    if not minor:
        return True
    values = {"promotion": reward.promotion_id, "shop": reward.shop_id, "minor": minor}
    return session().execute(SPEND, values).one_or_none() is not None


def count(reward: ReferralReward, programme: ReferralProgramme, month: date) -> str:
    """Count a reward against its promoter's caps; the cap that stands in its way, or nothing."""
    reward.month = month
    for counted, most, why in (
        (month.isoformat(), programme.most_per_month, "cap_month"),
        ("-infinity", programme.most_in_all, "cap_in_all"),
    ):
        values = {
            "promotion": reward.promotion_id, "promoter": reward.promoter_id, "shop": reward.shop_id,
            "month": counted, "most": most,
        }  # fmt: skip
        if session().execute(COUNT, values).one_or_none() is None:
            if why == "cap_in_all":
                uncount(reward, whole=False)
            return why
    return ""


def uncount(reward: ReferralReward, *, whole: bool = True) -> None:
    """Take a reward out of its month's count, and out of the count in all (`whole`)."""
    if reward.month is not None:
        values = {
            "promotion": reward.promotion_id,
            "promoter": reward.promoter_id,
            "month": reward.month,
            "whole": whole,
        }
        session().execute(UNCOUNT, values)


def move(
    promoter: Promoter,
    kind: str,
    minor: int,
    *,
    key: str,
    at: datetime,
    reward: ReferralReward | None = None,
    firm: Firm | None = None,
    payout_id: int | None = None,
) -> None:
    """Post a movement of a promoter's money and note it; `minor` is signed, positive is owed to the promoter.

    A reward is at the expense of a firm, or where none is named of the platform; a payout leaves by the bank.
    """
    against = (
        Side("bank_clearing", -minor) if payout_id is not None
        else Side(f"{firm.kind}_available", -minor, **firm.ids()) if firm is not None
        else Side("promotion_cost", -minor)
    )  # fmt: skip
    kinds: Mapping[str, str] = {"earned": "reward", "taken_back": "reward_returned", "paid": "reward_paid"}
    made = post(
        Posting(
            key, kinds[kind], promoter.currency, at, [Side("promoter_payable", minor), against],
            shop_id=promoter.shop_id, order_id=reward.order_id if reward else None, reason={"promoter": promoter.id},
        )
    )  # fmt: skip
    if made is None:
        raise AssertionError(f"{key} was posted behind its reward's lock")
    session().add(
        PromoterMove(
            shop_id=promoter.shop_id, promoter_id=promoter.id, kind=kind, reward_id=reward.id if reward else None,
            payout_id=payout_id, currency=promoter.currency, amount_minor=minor, transaction_id=made,
            **(firm.ids() if firm is not None else {}),
        )
    )  # fmt: skip


def give_coupon(coupon_id: int, promoter: Promoter, *, days: int) -> int:
    """Put a coupon into a promoter's hand; its use."""
    keys = [f"e:{promoter.mailbox}"] + ([f"b:{promoter.buyer_id}"] if promoter.buyer_id is not None else [])
    values: dict[str, Any] = {
        "promotion": coupon_id,
        "shop": promoter.shop_id,
        "keys": keys,
        "days": days,
    }
    return int(session().execute(GIVE, values).scalar_one())


def take_coupon(use_id: int) -> bool | None:
    """Take an unused coupon back; False where it is used, None while it lies in an order that nobody has paid."""
    taken: bool | None = session().execute(TAKE, {"use": use_id}).scalar_one()
    return taken


def next_key(reward: ReferralReward) -> str:
    """Names a reward's next movement; the reward is locked."""
    session().flush()
    return f"reward:{reward.id}:{session().execute(MOVES, {'reward': reward.id}).scalar_one() + 1}"
