"""Programmes, promoters, clicks, rewards, and the money that promoters have coming."""

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.database import CreatedAt, Id, Record
from tenants.scoping import TenantOwned

STATES = ("waiting", "held", "available", "given", "paid", "refused", "taken_back", "lapsed")
KINDS = ("discount", "cash", "credit")


class ReferralProgramme(Record, TenantOwned):
    """What a shop gives promoters beside the friend's benefit, which is the promotion of kind `referral` itself.

    A brand's or the platform's has one in each shop it is for, each with a budget of its own. A step's reward is
    `minor` or `rate_bps` of what the friend paid. `window_days`: how long a click counts; `hold_days` after delivery.
    `near_most`: rewarded orders of one promoter from one address neighbourhood. `coupon_id`, `coupon2_id`: the
    promotions of which a discount reward hands out a use. Minor units.
    """

    __tablename__ = "referral_programmes"
    __table_args__ = (
        CheckConstraint(
            "step1_kind IN ('discount', 'cash', 'credit') AND step2_kind IN ('discount', 'cash', 'credit')",
            name="kinds",
        ),
        CheckConstraint(
            "(step1_minor > 0) <> (step1_rate_bps > 0) AND least(step1_minor, step1_rate_bps) = 0"
            " AND step1_rate_bps <= 10000 AND (step1_kind <> 'discount' OR coupon_id IS NOT NULL)",
            name="step1",
        ),
        CheckConstraint(
            "least(step2_minor, step2_rate_bps) = 0 AND step2_rate_bps <= 10000"
            " AND (step2_kind IS NOT NULL) = (step2_minor > 0 OR step2_rate_bps > 0)"
            " AND (coalesce(step2_kind, '') <> 'discount' OR coupon2_id IS NOT NULL)",
            name="step2",
        ),
        CheckConstraint(
            "window_days BETWEEN 1 AND 365 AND hold_days BETWEEN 0 AND 365 AND near_most > 0 AND coupon_days > 0"
            " AND most_per_month > 0 AND most_in_all > 0 AND budget_minor > 0 AND least_payout_minor > 0",
            name="limits",
        ),
        CheckConstraint("spent_minor >= 0 AND spent_minor <= budget_minor", name="budget"),
        Index("ix_referral_programmes_shop_id", "shop_id"),
    )  # fmt: skip

    promotion_id: Mapped[int] = mapped_column(ForeignKey("promotions.id"), primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"), primary_key=True)
    step1_kind: Mapped[str]
    step1_minor: Mapped[int] = mapped_column(server_default=text("0"))
    step1_rate_bps: Mapped[int] = mapped_column(server_default=text("0"))
    step2_kind: Mapped[str | None]
    step2_minor: Mapped[int] = mapped_column(server_default=text("0"))
    step2_rate_bps: Mapped[int] = mapped_column(server_default=text("0"))
    window_days: Mapped[int] = mapped_column(server_default=text("30"))
    hold_days: Mapped[int] = mapped_column(server_default=text("7"))
    most_per_month: Mapped[int | None]
    most_in_all: Mapped[int | None]
    budget_minor: Mapped[int | None]
    spent_minor: Mapped[int] = mapped_column(server_default=text("0"))
    near_most: Mapped[int] = mapped_column(server_default=text("3"))
    coupon_id: Mapped[int | None] = mapped_column(ForeignKey("promotions.id"))
    coupon2_id: Mapped[int | None] = mapped_column(ForeignKey("promotions.id"))
    coupon_days: Mapped[int] = mapped_column(server_default=text("90"))
    least_payout_minor: Mapped[int] = mapped_column(server_default=text("1000"))
    created_at: Mapped[CreatedAt]


class Promoter(Record, TenantOwned):
    """Somebody who brings buyers to one shop. `parent_id` is older and never changes, so there are no circles.

    `balance_minor`: cash that may be paid out; `owed_minor`: of what was paid out and taken back since,
    kept back from the next rewards. Both are written by the platform's scope only.
    """

    __tablename__ = "promoters"
    __table_args__ = (
        CheckConstraint("state IN ('active', 'stopped')", name="state"),
        CheckConstraint("parent_id < id", name="no_circles"),
        CheckConstraint("balance_minor >= 0 AND owed_minor >= 0", name="money"),
        CheckConstraint("balance_minor = 0 OR owed_minor = 0", name="owes_or_has"),
        UniqueConstraint("shop_id", "mailbox"),
        UniqueConstraint("code"),
        Index("ix_promoters_parent_id", "parent_id", postgresql_where=text("parent_id IS NOT NULL")),
    )

    id: Mapped[Id]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    email: Mapped[str]
    mailbox: Mapped[str]
    buyer_id: Mapped[int | None]
    device: Mapped[str] = mapped_column(server_default="")
    code: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("promoters.id"))
    state: Mapped[str] = mapped_column(server_default="active")
    locale: Mapped[str] = mapped_column(server_default="zh_Hans")
    currency: Mapped[str]
    balance_minor: Mapped[int] = mapped_column(server_default=text("0"))
    owed_minor: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[CreatedAt]


