"""Every SELECT of the books that people browse: a firm its own transactions, the platform all of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select

from app.domain.ledger.models import LedgerEntry, LedgerTransaction
from app.foundation import clock
from app.foundation.database import session
from app.foundation.paging import Asked, Page, cut

SPANS = {
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=31),
    "year": timedelta(days=366),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """A transaction as a firm may see it: without its key and reason, which may speak of others."""

    id: int
    kind: str
    currency: str
    shop_id: int | None
    order_id: int | None
    order_line_id: int | None
    payout_id: int | None
    occurred_at: datetime
    posted_at: datetime


def facts(transaction_ids: Collection[int]) -> Mapping[int, Fact]:
    """Transactions by id, as far as the open scope has an entry in them."""
    columns = [getattr(LedgerTransaction, name) for name in Fact.__dataclass_fields__]
    found = session().execute(select(*columns).where(LedgerTransaction.id.in_(transaction_ids)))
    return {row[0]: Fact(*row) for row in found}


def transactions_page(asked: Asked) -> Page[Any]:
    """Transactions for the platform: by key, kind, firm, order and time. Words are a key or the beginning of one."""
    found = select(LedgerTransaction).where(*_conditions(asked))
    sorts = {
        "posted": LedgerTransaction.id,
        "occurred": LedgerTransaction.occurred_at,
        "kind": LedgerTransaction.kind,
    }
    return cut(found, asked, sorts=sorts, usual="-posted", tie=LedgerTransaction.id)


def _conditions(asked: Asked) -> list[Any]:
    chosen: list[Any] = []
    if asked.words:
        begins = LedgerTransaction.key.like(_escaped(asked.words) + "%", escape="\\")
        number = int(asked.words) if asked.words.isdecimal() and len(asked.words) < 19 else None
        chosen.append(or_(begins, LedgerTransaction.id == number) if number is not None else begins)
    for name, column in (("kind", LedgerTransaction.kind), ("currency", LedgerTransaction.currency)):
        if asked.get(name):
            chosen.append(column == asked.get(name))
    if asked.get("order").isdecimal() and len(asked.get("order")) < 19:
        chosen.append(LedgerTransaction.order_id == int(asked.get("order")))
    for name, owner in (("brand", LedgerEntry.brand_id), ("distributor", LedgerEntry.distributor_id)):
        if asked.get(name).isdecimal() and len(asked.get(name)) < 19:
            theirs = select(LedgerEntry.transaction_id).where(owner == int(asked.get(name)))
            chosen.append(LedgerTransaction.id.in_(theirs))
    if asked.get("span") in SPANS:
        chosen.append(LedgerTransaction.posted_at >= clock.now() - SPANS[asked.get("span")])
    return chosen


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def sides_of(transaction_ids: Collection[int]) -> Mapping[int, list[LedgerEntry]]:
    """The entries of transactions that the open scope may see, by transaction and in order."""
    found = (
        select(LedgerEntry)
        .where(LedgerEntry.transaction_id.in_(transaction_ids))
        .order_by(LedgerEntry.transaction_id, LedgerEntry.position)
    )
    sides: dict[int, list[LedgerEntry]] = {}
    for entry in session().execute(found).scalars():
        sides.setdefault(entry.transaction_id, []).append(entry)
    return sides


def accounts() -> Sequence[tuple[str, str, int, int]]:
    """(currency, account, entries, minor units) over every firm, from the entries themselves; for the platform."""
    found = (
        select(LedgerEntry.currency, LedgerEntry.account, func.count(), func.sum(LedgerEntry.amount_minor))
        .group_by(LedgerEntry.currency, LedgerEntry.account)
        .order_by(LedgerEntry.currency, LedgerEntry.account)
    )
    return [
        (currency, account, many, int(minor)) for currency, account, many, minor in session().execute(found)
    ]


def firms_page(asked: Asked) -> Page[Any]:
    """(brand, distributor, currency, held, available, in transit) of every firm with entries; for the platform."""
    owner = (LedgerEntry.brand_id, LedgerEntry.distributor_id, LedgerEntry.currency)
    held, available, transit = (
        func.coalesce(
            func.sum(LedgerEntry.amount_minor).filter(LedgerEntry.account.like(f"%\\_{place}", escape="\\")),
            0,
        )
        for place in ("held", "available", "in_transit")
    )
    found = (
        select(*owner, held.label("held"), available.label("available"), transit.label("in_transit"))
        .where(or_(LedgerEntry.brand_id.is_not(None), LedgerEntry.distributor_id.is_not(None)))
        .group_by(*owner)
    )
    if asked.get("kind") in {"brand", "distributor"}:
        found = found.where(owner[0].is_not(None) if asked.get("kind") == "brand" else owner[1].is_not(None))
    if asked.get("state") == "negative":
        found = found.having(available < 0)
    sorts = {"held": held, "available": available, "in_transit": transit, "currency": LedgerEntry.currency}
    return cut(found, asked, sorts=sorts, usual="-available", tie=func.coalesce(*owner[:2]))
