"""Earnings whose holding period is over become available; nobody asks for it."""

from sqlalchemy import text

from app.domain.ledger.posting import Posting, Side, post_all
from app.foundation import clock
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope

BATCH = 5_000
# Whoever holds a row, because its order is being refunded, finds it matured at the next tick.
DUE = text("""
    SELECT id, brand_id, distributor_id, currency, amount_minor - taken_back_minor AS left_minor FROM earnings
    WHERE matured_by IS NULL AND matures_at <= :now ORDER BY matures_at, id LIMIT :most FOR UPDATE SKIP LOCKED
""")
MARK = text("""
    UPDATE earnings SET matured_by = coalesce(t.transaction_id, earnings.transaction_id)
    FROM unnest(CAST(:ids AS bigint[]), CAST(:made AS bigint[])) AS t(id, transaction_id) WHERE earnings.id = t.id
""")


def mature_earnings() -> int:
    """Move what is due from held to available, one posting for each firm and currency of a batch; how many earnings."""
    moved = 0
    while True:
        with platform_scope():
            batch = _mature_batch()
        moved += batch
        if batch < BATCH:
            return moved


def _mature_batch() -> int:
    with unit_of_work() as work:
        now = clock.now()
        rows = work.session.execute(DUE, {"now": now, "most": BATCH}).all()
        if not rows:
            return 0
        sums: dict[tuple[int | None, int | None, str], int] = {}
        for row in rows:
            owner = (row.brand_id, row.distributor_id, row.currency)
            sums[owner] = sums.get(owner, 0) + row.left_minor
        keys = {owner: f"mature:{rows[0].id}:{_named(owner)}" for owner in sums}
        made = post_all(
            Posting(keys[owner], "maturity", owner[2], now, _sides(owner, minor))
            for owner, minor in sums.items() if minor
        )  # fmt: skip
        owners = [(row.brand_id, row.distributor_id, row.currency) for row in rows]
        work.session.execute(
            MARK, {"ids": [row.id for row in rows], "made": [made.get(keys[owner]) for owner in owners]}
        )
        return len(rows)


def _named(owner: tuple[int | None, int | None, str]) -> str:
    brand_id, distributor_id, currency = owner
    return f"{'distributor' if brand_id is None else 'brand'}:{brand_id or distributor_id}:{currency}"


def _sides(owner: tuple[int | None, int | None, str], minor: int) -> list[Side]:
    brand_id, distributor_id, _currency = owner
    kind = "brand" if brand_id is not None else "distributor"
    return [
        Side(f"{kind}_held", -minor, brand_id=brand_id, distributor_id=distributor_id),
        Side(f"{kind}_available", minor, brand_id=brand_id, distributor_id=distributor_id),
    ]
