"""Where a promoter is paid, at rest: sealed under the master key and bound to its promoter."""

import json
from dataclasses import asdict, dataclass, field

from sqlalchemy import select, update
from sqlalchemy.orm import undefer

from app.domain.referrals.models import PromoterPayout
from app.foundation.database import session
from app.foundation.vault import MasterKeys


@dataclass(frozen=True, slots=True)
class Details:
    """What it takes to pay somebody; never in a log, a mail or a page."""

    number: str = field(repr=False)
    bank: str = field(default="", repr=False)


def place_of(promoter_id: int, method: str) -> bytes:
    """What a box is bound to: it opens nowhere else."""
    return f"perkline/promoter-payout/v1|{promoter_id}|{method}".encode()


def seal_for(masters: MasterKeys, details: Details, promoter_id: int, method: str) -> bytes:
    return masters.wrap(json.dumps(asdict(details)).encode(), place_of(promoter_id, method))


def details_of(masters: MasterKeys, row: PromoterPayout) -> Details:
    """The details, or SecretUnreadable or MasterKeyUnknown."""
    box = masters.unwrap(row.master_key_id, bytes(row.details), place_of(row.promoter_id, row.method))
    return Details(**json.loads(box))


def reseal_page(masters: MasterKeys, limit: int) -> int:
    """Seal some payouts under the current master key that are under another; how many."""
    found = (
        select(PromoterPayout).where(PromoterPayout.master_key_id != masters.current_id)
        .order_by(PromoterPayout.id).limit(limit).with_for_update()
        .options(undefer(PromoterPayout.details), undefer(PromoterPayout.master_key_id))
    )  # fmt: skip
    rows = list(session().execute(found).scalars())
    for row in rows:
        place = place_of(row.promoter_id, row.method)
        box = masters.wrap(masters.unwrap(row.master_key_id, bytes(row.details), place), place)
        session().execute(
            update(PromoterPayout).where(PromoterPayout.id == row.id)
            .values(details=box, master_key_id=masters.current_id)
            .execution_options(synchronize_session=False)
        )  # fmt: skip
    return len(rows)
