"""Every SELECT of the books. A balance is a sum of entries, here and nowhere else."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from app.domain.ledger.models import LedgerEntry, LedgerTransaction
from app.foundation.database import session


@dataclass(frozen=True, slots=True)
class Balances:
    """What a firm has in one currency, in minor units. Available may be negative: it is carried over."""

    currency: str
    held_minor: int = 0
    available_minor: int = 0
    in_transit_minor: int = 0


def balances_of(*, brand_id: int | None = None, distributor_id: int | None = None) -> list[Balances]:
    """A firm's balances by currency."""
    kind = "brand" if brand_id is not None else "distributor"
    owner = (
        LedgerEntry.brand_id == brand_id
        if brand_id is not None
        else LedgerEntry.distributor_id == distributor_id
    )
    found = (
        select(LedgerEntry.currency, LedgerEntry.account, func.sum(LedgerEntry.amount_minor))
        .where(owner)
        .group_by(LedgerEntry.currency, LedgerEntry.account)
    )
    sums: dict[str, dict[str, int]] = {}
    for currency, account, total in session().execute(found):
        sums.setdefault(currency, {})[account.removeprefix(f"{kind}_") + "_minor"] = int(total)
    return [Balances(currency, **amounts) for currency, amounts in sorted(sums.items())]


def transaction(transaction_id: int) -> LedgerTransaction | None:
    return session().get(LedgerTransaction, transaction_id)


def by_key(key: str) -> LedgerTransaction | None:
    """The transaction of a business fact."""
    return (
        session().execute(select(LedgerTransaction).where(LedgerTransaction.key == key)).scalar_one_or_none()
    )


def entries_of(transaction_id: int) -> Sequence[LedgerEntry]:
    """The entries of a transaction that the open scope may see, in order."""
    found = (
        select(LedgerEntry).where(LedgerEntry.transaction_id == transaction_id).order_by(LedgerEntry.position)
    )
    return session().execute(found).scalars().all()


def sums_by_account(transaction_id: int) -> dict[str, int]:
    """What a transaction moved on each account, whoever owns it, in minor units."""
    found = select(LedgerEntry.account, func.sum(LedgerEntry.amount_minor)).where(
        LedgerEntry.transaction_id == transaction_id
    )
    return {account: int(total) for account, total in session().execute(found.group_by(LedgerEntry.account))}
