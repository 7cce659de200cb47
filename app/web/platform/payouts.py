"""Payouts of everybody: what waits for a person, what failed, who is held, and which accounts may be paid."""

from typing import Any

from flask import flash, render_template, request
from flask_babel import gettext as _

from app.domain.ledger.queries import Balances, balances_of
from app.domain.payouts import queries
from app.flows import payout_accounts, review_payouts
from app.flows.pay_out import schedule_of
from app.foundation import clock
from app.foundation.errors import NotFound, ProductError
from app.web.console import names
from app.web.console.columns import Col
from app.web.console.desk import back
from app.web.console.listing import Listing, answer
from app.web.console.names import ACCOUNT_STATES, METHODS, PAYOUT_STATES, options, reason_words
from app.web.console.payouts import about, row_of
from app.web.console.persons import actor, needs, the_person
from app.web.console.refusal import tell
from app.web.console.typed import ids
from app.web.platform import platform
from app.web.platform.payout_tabs import tabs


@platform.get("/payouts")
def payouts() -> Any:
    listing = Listing(
        name="payouts",
        usual="-due",
        searches=_("Firm or reference"),
        columns=(
            Col("due", _("Day"), sort=True),
            Col("firm", _("Firm"), sort=True),
            Col("amount", _("Amount"), sort=True, money=True),
            Col("fee", _("Fee"), money=True, shown=False),
            Col("net", _("Arrives"), money=True, shown=False),
            Col("state", _("State"), sort=True),
            Col("method", _("By")),
            Col("reason", _("Reason")),
            Col("key", _("Payout reference"), shown=False),
        ),
        filters=(("state", _("State"), options(PAYOUT_STATES)), ("method", _("By"), options(METHODS))),
        empty=_("No payout yet. They are planned by the clock."),
    )

    def row(found: Any) -> dict[str, Any]:
        payout, firm = found
        tries = (
            _("%(num)d tries", num=payout.attempts) if payout.state == "sent" and payout.attempts > 1 else ""
        )
        return row_of(payout) | {
            "firm": firm, "second": payout.needs_second, "approved": payout.approved_by is not None,
            "reason": reason_words(payout.reason) or tries,
        }  # fmt: skip

    return answer(
        listing,
        queries.all_payouts_page,
        row,
        "platform/payouts.html",
        figures=queries.figures(),
        tabs=tabs("payouts"),
    )


@platform.get("/payouts/<int:payout_id>")
def payout(payout_id: int) -> Any:
    """One payout: who has it, what it is made of, and what may be done with it now."""
    found = queries.payout(payout_id)
    if found is None:
        raise NotFound(what="payout")
    owner = {"brand_id": found.brand_id, "distributor_id": found.distributor_id}
    balances = {row.currency: row for row in balances_of(**owner)}
    return render_template(
        "platform/payout.html", **about(found), me=the_person().id,
        balance=balances.get(found.currency, Balances(found.currency)), now=clock.now(),
    )  # fmt: skip


@platform.post("/payouts/<int:payout_id>")
@needs("manage")
def decide_payout(payout_id: int) -> Any:
    """Approve, or cancel with a reason."""
    try:
        if request.form.get("do") == "approve":
            _told(review_payouts.approve(payout_id, by=the_person().id, actor=actor()))
        elif request.form.get("do") == "decline":
            review_payouts.decline(payout_id, reason=request.form.get("reason", "")[:200], actor=actor())
            flash(_("Cancelled. Nothing was paid."), "warning")
    except ProductError as error:
        tell(error)
    return back("platform.payout", payout_id=payout_id)


def _told(outcome: str) -> None:
    if outcome == "reserved":
        flash(_("Approved. The money is reserved and goes out."), "success")
    elif outcome == "second":
        flash(_("Approved. It is above the limit: another person must agree too."), "info")
    else:
        flash(_("Not paid, but cancelled: %(why)s", why=reason_words(outcome)), "error")