class ReferralClick(Record, TenantOwned):
    """A visit by a promoter's link. `address` is a neighbourhood."""

    __tablename__ = "referral_clicks"
    __table_args__ = (Index("ix_referral_clicks_promoter_id", "promoter_id", "created_at"),)

    id: Mapped[Id]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    promoter_id: Mapped[int] = mapped_column(ForeignKey("promoters.id"))
    device: Mapped[str]
    address: Mapped[str]
    created_at: Mapped[CreatedAt]


class ReferralReward(Record, TenantOwned):
    """What one order brings one promoter: made by a trigger with the order's attribution.

    waiting (for delivery) → held → available → paid (cash) or given (a discount); or refused, taken_back or
    lapsed (the order was never paid), each with its `reason`. `granted_minor`: the most it may be; `amount_minor`:
    what it is; `withheld_minor` of it went against what the promoter owed. `because`: earned (capped by what its
    funder keeps of the order). `dirty`: money of its order moved since.
    """

    __tablename__ = "referral_rewards"
    __table_args__ = (
        CheckConstraint(
            "state IN ('waiting', 'held', 'available', 'given', 'paid', 'refused', 'taken_back', 'lapsed')",
            name="state",
        ),
        CheckConstraint("step IN (1, 2)", name="step"),
        CheckConstraint("kind IN ('discount', 'cash', 'credit')", name="kind"),
        CheckConstraint(
            "amount_minor BETWEEN 0 AND granted_minor AND withheld_minor BETWEEN 0 AND amount_minor", name="amounts"
        ),
        CheckConstraint("(state IN ('refused', 'lapsed')) <= (reason <> '')", name="reason"),
        UniqueConstraint("order_id", "step"),
        Index("ix_referral_rewards_promoter_id", "promoter_id", "id"),
        Index("ix_referral_rewards_shop_id", "shop_id", "id"),
        Index("ix_referral_rewards_promotion_id", "promotion_id", "id"),
        Index("ix_referral_rewards_waiting", "id", postgresql_where=text("state = 'waiting'")),
        Index("ix_referral_rewards_due", "matures_at", postgresql_where=text("state = 'held'")),
        Index("ix_referral_rewards_dirty", "id", postgresql_where=text("dirty")),
    )  # fmt: skip

    id: Mapped[Id]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    promotion_id: Mapped[int] = mapped_column(ForeignKey("promotions.id"))
    promoter_id: Mapped[int] = mapped_column(ForeignKey("promoters.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    step: Mapped[int] = mapped_column(SmallInteger)
    kind: Mapped[str]
    funder: Mapped[str]
    currency: Mapped[str]
    granted_minor: Mapped[int] = mapped_column(server_default=text("0"))
    amount_minor: Mapped[int] = mapped_column(server_default=text("0"))
    withheld_minor: Mapped[int] = mapped_column(server_default=text("0"))
    state: Mapped[str] = mapped_column(server_default="waiting")
    reason: Mapped[str] = mapped_column(server_default="")
    because: Mapped[str] = mapped_column(server_default="")
    use_id: Mapped[int | None] = mapped_column(ForeignKey("promotion_uses.id"))
    payout_id: Mapped[int | None] = mapped_column(ForeignKey("promoter_payouts.id"))
    month: Mapped[date | None] = mapped_column(Date)
    dirty: Mapped[bool] = mapped_column(server_default=text("false"))
    matures_at: Mapped[datetime | None]
    matured_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class ReferralCount(Record, TenantOwned):
    """How many rewards a promoter has of a programme in a month ('-infinity': in all); never more than `most`."""

    __tablename__ = "referral_counts"
    __table_args__ = (CheckConstraint("rewards >= 0 AND rewards <= most", name="most"),)

    promotion_id: Mapped[int] = mapped_column(ForeignKey("promotions.id"), primary_key=True)
    promoter_id: Mapped[int] = mapped_column(ForeignKey("promoters.id"), primary_key=True)
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    rewards: Mapped[int]
    most: Mapped[int | None]


class PromoterMove(Record, TenantOwned):
    """One movement of a promoter's money, with the ledger's transaction that says the same. Append-only.

    earned and taken_back are of a reward, at the expense of `distributor_id` or `brand_id` (neither: the platform's);
    paid is of a payout. Positive is owed to the promoter.
    """

    __tablename__ = "promoter_moves"
    __table_args__ = (
        CheckConstraint(
            "kind = 'earned' AND amount_minor > 0 AND reward_id IS NOT NULL"
            " AND num_nonnulls(distributor_id, brand_id) <= 1"
            " OR kind = 'taken_back' AND amount_minor < 0 AND reward_id IS NOT NULL"
            " AND num_nonnulls(distributor_id, brand_id) <= 1"
            " OR kind = 'paid' AND amount_minor < 0 AND payout_id IS NOT NULL AND distributor_id IS NULL"
            " AND brand_id IS NULL",
            name="kind",
        ),
        UniqueConstraint("transaction_id"),
        Index("ix_promoter_moves_promoter_id", "promoter_id", "id"),
        Index("ix_promoter_moves_reward_id", "reward_id"),
    )

    id: Mapped[Id]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    promoter_id: Mapped[int] = mapped_column(ForeignKey("promoters.id"))
    kind: Mapped[str]
    reward_id: Mapped[int | None] = mapped_column(ForeignKey("referral_rewards.id"))
    payout_id: Mapped[int | None] = mapped_column(ForeignKey("promoter_payouts.id"))
    distributor_id: Mapped[int | None] = mapped_column(ForeignKey("distributors.id"))
    brand_id: Mapped[int | None] = mapped_column(ForeignKey("brands.id"))
    currency: Mapped[str]
    amount_minor: Mapped[int]
    transaction_id: Mapped[int] = mapped_column(ForeignKey("ledger_transactions.id"))
    created_at: Mapped[CreatedAt]


class PromoterPayout(Record, TenantOwned):
    """Cash on its way to a promoter: requested → exported (in a file for the bank) → paid, or failed.

    `details` is sealed under `master_key_id`, which only the platform reads; `shown` is what people may see of it.
    """

    __tablename__ = "promoter_payouts"
    __table_args__ = (
        CheckConstraint("state IN ('requested', 'exported', 'paid', 'failed')", name="state"),
        CheckConstraint("amount_minor > 0", name="amount"),
        Index(
            "uq_promoter_payouts_open", "promoter_id", unique=True,
            postgresql_where=text("state IN ('requested', 'exported')"),
        ),
        Index("ix_promoter_payouts_state", "state", "id"),
    )  # fmt: skip

    id: Mapped[Id]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    promoter_id: Mapped[int] = mapped_column(ForeignKey("promoters.id"))
    currency: Mapped[str]
    amount_minor: Mapped[int]
    method: Mapped[str]
    holder: Mapped[str]
    shown: Mapped[str]
    details: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    master_key_id: Mapped[str] = mapped_column(deferred=True)
    state: Mapped[str] = mapped_column(server_default="requested")
    reason: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[CreatedAt]
    exported_at: Mapped[datetime | None]
    exported_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
