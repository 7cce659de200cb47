"""Every SELECT of payouts that people browse: a firm its own, the platform all."""

from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, exists, func, or_, select, text

from app.domain.brands.models import Brand
from app.domain.distributors.models import Distributor
from app.domain.ledger.models import LedgerEntry, LedgerTransaction
from app.domain.payouts.accounts import OPEN, Firm
from app.domain.payouts.models import BankBatch, Payout, PayoutAccount, PayoutPlan, PayoutStep
from app.foundation.database import session
from app.foundation.paging import Asked, Page, cut

CONTACT = text("""
    SELECT contact_email FROM brands WHERE id = :brand
    UNION ALL SELECT contact_email FROM distributors WHERE id = :distributor
""")
# What came and went on a firm's available money since the payout before: the sum of it, with what was carried
# over, is what was paid.
MOVEMENTS = text("""
    WITH mine AS (
        SELECT t.id, t.kind, e.amount_minor FROM ledger_entries e JOIN ledger_transactions t ON t.id = e.transaction_id
        WHERE e.account = :account AND e.currency = :currency AND e.transaction_id < :upto
          AND (e.brand_id = :brand OR e.distributor_id = :distributor)
    ), bounds AS (SELECT coalesce(max(id) FILTER (WHERE kind = 'payout_reserved'), 0) AS since FROM mine)
    SELECT CASE WHEN id > since THEN kind ELSE 'carried' END AS kind, count(*) AS count,
        sum(amount_minor) AS amount_minor, array_agg(id) FILTER (WHERE id > since AND kind = 'maturity') AS matured
    FROM mine, bounds GROUP BY 1 ORDER BY 1
""")
EARNED = text("""
    SELECT id, CASE WHEN role = 'seller' THEN order_number ELSE '' END AS order_number, product_name, sku_name,
        earned_at, currency,
        amount_minor - taken_back_minor AS amount_minor
    FROM earnings WHERE matured_by = ANY (:made) AND (brand_id = :brand OR distributor_id = :distributor)
    ORDER BY earned_at, id LIMIT :most
""")
FIRM = case((Payout.brand_id.is_not(None), Brand.name), else_=Distributor.name)


def contact_of(firm: Firm) -> str:
    """Where the firm reads mail."""
    values = {"brand": firm.brand_id, "distributor": firm.distributor_id}
    return str(session().execute(CONTACT, values).scalar() or "")


def payouts_page(asked: Asked, firm: Firm) -> Page[Any]:
    """A firm's payouts, the newest first."""
    found = select(Payout).where(firm.owns(Payout))
    if asked.get("state"):
        found = found.where(Payout.state == asked.get("state"))
    sorts = {"due": Payout.due_at, "amount": Payout.amount_minor}
    return cut(found, asked, sorts=sorts, usual="-due", tie=Payout.id)


def all_payouts_page(asked: Asked) -> Page[Any]:
    """(payout, firm) of everybody, for the platform; `state=review` is what waits for a person."""
    found = (
        select(Payout, FIRM.label("firm"))
        .outerjoin(Brand, Brand.id == Payout.brand_id)
        .outerjoin(Distributor, Distributor.id == Payout.distributor_id)
    )
    state = asked.get("state")
    if state == "review":
        found = found.where(Payout.state == "planned")
    elif state:
        found = found.where(Payout.state == state)
    if asked.get("method"):
        found = found.where(Payout.method == asked.get("method"))
    if asked.words:
        like = f"%{asked.words}%"
        found = found.where(or_(Payout.key.ilike(like), FIRM.ilike(like), Payout.external_id.ilike(like)))
    sorts = {"due": Payout.due_at, "amount": Payout.amount_minor, "firm": FIRM, "state": Payout.state}
    return cut(found, asked, sorts=sorts, usual="-due", tie=Payout.id)


def held() -> ColumnElement[bool]:
    """Whether the payout of an outer SELECT is of a firm on hold."""
    same = or_(
        PayoutPlan.brand_id == Payout.brand_id,
        and_(PayoutPlan.brand_id.is_(None), PayoutPlan.distributor_id == Payout.distributor_id),
    )
    return exists().where(PayoutPlan.on_hold, PayoutPlan.currency == Payout.currency, same)


def payable() -> ColumnElement[bool]:
    """Whether the payout of an outer SELECT goes to an account that may be paid."""
    return exists().where(PayoutAccount.id == Payout.account_id, PayoutAccount.status == "verified")


def waits(firm: Firm, currency: str) -> bool:
    """Whether a payout of the firm has been planned and not decided."""
    found = select(Payout.id).where(firm.owns(Payout), Payout.currency == currency, Payout.state == "planned")
    return session().execute(found.limit(1)).scalar() is not None


def payout(payout_id: int) -> Payout | None:
    """A payout the open scope may see."""
    return session().get(Payout, payout_id)


def steps_of(payout_id: int) -> list[PayoutStep]:
    found = select(PayoutStep).where(PayoutStep.payout_id == payout_id).order_by(PayoutStep.id)
    return list(session().execute(found).scalars())


def entries_of(payout_id: int) -> list[Row[Any]]:
    """(kind, time, account, amount) of a payout's entries that the open scope may see."""
    found = (
        select(
            LedgerTransaction.id, LedgerTransaction.kind, LedgerTransaction.occurred_at, LedgerEntry.account,
            LedgerEntry.amount_minor, LedgerEntry.currency,
        )
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .where(LedgerTransaction.payout_id == payout_id)
        .order_by(LedgerEntry.transaction_id, LedgerEntry.position)
    )  # fmt: skip
    return list(session().execute(found))