@platform.get("/payout-accounts")
def payout_accounts_page() -> Any:
    """Accounts by what is known of them; at first those that wait."""
    listing = Listing(
        name="payout-accounts",
        usual="-created",
        columns=(
            Col("firm", _("Firm"), sort=True),
            Col("currency", _("Currency"), shown=False),
            Col("holder", _("Account holder"), shown=False),
            Col("shown", _("Account")),
            Col("state", _("State")),
            Col("created", _("Since"), sort=True),
            Col("do", "", filed=False),
        ),
        filters=(("status", _("State"), options(ACCOUNT_STATES)),),
        empty=_("No account waits to be checked."),
    )

    def row(found: Any) -> dict[str, Any]:
        state, tone = ACCOUNT_STATES[found.status]
        return {
            "id": found.id, "firm": found.firm, "currency": found.currency, "holder": found.holder,
            "shown": f"{METHODS[found.method]} {found.shown}", "state": str(state), "tone": tone,
            "created": found.created_at, "status": found.status, "refusal": reason_words(found.refusal),
            "cooling": found.cooling_until if found.cooling_until and found.cooling_until > clock.now() else None,
        }  # fmt: skip

    return answer(
        listing,
        queries.accounts_page,
        row,
        "platform/payout_accounts.html",
        tabs=tabs("payout_accounts_page"),
    )


@platform.post("/payout-accounts")
@needs("manage")
def decide_accounts() -> Any:
    """Somebody has checked an account, or refuses it with a reason."""
    for account_id in ids("account"):
        try:
            payout_accounts.confirm_account(
                account_id,
                verified=request.form.get("do") == "verify",
                reason=request.form.get("reason", "").strip()[:200],
                by=the_person().id,
                actor=actor(),
            )
            flash(_("Saved. The firm is told by mail."), "success")
        except ProductError as error:
            tell(error)
    return back("platform.payout_accounts_page")


@platform.get("/payout-firms")
def payout_firms() -> Any:
    """Who is paid how often, and whose payouts are held or looked at."""
    listing = Listing(
        name="payout-firms",
        usual="firm",
        searches=_("Firm"),
        columns=(
            Col("firm", _("Firm"), sort=True),
            Col("currency", _("Currency")),
            Col("every", _("How often")),
            Col("next", _("Next payout"), sort=True),
            Col("held", _("State")),
            Col("do", "", filed=False),
        ),
        filters=(("held", _("State"), (("held", _("On hold or looked at")),)),),
        empty=_("No firm has given an account yet."),
    )

    def row(found: Any) -> dict[str, Any]:
        plan, firm = found
        schedule = schedule_of(plan)
        held = (
            _("On hold") if plan.on_hold else _("Each is looked at") if plan.review else _("Paid by itself")
        )
        tone = "error" if plan.on_hold else "warning" if plan.review else "success"
        return {
            "id": plan.id, "firm": firm, "currency": plan.currency, "every": str(names.EVERY[schedule.every]),
            "next": plan.next_at, "held": held, "tone": tone,
            "on_hold": plan.on_hold, "review": plan.review, "reason": plan.hold_reason, "follows": plan.follows,
        }  # fmt: skip

    return answer(listing, queries.firms_page, row, "platform/payout_firms.html", tabs=tabs("payout_firms"))


@platform.post("/payout-firms")
@needs("manage")
def hold_firms() -> Any:
    """Hold a firm's payouts, look at each, or neither."""
    do = request.form.get("do")
    for plan_id in ids("plan"):
        try:
            review_payouts.hold(
                plan_id, on_hold=do == "hold", review=do == "review", reason=request.form.get("reason", "")[:200],
                actor=actor(),
            )  # fmt: skip
            flash(_("Saved."), "success")
        except ProductError as error:
            flash(_("A hold needs a reason."), "error") if error.param == "reason" else tell(error)
    return back("platform.payout_firms")
