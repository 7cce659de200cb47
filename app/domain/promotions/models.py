"""Promotions as they are kept, what was taken of their limits, and what they did to each order line."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Computed,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.database import CreatedAt, Id, Record
from tenants.scoping import TenantOwned

KINDS = (
    "flash_price", "group_price", "timed_price", "bundle_price", "quantity_tiers",
    "threshold_coupon", "fixed_coupon", "percentage_coupon", "referral",
)  # fmt: skip


class StoredPromotion(Record):
    """One promotion of a shop, a brand or the platform; `funder` is whoever made it.

    `key`: its name for a brand's exemption from the floor. `value`: as `stored.value_of` reads it. `shop_ids`: of a
    brand or the platform, for which shops; NULL: all. `automatic`: needs no code. `combines` NULL: with everything.
    `limit_of`: whether `total_limit` and `per_day` count orders or units. `returns`: when a use is given back:
    never, unpaid (the order ended without money), refunded (also when all of it was refunded).
    `holdout_bps`: the share of buyers who do not get it, to compare with. Money in minor units of `currency`.
    """

    __tablename__ = "promotions"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('flash_price', 'group_price', 'timed_price', 'bundle_price', 'quantity_tiers',"
            " 'threshold_coupon', 'fixed_coupon', 'percentage_coupon', 'referral')",
            name="kind",
        ),
        CheckConstraint(
            "(owner = 'shop' AND shop_id IS NOT NULL AND brand_id IS NULL AND funder = 'distributor')"
            " OR (owner = 'brand' AND brand_id IS NOT NULL AND shop_id IS NULL AND funder = 'brand')"
            " OR (owner = 'platform' AND shop_id IS NULL AND brand_id IS NULL AND funder = 'platform')",
            name="owner",
        ),
        CheckConstraint("status IN ('draft', 'live', 'paused', 'ended')", name="status"),
        CheckConstraint("ends_at > starts_at", name="window"),
        CheckConstraint(
            "target_of IN ('all', 'category', 'product', 'sku') AND (target_of = 'all') = (target_ids = '{}')",
            name="target",
        ),
        CheckConstraint("audience IN ('all', 'first_order', 'chosen')", name="audience"),
        CheckConstraint("claim IN ('none', 'page', 'link')", name="claim"),
        CheckConstraint("claim = 'none' OR limit_of = 'orders'", name="claims_orders"),
        CheckConstraint("limit_of IN ('orders', 'units')", name="limit_of"),
        CheckConstraint("returns IN ('never', 'unpaid', 'refunded')", name="returns"),
        CheckConstraint(
            "total_limit > 0 AND per_buyer > 0 AND per_day > 0 AND budget_minor > 0 AND claim_days > 0"
            " AND holdout_bps BETWEEN 0 AND 9000",
            name="limits",
        ),
        UniqueConstraint("key"),
        Index("ix_promotions_shop", "shop_id", "status"),
        Index("ix_promotions_brand", "brand_id", "status"),
        Index(
            "uq_promotions_code", text("coalesce(shop_id, 0)"), text("coalesce(brand_id, 0)"), "code", unique=True,
            postgresql_where=text("code IS NOT NULL AND status <> 'ended'"),
        ),
    )  # fmt: skip

    id: Mapped[Id]
    owner: Mapped[str]
    shop_id: Mapped[int | None] = mapped_column(ForeignKey("shops.id"))
    brand_id: Mapped[int | None] = mapped_column(ForeignKey("brands.id"))
    shop_ids: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))
    key: Mapped[str]
    title: Mapped[str]
    title_en: Mapped[str] = mapped_column(server_default="")
    words: Mapped[str] = mapped_column(server_default="")
    words_en: Mapped[str] = mapped_column(server_default="")
    kind: Mapped[str]
    value: Mapped[dict[str, Any]]
    currency: Mapped[str]
    target_of: Mapped[str] = mapped_column(server_default="all")
    target_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default="{}")
    combines: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    funder: Mapped[str]
    automatic: Mapped[bool] = mapped_column(server_default=text("true"))
    code: Mapped[str | None]
    claim: Mapped[str] = mapped_column(server_default="none")
    claim_days: Mapped[int | None]
    audience: Mapped[str] = mapped_column(server_default="all")
    total_limit: Mapped[int | None]
    limit_of: Mapped[str] = mapped_column(server_default="orders")
    per_buyer: Mapped[int | None]
    per_day: Mapped[int | None]
    budget_minor: Mapped[int | None]
    returns: Mapped[str] = mapped_column(server_default="unpaid")
    holdout_bps: Mapped[int] = mapped_column(server_default=text("0"))
    starts_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    ends_at: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(server_default="draft")
    template: Mapped[str] = mapped_column(server_default="")
    settings: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]
    published_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    counted: Mapped[bool] = mapped_column(
        Computed(
            "NOT automatic OR audience <> 'all' OR total_limit IS NOT NULL OR per_buyer IS NOT NULL"
            " OR per_day IS NOT NULL OR budget_minor IS NOT NULL",
            persisted=True,
        )
    )


class PromotionSlot(Record):
    """A share of what a promotion has left; several, so that buyers do not queue behind one. Written by `promo`.

    `day` '-infinity' holds the whole; other days hold `per_day`. NULL: without that limit.
    """

    __tablename__ = "promotion_slots"
    __table_args__ = (CheckConstraint("uses_left >= 0 AND minor_left >= 0", name="left"),)

    promotion_id: Mapped[int] = mapped_column(ForeignKey("promotions.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    slot: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    uses_left: Mapped[int | None]
    minor_left: Mapped[int | None]


class PromotionUse(Record, TenantOwned):
    """One use: claimed (a coupon in a buyer's hand) → held (by an unpaid order) → used; or returned, or lapsed.

    `units`: what it takes of the limits; `minor`: what it takes of the budget. Written by functions of `promo` only.
    """

    __tablename__ = "promotion_uses"
    __table_args__ = (
        CheckConstraint("state IN ('claimed', 'held', 'used', 'returned', 'lapsed')", name="state"),
        CheckConstraint("units > 0 AND minor >= 0", name="amounts"),
        CheckConstraint(
            "order_id IS NOT NULL OR state IN ('claimed', 'lapsed', 'returned')", name="order"
        ),
        Index("ix_promotion_uses_promotion_id", "promotion_id", "state"),
        Index("ix_promotion_uses_order_id", "order_id"),
        Index(
            "uq_promotion_uses_order", "order_id", "promotion_id", unique=True,
            postgresql_where=text("state IN ('held', 'used')"),
        ),
        Index(
            "uq_promotion_uses_code", "code_id", unique=True,
            postgresql_where=text("state IN ('held', 'used')"),
        ),
        Index("ix_promotion_uses_lapsing", "until", postgresql_where=text("state = 'claimed'")),
    )  # fmt: skip

    id: Mapped[Id]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    promotion_id: Mapped[int] = mapped_column(ForeignKey("promotions.id"))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
    code_id: Mapped[int | None]
    state: Mapped[str]
    units: Mapped[int] = mapped_column(server_default=text("1"))
    minor: Mapped[int] = mapped_column(server_default=text("0"))
    day: Mapped[date] = mapped_column(Date)
    until: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
    ended_at: Mapped[datetime | None]


class PromotionUseKey(Record, TenantOwned):
    """By what the buyer of a use is known again: `e:` mailbox, `d:` device, `b:` account, `p:` payment account."""

    __tablename__ = "promotion_use_keys"
    __table_args__ = (Index("ix_promotion_use_keys_key", "promotion_id", "key"),)

    use_id: Mapped[int] = mapped_column(ForeignKey("promotion_uses.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    promotion_id: Mapped[int] = mapped_column(ForeignKey("promotions.id"))
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))


class PromotionBuyer(Record):
    """For whom a promotion for certain buyers is: keys like those of uses."""

    __tablename__ = "promotion_buyers"

    promotion_id: Mapped[int] = mapped_column(ForeignKey("promotions.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)


class CouponBatch(Record):
    """Single-use codes made in one go. `seed` makes the codes anew for their one export, and is then forgotten."""

    __tablename__ = "coupon_batches"
    __table_args__ = (
        CheckConstraint("size BETWEEN 1 AND 100000", name="size"),
        UniqueConstraint("id", "promotion_id"),
        Index("ix_coupon_batches_promotion_id", "promotion_id"),
    )

    id: Mapped[Id]
    promotion_id: Mapped[int] = mapped_column(ForeignKey("promotions.id"))
    size: Mapped[int]
    prefix: Mapped[str] = mapped_column(server_default="")
    seed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]
    exported_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]


class CouponCode(Record):
    """A single-use code: its keyed fingerprint only. States: free → held → used, or void."""

    __tablename__ = "coupon_codes"
    __table_args__ = (
        CheckConstraint("state IN ('free', 'held', 'used', 'void')", name="state"),
        UniqueConstraint("fingerprint"),
        ForeignKeyConstraint(
            ["batch_id", "promotion_id"], ["coupon_batches.id", "coupon_batches.promotion_id"]
        ),
        Index("ix_coupon_codes_batch_id", "batch_id", "state"),
    )

    id: Mapped[Id]
    promotion_id: Mapped[int]
    batch_id: Mapped[int]
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(server_default="free")


class PromotionSwitch(Record):
    """What a brand (for its goods) or the platform has switched off: a kind, one promotion, one shop, or all of these.

    NULL means any. In force from `created_at` until `ended_at`.
    """

    __tablename__ = "promotion_switches"
    __table_args__ = (
        CheckConstraint("kind IS NOT NULL OR promotion_id IS NOT NULL OR shop_id IS NOT NULL", name="names_one"),
        Index("ix_promotion_switches_on", "shop_id", postgresql_where=text("ended_at IS NULL")),
    )  # fmt: skip

    id: Mapped[Id]
    brand_id: Mapped[int | None] = mapped_column(ForeignKey("brands.id"))
    shop_id: Mapped[int | None] = mapped_column(ForeignKey("shops.id"))
    kind: Mapped[str | None]
    promotion_id: Mapped[int | None] = mapped_column(ForeignKey("promotions.id"))
    reason: Mapped[str] = mapped_column(server_default="")
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]
    ended_at: Mapped[datetime | None]


class OrderPromotion(Record, TenantOwned):
    """What one promotion did to one order line, as its quote said. A line's rows sum to what it saved the buyer."""

    __tablename__ = "order_promotions"
    __table_args__ = (
        CheckConstraint("minor > 0 AND wanted_minor >= minor", name="amounts"),
        UniqueConstraint("order_line_id", "promotion_id"),
        Index("ix_order_promotions_order_id", "order_id"),
        Index("ix_order_promotions_promotion_id", "promotion_id", "id"),
    )

    id: Mapped[Id]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_lines.id"))
    promotion_id: Mapped[int] = mapped_column(ForeignKey("promotions.id"))
    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id"))
    title: Mapped[str]
    title_en: Mapped[str] = mapped_column(server_default="")
    kind: Mapped[str]
    funder: Mapped[str]
    minor: Mapped[int]
    wanted_minor: Mapped[int]
    because: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[CreatedAt]


class Attribution(Record, TenantOwned):
    """To what an order is due, kept with it: a coupon's owner first, else the last click within the window.

    `via`: coupon, click or nothing (direct). `held_out`: promotions this buyer was at random not shown.
    """

    __tablename__ = "attributions"
    __table_args__ = (
        CheckConstraint("via IN ('coupon', 'click', 'direct')", name="via"),
        Index("ix_attributions_shop_id", "shop_id", "created_at"),
        Index("ix_attributions_promoter_id", "promoter_id", postgresql_where=text("promoter_id IS NOT NULL")),
    )

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    via: Mapped[str]
    promotion_id: Mapped[int | None]
    promoter_id: Mapped[int | None]
    click_id: Mapped[int | None]
    held_out: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default="{}")
    created_at: Mapped[CreatedAt]


class Holdout(Record, TenantOwned):
    """Whether a buyer was held out of a promotion: remembered, so that it stays so on another device."""

    __tablename__ = "holdouts"

    promotion_id: Mapped[int] = mapped_column(ForeignKey("promotions.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"), primary_key=True)
    held_out: Mapped[bool]
    created_at: Mapped[CreatedAt]
