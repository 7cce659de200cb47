"""Rules of pay with their versions, and what each delivered line gave to whom."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    Date,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.foundation.database import CreatedAt, Id, Record


class RateRule(Record):
    """One version of one of a brand's rules. Append-only but for `ends_at`, which a next version sets.

    `kind` and what `value` holds (rates in basis points, 100 = 1 %; money in minor units):
    margin `{"supply_minor"}` · commission `{"rate_bps"}` or `{"brackets": [{"from_minor", "rate_bps"}, …]}`
    by the month's volume · boost `{"add_bps"}` of the net price, with a window ·
    override `{"step1_bps", "step2_bps", "pot"}` for uplines, paid by `pot` (brand, distributor, platform).
    Target: brand (nothing set), product or Sku; for all, a level, or a distributor. Windows of one
    target and family (margin and commission are one) never overlap: an exclusion constraint says so.
    """

    __tablename__ = "rate_rules"
    __table_args__ = (
        CheckConstraint("kind IN ('margin', 'commission', 'boost', 'override')", name="kind"),
        CheckConstraint("kind <> 'margin' OR sku_id IS NOT NULL", name="margin_of_sku"),
        CheckConstraint("kind <> 'boost' OR ends_at IS NOT NULL", name="boost_ends"),
        CheckConstraint("ends_at >= starts_at", name="window"),
        CheckConstraint("level_id IS NULL OR distributor_id IS NULL", name="one_party"),
        CheckConstraint("product_id IS NULL OR sku_id IS NULL", name="one_good"),
        UniqueConstraint("series", "version"),
        Index("ix_rate_rules_brand_id", "brand_id", "starts_at"),
    )

    id: Mapped[Id]
    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id"))
    series: Mapped[str]
    version: Mapped[int]
    kind: Mapped[str]
    product_id: Mapped[int | None] = mapped_column(ForeignKey("products.id"))
    sku_id: Mapped[int | None] = mapped_column(ForeignKey("skus.id"))
    level_id: Mapped[int | None] = mapped_column(ForeignKey("levels.id"))
    distributor_id: Mapped[int | None] = mapped_column(ForeignKey("distributors.id"))
    value: Mapped[dict[str, Any]]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(server_default="")
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]
    target: Mapped[int] = mapped_column(
        BigInteger,
        Computed(
            "hashtextextended(CASE kind WHEN 'margin' THEN 'base' WHEN 'commission' THEN 'base' ELSE kind END || '/' ||"
            " brand_id || '/' || coalesce(product_id, 0) || '/' || coalesce(sku_id, 0) || '/' || coalesce(level_id, 0)"
            " || '/' || coalesce(distributor_id, 0), 0)",
            persisted=True,
        ),
    )


class FeeRule(Record):
    """What the platform takes of a line, a gateway of a payment, or what a payout costs (`kind`).

    In force from `starts_at` until a later row of the same target; a `lapsed` one says that the target
    has no rule of its own from then on. Rate in basis points of the net price plus `fixed_minor` per
    order or payout. Platform only.
    """

    __tablename__ = "fee_rules"
    __table_args__ = (
        CheckConstraint("kind IN ('platform', 'gateway', 'payout')", name="kind"),
        CheckConstraint("rate_bps BETWEEN 0 AND 10000 AND fixed_minor >= 0", name="rate"),
        UniqueConstraint(
            "kind", "gateway", "brand_id", "currency", "starts_at", postgresql_nulls_not_distinct=True
        ),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    gateway: Mapped[str | None]
    brand_id: Mapped[int | None] = mapped_column(ForeignKey("brands.id"))
    currency: Mapped[str | None]
    rate_bps: Mapped[int] = mapped_column(server_default=text("0"))
    fixed_minor: Mapped[int] = mapped_column(server_default=text("0"))
    starts_at: Mapped[datetime]
    lapsed: Mapped[bool] = mapped_column(server_default=text("false"))
    reason: Mapped[str] = mapped_column(server_default="")
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]


class Settlement(Record):
    """That a delivered line was split, once; `parts` as rules.split made them. Platform only.

    `returned_minor`: what of the line's net has gone back since. `base_minor`: what rates are taken
    of, and what it adds to the volume of its `month` if it is `counted` (a firm's own purchases are not).
    """

    __tablename__ = "settlements"
    __table_args__ = (
        UniqueConstraint("order_line_id"),
        CheckConstraint("returned_minor BETWEEN 0 AND net_minor", name="returned"),
        Index("ix_settlements_order_id", "order_id"),
        Index("ix_settlements_brand_id", "brand_id", "distributor_id", "month"),
    )

    id: Mapped[Id]
    transaction_id: Mapped[int] = mapped_column(ForeignKey("ledger_transactions.id"))
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributors.id"))
    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_lines.id"))
    currency: Mapped[str]
    net_minor: Mapped[int]
    base_minor: Mapped[int]
    returned_minor: Mapped[int] = mapped_column(server_default=text("0"))
    counted: Mapped[bool] = mapped_column(server_default=text("true"))
    month: Mapped[date] = mapped_column(Date)
    parts: Mapped[list[Any]]
    created_at: Mapped[CreatedAt]


class Earning(Record):
    """A party's part of one delivered line, from held to available. A brand and a distributor see their own.

    Exactly one of `brand_id` and `distributor_id` is the owner. `role`: supplier (the brand), seller,
    upline1, upline2. `amount_minor` as settled; `taken_back_minor` of it has been returned since
    (more than the amount where a month's brackets fell). `why`: rule, version, base, slices, rounding.
    """

    __tablename__ = "earnings"
    __table_args__ = (
        CheckConstraint("role IN ('supplier', 'seller', 'upline1', 'upline2')", name="role"),
        CheckConstraint("role NOT IN ('upline1', 'upline2') OR order_number = ''", name="told"),
        CheckConstraint("(brand_id IS NULL) <> (distributor_id IS NULL)", name="owner"),
        CheckConstraint("(role = 'supplier') = (brand_id IS NOT NULL)", name="owner_by_role"),
        UniqueConstraint("order_line_id", "role"),
        Index("ix_earnings_brand_id", "brand_id", "earned_at", postgresql_where=text("brand_id IS NOT NULL")),
        Index(
            "ix_earnings_distributor_id", "distributor_id", "earned_at",
            postgresql_where=text("distributor_id IS NOT NULL"),
        ),
        Index("ix_earnings_due", "matures_at", postgresql_where=text("matured_by IS NULL")),
        Index(
            "ix_earnings_transaction_id", "transaction_id",
            postgresql_include=[
                "id", "brand_id", "distributor_id", "currency", "amount_minor", "taken_back_minor", "matured_by",
            ],
        ),
        Index("ix_earnings_matured_by", "matured_by"),
    )  # fmt: skip

    id: Mapped[Id]
    transaction_id: Mapped[int] = mapped_column(ForeignKey("ledger_transactions.id"))
    brand_id: Mapped[int | None] = mapped_column(ForeignKey("brands.id"))
    distributor_id: Mapped[int | None] = mapped_column(ForeignKey("distributors.id"))
    role: Mapped[str]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    seller_id: Mapped[int] = mapped_column(ForeignKey("distributors.id"))
    of_brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_lines.id"))
    order_number: Mapped[str]
    """Empty for uplines: they earn with the order and have nothing to do with it."""
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    sku_id: Mapped[int] = mapped_column(ForeignKey("skus.id"))
    product_name: Mapped[str]
    sku_name: Mapped[str]
    quantity: Mapped[int]
    currency: Mapped[str]
    net_minor: Mapped[int]
    amount_minor: Mapped[int]
    taken_back_minor: Mapped[int] = mapped_column(server_default=text("0"))
    level: Mapped[str] = mapped_column(server_default="")
    why: Mapped[dict[str, Any]]
    earned_at: Mapped[datetime]
    matures_at: Mapped[datetime]
    matured_by: Mapped[int | None] = mapped_column(ForeignKey("ledger_transactions.id"))


class EarningReturn(Record):
    """What a refund or chargeback took from an earning, or a won dispute gave back. Append-only.

    `amount_minor` is negative where it was taken. `why` says from which share and slices.
    """

    __tablename__ = "earning_returns"
    __table_args__ = (
        UniqueConstraint("transaction_id", "earning_id"),
        Index("ix_earning_returns_earning_id", "earning_id"),
        Index(
            "ix_earning_returns_brand_id", "brand_id", "created_at", postgresql_where=text("brand_id IS NOT NULL")
        ),
        Index(
            "ix_earning_returns_distributor_id", "distributor_id", "created_at",
            postgresql_where=text("distributor_id IS NOT NULL"),
        ),
    )  # fmt: skip

    id: Mapped[Id]
    earning_id: Mapped[int] = mapped_column(ForeignKey("earnings.id"))
    transaction_id: Mapped[int] = mapped_column(ForeignKey("ledger_transactions.id"))
    brand_id: Mapped[int | None]
    distributor_id: Mapped[int | None]
    amount_minor: Mapped[int]
    why: Mapped[dict[str, Any]]
    created_at: Mapped[CreatedAt]


class Volume(Record):
    """What a distributor has sold of a brand's goods in a month (net, less returns): where its brackets stand."""

    __tablename__ = "volumes"
    __table_args__ = (PrimaryKeyConstraint("brand_id", "distributor_id", "currency", "month"),)

    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id"))
    distributor_id: Mapped[int] = mapped_column(ForeignKey("distributors.id"))
    currency: Mapped[str]
    month: Mapped[date] = mapped_column(Date)
    volume_minor: Mapped[int]
