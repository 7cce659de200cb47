"""The platform's console: who may work, what is stuck, what the machines say."""

from typing import Any

from flask import Blueprint, g, request, url_for
from flask_babel import gettext as _

from app.web.console import desk, people
from app.web.look.frames import Frame, NavGroup, NavItem
from tenants import context

platform = Blueprint("platform", __name__, url_prefix="/platform", template_folder="templates")
desk.put_around(platform, "platform")
people.hang_under(platform)


@platform.before_request
def open_platform_scope() -> None:
    """Cross-shop work, said aloud; doors.close_door leaves the scope when the request ends."""
    g.scope_token = context.enter(context.PLATFORM)


@platform.context_processor
def around() -> dict[str, Any]:
    if "seat" not in g:  # nobody has come in: an error is being shown
        return {}
    return {"frame": frame(), "may": g.seat.may}


PAGES = (
    ("home", "home"), ("distributors", "users"), ("brands", "brand"), ("shops", "shop"), ("stuck", "alert"),
    ("events", "card"), ("reconciliation", "coins"), ("proofs", "check"), ("jobs", "refresh"),
    ("health", "chart"), ("audit", "eye"),
)  # fmt: skip
BELONGS = {
    "order": "stuck", "change_person": "people", "retry_job": "jobs", "reconciled_day": "reconciliation", "proof": "proofs",
}  # fmt: skip


def frame() -> Frame:
    labels = {
        "home": _("Overview"), "distributors": _("Distributors"), "brands": _("Brands"), "shops": _("Shops"),
        "stuck": _("Stuck orders"), "events": _("Payment events"), "jobs": _("Jobs"), "health": _("Health"),
        "audit": _("Audit trail"), "reconciliation": _("Reconciliation"), "proofs": _("Proofs of the books"),
    }  # fmt: skip
    groups = [
        NavGroup(tuple(NavItem(labels[page], url_for(f"platform.{page}"), mark) for page, mark in PAGES))
    ]
    if g.seat.may("people"):
        groups.append(NavGroup((NavItem(_("People"), url_for("platform.people"), "user"),), _("Firm")))
    endpoint = (request.endpoint or "").removeprefix("platform.")
    page = BELONGS.get(endpoint, endpoint)
    known = page in dict(PAGES) or page == "people"
    return desk.frame(tuple(groups), url_for(f"platform.{page}") if known else "")
