"""Notice that a Sku runs out of codes, and tell once until new ones come in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text

from app.foundation import clock
from app.foundation.database import session

# One more than the threshold is counted, never the whole stock.
RUNNING_LOW = text("""
    SELECT s.id, s.brand_id, s.name, p.name AS product_name, b.contact_email, s.low_stock_at, free.codes
    FROM skus s
    JOIN products p ON p.id = s.product_id
    JOIN brands b ON b.id = s.brand_id
    CROSS JOIN LATERAL (
        SELECT count(*) AS codes FROM (
            SELECT FROM codes c WHERE c.sku_id = s.id AND c.state = 'free'
              AND (c.expires_at IS NULL OR c.expires_at > :now) LIMIT s.low_stock_at + 1) some_codes) free
    WHERE s.low_stock_told_at IS NULL AND s.status = 'active' AND s.delivery_kind IN ('code', 'link')
      AND b.status = 'approved' AND free.codes <= s.low_stock_at
      AND EXISTS (SELECT FROM code_batches WHERE sku_id = s.id)
    ORDER BY s.id LIMIT :most
""")
TOLD = text(
    "UPDATE skus SET low_stock_told_at = :now WHERE id = :sku AND low_stock_told_at IS NULL RETURNING id"
)
ENOUGH = text("""
    UPDATE skus SET low_stock_told_at = NULL
    WHERE id = :sku AND low_stock_told_at IS NOT NULL
      AND (SELECT available FROM stock.levels(ARRAY[skus.id], (low_stock_at + 1)::int)) > low_stock_at
""")


@dataclass(frozen=True, slots=True)
class LowStock:
    """A Sku with `codes` left, at or under its own threshold."""

    id: int
    brand_id: int
    name: str
    product_name: str
    contact_email: str
    low_stock_at: int
    codes: int


def running_low(*, most: int = 200) -> Sequence[LowStock]:
    """Skus nobody has been told of yet; needs the platform's scope. A Sku that never had codes is not low."""
    rows = session().execute(RUNNING_LOW, {"now": clock.now(), "most": most})
    return [LowStock(*row) for row in rows]


def told(sku_id: int) -> bool:
    """Note that the brand is being told; False when it already was."""
    values = {"sku": sku_id, "now": clock.now()}
    return session().execute(TOLD, values).scalar() is not None


def stock_came_in(sku_id: int) -> None:
    """Be ready to tell again once there is more than the threshold."""
    session().execute(ENOUGH, {"sku": sku_id})
