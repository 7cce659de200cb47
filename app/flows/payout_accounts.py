"""A firm says where and how often it is paid; whoever carries the money, or the platform, says whether that may be."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.domain.commissions.calendar import ZONE
from app.domain.payouts import accounts, carriers, queries, telling
from app.domain.payouts.accounts import Firm
from app.domain.payouts.errors import PayoutAccountCurrency
from app.domain.payouts.gateway import Checked
from app.domain.payouts.models import PayoutAccount
from app.domain.payouts.rules import EVERY, clean_number, last_signs
from app.domain.payouts.sealing import Details, open_details, place_of, seal
from app.foundation import clock, ids
from app.foundation.actor import Actor
from app.foundation.errors import InvalidInput, NotFound, StaleState
from app.foundation.runtime import runtime, settings
from app.foundation.unit_of_work import Work, unit_of_work
from tenants.context import current_scope, platform_scope

CHECKED_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What a firm typed of the account it wants to be paid on."""

    method: str
    currency: str
    holder: str
    number: str = field(repr=False)
    bank: str = field(default="", repr=False)


def look_over(wanted: NewAccount, *, firm: Firm) -> tuple[str, datetime | None]:
    """Check an account and change nothing: (what will be shown of it, until when nothing would be paid).

    Raises InvalidInput or PayoutAccountCurrency.
    """
    if wanted.method not in carriers.methods():
        raise InvalidInput(param="method", reason="unknown")
    if wanted.currency not in accounts.currencies_of(firm):
        raise PayoutAccountCurrency(
            param="currency", currency=wanted.currency, account_currency=wanted.currency
        )
    number = clean_number(wanted.number, method=wanted.method, currency=wanted.currency)
    cools = timedelta(hours=settings().payout_cooling_hours)
    return last_signs(number), clock.now() + cools if accounts.has_had_account(
        firm, wanted.currency
    ) else None


def change_account(wanted: NewAccount, *, firm: Firm, user_id: int | None, actor: Actor) -> int:
    """Make this the account of its currency, in the firm's own scope; the contact of the one before is told.

    It is verified before anything is paid, and a change cools down first.
    """
    with platform_scope():
        contact = queries.contact_of(firm)
    with unit_of_work(actor) as work:
        shown, cooling_until = look_over(wanted, firm=firm)
        before = accounts.current_account(firm, wanted.currency)
        number = clean_number(wanted.number, method=wanted.method, currency=wanted.currency)
        masters = runtime().vault.masters
        place = place_of(**firm.values(), currency=wanted.currency, method=wanted.method)
        account_id = accounts.replace_account(
            firm, wanted.currency, method=wanted.method, holder=wanted.holder, shown=shown,
            details=seal(masters, Details(number, wanted.bank), place), master_key_id=masters.current_id,
            external_id=mark_of(number), contact_email=contact, cooling_until=cooling_until, created_by=user_id,
        )  # fmt: skip
        work.record(
            "payout_account.changed", firm.subject, account=account_id, method=wanted.method, currency=wanted.currency,
            before=before.id if before else None,
        )  # fmt: skip
        for recipient in dict.fromkeys([before.contact_email, contact] if before else [contact]):
            telling.tell_account(
                work, "changed", account_id=account_id, recipient=recipient, shown=shown, currency=wanted.currency,
                holder=wanted.holder, before=before.shown if before else "",
                until=f"{cooling_until.astimezone(ZONE):%Y-%m-%d %H:%M}" if cooling_until else "",
            )  # fmt: skip
        if wanted.method != "bank":
            work.enqueue("verify_account", key=f"account:{account_id}", account_id=account_id)
        return account_id


def mark_of(number: str) -> str:
    """By which a carrier's message about an account finds ours, without keeping its number."""
    return ids.keyed(settings().key_for("payout-account"), number)


def choose_plan(firm: Firm, currency: str, *, every: str, day: int, minimum_minor: int, actor: Actor) -> None:
    """How often and from which amount the firm is paid in a currency, in its own scope."""
    if every not in EVERY:
        raise InvalidInput(param="every", reason="unknown")
    if not 1 <= day <= (7 if every == "weekly" else 28):
        raise InvalidInput(param="day", reason="out_of_range", least=1, most=7 if every == "weekly" else 28)
    if minimum_minor < 0:
        raise InvalidInput(param="minimum", reason="not_an_amount")
    with unit_of_work(actor) as work:
        if currency not in accounts.currencies_of(firm):
            raise PayoutAccountCurrency(param="currency", currency=currency, account_currency=currency)
        accounts.choose_plan(firm, currency, every=every, day=day, minimum_minor=minimum_minor)
        work.record(
            "payout_plan.chosen",
            firm.subject,
            currency=currency,
            every=every,
            day=day,
            minimum_minor=minimum_minor,
        )


def verify_account(account_id: int) -> None:
    """Ask whoever carries the money whether an account may be paid; a bank account waits for the platform."""
    scope = current_scope()
    with platform_scope():
        with unit_of_work():
            account = _account(account_id)
            if (scope.brand_id or scope.distributor_id) and (account.brand_id, account.distributor_id) != (
                scope.brand_id,
                scope.distributor_id,
            ):
                raise NotFound(what="payout_account")
            if account.method == "bank" or account.status not in {"unverified", "verified"}:
                return
            method, currency, number = account.method, account.currency, details_of(account).number
        checked = carriers.carrier(method).check(number, currency=currency)
        with unit_of_work() as work:
            decide(work, account_id, checked, by=None)


def confirm_account(account_id: int, *, verified: bool, reason: str, by: int | None, actor: Actor) -> None:
    """Somebody at the platform has checked an account, or refuses it with a reason."""
    if not verified and not reason:
        raise InvalidInput(param="reason", reason="empty")
    with platform_scope(), unit_of_work(actor) as work:
        _account(account_id)
        if not decide(work, account_id, Checked("verified" if verified else "refused", reason), by=by):
            raise StaleState(what="payout_account", wanted="verified")


def decide(work: Work, account_id: int, checked: Checked, *, by: int | None) -> bool:
    """Write whether an account may be paid and tell its firm; False where it was so already, or replaced."""
    at = clock.now() if checked.status == "verified" else None
    reason = "" if checked.status == "verified" else checked.reason
    if not accounts.decide(account_id, status=checked.status, refusal=reason, at=at, by=by):
        return False
    account = _account(account_id)
    firm = Firm(account.brand_id, account.distributor_id)
    work.record(f"payout_account.{checked.status}", firm.subject, account=account_id, reason=reason)
    if checked.status != "unverified":
        telling.tell_account(
            work, checked.status, account_id=account_id, recipient=account.contact_email, shown=account.shown,
            currency=account.currency, reason=reason,
        )  # fmt: skip
    return True


def ask_about_accounts() -> int:
    """The clock's tick: accounts whose owner has not finished are asked about again; how many."""
    with platform_scope(), unit_of_work() as work:
        waiting = accounts.to_be_checked(CHECKED_AT_ONCE)
        for account_id in waiting:
            work.enqueue("verify_account", key=f"account:{account_id}", account_id=account_id)
    return len(waiting)


def details_of(account: PayoutAccount) -> Details:
    """What it takes to pay an account; only for handing it over."""
    place = place_of(
        brand_id=account.brand_id, distributor_id=account.distributor_id, currency=account.currency,
        method=account.method,
    )  # fmt: skip
    return open_details(
        runtime().vault.masters, account.master_key_id or "", bytes(account.details or b""), place
    )


def _account(account_id: int) -> PayoutAccount:
    account = queries.account(account_id)
    if account is None:
        raise NotFound(what="payout_account")
    return account
