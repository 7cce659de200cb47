"""The platform's console: who may work, what is stuck, what the machines say."""

from typing import Any

from flask import Blueprint, g, url_for
from flask_babel import lazy_gettext as _

from app.web.console import desk, people, stopping
from app.web.console.menus import Place, here, menu
from app.web.look.frames import Frame
from tenants import context

platform = Blueprint("platform", __name__, url_prefix="/platform", template_folder="templates")
desk.put_around(platform, "platform")
people.hang_under(platform)
stopping.hang_under(platform)


@platform.before_request
def open_platform_scope() -> None:
    """Cross-shop work, said aloud; doors.close_door leaves the scope when the request ends."""
    g.scope_token = context.enter(context.PLATFORM)


@platform.context_processor
def around() -> dict[str, Any]:
    if "seat" not in g:  # nobody has come in: an error is being shown
        return {}
    return {"frame": frame(), "may": g.seat.may}


FIRMS = (
    Place("distributors", _("Distributors"), "users", ("distributor",)),
    Place("brands", _("Brands"), "brand"),
    Place("shops", _("Shops"), "shop"),
)
ORDERS = (
    Place("stuck", _("Stuck orders"), "alert", ("order", "give_back")),
    Place("events", _("Payment events"), "card"),
)
PAYOUT_PAGES = (
    "payout", "decide_payout", "payout_accounts_page", "payout_firms", "bank_batches", "bank_batch", "bank_result",
    "promoter_payouts",
)  # fmt: skip
MONEY = (
    Place("payouts", _("Payouts"), "arrow-right", PAYOUT_PAGES),
    Place("fees", _("Fees"), "tag", ("new_fee",)),
    Place("ledger_accounts", _("Accounts"), "coins"),
    Place("ledger_transactions", _("Ledger"), "receipt", ("ledger_transaction",)),
    Place("reconciliation", _("Reconciliation"), "check", ("reconciled_day",)),
    Place("proofs", _("Proofs"), "lock", ("proof",)),
)
SELLING = (Place("promotions", _("Promotions"), "megaphone", stopping.PAGES),)
MACHINES = (
    Place("jobs", _("Jobs"), "refresh", ("retry_job",)),
    Place("health", _("Health"), "chart"),
    Place("audit", _("Audit trail"), "eye"),
)
GROUPS = (
    ("", (Place("home", _("Overview"), "home"),)),
    (_("Firms"), FIRMS),
    (_("Orders"), ORDERS),
    (_("Selling"), SELLING),
    (_("Money"), MONEY),
    (_("Machines"), MACHINES),
)
PEOPLE = ((_("Firm"), (Place("people", _("People"), "user", ("change_person",)),)),)


def frame() -> Frame:
    groups = GROUPS + (PEOPLE if g.seat.may("people") else ())
    page = here("platform", groups)
    return desk.frame(menu("platform", groups), url_for(f"platform.{page}") if page else "")
