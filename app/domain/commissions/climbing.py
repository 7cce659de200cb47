"""What counts on a brand's ladder: sales in a trailing window, less returns, without a firm's own purchases.

Settlements are the platform's: these need its scope, and name the two firms they are about.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import text

from app.domain.commissions.calendar import month_of
from app.foundation.database import session

SOLD = text("""
    SELECT s.distributor_id, sum(s.net_minor - s.returned_minor) AS sold
    FROM settlements s JOIN ledger_transactions t ON t.id = s.transaction_id
    WHERE s.brand_id = :brand AND s.distributor_id = ANY (:distributors) AND s.counted AND s.currency = :currency
      AND s.month >= :month AND t.occurred_at > :since AND t.occurred_at <= :now
    GROUP BY s.distributor_id
""")


def sold_within(
    brand_id: int, distributor_ids: Collection[int], *, currency: str, days: int, now: datetime
) -> dict[int, int]:
    """Counted net sales of a brand's goods by distributor, delivered in the last so many days; in minor units."""
    since = now - timedelta(days=days)
    found = session().execute(
        SOLD,
        {
            "brand": brand_id, "distributors": sorted(distributor_ids), "currency": currency,
            "month": month_of(since), "since": since, "now": now,
        },
    )  # fmt: skip
    sold = {row.distributor_id: int(row.sold) for row in found}
    return {distributor_id: sold.get(distributor_id, 0) for distributor_id in distributor_ids}