def movements_before(payout: Payout) -> list[Row[Any]]:
    """What made up a reserved payout: movements since the one before by kind, and what was carried."""
    reserved = select(LedgerTransaction.id).where(
        LedgerTransaction.payout_id == payout.id, LedgerTransaction.kind == "payout_reserved"
    )
    upto = session().execute(reserved).scalar()
    if upto is None:
        return []
    kind = "brand" if payout.brand_id is not None else "distributor"
    values = {
        "upto": upto, "account": f"{kind}_available", "currency": payout.currency, "brand": payout.brand_id,
        "distributor": payout.distributor_id,
    }  # fmt: skip
    return list(session().execute(MOVEMENTS, values))


def earned_in(firm: Firm, transaction_ids: list[int], most: int) -> list[Row[Any]]:
    """The sales whose maturing is among these transactions."""
    values = {
        "made": transaction_ids,
        "brand": firm.brand_id,
        "distributor": firm.distributor_id,
        "most": most,
    }
    return list(session().execute(EARNED, values))


def account_of(payout: Payout) -> Any:
    """What may be shown of the account a payout goes to."""
    return session().execute(select(*OPEN).where(PayoutAccount.id == payout.account_id)).one_or_none()


def accounts_page(asked: Asked) -> Page[Any]:
    """(account's open columns, firm) for the platform; without a filter those that wait."""
    firm = case((PayoutAccount.brand_id.is_not(None), Brand.name), else_=Distributor.name)
    found = (
        select(*OPEN, firm.label("firm"))
        .outerjoin(Brand, Brand.id == PayoutAccount.brand_id)
        .outerjoin(Distributor, Distributor.id == PayoutAccount.distributor_id)
        .where(PayoutAccount.status == (asked.get("status") or "unverified"))
    )
    sorts = {"created": PayoutAccount.created_at, "firm": firm}
    return cut(found, asked, sorts=sorts, usual="-created", tie=PayoutAccount.id)


def account(account_id: int) -> PayoutAccount | None:
    """An account with its sealed details, for the platform."""
    return session().get(PayoutAccount, account_id)


def accounts_with(external_id: str) -> list[PayoutAccount]:
    """Accounts of a carrier's own name that are in use, for the platform."""
    found = select(PayoutAccount).where(
        PayoutAccount.external_id == external_id, PayoutAccount.status != "replaced"
    )
    return list(session().execute(found).scalars())


def firms_page(asked: Asked) -> Page[Any]:
    """(plan, firm) for the platform: who is paid how, and who is held."""
    firm = case((PayoutPlan.brand_id.is_not(None), Brand.name), else_=Distributor.name)
    found = (
        select(PayoutPlan, firm.label("firm"))
        .outerjoin(Brand, Brand.id == PayoutPlan.brand_id)
        .outerjoin(Distributor, Distributor.id == PayoutPlan.distributor_id)
    )
    if asked.words:
        found = found.where(firm.ilike(f"%{asked.words}%"))
    if asked.get("held") == "held":
        found = found.where(or_(PayoutPlan.on_hold, PayoutPlan.review))
    sorts = {"firm": firm, "next": PayoutPlan.next_at}
    return cut(found, asked, sorts=sorts, usual="firm", tie=PayoutPlan.id)


def plan(plan_id: int) -> PayoutPlan | None:
    return session().get(PayoutPlan, plan_id)


def batches_page(asked: Asked) -> Page[Any]:
    """(batch, how many of its payouts have no answer) of the platform."""
    open_ones = (
        select(func.count()).where(Payout.batch_id == BankBatch.id, Payout.state == "sent").scalar_subquery()
    )
    sorts = {"created": BankBatch.created_at, "total": BankBatch.total_minor}
    return cut(
        select(BankBatch, open_ones.label("open")), asked, sorts=sorts, usual="-created", tie=BankBatch.id
    )


def batch(batch_id: int) -> BankBatch | None:
    return session().get(BankBatch, batch_id)


def payouts_of_batch(batch_id: int) -> list[Payout]:
    return list(
        session().execute(select(Payout).where(Payout.batch_id == batch_id).order_by(Payout.id)).scalars()
    )


def waiting_for_bank() -> list[Row[Any]]:
    """(currency, count, sum of nets) of what the next batch of each currency would hold."""
    found = (
        select(Payout.currency, func.count().label("count"), func.sum(Payout.net_minor).label("total_minor"))
        .where(Payout.state == "reserved", Payout.method == "bank", ~held())
        .group_by(Payout.currency)
        .order_by(Payout.currency)
    )
    return list(session().execute(found))


def figures() -> Any:
    """What stands above the platform's list: waiting for a person, with carriers, failed lately."""
    lately = text("now() - interval '30 days'")
    counted = select(
        func.count().filter(Payout.state == "planned").label("review"),
        func.count().filter(Payout.state.in_(("reserved", "sent"))).label("open"),
        func.count()
        .filter(Payout.state.in_(("failed", "returned")), Payout.ended_at > lately)
        .label("failed"),
        func.count().filter(Payout.state == "paid", Payout.ended_at > lately).label("paid"),
    )
    return session().execute(counted).one()
