"""Rewards of store credit: into their holder's account as cash is into a promoter's, and out of it again."""

from app.domain.credit import service
from app.domain.credit.models import CreditAccount
from app.domain.referrals.models import Promoter, ReferralReward
from app.domain.referrals.queries import OrderFacts
from app.foundation import clock


def earn(reward: ReferralReward, promoter: Promoter, order: OrderFacts, minor: int) -> None:
    """Credit for a promoter's mailbox; what it still owes of rewards that were taken back stays with the funder."""
    account = _account(promoter)
    withheld = min(account.owed_minor, minor)
    account.owed_minor -= withheld
    reward.withheld_minor += withheld
    if minor > withheld:
        _move(account, reward, order, minor - withheld)


def give_up(reward: ReferralReward, promoter: Promoter, order: OrderFacts, minor: int) -> None:
    """Credit goes back to its funder as far as it is free; what is spent, or lies with an open order, is owed."""
    account = _account(promoter)
    there = min(account.free_minor, minor)
    account.owed_minor += minor - there
    if there:
        _move(account, reward, order, -there)


def _account(promoter: Promoter) -> CreditAccount:
    return service.account_of(promoter.shop_id, promoter.mailbox, promoter.email, promoter.currency)


def _move(account: CreditAccount, reward: ReferralReward, order: OrderFacts, minor: int) -> None:
    service.move_reward(
        account, minor, reward_id=reward.id, order_id=order.id, at=clock.now(),
        distributor_id=order.distributor_id if reward.funder == "distributor" else None,
    )  # fmt: skip
