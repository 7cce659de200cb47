"""Firms with money that is available, and accounts it may go to."""

import itertools
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, text, update

from app.domain.brands.models import Brand
from app.domain.distributors.models import Distributor
from app.domain.ledger.posting import Posting, Side, post_all
from app.domain.payouts.accounts import Firm
from app.domain.payouts.models import Payout, PayoutAccount, PayoutPlan
from app.domain.payouts.rules import last_signs
from app.domain.payouts.sealing import Details, place_of, seal
from app.flows.payout_accounts import mark_of
from app.foundation import clock
from app.foundation.runtime import runtime
from app.foundation.unit_of_work import unit_of_work
from tenants.context import platform_scope

count = itertools.count(1)


@dataclass(frozen=True)
class Payee:
    """A firm and its account in one currency."""

    firm: Firm
    account_id: int
    currency: str


def make_payee(
    available: int = 100_000, *, kind: str = "distributor", method: str = "sandbox", number: str = "", currency: str = "CNY",
    status: str = "verified", paid_before: bool = True, firm: Firm | None = None, due: bool = True,
) -> Payee:  # fmt: skip
    """A firm with so much available (minor units) and a verified account whose day of paying has come."""
    [payee] = make_payees(
        1,
        available,
        kind=kind,
        method=method,
        number=number,
        currency=currency,
        status=status,
        firm=firm,
        due=due,
    )
    if not paid_before:
        with platform_scope(), unit_of_work() as work:
            work.session.execute(update(PayoutPlan).where(payee.firm.owns(PayoutPlan)).values(review=True))
    return payee


def make_payees(
    number_of: int, available: int = 100_000, *, kind: str = "distributor", method: str = "sandbox", number: str = "",
    currency: str = "CNY", status: str = "verified", firm: Firm | None = None, due: bool = True,
) -> list[Payee]:  # fmt: skip
    """Many of them in one transaction."""
    made = []
    with platform_scope(), unit_of_work() as work:
        for _ in range(number_of):
            who = firm or _firm(work.session, kind)
            account = number or f"acct_demo_{next(count):06d}"
            place = place_of(**who.values(), currency=currency, method=method)
            masters = runtime().vault.masters
            row = PayoutAccount(
                **who.values(), method=method, currency=currency, holder="测试公司", shown=last_signs(account),
                details=seal(masters, Details(account, "银行"), place), master_key_id=masters.current_id,
                external_id=mark_of(account), contact_email="firm@example.com", status=status, verified_at=clock.now(),
            )  # fmt: skip
            plan = PayoutPlan(
                **who.values(), currency=currency, every="daily", day=1, minimum_minor=100,
                next_at=clock.now() - timedelta(minutes=1) if due else None,
            )  # fmt: skip
            work.session.add_all([row, plan])
            work.session.flush()
            made.append(Payee(who, row.id, currency))
        post_all(_earned(payee, available) for payee in made if available)
    return made


def _firm(session, kind: str) -> Firm:
    number = next(count)
    if kind == "brand":
        brand = Brand(
            slug=f"paid-{number}", name=f"品牌 {number}", status="approved", contact_email="firm@example.com"
        )
        session.add(brand)
        session.flush()
        return Firm(brand_id=brand.id)
    distributor = Distributor(name=f"分销 {number}", status="approved", contact_email="firm@example.com")
    session.add(distributor)
    session.flush()
    return Firm(distributor_id=distributor.id)


def _earned(payee: Payee, minor: int) -> Posting:
    sides = [
        Side("buyer_liability", -minor),
        Side(f"{payee.firm.kind}_available", minor, **payee.firm.values()),
    ]
    return Posting(f"test:{next(count)}:{payee.account_id}", "maturity", payee.currency, clock.now(), sides)


def give(payee: Payee, minor: int) -> None:
    """More (or, negative, less) available money."""
    with platform_scope(), unit_of_work():
        post_all([_earned(payee, minor)])


def planned(payee: Payee, amount: int, key: str, **more: object) -> int:
    """A payout that is planned and not yet reserved."""
    with platform_scope(), unit_of_work() as work:
        account = work.session.get_one(PayoutAccount, payee.account_id)
        values = {
            "key": key, "account_id": account.id, "method": account.method, "currency": payee.currency,
            "amount_minor": amount, "fee_minor": 0, "net_minor": amount, "due_at": clock.now(),
        } | more  # fmt: skip
        row = Payout(**payee.firm.values(), **values)
        work.session.add(row)
        work.session.flush()
        return int(row.id)


def payouts(**where: object) -> list[Payout]:
    """Every payout, in order."""
    with platform_scope(), unit_of_work() as work:
        return list(work.session.execute(select(Payout).filter_by(**where).order_by(Payout.id)).scalars())


def no_reviews(owner) -> None:
    """As if every firm had been paid before: nothing waits for a first look."""
    with owner.connect() as connection:
        connection.execute(text("UPDATE payout_plans SET review = false"))
