"""Where a firm is paid and how often: kept and read in the firm's own scope or the platform's."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import load_only

from app.domain.payouts.models import PayoutAccount, PayoutPlan
from app.foundation.database import session

# What a firm's own scope may read of an account; the details are the platform's.
OPEN = (
    PayoutAccount.id, PayoutAccount.brand_id, PayoutAccount.distributor_id, PayoutAccount.method,
    PayoutAccount.currency, PayoutAccount.holder, PayoutAccount.shown, PayoutAccount.contact_email,
    PayoutAccount.status, PayoutAccount.refusal, PayoutAccount.cooling_until, PayoutAccount.verified_at,
    PayoutAccount.created_at,
)  # fmt: skip
CURRENCIES = text("""
    SELECT DISTINCT currency FROM ledger_entries WHERE brand_id = :brand OR distributor_id = :distributor
    UNION SELECT currency FROM shops WHERE distributor_id = :distributor AND status <> 'draft'
    UNION SELECT currency FROM skus WHERE brand_id = :brand
    ORDER BY 1
""")


@dataclass(frozen=True, slots=True)
class Firm:
    """Whose money: a brand or a distributor."""

    brand_id: int | None = None
    distributor_id: int | None = None

    @property
    def kind(self) -> str:
        return "brand" if self.brand_id is not None else "distributor"

    @property
    def id(self) -> int:
        return int(self.brand_id if self.brand_id is not None else self.distributor_id or 0)

    @property
    def subject(self) -> str:
        """As the audit names it."""
        return f"{self.kind}:{self.id}"

    def owns(self, model: Any) -> ColumnElement[bool]:
        """The firm's rows, by the index that begins with the brand."""
        if self.brand_id is not None:
            return and_(model.brand_id == self.brand_id)
        return and_(model.brand_id.is_(None), model.distributor_id == self.distributor_id)

    def values(self) -> dict[str, int | None]:
        return {"brand_id": self.brand_id, "distributor_id": self.distributor_id}


def currencies_of(firm: Firm) -> list[str]:
    """Every currency the firm sells or has money in; only these can be paid to it."""
    values = {"brand": firm.brand_id, "distributor": firm.distributor_id}
    return list(session().execute(CURRENCIES, values).scalars())


def current_accounts(firm: Firm) -> list[PayoutAccount]:
    """The firm's accounts, one a currency, without their details."""
    found = select(PayoutAccount).where(firm.owns(PayoutAccount), PayoutAccount.status != "replaced")
    rows = session().execute(found.options(load_only(*OPEN, raiseload=True)).order_by(PayoutAccount.currency))
    return list(rows.scalars())


def current_account(firm: Firm, currency: str) -> PayoutAccount | None:
    return next((row for row in current_accounts(firm) if row.currency == currency), None)


def has_had_account(firm: Firm, currency: str) -> bool:
    found = select(PayoutAccount.id).where(firm.owns(PayoutAccount), PayoutAccount.currency == currency)
    return session().execute(found.limit(1)).scalar() is not None


def replace_account(firm: Firm, currency: str, **values: Any) -> int:
    """Make this the firm's account of a currency; the one before stays, as replaced. The new account's id."""
    session().execute(
        update(PayoutAccount)
        .where(
            firm.owns(PayoutAccount), PayoutAccount.currency == currency, PayoutAccount.status != "replaced"
        )
        .values(status="replaced")
        .execution_options(synchronize_session=False)
    )
    row = (
        insert(PayoutAccount).values(**firm.values(), currency=currency, **values).returning(PayoutAccount.id)
    )
    return int(session().execute(row).scalar_one())


def decide(account_id: int, *, status: str, refusal: str, at: datetime | None, by: int | None) -> bool:
    """Write whether an account may be paid, where it is still the firm's own; needs the platform's scope."""
    moved = session().execute(
        update(PayoutAccount)
        .where(PayoutAccount.id == account_id, PayoutAccount.status.not_in(("replaced", status)))
        .values(status=status, refusal=refusal, verified_at=at, verified_by=by)
        .returning(PayoutAccount.id)
        .execution_options(synchronize_session=False)
    )
    return moved.scalar() is not None


def plans_of(firm: Firm) -> list[PayoutPlan]:
    return list(session().execute(select(PayoutPlan).where(firm.owns(PayoutPlan))).scalars())


def choose_plan(firm: Firm, currency: str, *, every: str, day: int, minimum_minor: int) -> None:
    """Keep what the firm chose; a firm's scope may write nothing else of a plan."""
    chosen = {"every": every, "day": day, "minimum_minor": minimum_minor, "follows": False}
    row = insert(PayoutPlan).values(**firm.values(), currency=currency, **chosen)
    session().execute(
        row.on_conflict_do_update(
            index_elements=["brand_id", "distributor_id", "currency"],
            set_=chosen | {"updated_at": func.now()},
        )
    )


def hold(firm: Firm, currency: str, *, on_hold: bool, review: bool, reason: str) -> None:
    """Stop a firm's payouts or let each wait for a person; needs the platform's scope."""
    chosen = {"on_hold": on_hold, "review": review, "hold_reason": reason}
    row = insert(PayoutPlan).values(**firm.values(), currency=currency, follows=True, **chosen)
    session().execute(
        row.on_conflict_do_update(
            index_elements=["brand_id", "distributor_id", "currency"],
            set_=chosen | {"updated_at": func.now()},
        )
    )


def to_be_checked(limit: int) -> list[int]:
    """Accounts their carrier has not let through yet; for the clock, in the platform's scope."""
    waits = or_(PayoutAccount.method == "stripe", PayoutAccount.method == "sandbox")
    found = select(PayoutAccount.id).where(PayoutAccount.status == "unverified", waits)
    return list(session().execute(found.order_by(PayoutAccount.id).limit(limit)).scalars())
