"""Every SELECT of store credit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, text

from app.domain.credit.models import CreditAccount, CreditMove
from app.domain.orders.models import Order
from app.foundation.database import session
from app.foundation.paging import Asked, Page, cut

LOCK_MINE = text("SELECT credit.lock_mine(:mailbox, :currency)")
LOCK_OF = text("SELECT credit.lock_of(:order)")


@dataclass(frozen=True, slots=True)
class Move:
    """A movement as its holder sees it: `number` of the order it was spent on or came back from."""

    kind: str
    amount_minor: int
    currency: str
    at: datetime
    number: str | None


@dataclass(frozen=True, slots=True)
class Outstanding:
    """What a shop owes as credit in one currency. Minor units; `spent_minor` is less what went back."""

    holders: int
    balance_minor: int
    held_minor: int
    earned_minor: int
    spent_minor: int


OUTSTANDING = text("""
    SELECT (SELECT count(*) FROM credit_accounts WHERE shop_id = :shop AND balance_minor > 0) AS holders,
        (SELECT coalesce(sum(balance_minor), 0) FROM credit_accounts WHERE shop_id = :shop)::bigint AS balance_minor,
        (SELECT coalesce(sum(held_minor), 0) FROM credit_accounts WHERE shop_id = :shop)::bigint AS held_minor,
        coalesce(sum(amount_minor) FILTER (WHERE kind IN ('earned', 'taken_back')), 0)::bigint AS earned_minor,
        coalesce(-sum(amount_minor) FILTER (WHERE kind IN ('spent', 'returned')), 0)::bigint AS spent_minor
    FROM credit_moves WHERE shop_id = :shop
""")


def account(mailbox: str, currency: str) -> CreditAccount | None:
    """The open shop's account of a mailbox."""
    found = select(CreditAccount).where(CreditAccount.mailbox == mailbox, CreditAccount.currency == currency)
    return session().execute(found).scalar_one_or_none()


def free(mailbox: str, currency: str) -> int:
    """What a mailbox may spend in the open shop now."""
    found = account(mailbox, currency)
    return found.free_minor if found else 0


def lock_mine(mailbox: str, currency: str) -> int:
    """The same, with the account locked: before any stock is."""
    return int(session().execute(LOCK_MINE, {"mailbox": mailbox, "currency": currency}).scalar() or 0)


def lock_of(order_id: int) -> None:
    """Lock the account behind an order's credit: after the order, before group and stock."""
    session().execute(LOCK_OF, {"order": order_id})


def lock_account(shop_id: int, mailbox: str, currency: str) -> CreditAccount | None:
    """An account behind its lock; for the platform, which writes what it owes."""
    found = (
        select(CreditAccount)
        .where(
            CreditAccount.shop_id == shop_id, CreditAccount.mailbox == mailbox, CreditAccount.currency == currency
        )
        .with_for_update(key_share=True)
    )  # fmt: skip
    return session().execute(found.execution_options(populate_existing=True)).scalar_one_or_none()


def moves_of(account_id: int, *, most: int) -> Sequence[Move]:
    """An account's movements, the newest first."""
    found = (
        select(CreditMove.kind, CreditMove.amount_minor, CreditMove.currency, CreditMove.created_at, Order.number)
        .outerjoin(Order, Order.id == CreditMove.order_id)
        .where(CreditMove.account_id == account_id).order_by(CreditMove.id.desc()).limit(most)
    )  # fmt: skip
    return [Move(*row) for row in session().execute(found)]


def outstanding(shop_id: int) -> Outstanding:
    return Outstanding(*session().execute(OUTSTANDING, {"shop": shop_id}).one())


def holders_page(asked: Asked) -> Page[Any]:
    """(account, earned, spent, last movement) of the open shop."""
    mine = CreditMove.account_id == CreditAccount.id
    earned, spent = (
        select(func.coalesce(func.sum(CreditMove.amount_minor), 0))
        .where(mine, CreditMove.kind.in_(kinds)).correlate(CreditAccount).scalar_subquery()
        for kinds in (("earned", "taken_back"), ("spent", "returned"))
    )  # fmt: skip
    last = select(func.max(CreditMove.created_at)).where(mine).correlate(CreditAccount).scalar_subquery()
    found = select(CreditAccount, earned.label("earned"), spent.label("spent"), last.label("last"))
    if asked.words:
        found = found.where(
            or_(
                CreditAccount.email.ilike(f"%{asked.words}%"), CreditAccount.mailbox.ilike(f"%{asked.words}%")
            )
        )
    sorts = {"balance": CreditAccount.balance_minor, "earned": earned, "last": last}
    return cut(found, asked, sorts=sorts, usual="-balance", tie=CreditAccount.id)
