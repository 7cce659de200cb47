"""Payout accounts under a new master key, a page at a time, inside the caller's transaction."""

from sqlalchemy import select, update

from app.domain.payouts.models import PayoutAccount
from app.domain.payouts.sealing import place_of, reseal
from app.foundation.database import session
from app.foundation.vault import MasterKeys


def reseal_page(masters: MasterKeys, limit: int) -> int:
    """Seal some accounts under the current master key that are under another; how many."""
    found = (
        select(PayoutAccount)
        .where(PayoutAccount.master_key_id.is_not(None), PayoutAccount.master_key_id != masters.current_id)
        .order_by(PayoutAccount.id).limit(limit).with_for_update()
    )  # fmt: skip
    rows = list(session().execute(found).scalars())
    for row in rows:
        place = place_of(
            brand_id=row.brand_id, distributor_id=row.distributor_id, currency=row.currency, method=row.method
        )
        box = reseal(masters, row.master_key_id or "", bytes(row.details or b""), place)
        session().execute(
            update(PayoutAccount)
            .where(PayoutAccount.id == row.id)
            .values(details=box, master_key_id=masters.current_id)
            .execution_options(synchronize_session=False)
        )
    return len(rows)
