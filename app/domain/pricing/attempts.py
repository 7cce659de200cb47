"""What was tried below a floor is written down, in the shop's own scope: once an hour, and never without end."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import text

from app.foundation.database import session

STAGES = ("listing", "promotion", "quote", "order", "database")
MOST_AN_HOUR = 200

# One shop's attempts are counted one after the other, so that two at once are not both the first.
ONE_BY_ONE = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('attempts:' || current_setting('perkline.shop_id'), 0))"
)
NOTE = text("""
    INSERT INTO floor_attempts
        (shop_id, brand_id, distributor_id, sku_id, listing_id, stage, wanted_minor, floor_minor, currency, stack,
        actor_name)
    SELECT s.id, k.brand_id, s.distributor_id, k.id, g.id, :stage, w.price, f.floor, k.currency,
        CAST(:stack AS jsonb), :actor
    FROM unnest(CAST(:skus AS bigint[]), CAST(:prices AS bigint[])) AS w (sku, price)
    JOIN skus k ON k.id = w.sku CROSS JOIN shops s LEFT JOIN listings g ON g.sku_id = k.id AND g.shop_id = s.id
    CROSS JOIN LATERAL (SELECT coalesce(
        CAST(:floor AS bigint), money.floor_in_force(k.id, s.distributor_id, clock_timestamp())) AS floor) f
    WHERE w.price < f.floor AND NOT EXISTS (
        SELECT FROM floor_attempts a WHERE a.shop_id = s.id AND a.sku_id = k.id AND a.stage = :stage
          AND a.wanted_minor = w.price AND a.actor_name = :actor AND a.created_at > now() - interval '1 hour')
    ORDER BY w.sku LIMIT greatest(0, :most - (
        SELECT count(*) FROM floor_attempts a WHERE a.created_at > now() - interval '1 hour'))
    RETURNING id
""")


def note(
    wanted: Mapping[int, int],
    *,
    stage: str,
    stack: Sequence[Mapping[str, Any]],
    actor_name: str,
    floor_minor: int | None = None,
) -> int:
    """Write down the prices by Sku that are below the floor of this moment (or the one named); how many are new.

    The same price of the same Sku by the same person at the same stage counts once an hour, and a
    shop's whole hour holds `MOST_AN_HOUR`: a script that tries every price does not fill the table.
    """  # fmt: skip
    session().execute(ONE_BY_ONE)
    found = session().execute(
        NOTE,
        {
            "skus": list(wanted), "prices": list(wanted.values()), "stage": stage, "actor": actor_name,
            "stack": json.dumps(list(stack)), "floor": floor_minor, "most": MOST_AN_HOUR,
        },
    )  # fmt: skip
    return len(found.all())
