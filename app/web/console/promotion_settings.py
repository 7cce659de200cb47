"""To whom a coupon's code is due, and who may read it: what the form keeps in a promotion's settings."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from app.domain.promotions.models import StoredPromotion
from app.domain.promotions.stored import code_is_shown
from app.domain.referrals import queries as referrals
from app.foundation.addresses import mailbox
from app.web.console.typed import Typed

HANDED_OUT = frozenset({"code", "link", "batch"})
"""Ways that somebody may give on; what counts by itself, or is claimed by anybody, is nobody's."""
SHOWN_AT_FIRST = frozenset({"threshold_coupon", "percentage_coupon"})
"""Codes of these kinds are usually for everybody; a fixed amount is usually given to somebody."""


def settings_started(kind: str, row: StoredPromotion | None, *, owned: bool) -> dict[str, Any]:
    """The two fields as the form opens with them; `owned`: the maker is a shop, which has promoters."""
    if row is None:
        return {"shown": "all" if kind in SHOWN_AT_FIRST else "given", "belongs": ""}
    shown = "all" if row.code and code_is_shown(row) else "given"
    return {"shown": shown, "belongs": belongs_to(row) if owned else ""}


def belongs_to(row: StoredPromotion) -> str:
    """The e-mail of the promoter a coupon belongs to; nothing where it is nobody's."""
    promoter_id = row.settings.get("promoter_id")
    return referrals.emails([promoter_id]).get(promoter_id, "") if promoter_id else ""


def typed_settings(
    form: Typed, kind: str, way: str, kept: Mapping[str, Any], *, owned: bool
) -> dict[str, Any]:
    """A promotion's settings as they are from now on; what other pages keep there stays."""
    settings = {
        name: value for name, value in kept.items() if name not in {"shown", "unlisted", "promoter_id"}
    }
    if way == "code":
        usual = "all" if kind in SHOWN_AT_FIRST else "given"
        settings["shown"] = (form["shown"] if form["shown"] in {"all", "given"} else usual) == "all"
    promoter_id = _owner(form) if owned and way in HANDED_OUT else None
    return settings if promoter_id is None else {**settings, "promoter_id": promoter_id}


def _owner(form: Typed) -> int | None:
    """A promoter by e-mail, or by the code of the link."""
    told = form.text("belongs", required=False, most=254)
    if not told:
        return None
    found = referrals.by_mailbox(mailbox(told)) if "@" in told else referrals.by_code(told.upper())
    if found is None:
        form.errors["belongs"] = _("No promoter of this shop has this e-mail or code.")
        return None
    return int(found.id)
