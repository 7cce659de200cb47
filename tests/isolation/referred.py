"""A shop's referral programme with a row in each of its tables, for the world that is looked at."""

from sqlalchemy import text

from app.domain.credit import service as credit
from app.flows.spending import Wish
from app.foundation import clock
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope
from tenants.directory import Tenant
from tests.factories.referrals import click, programme, promoter

ROWS = (
    """
    INSERT INTO promoter_payouts (shop_id, promoter_id, currency, amount_minor, method, holder, shown,
        details, master_key_id)
    VALUES (:shop, :promoter, 'CNY', 100, 'alipay', '李梅', '…0000', 'sealed', 'none')
    """,
    """
    INSERT INTO referral_rewards (shop_id, promotion_id, promoter_id, order_id, step, kind, funder, currency,
        state, reason)
    VALUES (:shop, :promotion, :promoter, :order, 1, 'cash', 'distributor', 'CNY', 'refused', 'own_email')
    """,
    """
    INSERT INTO referral_counts (promotion_id, promoter_id, month, shop_id, rewards)
    VALUES (:promotion, :promoter, date_trunc('month', now())::date, :shop, 1)
    """,
    """
    INSERT INTO promoter_moves (shop_id, promoter_id, kind, reward_id, distributor_id, currency, amount_minor,
        transaction_id)
    SELECT :shop, :promoter, 'earned', r.id, s.distributor_id, 'CNY', 100, :transaction
    FROM referral_rewards r, shops s WHERE r.order_id = :order AND s.id = :shop
    """,
)


def with_credit(shop: Tenant, order_id: int) -> Wish:
    """A holder of store credit in a shop, and what it would spend."""
    email = f"holder-{shop.id}@example.com"
    with platform_scope(), unit_of_work():
        account = credit.account_of(shop.id, email, email, shop.currency)
        credit.move_reward(
            account, 150, reward_id=order_id, order_id=order_id, distributor_id=None, at=clock.now()
        )
    return Wish(email, 150)


def referred(shop: Tenant, order_id: int, transaction_id: int) -> tuple[int, int]:
    """(programme's promotion, promoter) of a shop that has one of everything."""
    made = programme(shop)
    who = promoter(shop, f"promoter-{shop.id}@example.com")
    click(shop, who)
    values = {
        "shop": shop.id, "promotion": made, "promoter": who.id, "order": order_id, "transaction": transaction_id,
    }  # fmt: skip
    with platform_scope(), unit_of_work() as work:
        for row in ROWS:
            work.session.execute(text(row), values)
    return made, who.id
