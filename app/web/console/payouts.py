"""What a firm is paid, when, and where to: each firm's console hangs these pages under its own door."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from flask import Blueprint, flash, g, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from app.domain.commissions import fees
from app.domain.ledger.queries import Balances, balances_of
from app.domain.payouts import accounts, carriers, queries
from app.domain.payouts.accounts import Firm
from app.domain.payouts.rules import EVERY, Schedule
from app.flows import payout_accounts
from app.flows.pay_out import default_schedule, fee_for, schedule_of
from app.flows.payout_accounts import NewAccount
from app.flows.prove_again import prove_again
from app.foundation import clock
from app.foundation.errors import NotFound, ProductError
from app.web.console import names
from app.web.console.columns import Col
from app.web.console.desk import back
from app.web.console.listing import Listing, answer
from app.web.console.names import PAYOUT_STATES, options
from app.web.console.persons import actor, needs, the_person
from app.web.console.typed import Typed
from tenants import context
from tenants.context import platform_scope

MOST_SALES = 500
METHOD_HINTS = {
    "bank": lazy_gettext("IBAN or account number, checked by a person"),
    "stripe": lazy_gettext("Your connected account, checked at Stripe"),
    "sandbox": lazy_gettext("4 to 40 letters and digits; no money moves"),
}
COMING = 3


def hang_under(blueprint: Blueprint) -> None:
    """Add the payout pages to a console."""
    for rule, name, view, methods in (
        ("/payouts", "payouts", payouts, ["GET"]),
        ("/payouts/<int:payout_id>", "payout", payout, ["GET"]),
        ("/payouts/account", "payout_account", needs("money")(payout_account), ["GET", "POST"]),
        ("/payouts/plan", "payout_plan", needs("money")(payout_plan), ["GET", "POST"]),
    ):
        blueprint.add_url_rule(rule, name, in_own_scope(view), methods=methods)


def firm_here() -> Firm:
    return Firm(g.seat.brand_id, g.seat.distributor_id)


def in_own_scope(view: Callable[..., Any]) -> Callable[..., Any]:
    """Money is seen in the scope of the firm it belongs to, whichever shop was open before."""

    @wraps(view)
    def scoped(**values: Any) -> Any:
        firm = firm_here()
        own = context.brand_scope(firm.id) if firm.kind == "brand" else context.distributor_scope(firm.id)
        with own:
            return view(**values)

    return scoped


def payouts() -> Any:
    """Balances, when the next payout comes, and every payout so far."""
    listing = Listing(
        name="payouts",
        usual="-due",
        columns=(
            Col("due", _("Day"), sort=True),
            Col("amount", _("Amount"), sort=True, money=True),
            Col("fee", _("Fee"), money=True),
            Col("net", _("Arrives"), money=True),
            Col("state", _("State")),
            Col("method", _("By")),
            Col("reason", _("Reason"), shown=False),
            Col("key", _("Payout reference"), shown=False),
        ),
        filters=(("state", _("State"), options(PAYOUT_STATES)),),
        empty=_("No payout yet. It comes by itself when the day and the amount are reached."),
    )
    firm = firm_here()
    return answer(
        listing, lambda asked: queries.payouts_page(asked, firm), row_of, "console/payouts.html", purses=_purses(firm),
        words=names,
    )  # fmt: skip


def row_of(payout: Any) -> dict[str, Any]:
    """A payout as lists show it."""
    state, tone = PAYOUT_STATES[payout.state]
    return {
        "id": payout.id, "due": payout.due_at, "amount": payout.amount_minor, "fee": payout.fee_minor,
        "net": payout.net_minor, "currency": payout.currency, "state": str(state), "tone": tone,
        "method": str(names.METHODS[payout.method]), "reason": names.reason_words(payout.reason), "key": payout.key,
    }  # fmt: skip


def _purses(firm: Firm) -> list[dict[str, Any]]:
    """Each currency of the firm: what there is, where it goes, and when the next part of it is paid."""
    balances = {row.currency: row for row in balances_of(**firm.values())}
    kept = {row.currency: row for row in accounts.current_accounts(firm)}
    plans = {row.currency: row for row in accounts.plans_of(firm)}
    found = []
    for currency in dict.fromkeys([*accounts.currencies_of(firm), *kept]):
        plan = plans.get(currency)
        schedule = schedule_of(plan) if plan else default_schedule(currency)
        balance, account = balances.get(currency, Balances(currency)), kept.get(currency)
        found.append(
            {
                "currency": currency, "balance": balance, "account": account, "schedule": schedule, "plan": plan,
                "next": (plan.next_at if plan else None) or schedule.next_after(clock.now()),
                "why_not": _why_not(balance, account, plan, schedule)
                or (_("A payout waits for the platform's approval.") if queries.waits(firm, currency) else ""),
            }
        )  # fmt: skip
    return found


def _why_not(balance: Balances, account: Any, plan: Any, schedule: Schedule) -> str:
    """What stands in the way of the next payout, in the order in which a person would put it right."""
    if plan is not None and plan.on_hold:
        return _("The platform has put payouts on hold: %(why)s", why=plan.hold_reason)
    if account is None:
        return _("Give an account first.")
    if account.status != "verified":
        return str(names.ACCOUNT_STATES[account.status][0])
    if account.cooling_until is not None and account.cooling_until > clock.now():
        return _("The account was changed and is cooling down.")
    if balance.available_minor < schedule.minimum_minor:
        return _("Less than the minimum is available.")
    return ""


def payout(payout_id: int) -> Any:
    """One payout: its steps, its entries, and what it paid."""
    found = queries.payout(payout_id)
    if found is None:
        raise NotFound(what="payout")
    return render_template("console/payout.html", **about(found))


def about(found: Any) -> dict[str, Any]:
    """Everything a page shows of one payout."""
    firm = Firm(found.brand_id, found.distributor_id)
    movements = queries.movements_before(found)
    matured = [one for row in movements for one in row.matured or []]
    return {
        "payout": found, "row": row_of(found), "steps": queries.steps_of(found.id),
        "entries": queries.entries_of(found.id),
        "account": queries.account_of(found), "movements": movements, "words": names,
        "sales": queries.earned_in(firm, matured, MOST_SALES), "most_sales": MOST_SALES,
    }  # fmt: skip


def payout_account() -> Any:
    """Where the firm is paid: typed, looked at, then confirmed with the password."""
    firm = firm_here()
    currencies = accounts.currencies_of(firm)
    form = Typed({"currency": request.args.get("currency", ""), "method": carriers.methods()[0]})
    look: dict[str, Any] | None = None
    if request.method == "POST":
        wanted = NewAccount(
            method=form.choice("method", carriers.methods()), currency=form.choice("currency", currencies),
            holder=form.text("holder", most=80), number=form.text("number", most=50),
            bank=form.text("bank", most=80, required=request.form.get("method") == "bank"),
        )  # fmt: skip
        if form.ok:
            look = _look_over(wanted, firm, form)
        if look is not None and request.form.get("do") == "confirm" and _keep_account(wanted, firm, form):
            flash(_("The account is kept. It is checked before anything is paid there."), "success")
            return back(f"{g.seat.kind}.payouts")
    page = render_template(
        "console/payout_account.html", form=form, look=look, person=the_person(), words=names,
        currencies=[(each, each) for each in currencies],
        methods=[(method, str(names.METHODS[method]), str(METHOD_HINTS[method])) for method in carriers.methods()],
        now_at={row.currency: row for row in accounts.current_accounts(firm)},
    )  # fmt: skip
    return page, 422 if form.errors else 200


def _look_over(wanted: NewAccount, firm: Firm, form: Typed) -> dict[str, Any] | None:
    try:
        shown, cooling_until = payout_accounts.look_over(wanted, firm=firm)
    except ProductError as error:
        form.blame(error, otherwise="number")
        return None
    return {"shown": shown, "cooling_until": cooling_until, "wanted": wanted}


def _keep_account(wanted: NewAccount, firm: Firm, form: Typed) -> bool:
    person = the_person()
    try:
        prove_again(person.id, request.form.get("password", ""), request.form.get("code", ""), actor=actor())
        payout_accounts.change_account(wanted, firm=firm, user_id=person.id, actor=actor())
    except ProductError as error:
        form.blame(error, otherwise="password")
        return False
    return True


def payout_plan() -> Any:
    """How often and from which amount: typed, looked at, then kept."""
    firm = firm_here()
    currency = request.args.get("currency", "")
    if currency not in accounts.currencies_of(firm):
        raise NotFound(what="currency")
    plan = next((row for row in accounts.plans_of(firm) if row.currency == currency), None)
    now = schedule_of(plan) if plan else default_schedule(currency)
    start = {
        "every": now.every,
        "weekday": (now.day - 1) % 7 + 1,
        "day": now.day,
        "minimum_minor": now.minimum_minor,
    }
    form = Typed(start)
    look: dict[str, Any] | None = None
    if request.method == "POST":
        every = form.choice("every", EVERY)
        day = {"weekly": "weekday", "monthly": "day"}.get(every)
        at = form.whole(day, least=1, most=7 if every == "weekly" else 28) if day else 1
        least = form.money("minimum", currency)
        if form.ok:
            look = _coming(firm, currency, Schedule(every, at or 1, least or 0))
        if look is not None and request.form.get("do") == "confirm":
            payout_accounts.choose_plan(
                firm, currency, every=every, day=at or 1, minimum_minor=least or 0, actor=actor()
            )
            flash(_("Saved."), "success")
            return back(f"{g.seat.kind}.payouts")
    page = render_template(
        "console/payout_plan.html",
        form=form,
        look=look,
        currency=currency,
        start=start,
        words=names,
        now=now,
        every_options=[(every, str(words), "") for every, words in names.EVERY.items()],
    )
    return page, 422 if form.errors else 200


def _coming(firm: Firm, currency: str, schedule: Schedule) -> dict[str, Any]:
    """What a plan would do: its next days, and what would be paid if the first were today."""
    days: list[datetime] = []
    at = clock.now()
    for _time in range(COMING):
        at = schedule.next_after(at)
        days.append(at)
        at += timedelta(seconds=1)
    balance = {row.currency: row for row in balances_of(**firm.values())}.get(currency, Balances(currency))
    with platform_scope():
        fee = fee_for(
            fees.all_rules(), currency, balance.available_minor, clock.now(), brand_id=firm.brand_id
        )
    paid = balance.available_minor >= max(schedule.minimum_minor, 1) and balance.available_minor > fee
    return {"days": days, "balance": balance, "fee": fee, "paid": paid, "schedule": schedule}
