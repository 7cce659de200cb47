"""Referral programmes, promoters and friends, and the clock that their rewards wait for."""

from datetime import timedelta
from typing import Any

from app.domain.referrals.models import Promoter
from app.domain.referrals.rules import Promise
from app.flows import referrals, rewarding
from app.flows.mature import mature_earnings
from app.flows.priced import Asked
from app.flows.purchase import Placed
from app.flows.referrals import Plan
from app.foundation import clock, ids
from app.foundation.actor import Actor
from tenants.context import shop_scope
from tenants.directory import Tenant
from tests.factories.goods import Goods
from tests.factories.orders import BUYER, pay, place, run_jobs

HAND = Actor("staff", name="林夏")
CASH = Promise("cash", minor=100)


def programme(
    shop: Tenant, *, friend: dict[str, Any] | None = None, step1: Promise = CASH, step2: Promise | None = None, **more: Any
) -> int:  # fmt: skip
    """A live programme of a shop; `more` are terms of the programme, or fields of the plan."""
    fields = {name: more.pop(name) for name in list(more) if name in Plan.__dataclass_fields__}
    plan = Plan("请朋友", friend or {"minor": 200}, step1, step2, per_friend=None, terms=more, **fields)
    with shop_scope(shop.id):
        return referrals.make_programme(shop.id, shop.currency, plan, actor=HAND, live=True)


def promoter(shop: Tenant, email: str = "mei@example.com", **who: Any) -> Promoter:
    facts = {"buyer_id": None, "device": "", "brought_by": None, **who}
    with shop_scope(shop.id):
        return referrals.join(shop, email, actor=BUYER, **facts)


def click(shop: Tenant, who: Promoter, *, device: str = "", ip: str = "10.0.0.1") -> Asked:
    """A friend comes by the link; what that friend brings to a price."""
    with shop_scope(shop.id):
        arrived = referrals.arrive(shop, who.code, device=device or ids.token(), ip=ip)
    assert arrived is not None
    return Asked(
        granted=frozenset({arrived.promotion.id}),
        due={"promoter_id": arrived.promoter_id, "click_id": arrived.click_id or 0},
    )


def brought(shop: Tenant, goods: Goods, who: Promoter, **friend: str) -> Placed:
    """A friend's order, delivered and settled."""
    placed = place(shop, goods, asked=click(shop, who), **friend)  # type: ignore[arg-type]
    pay(shop, placed)
    run_jobs()
    return placed


def later(days: int = 8) -> None:
    """Let so many days pass: earnings mature, rewards are judged and given, refunds are followed."""
    rewarding.judge_rewards()
    clock.travel(timedelta(days=days))
    mature_earnings()
    rewarding.mature_rewards()
    rewarding.follow_returns()
    clock.travel_back()
