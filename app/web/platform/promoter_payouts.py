"""Promoters' cash: what was asked for, the file for the bank, and what the bank did with it."""

from typing import Any

from flask import Response, flash, request
from flask_babel import gettext as _

from app.domain.referrals import lists
from app.flows import promoter_pay
from app.foundation.errors import ProductError
from app.web.console.columns import Col
from app.web.console.desk import back
from app.web.console.listing import Listing, answer
from app.web.console.names import options
from app.web.console.persons import actor, needs
from app.web.console.referral_words import PROMOTER_METHODS, PROMOTER_PAYOUT_STATES
from app.web.console.refusal import tell
from app.web.console.typed import ids
from app.web.platform import platform
from app.web.platform.payout_tabs import tabs


@platform.get("/promoter-payouts")
def promoter_payouts() -> Any:
    listing = Listing(
        name="promoter-payouts", usual="-made", searches=_("Promoter's e-mail"), selects="payout",
        columns=(
            Col("made", _("Asked for"), sort=True), Col("reference", _("Reference")), Col("email", _("Promoter")),
            Col("amount", _("Amount"), sort=True, money=True), Col("account", _("Account")), Col("state", _("State")),
            Col("currency", _("Currency"), shown=False), Col("reason", _("Reason"), shown=False),
        ),
        filters=(("state", _("State"), options(PROMOTER_PAYOUT_STATES)),),
        empty=_("No promoter has asked for a payout yet."),
    )  # fmt: skip
    return answer(
        listing, lists.payouts_page, _row, "platform/promoter_payouts.html", tabs=tabs("promoter_payouts"),
        currencies=("CNY", "USD"),
    )  # fmt: skip


@platform.post("/promoter-payouts/file")
@needs("manage")
def promoter_payouts_file() -> Any:
    """The file for the bank: it names accounts, so who takes it is recorded."""
    currency = request.form.get("currency", "")[:3]
    content = promoter_pay.export(currency, actor=actor())
    if content is None:
        flash(_("Nothing waits for the bank in this currency."), "info")
        return back("platform.promoter_payouts")
    headers = {
        "Content-Disposition": f'attachment; filename="perkline-promoters-{currency}.csv"',
        "Cache-Control": "no-store",
    }
    return Response(content, content_type="text/csv; charset=utf-8", headers=headers)


@platform.post("/promoter-payouts/end")
@needs("manage")
def end_promoter_payouts() -> Any:
    """What the bank did with the chosen ones."""
    chosen = ids("payout")
    try:
        if request.form.get("do") == "failed":
            for payout_id in chosen:
                promoter_pay.mark_failed(payout_id, request.form.get("reason", "").strip(), actor=actor())
        else:
            promoter_pay.mark_paid(chosen, actor=actor())
        flash(_("Done."), "success")
    except ProductError as error:
        tell(error)
    return back("platform.promoter_payouts")


def _row(row: Any) -> dict[str, Any]:
    payout, email = row
    state, tone = PROMOTER_PAYOUT_STATES[payout.state]
    return {
        "id": payout.id, "made": payout.created_at, "reference": promoter_pay.reference_of(payout.id), "email": email,
        "amount": payout.amount_minor, "currency": payout.currency, "holder": payout.holder,
        "account": f"{PROMOTER_METHODS[payout.method]} {payout.shown}", "state": str(state), "tone": tone,
        "reason": payout.reason,
    }  # fmt: skip
